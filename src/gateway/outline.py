"""Any JSON value as lines for a person: lists of alike things as tables, the rest as names and values.

What is shown was told by clients and analyses. So no character of it reaches a terminal that would do more there than
be seen (gateway.plain_text), and what is long is cut: in a table, where it would tear the columns apart, sooner than
alone, where a URL must stay one that can be followed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.plain_text import plain

WIDEST: Final = 64  # characters of a cell: a SHA-256 fits
LONGEST: Final = 1_000  # characters of a value that stands alone
MOST_ROWS: Final = 1_000
INDENT: Final = "  "
# Which fields of a thing stand in a list's table; of a list that is not here, all that are no objects.
COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "tasks": ("id", "state", "kind", "inputs.*.name", "progress.fraction", "created_at", "finished_at"),
    "datasets": ("id", "name", "bytes", "media_type", "created_at"),
    "kinds": ("name", "version", "title", "processors", "summary"),
    "processors": ("name", "version", "running", "slots", "kinds", "heartbeat_at"),
    "artifacts": ("name", "bytes", "media_type", "urls.self"),
    "attempts": ("attempt", "outcome", "processor", "started_at", "finished_at", "error.message"),
}


def outline(value: object) -> str:
    """The lines, with a line end after each."""
    return "".join(f"{line}\n" for line in _lines(value, name=""))


def problem_lines(problem: Mapping[str, Any]) -> str:
    """A problem, as a sentence and what to do."""
    lines = [f"{problem.get('status')} {problem.get('code')}: {problem.get('detail')}"]
    faults = problem.get("errors") or ()
    lines += [f"{INDENT}{fault.get('pointer')}: {fault.get('detail')}" for fault in faults[1:]]
    if problem.get("advice"):
        lines.append(str(problem["advice"]))
    return "".join(f"{plain(line)}\n" for line in lines)


def _lines(value: object, *, name: str) -> Iterator[str]:
    match value:
        case dict():
            yield from _object(value)
        case list() if value and all(isinstance(entry, dict) for entry in value):
            yield from _table(value, name=name)
        case list():
            yield from (_cell(entry, most=LONGEST) for entry in value[:MOST_ROWS])
        case _:
            yield _cell(value, most=LONGEST)


def _object(value: Mapping[str, object]) -> Iterator[str]:
    width = max((len(_cell(name)) for name, inner in value.items() if _is_short(inner)), default=0)
    for name, inner in value.items():
        if _is_short(inner):
            yield f"{_cell(name):<{width}}  {_cell(inner, most=LONGEST)}".rstrip()
        else:
            yield _cell(name)
            yield from (INDENT + line for line in _lines(inner, name=name))


def _is_short(value: object) -> bool:
    if isinstance(value, dict):
        return not value
    return not isinstance(value, list) or all(not isinstance(entry, dict | list) for entry in value)


def _table(rows: Sequence[Mapping[str, object]], *, name: str) -> Iterator[str]:
    shown = rows[:MOST_ROWS]
    columns = COLUMNS.get(name) or _plain_columns(shown)
    cells = [[_cell(column.replace(".*", "")).upper() for column in columns]]
    cells += [[_cell(_at(row, column)) for column in columns] for row in shown]
    widths = [max(len(row[number]) for row in cells) for number in range(len(columns))]
    for row in cells:
        yield "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip()
    if len(rows) > len(shown):
        yield f"and {len(rows) - len(shown)} more"


def _plain_columns(rows: Sequence[Mapping[str, object]]) -> Sequence[str]:
    names = dict.fromkeys(name for row in rows for name, value in row.items() if not isinstance(value, dict))
    return list(names)


def _at(row: object, column: str) -> object:
    """What is at a path of names; `*` for what each of them has."""
    part, _, rest = column.partition(".")
    if not isinstance(row, Mapping):
        return None
    if part == "*":
        return [_at(inner, rest) for inner in row.values()]
    return _at(row.get(part), rest) if rest else row.get(part)


def _cell(value: object, *, most: int = WIDEST) -> str:
    match value:
        case None | [] | {}:
            text = "-"
        case str():
            text = value
        case list() if all(isinstance(entry, str) for entry in value):
            text = ", ".join(value)
        case _:
            text = json.dumps(value, ensure_ascii=False)
    shown = plain(text)
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"
