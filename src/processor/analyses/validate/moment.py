"""A time in the params, in a form that a JSON Schema can say: a validator of it checks no `format`."""

import re
from datetime import datetime
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

_LEAP: Final = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)-02-29"
_MONTHS: Final = (
    "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8])"
)
_DAY: Final = f"(?!0000)(?:[0-9]{{4}}-(?:{_MONTHS})|{_LEAP})"
_HOUR_MINUTE: Final = "(?:[01][0-9]|2[0-3]):?[0-5][0-9]"
_CLOCK: Final = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
PATTERN: Final = f"^{_DAY}(?:[Tt ]{_CLOCK}(?:[Zz]|[+-]{_HOUR_MINUTE})?)?$"


def _checked(value: object) -> object:
    """The value, unless it is a text of another form: pydantic takes numbers in texts, too."""
    if isinstance(value, str) and not re.fullmatch(PATTERN[1:-1], value):
        raise ValueError("must be a time as ISO 8601 has it, such as 2024-02-29T12:00:00Z")
    return value


Moment = Annotated[datetime, BeforeValidator(_checked), Field(json_schema_extra={"pattern": PATTERN})]
