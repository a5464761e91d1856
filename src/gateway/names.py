"""Names and media types of what is handed in."""

from mimetypes import guess_type
from typing import Final

from gateway.errors import NameInvalidError

LONGEST_NAME: Final = 255
LONGEST_MEDIA_TYPE: Final = 127
# What a client sends that does not know: curl sends the form type with --data-binary.
NONDESCRIPT: Final = frozenset({"", "application/octet-stream", "application/x-www-form-urlencoded"})
# What the table of the operating system may lack or calls differently.
BY_ENDING: Final = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".parquet": "application/vnd.apache.parquet",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/x-ndjson",
    ".gz": "application/gzip",
    ".zst": "application/zstd",
}


def dataset_name(name: str) -> str:
    """`name`, if a dataset can have it: one segment of a path that any client can show and save under.

    Raises:
        NameInvalidError: it is empty, blank, too long, a path, or has characters that nobody sees or that were broken.
    """
    if not 1 <= len(name) <= LONGEST_NAME:
        raise NameInvalidError(f"A dataset's name has 1 to {LONGEST_NAME} characters.")
    if not name.strip():
        raise NameInvalidError("A dataset's name is more than spaces.", advice="Use one like flights.csv.")
    if "/" in name or "\\" in name or name in {".", ".."}:
        raise NameInvalidError("A dataset's name is no path.", advice="Use the last part of it, like flights.csv.")
    if not name.isprintable() or "\ufffd" in name:
        raise NameInvalidError(
            "A dataset's name has only characters that can be seen.", advice="Is it encoded in UTF-8 in the URL?"
        )
    return name


def media_type_of(name: str, *, sent: str) -> str:
    """The media type that the client sent, or what the name's ending says if that says nothing."""
    plain = sent.partition(";")[0].strip().lower()
    if plain not in NONDESCRIPT and len(plain) <= LONGEST_MEDIA_TYPE and plain.isascii() and plain.isprintable():
        return plain
    ending = "." + name.lower().rpartition(".")[2]
    return BY_ENDING.get(ending) or guess_type(name, strict=False)[0] or "application/octet-stream"
