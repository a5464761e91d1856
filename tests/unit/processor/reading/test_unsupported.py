"""What cannot be read is not called damaged, and what is damaged is not called unsupported."""

import io
import struct
from pathlib import Path

import fastavro
import polars as pl
import pytest

from common.errors import InputError
from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, read


def refused(folder: Path, content: bytes) -> str:
    path = folder / "input"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        read(RecordingRun(folder), input_of(path), ReadOptions(), lambda table: table.frame.collect())
    return caught.value.message


def avro(schema: object, value: object) -> bytes:
    out = io.BytesIO()
    rows = [{"v": value}] * 100
    fastavro.writer(out, {"type": "record", "name": "r", "fields": [{"name": "v", "type": schema}]}, rows)
    return out.getvalue()


@pytest.mark.parametrize(
    ("schema", "value"), [(["null", "int", "string"], 1), ({"type": "map", "values": "int"}, {"a": 1}), ("null", None)]
)
def test_types_of_avro_that_cannot_be_read_are_named(tmp_path: Path, schema: object, value: object) -> None:
    assert "a union of several types, a map, or null alone" in refused(tmp_path, avro(schema, value))


def test_avro_that_is_damaged_is_only_that(tmp_path: Path) -> None:
    whole = avro("string", "swordfish")
    at = whole.index(b"\x12swordfish")

    damaged = whole[:at] + b"\xfe" + whole[at + 1 :]

    assert refused(tmp_path, damaged) == "The Avro file is damaged or cut off."


def test_arrow_of_more_rows_than_can_be_counted_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    frame = pl.DataFrame({"n": pl.Series([None], dtype=pl.Null()).new_from_index(0, 3)})
    frame.write_ipc_stream(out)
    # The batch says how many rows it has, and for its column again: nulls need no bytes.
    content = out.getvalue()
    lying = content.replace(struct.pack("<q", 3), struct.pack("<q", 2**31 - 1))
    end = content.rindex(b"\xff\xff\xff\xff\0\0\0\0")
    batch = lying.index(b"\xff\xff\xff\xff", 8)

    assert "more rows than can be read" in refused(tmp_path, lying[:batch] + lying[batch:end] * 3 + content[end:])
