"""Names of columns: as the file has them, made usable, and in sentences."""

import re

_EMPTY_NAME = re.compile(r"_duplicated_\d+")


def given_name(name: str, *, quote: str | None) -> str:
    """A column's name as the file has it: Polars numbers empty names, and leaves doubled quotes as they are."""
    if _EMPTY_NAME.fullmatch(name):
        return ""
    return name.replace(quote * 2, quote) if quote else name


def unique_names(names: list[str]) -> list[str]:
    """The columns' names made usable: none is empty (`column_3`), none comes twice (`price`, `price_2`)."""
    taken = set(names)
    seen: set[str] = set()
    result = []
    for number, name in enumerate(names, start=1):
        wanted = name or _free(f"column_{number}", taken)
        if wanted in seen:
            count = 2
            while f"{wanted}_{count}" in taken:
                count += 1
            wanted = f"{wanted}_{count}"
        seen.add(wanted)
        taken.add(wanted)
        result.append(wanted)
    return result


def shown(name: str) -> str:
    """A column's name in a sentence: quoted, and never long."""
    return repr(name if len(name) <= 60 else f"{name[:59]}…")


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name
