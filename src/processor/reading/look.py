"""The first look at a text file: its encoding and line ends, pieces of it, and what must be copied first."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from common.errors import InputError
from processor.kind import Input
from processor.reading import encoding, sample
from processor.reading.options import ReadOptions
from processor.reading.packing import Packing, Unpacked
from processor.reading.table import PREPARING
from processor.run import Run

_SCANNED = (Packing.NONE, Packing.GZIP, Packing.ZSTD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """What must be copied before Polars can scan it: text that is not UTF-8, or packed as Polars cannot unpack it."""

    packing: Packing
    member: str | None
    encoding: encoding.Encoding

    def make(self, run: Run, source: Input) -> Path:
        """Copy it into scratch, in a phase of its own."""
        run.phase("unpack" if self.packing is not Packing.NONE else "transcode")
        path = run.scratch / f"{source.name}.utf8.csv"

        def told(position: int) -> None:
            run.progress(bytes_read=position, fraction=PREPARING * position / max(1, source.bytes))

        with Unpacked(source.path, self.packing, member=self.member) as file:
            lost = encoding.copy_as_utf8(file, path, encoding=self.encoding, told=told)
        if lost:
            run.warn("encoding", f"{lost:,} characters could not be converted; they stand as U+FFFD.")
        return path


def look(
    run: Run, source: Input, options: ReadOptions, packing: Packing
) -> tuple[Copy | None, encoding.Encoding, sample.Sample]:
    """Look at the file: what must be copied, and how its text is stored, with pieces of it, after that.

    Raises:
        InputError: it is damaged, empty, or not in the encoding that the caller said.
    """
    seen = sample.take(source.path, packing, member=options.member)
    if packing is not Packing.NONE:
        run.warn("compression", f"The file is compressed with {packing}; it was unpacked.")
    found = encoding.detect([seen.head, *seen.spots])
    if options.encoding:
        found = replace(found, name=options.encoding)
    if found.newline == "\r":
        run.warn("line_ends", "Lines end with a carriage return alone (old Macintosh).")
    if found.needs_copy:
        run.warn("encoding", f"The text is {found.name}, not UTF-8; it was converted.")
    if not found.needs_copy and packing in _SCANNED:
        return None, found, seen
    copy = Copy(packing=packing, member=options.member, encoding=found)
    try:
        seen = seen.converted(partial(encoding.convert, encoding=found))
    except UnicodeError:
        raise InputError(f"The text is not {found.name}.", advice="Leave read_options.encoding out.") from None
    return copy, replace(found, newline="\n"), seen


def check_first_line(seen: sample.Sample, newline: bytes) -> None:
    """See that there are lines.

    Raises:
        InputError: the first one is longer than what was looked at.
    """
    if not seen.whole and newline not in seen.head:
        raise InputError("The first line does not end within 1 MB: this is no table.", advice="Look at the file.")
