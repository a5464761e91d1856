import gzip
import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import InputError
from processor.reading import growth
from processor.reading.packing import Packing, allowed_bytes

if sys.version_info >= (3, 14):  # the same code under its name in the standard library
    from compression.zstd import ZstdFile, compress
else:
    from backports.zstd import ZstdFile, compress

TEXT = b"".join(b"%d,%x\n" % (number, number * 7919 % 65_536) for number in range(100_000))


def flushed() -> bytes:
    """A block a line, as a program writes that lets go of each line at once."""
    out = io.BytesIO()
    with ZstdFile(out, "w") as file:
        for line in TEXT[:20_000].splitlines(keepends=True):
            file.write(line)
            file.flush()
    return out.getvalue()


FILES: dict[str, Callable[[], tuple[bytes, int]]] = {
    "one frame": lambda: (compress(TEXT), len(TEXT)),
    "two frames and one to skip": lambda: (
        compress(TEXT) + b"\x53\x2a\x4d\x18\x03\0\0\0abc" + compress(TEXT, options={201: 1}),
        2 * len(TEXT),
    ),
    "one byte, repeated": lambda: (compress(b"x" * 10_000_000), 10_000_000),
    "a block a line": lambda: (flushed(), 20_000),
    "nothing": lambda: (compress(b""), 0),
}


@pytest.mark.parametrize("name", FILES)
def test_the_blocks_can_hold_what_they_do(name: str) -> None:
    content, size = FILES[name]()

    assert growth._most_bytes(io.BytesIO(content)) >= size


def test_a_usual_file_can_hold_little_more_than_it_does() -> None:
    assert growth._most_bytes(io.BytesIO(compress(TEXT))) <= len(TEXT) + (128 << 10)


def test_what_looks_as_if_it_grew_is_unpacked_to_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processor.reading.packing._FREE_BYTES", 1 << 16)
    path = tmp_path / "table.csv.zst"
    path.write_bytes(flushed())  # could hold 2,000 times its size, and does not
    growth.check_growth(path, Packing.ZSTD)

    path.write_bytes(compress(TEXT) + compress(b"1,2\n" * 10_000_000))
    growth.check_growth(path, Packing.ZSTD)

    path.write_bytes(compress(b"1,2\n" * 100_000_000))
    with pytest.raises(InputError, match="times its size"):
        growth.check_growth(path, Packing.ZSTD)


def test_gzip_cannot_grow_beyond_what_is_allowed() -> None:
    assert 10_000_000 / len(gzip.compress(b"\0" * 10_000_000)) < 1_032 < allowed_bytes(1 << 30) / (1 << 30)
