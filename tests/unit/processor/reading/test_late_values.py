"""Values that come nowhere in the sample: none becomes missing, or another, without a word."""

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, read

TYPES = {
    "whole": "12345",
    "huge": "9" * 25,
    "decimal": "1.25",
    "truth": "true",
    "day": "2024-01-01",
    "moment": "2024-01-01T01:02:03",
    "moment in UTC": "2024-01-01T01:02:03Z",
    "moment with a blank": "2024-01-01 01:02:03 +0100",
    "fine moment": "2024-01-01T01:02:03.123456789",
    "time": "12:30:00",
    "comma": '"1.234,5"',
}
WORDS = ["NA", "-", "abc", " 1", "1 ", "true", "TRUE", "t", "inf", "NaN", "0x1F", "1_000", '""', "1,2"]
NUMBERS = ["1", "+1", "-0", "1.5", "1e5", "1.", ".5", "9" * 19, "9" * 39, "2,5", "1.234", "1,234", "1.234,5"]
TIMES = [
    *["2024-02-30", "0000-00-00", "2024-1-1", "01/02/2024", "02.01.2024", "20240102", "12024-01-01", "2024-W01-1"],
    *["2024-01-01T05:06", "2024-01-01 05:06:07", "2024-01-01T05:06:07+02:00", "2024-01-01 05:06:07 UTC"],
    *["2024-01-01T24:00:00", "20240101T050607Z", "12:30", "1:02:03", "24:00:00", "23:59:60", "12:30:00Z", "1 PM"],
]
VALUES = st.sampled_from([*WORDS, *NUMBERS, *TIMES]) | st.text(
    st.characters(codec="ascii", categories=["L", "N", "P", "Z"], exclude_characters='"'), min_size=1, max_size=9
)


few = settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)


def with_late(value: str, *, among: str) -> bytes:
    """A file of which the sample holds one type, and a row that it does not look at another value."""
    lines = f"{among},x\n"
    odd = value if value == '""' else f'"{value}"'
    few = lines * (1_100_000 // len(lines))
    return f"a,b\n{few}{odd},late\n{few}{lines * (800_000 // len(lines))}".encode()


@pytest.mark.parametrize("name", TYPES)
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.generate],
)
@given(value=VALUES)
def test_a_late_value_is_kept_or_told(tmp_path_factory: pytest.TempPathFactory, name: str, value: str) -> None:
    folder = tmp_path_factory.mktemp("late")
    path = folder / "input"
    path.write_bytes(with_late(value, among=TYPES[name]))
    run = RecordingRun(folder)

    frame = read(run, input_of(path), ReadOptions(), lambda table: late_of(table.frame))
    path.unlink()

    kept, dtype = frame["a"].cast(pl.String)[0], frame.schema["a"]
    usual = [message for code, message in run.warnings if code != "numbers"]
    assert kept == value or usual or value == '""' or is_same(kept, value, dtype)
    assert kept is not None or value == '""'


def late_of(frame: pl.LazyFrame) -> pl.DataFrame:
    return frame.filter(pl.col("b") == "late").collect(engine="streaming")


def is_same(kept: str, value: str, dtype: pl.DataType) -> bool:
    """Whether a value that stayed of the column's type is what the text says."""
    if dtype.is_numeric():
        return float(kept) in {float(form) for form in numbers_in(value)}
    return kept.lower().startswith(value.strip().lower()) or dtype.is_temporal()


def numbers_in(value: str) -> list[str]:
    points, commas = value.replace(",", ""), value.replace(".", "").replace(",", ".")
    return [form for form in (value, points, commas) if is_number(form)]


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
