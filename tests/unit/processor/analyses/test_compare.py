import datetime as dt
import math
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from common.errors import InputError, ParamsError
from helpers.checking import compare
from processor.analyses.compare import KIND
from processor.analyses.compare.drift import SAMPLE, ks, psi

BEFORE = pl.DataFrame({"id": [1, 2, 3, 4], "price": [1.0, 2.0, None, math.nan], "name": ["a", "b", "c", "d"]})


def test_the_same_rows_in_another_order_are_identical(tmp_path: Path) -> None:
    for keys in (["id"], None):
        data = compare(tmp_path, BEFORE, BEFORE.reverse(), keys=keys).data

        assert (data["identical"], data["same_rows"], data["matched"]) == (True, True, 4)


def test_changes_are_counted_and_shown_by_column(tmp_path: Path) -> None:
    after = pl.DataFrame(
        {"id": [2, 1, 3, 4, 9], "price": [2.5, 1.0, 3.0, math.nan, 1.0], "name": ["b", "A", "c", "d", "z"]}
    )

    data = compare(tmp_path, BEFORE, after, keys=["id"]).data

    price, name = data["columns"]
    assert (data["matched"], data["changed"], data["only_left"]["rows"], data["only_right"]["rows"]) == (4, 3, 0, 1)
    assert (price["changed"], price["largest_difference"], name["changed"]) == (2, 0.5, 1)
    assert price["examples"] == [
        {"left_row": 2, "right_row": 1, "key": {"id": 2}, "left": 2.0, "right": 2.5},
        {"left_row": 3, "right_row": 3, "key": {"id": 3}, "left": None, "right": 3.0},
    ]
    assert data["only_right"]["examples"] == [{"row": 5, "values": {"id": 9, "price": 1.0, "name": "z"}}]
    assert not data["identical"]


@pytest.mark.parametrize(
    ("params", "changed"),
    [
        ({}, [3, 2]),
        ({"absolute": 0.5}, [1, 2]),
        ({"relative": 0.1}, [2, 2]),
        ({"relative": 0.34}, [1, 2]),  # of the right value: 0.34 of 1.5 is enough, of 1.0 it would not be
        ({"ignore_case": True}, [3, 1]),
        ({"ignore_spaces": True}, [3, 1]),
        ({"ignore_case": True, "ignore_spaces": True}, [3, 0]),
        ({"by_column": {"n": {"absolute": 0.5}}}, [1, 2]),
        ({"absolute": 0.5, "by_column": {"n": {}}}, [3, 2]),
    ],
)
def test_values_may_be_close_enough(tmp_path: Path, params: dict[str, Any], changed: list[int]) -> None:
    before = pl.DataFrame({"id": [1, 2, 3], "n": [1.0, 10.0, math.inf], "s": ["a", "b ", "c"]})
    after = pl.DataFrame({"id": [1, 2, 3], "n": [1.5, 10.5, 1.0], "s": ["A", "b", "c"]})

    data = compare(tmp_path, before, after, keys=["id"], **params).data

    assert [column["changed"] for column in data["columns"]] == changed


def test_times_may_be_some_seconds_apart(tmp_path: Path) -> None:
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    before = pl.DataFrame({"id": [1, 2], "at": [start, start]})
    after = before.with_columns(pl.col("at") + pl.Series([dt.timedelta(seconds=1), dt.timedelta(seconds=3)]))

    assert compare(tmp_path, before, after, keys=["id"], absolute=2).data["changed"] == 1


def test_columns_are_compared_by_name_and_told_where_they_differ(tmp_path: Path) -> None:
    after = BEFORE.select("name", pl.col("id").cast(pl.Int16), pl.lit(1).alias("new"))

    data = compare(tmp_path, BEFORE, after, keys=["id"]).data

    assert data["schema"] == {
        "only_left": ["price"],
        "only_right": ["new"],
        "types": [{"column": "id", "left": "Int64", "right": "Int16", "compared_as": "Int64"}],
        "same_order": False,
    }
    assert (data["same_rows"], data["identical"]) == (True, False)


def test_numbers_are_the_same_whatever_their_type_and_as_texts(tmp_path: Path) -> None:
    before = pl.DataFrame({"id": [1, 2], "n": [1.0, 2.0]})
    after = pl.DataFrame({"id": ["1", "2"], "n": [1, 2]})

    for memory_mb in (1024, 1):
        assert compare(tmp_path, before, after, keys=["id"], memory_mb=memory_mb).data["same_rows"]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (pl.Series([10**10], dtype=pl.Int64), pl.Series([Decimal("1e-30")], dtype=pl.Decimal(38, 30))),
        (pl.Series([2**127], dtype=pl.UInt128), pl.Series([-1], dtype=pl.Int64)),
        (pl.Series([2**127 - 1], dtype=pl.Int128), pl.Series([Decimal("0.1")], dtype=pl.Decimal(38, 2))),
    ],
)
def test_numbers_that_no_exact_type_holds_together_are_compared_too(
    tmp_path: Path, left: pl.Series, right: pl.Series
) -> None:
    for other, changed in ((right, 1), (left, 0)):
        tables = (pl.DataFrame({"k": [1], "x": side}) for side in (left, other))
        assert compare(tmp_path, *tables, keys=["k"]).data["changed"] == changed


def test_nested_values_and_bytes_are_compared(tmp_path: Path) -> None:
    before = pl.DataFrame({"l": [[1], [2, 3], None], "s": [{"a": 1}, {"a": 2}, {"a": 3}], "b": [b"x", b"\xff", None]})
    after = before.with_columns(pl.Series("l", [[1], [2, 4], None]))

    data = compare(tmp_path, before, after).data

    assert (data["only_left"]["rows"], data["only_right"]["rows"], data["matched"]) == (1, 1, 2)


def test_keys_that_repeat_are_told_and_matched_by_their_values(tmp_path: Path) -> None:
    before = pl.DataFrame({"id": [1, 1, 1, 2], "n": [1, 2, 3, 1]})
    after = pl.DataFrame({"id": [2, 1, 1], "n": [1, 2, 1]})

    data = compare(tmp_path, before, after, keys=["id"]).data

    assert data["repeated_keys"] == {
        "left": {"keys": 1, "rows": 3, "examples": [{"row": 1, "count": 3, "key": {"id": 1}}]},
        "right": {"keys": 1, "rows": 2, "examples": [{"row": 2, "count": 2, "key": {"id": 1}}]},
    }
    assert (data["only_left"]["rows"], data["changed"], data["matched"]) == (1, 0, 3)


def test_the_artifact_holds_both_sides_of_what_differs(tmp_path: Path) -> None:
    after = pl.DataFrame({"id": [1, 2, 5], "price": [1.0, 3.0, 1.0], "name": ["a", "b", "e"]})

    checked = compare(tmp_path, BEFORE, after, keys=["id"])

    kept = pl.read_parquet(checked.artifact("differences.parquet"))
    assert kept.select("left_row", "right_row", "change").sort("left_row", "right_row", nulls_last=True).rows() == [
        (2, 2, "changed"),
        (3, None, "only_left"),
        (4, None, "only_left"),
        (None, 3, "only_right"),
    ]
    changed = kept.row(by_predicate=pl.col("change") == "changed", named=True)
    assert (changed["columns"], changed["left.price"], changed["right.price"]) == (["price"], 2.0, 3.0)
    assert checked.data["differences_kept"] == 4
    assert "differences.parquet" not in compare(tmp_path, BEFORE, BEFORE, keys=["id"]).run.artifacts


def test_shards_give_the_same_result_as_memory(tmp_path: Path) -> None:
    rows = 40_000
    before = pl.DataFrame({"id": range(rows), "n": range(rows), "s": ["x" * 30] * rows})
    after = before.with_columns(n=pl.when(pl.col("id") % 1000 == 0).then(-1).otherwise("n"))[100:].sample(
        fraction=1, shuffle=True, seed=1
    )

    for keys in (["id"], None):
        small = compare(tmp_path, before, after, keys=keys, memory_mb=4)
        large = compare(tmp_path, before, after, keys=keys, memory_mb=4000)

        assert len(list(small.run.scratch.glob("left*"))) == 1
        assert not list(large.run.scratch.glob("left*"))
        assert small.data == large.data
        assert small.data["only_left"]["rows"] == (100 if keys else 139)


def test_text_files_are_read_to_their_end_before_they_are_matched(tmp_path: Path) -> None:
    rows = "".join(f"{row},{row}\n" for row in range(100_000))
    before, after = f"id,n\n{rows}100000,late\n", f"id,n\n{rows}100000,7\n"

    for memory_mb in (1024, 2):
        data = compare(tmp_path, before.encode(), after.encode("utf-16"), keys=["id"], memory_mb=memory_mb).data

        assert (data["matched"], data["changed"]) == (100_001, 1)
        assert data["columns"][0]["examples"][0]["left"] == "late"


def test_drift_tells_shift_and_new_values(tmp_path: Path) -> None:
    before = pl.DataFrame({"n": range(1000), "s": ["a", "b"] * 500, "same": [1, 2] * 500})
    after = pl.DataFrame({"n": range(500, 1500), "s": ["b", "c"] * 500, "same": [1, 2] * 500})

    drift = compare(tmp_path, before, after).data["drift"]

    assert drift["n"]["ks"] == {"statistic": 0.5, "exact": True}
    assert drift["n"]["psi"]["value"] > 0.25
    assert drift["s"]["values"]["new"] == {"count": 1, "most_frequent": [{"value": "c", "count": 500}]}
    assert drift["s"]["values"]["vanished"] == {"count": 1, "most_frequent": [{"value": "a", "count": 500}]}
    assert (drift["same"]["ks"]["statistic"], drift["same"]["psi"]["value"]) == (0, 0)


def test_drift_of_a_sample_says_so_and_is_within_its_error(tmp_path: Path) -> None:
    rows = 2 * SAMPLE
    before = pl.DataFrame({"n": range(rows)})
    after = pl.DataFrame({"n": range(rows // 4, rows + rows // 4)})

    found = compare(tmp_path, before, after).data["drift"]["n"]["ks"]

    assert not found["exact"]
    assert SAMPLE / 2 < found["sample_rows"]["left"] < rows
    assert found["statistic"] == pytest.approx(0.25, abs=found["error"])


def test_psi_and_ks_are_the_textbooks() -> None:
    assert psi({"a": 0.5, "b": 0.5}, {"a": 0.25, "b": 0.75}) == pytest.approx(
        -0.25 * math.log(0.5) + 0.25 * math.log(1.5)
    )
    assert ks(pl.Series([1.0, 2.0, 3.0, 4.0]), pl.Series([3.0, 4.0, 5.0, 6.0])) == 0.5


def test_tables_without_a_common_column_have_nothing_in_common(tmp_path: Path) -> None:
    for other in (pl.DataFrame({"other": [1, 2]}), b"other,x\n1,2\n3,4\n"):
        data = compare(tmp_path, BEFORE, other).data

        assert (data["identical"], data["same_rows"], data["compared"]) == (False, False, [])
        assert data["rows"] == {"left": 4, "right": 2}


def test_empty_tables_are_identical_to_each_other(tmp_path: Path) -> None:
    assert compare(tmp_path, BEFORE.clear(), BEFORE.clear(), keys=["id"]).data["identical"]
    assert compare(tmp_path, BEFORE.clear(), BEFORE, keys=["id"]).data["only_right"]["rows"] == 4


def test_columns_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="The right table has no column 'price'") as caught:
        compare(tmp_path, BEFORE, BEFORE.drop("price"), keys=["id", "price"])
    assert caught.value.pointer == "/params/keys/1"


def test_a_file_that_holds_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        compare(tmp_path, BEFORE, b"\x89PNG\r\n\x1a\n" + bytes(100))


def test_a_warning_says_which_file_it_is_about(tmp_path: Path) -> None:
    found = compare(tmp_path, b"id;x\n1;2\n", b"id,x\n1,NA\n2,3\n", keys=["id"])

    assert [message.partition(": ")[0] for _, message in found.run.warnings] == ["left", "right"]


def test_columns_with_names_that_mean_something_elsewhere_are_only_columns(tmp_path: Path) -> None:
    before = pl.DataFrame({"*": [1, 2], "^.*$": ["a", "b"], "l k0": [1, 2], "d0": [1, 1], "order": [1, 1]})

    data = compare(tmp_path, before, before.with_columns(pl.Series("d0", [1, 2])), keys=["*"]).data

    assert [column["changed"] for column in data["columns"]] == [0, 0, 1, 0]


@pytest.mark.parametrize(
    "params", [{"absolute": 1}, {"by_column": {"a": {"relative": 1}}}, {"keys": []}, {"absolute": -1}]
)
def test_params_that_make_no_sense_are_refused(params: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        KIND.params.model_validate(params)


MEMORY = """
import sys
from decimal import Decimal
from pathlib import Path
from helpers.recording_run import RecordingRun
from processor.analyses.compare import KIND
from processor.kind import Input
folder, memory_mb = Path(sys.argv[1]), int(sys.argv[2])
inputs = {
    name: Input(name=name, filename=name, path=folder / name, sha256="", bytes=(folder / name).stat().st_size)
    for name in ("left", "right")
}
scratch = folder / f"scratch{memory_mb}"
scratch.mkdir()
found = KIND.analyse(RecordingRun(scratch, memory_mb=memory_mb), inputs, KIND.params(keys=["id"], drift=False))
# Of this program alone: what the kernel says at its end counts the process, too, that it was forked from.
peak = int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
print(found.summary["changed"], peak // 1024)
"""
TESTS = Path(__file__).parents[3]


def test_what_is_larger_than_memory_is_compared_in_less(tmp_path: Path) -> None:
    # Twice 1.5 million rows of 10 columns: 240 MB of values, beside what Polars and Python need themselves.
    rows = 1_500_000
    columns = {f"n{number}": pl.int_range(rows, eager=True).shuffle(seed=number) for number in range(9)}
    before = pl.DataFrame({"id": pl.int_range(rows, eager=True).shuffle(seed=99), **columns})
    before.write_parquet(tmp_path / "left", row_group_size=100_000)
    after = before.reverse().with_columns(n3=pl.when(pl.col("id") % 10_000 == 0).then(-1).otherwise("n3"))
    after.write_parquet(tmp_path / "right", row_group_size=100_000)
    peaks = {}
    for memory_mb in (128, 8000):
        command = [sys.executable, "-c", MEMORY, str(tmp_path), str(memory_mb)]
        environment = {**os.environ, "PYTHONPATH": str(TESTS), "POLARS_MAX_THREADS": "2"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        changed, peak = done.stdout.split()
        assert changed == "150"
        peaks[memory_mb] = int(peak)

    assert peaks[128] < 0.6 * peaks[8000], peaks


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ([[math.nan]], [[None]]),
        ([[math.inf]], [[math.nan]]),
        ([{"a": math.nan, "b": "null"}], [{"a": None, "b": "null"}]),
        ([[b"a"]], [[b"\xff"]]),
        ([dt.timedelta(1)], [1]),
    ],
)
def test_values_that_differ_within_nested_ones_or_in_sort_are_changed(
    left: list[Any], right: list[Any], tmp_path: Path
) -> None:
    dtype = pl.Series(left).dtype if isinstance(left[0], list | dict) else None
    before, after = pl.DataFrame({"k": [1], "v": left}), pl.DataFrame({"k": [1], "v": pl.Series(right, dtype=dtype)})

    for keys in (["k"], None):
        assert not compare(tmp_path, before, after, keys=keys).data["same_rows"]
        assert compare(tmp_path, before, before, keys=keys).data["identical"]


@pytest.mark.parametrize("value", [1.0, dt.date(2026, 1, 1), b"a"])
def test_fields_with_names_that_mean_something_elsewhere_are_only_fields(value: object, tmp_path: Path) -> None:
    names = ["^a.*$", "*", "ab"]
    record = pl.DataFrame({name: [value] for name in names}).to_struct("v")
    fields = record.struct.schema
    for changed in names:
        values = {name: [None if name == changed else value] for name in names}
        other = pl.DataFrame(values, schema=fields).to_struct("v")
        for before, after in ((record, other), (record.implode(), other.implode())):
            assert compare(tmp_path, before.to_frame(), before.to_frame()).data["identical"]
            assert not compare(tmp_path, before.to_frame(), after.to_frame()).data["same_rows"]


def test_durations_of_other_units_are_compared_as_the_finer(tmp_path: Path) -> None:
    frames = [pl.DataFrame({"v": pl.Series([count]).cast(pl.Duration(unit))}) for count, unit in _LENGTHS]

    assert compare(tmp_path, frames[0], frames[1]).data["same_rows"]
    assert not compare(tmp_path, frames[0], frames[2]).data["same_rows"]


_LENGTHS: list[tuple[int, Any]] = [(1, "us"), (1000, "ns"), (1001, "ns")]

_FINE = pl.Decimal(38, 19)
NUMBERS: list[tuple[pl.Series, pl.Series, list[bool]]] = [
    (
        pl.Series([2**53, 2**53 + 1, 2**63 - 1, 0, 3, None]),
        pl.Series([2.0**53, 2.0**53, 2.0**63, -0.0, 3.5, None]),
        [True, False, False, True, False, True],
    ),
    (
        pl.Series([2**64 - 1, 2**53 + 2], dtype=pl.UInt64),
        pl.Series([2.0**64, 2.0**53 + 2]),
        [False, True],
    ),
    (pl.Series([2**127 + 1, 5], dtype=pl.UInt128), pl.Series([-1, 5]), [False, True]),
    (
        pl.Series([Decimal("0.10"), Decimal("0.12345678901234568"), Decimal("0.123456789012345678")], dtype=_FINE),
        pl.Series([0.1, 0.12345678901234568, 0.12345678901234568]),
        [True, True, False],
    ),
    (pl.Series([Decimal("1.00"), Decimal("1.5")], dtype=pl.Decimal(38, 30)), pl.Series([1, 10**18]), [True, False]),
    (
        pl.Series([Decimal(7), Decimal(10**37)], dtype=pl.Decimal(38, 0)),
        pl.Series([Decimal(7), Decimal("7.5")], dtype=pl.Decimal(38, 30)),
        [True, False],
    ),
]


@pytest.mark.parametrize(("left", "right", "same"), NUMBERS, ids=[f"{a.dtype} {b.dtype}" for a, b, _ in NUMBERS])
@pytest.mark.parametrize("memory_mb", [1024, 1])
def test_numbers_of_any_two_types_are_equal_only_where_they_are(
    tmp_path: Path, left: pl.Series, right: pl.Series, same: list[bool], memory_mb: int
) -> None:
    for one, other in ((left, right), (right, left)):
        before, after = (pl.DataFrame({"k": range(len(same)), "x": side}) for side in (one, other))
        keyed = compare(tmp_path, before, after, keys=["k"], memory_mb=memory_mb).data
        by_number = compare(tmp_path, before, after, keys=["x"], memory_mb=memory_mb).data
        whole = compare(tmp_path, before.select("x"), after.select("x"), memory_mb=memory_mb).data

        assert (keyed["changed"], keyed["same_rows"]) == (same.count(False), all(same))
        assert (by_number["matched"], whole["matched"]) == (same.count(True), same.count(True))
        assert keyed["schema"]["types"][0]["compared_as"] == "exact number"


@pytest.mark.parametrize(("absolute", "changed"), [(0.4, 2), (0.6, 1), (1.0, 0)])
def test_numbers_that_are_compared_exactly_may_be_close_enough(tmp_path: Path, absolute: float, changed: int) -> None:
    before = pl.DataFrame({"k": [1, 2], "x": [2**53 + 1, 3]})
    after = pl.DataFrame({"k": [1, 2], "x": [2.0**53, 3.5]})

    data = compare(tmp_path, before, after, keys=["k"], absolute=absolute).data

    assert data["changed"] == changed
    assert data["columns"][0]["largest_difference"] == (1.0 if changed else None)


def test_a_repeated_key_is_shown_as_it_is_where_it_is_compared_exactly(tmp_path: Path) -> None:
    before = pl.DataFrame({"k": [2**53 + 1, 2**53 + 1, 7], "x": [3, 1, 2]})
    after = pl.DataFrame({"k": [7.0, 2.0**53], "x": [2, 3]})

    data = compare(tmp_path, before, after, keys=["k"]).data

    assert data["repeated_keys"]["left"]["examples"] == [{"row": 1, "count": 2, "key": {"k": str(2**53 + 1)}}]
    assert (data["matched"], data["only_left"]["rows"], data["only_right"]["rows"]) == (1, 2, 1)


@pytest.mark.parametrize(
    ("numbers", "other"),
    [
        (pl.Series([str(10**37 + 1), str(10**37 + 2)]).cast(pl.Decimal(38, 0)), pl.Decimal(38, 10)),
        (pl.Series([-(2**100) - 1, -(2**100) - 2], dtype=pl.Int128), pl.UInt128()),
    ],
)
def test_keys_that_the_other_table_cannot_hold_are_not_the_same(
    tmp_path: Path, numbers: pl.Series, other: pl.DataType
) -> None:
    before, after = pl.DataFrame({"k": numbers}), pl.DataFrame({"k": pl.Series([1]).cast(other)})

    data = compare(tmp_path, before, after, keys=["k"]).data

    assert (data["repeated_keys"]["left"]["keys"], data["only_left"]["rows"]) == (0, 2)


def _pair_of(left: pl.Series, right: pl.Series) -> tuple[pl.DataFrame, pl.DataFrame]:
    return tuple(pl.DataFrame({"k": range(side.len()), "v": side}) for side in (left, right))  # type: ignore[return-value]  # two of them


def _times(count: int, dtype: pl.DataType) -> pl.Series:
    return pl.Series([count]).cast(pl.Int32 if dtype == pl.Date else pl.Int64).cast(dtype)


TIMES = [
    (_times(1, pl.Datetime("ns")), _times(0, pl.Datetime("us"))),
    (_times(1, pl.Datetime("ns")), _times(0, pl.Date())),
    (_times(1, pl.Datetime("ns", "Europe/Berlin")), _times(0, pl.Datetime("ns", "UTC"))),
    (_times(10**17, pl.Datetime("ms")), _times(0, pl.Datetime("us"))),
    (_times(10**17, pl.Datetime("ms", "UTC")), _times(1, pl.Datetime("ns", "UTC"))),
    (_times(10**16, pl.Duration("ms")), _times(0, pl.Duration("ns"))),
    (_times(2**31 - 1, pl.Date()), _times(2**63 - 1, pl.Datetime("ns"))),
]


@pytest.mark.parametrize(("left", "right"), TIMES, ids=[f"{one.dtype} {other.dtype}" for one, other in TIMES])
@pytest.mark.parametrize("params", [{}, {"relative": 1e-9}])
def test_times_are_compared_to_the_last_nanosecond_however_far_away(
    tmp_path: Path, left: pl.Series, right: pl.Series, params: dict[str, Any]
) -> None:
    for one, other in (_pair_of(left, right), _pair_of(right, left)):
        data = compare(tmp_path, one, other, keys=["k"], **params).data

        assert (data["changed"], data["same_rows"]) == (1, False)


@pytest.mark.parametrize(("absolute", "changed"), [(1e-9, 1), (2e-9, 0)])
def test_nanoseconds_count_in_how_far_times_are_apart(tmp_path: Path, absolute: float, changed: int) -> None:
    tables = _pair_of(_times(2, pl.Datetime("ns")), _times(0, pl.Datetime("ns")))

    assert compare(tmp_path, *tables, keys=["k"], absolute=absolute).data["changed"] == changed


@pytest.mark.parametrize("dtype", [pl.Time(), pl.Duration("ns"), pl.Duration("ms")])
def test_times_of_day_and_durations_may_be_some_seconds_apart(tmp_path: Path, dtype: pl.DataType) -> None:
    second = 1000 if dtype == pl.Duration("ms") else 10**9
    tables = _pair_of(_times(second, dtype), _times(3 * second, dtype))

    for absolute, changed in ((1.9, 1), (2, 0)):
        assert compare(tmp_path, *tables, keys=["k"], absolute=absolute).data["changed"] == changed


FAR_APART = [
    (pl.Series([2**127 - 1], dtype=pl.Int128), pl.Series([-(2**127)], dtype=pl.Int128)),
    (pl.Series([Decimal("9e37")], dtype=pl.Decimal(38, 0)), pl.Series([Decimal("-9e37")], dtype=pl.Decimal(38, 0))),
    (pl.Series([Decimal("9e37")], dtype=pl.Decimal(38, 0)), pl.Series([-9e37])),
    (pl.Series([1.7e308]), pl.Series([-1.7e308])),
]


@pytest.mark.parametrize(("left", "right"), FAR_APART, ids=[f"{one.dtype} {other.dtype}" for one, other in FAR_APART])
def test_numbers_as_far_apart_as_their_types_allow_are_not_close(
    tmp_path: Path, left: pl.Series, right: pl.Series
) -> None:
    for params, changed in (({"absolute": 1}, 1), ({"relative": 1.5}, 1), ({"relative": 3}, 0)):
        data = compare(tmp_path, *_pair_of(left, right), keys=["k"], **params).data

        assert data["changed"] == changed


def test_bytes_equal_the_text_that_they_are_and_not_the_one_of_their_hex(tmp_path: Path) -> None:
    one, other = pl.Series([b"a", b"a", None]), pl.Series(["61", "a", None])
    for left, right in ((one, other), (other, one)):
        assert compare(tmp_path, *_pair_of(left, right), keys=["k"]).data["changed"] == 1

    nested = pl.Series([[b"a"], []], dtype=pl.List(pl.Binary)), pl.Series([["61"], None], dtype=pl.List(pl.String))
    assert compare(tmp_path, *_pair_of(*nested), keys=["k"]).data["changed"] == 2


def test_far_times_within_nested_values_and_beside_texts_are_compared(tmp_path: Path) -> None:
    far, near = _times(10**17, pl.Datetime("ms")), _times(0, pl.Datetime("ms"))
    for left, right in ((far.implode(), near.implode()), (far, pl.Series(["far"]))):
        assert compare(tmp_path, *_pair_of(left, right), keys=["k"]).data["changed"] == 1
        assert compare(tmp_path, *_pair_of(left, left), keys=["k"]).data["identical"]


def test_a_zero_within_a_list_has_no_sign(tmp_path: Path) -> None:
    assert compare(tmp_path, *_pair_of(pl.Series([[-0.0]]), pl.Series([[0.0]])), keys=["k"]).data["identical"]


@pytest.mark.parametrize("dtype", [pl.Datetime("ms"), pl.Datetime("us"), pl.Date(), pl.Duration("ms")])
def test_drift_of_far_times_is_told(tmp_path: Path, dtype: pl.DataType) -> None:
    far = 2**31 - 1 if dtype == pl.Date else 2**63 - 1
    before = pl.concat([_times(0, dtype)] * 3 + [_times(far, dtype)])
    after = pl.concat([_times(0, dtype), _times(far, dtype), _times(far - 1, dtype), _times(1, dtype)])

    for right in (after, after.cast(pl.Int64).cast(pl.Duration("us") if dtype == pl.Duration else pl.Datetime("ns"))):
        drift = compare(tmp_path, pl.DataFrame({"v": before}), pl.DataFrame({"v": right})).data["drift"]["v"]

        assert drift["null_share"] == {"left": 0, "right": 0}
        if right.dtype == dtype:
            assert drift["values"]["new"]["count"] == 2
            assert drift["values"]["vanished"]["count"] == 0
        assert drift["values"]["left"] == 2
        if dtype != pl.Duration:
            assert 0 < drift["ks"]["statistic"] <= 1
