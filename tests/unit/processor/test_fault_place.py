"""Where a fault of the params is said to be."""

from typing import Any

import pytest

from common.errors import ParamsError
from processor.analyses.convert import KIND as CONVERT
from processor.analyses.validate import KIND as VALIDATE
from processor.child import parse_params
from processor.kind import Kind

UNEQUAL = {"rule": "foreign_key", "columns": ["a"], "reference_columns": ["a", "b"]}


@pytest.mark.parametrize(
    ("kind", "params", "place"),
    [
        (VALIDATE, {"rules": [UNEQUAL]}, "/params/rules/0"),
        (VALIDATE, {"rules": [{"rule": "freshness", "column": "a", "max_age_s": 1, "now": "soon"}]},
         "/params/rules/0/now"),
        (VALIDATE, {"rules": [{"rule": "regex", "column": "a"}]}, "/params/rules/0/pattern"),
        (VALIDATE, {"rules": [{"rule": "in_set", "column": "a", "values": [1, [2]]}]}, "/params/rules/0/values/1"),
        (VALIDATE, {"rules": [{"rule": "none of them"}]}, "/params/rules/0"),
        (CONVERT, {"dedupe": "some"}, "/params/dedupe"),
        (CONVERT, {"dedupe": ["a", 1]}, "/params/dedupe"),
        (CONVERT, {"cast": {"a/b": "colour"}}, "/params/cast/a~1b"),
        (CONVERT, {"cast": {"~1": "colour"}}, "/params/cast/~01"),
        (CONVERT, {"cast": {"x" * 5000: "text"}}, "/params/cast/" + "x" * 5000),
        (CONVERT, {"colums": ["a"]}, "/params/colums"),
        (CONVERT, {"partition_by": ["a"], "format": "xlsx"}, "/params"),
    ],
)  # fmt: skip
def test_the_pointer_leads_to_what_is_wrong_in_the_params(kind: Kind[Any], params: dict[str, Any], place: str) -> None:
    with pytest.raises(ParamsError) as refused:
        parse_params(kind, params)

    assert refused.value.pointer == place
    assert refused.value.message.startswith(f"{place}: ")
