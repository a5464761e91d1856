"""What the analyses and the children rely on in Polars; each in a process of its own, as it really is."""

import io
import json
import signal
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from processor.allocator import VARIABLE, allocator_settings


def python(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints; Polars in it uses two threads."""
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={"POLARS_MAX_THREADS": "2", "PATH": ""},
        timeout=60,
    )
    return run.stdout


def test_a_fork_of_a_process_that_has_only_imported_polars_can_use_it() -> None:
    forked = """
import os, polars as pl
if (pid := os.fork()) == 0:
    total = pl.LazyFrame({"a": range(100_000)}).select(pl.col("a").sum()).collect(engine="streaming").item()
    os._exit(0 if total == 4_999_950_000 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    assert python(forked).strip() == "0"


def test_settings_of_its_allocator_that_come_from_outside_stand_last_so_that_they_hold() -> None:
    settings = allocator_settings(threads=2)
    told = python(f"""
import os
os.environ.update({settings})
import polars
print(os.environ[{VARIABLE!r}])
""")

    assert told.strip().endswith("," + settings[VARIABLE])


def test_an_interrupt_stops_a_query_in_native_code() -> None:
    # It may even come twice, from Polars and from Python; so nothing may be hung on what follows the first.
    endless = """
import polars as pl
left, right = pl.LazyFrame({"a": range(200_000)}), pl.LazyFrame({"b": range(200_000)})
query = left.join(right, how="cross").select((pl.col("a") * pl.col("b")).sum())
print("begun", flush=True)
query.collect(engine="streaming")
print("done", flush=True)
"""
    command = [sys.executable, "-c", endless]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(signal.SIGINT)
        told, errors = process.communicate(timeout=30)
    assert told == ""
    assert "KeyboardInterrupt" in errors


def test_batches_of_a_streaming_query_are_all_there(tmp_path: Path) -> None:
    path = tmp_path / "numbers.csv"
    pl.DataFrame({"a": range(300_000)}).write_csv(path)
    scan = pl.scan_csv(path, glob=False)
    batches = list(scan.collect_batches(chunk_size=50_000, maintain_order=False, engine="streaming"))
    assert sum(batch.height for batch in batches) == 300_000
    assert sum(batch["a"].sum() for batch in batches) == sum(range(300_000))


def test_a_panic_ends_batches_without_a_word_but_not_a_sink_of_batches() -> None:
    # Why `processor.analyses.batches` stands on the sink. Where the first line fails one day, it may be taken back.
    far = pl.LazyFrame({"a": pl.Series([10**17] * 3, dtype=pl.Datetime("ms"))}).select(pl.col("a").cast(pl.String))
    assert list(far.collect_batches(engine="streaming")) == []
    with pytest.raises(pl.exceptions.PanicException):
        far.sink_batches(lambda _: None, engine="streaming")


def test_json_loses_what_is_no_number_so_we_count_it_instead() -> None:
    frame = pl.DataFrame({"a": [1.0, float("nan"), float("inf")]})
    assert json.loads(frame.write_json()) == [{"a": 1.0}, {"a": None}, {"a": None}]


def test_a_star_in_a_path_is_a_pattern_unless_it_is_told_not_to_be(tmp_path: Path) -> None:
    (tmp_path / "a1.csv").write_text("a\n1\n", encoding="utf-8")
    (tmp_path / "a*.csv").write_text("a\n2\n", encoding="utf-8")
    assert pl.scan_csv(tmp_path / "a*.csv", glob=False).collect()["a"].to_list() == [2]
    assert sorted(pl.scan_csv(tmp_path / "a*.csv").collect()["a"].to_list()) == [1, 2]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_two_byte_text_is_read_without_an_error_which_is_why_it_is_sniffed_first(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "wide.csv"
    path.write_bytes("a,b\n1,2\n".encode(encoding))
    try:
        frame = pl.scan_csv(path, glob=False).collect()
    except pl.exceptions.PolarsError:
        pytest.skip("this release of Polars refuses it")
    assert frame.columns != ["a", "b"]


def test_avro_decimals_lose_their_sign_byte() -> None:
    """Why `processor.writing` writes decimals to Avro as text; when this fails, it need not any more."""
    file = io.BytesIO()
    pl.DataFrame({"d": [Decimal(32768)]}, schema={"d": pl.Decimal(5, 0)}).write_avro(file)
    file.seek(0)

    assert pl.read_avro(file)["d"].to_list() == [Decimal(-32768)]
