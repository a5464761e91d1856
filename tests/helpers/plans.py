"""How Postgres means to run a statement: with the values of this one call, or with any (as a prepared one may end)."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

MADE_UP = "planned"


@dataclass(frozen=True)
class Plan:
    """A plan, looked at as a set of steps."""

    steps: list[dict[str, Any]] = field(repr=False)

    @property
    def indexes(self) -> set[str]:
        """The indexes that it uses."""
        return {step["Index Name"] for step in self.steps if "Index Name" in step}

    @property
    def read_whole(self) -> set[str]:
        """The tables that it reads from end to end."""
        return {step["Relation Name"] for step in self.steps if step["Node Type"] == "Seq Scan"}

    @property
    def pages(self) -> int:
        """The pages that it looked at, if it was run; a cost that no neighbour on the machine changes."""
        return int(self.steps[0]["Shared Hit Blocks"]) + int(self.steps[0]["Shared Read Blocks"])


async def plan_of(
    connection: asyncpg.Connection, query: str, arguments: Sequence[object], *, is_generic: bool, run: bool = False
) -> Plan:
    """The plan of a statement.

    EXPLAIN with bound parameters always shows a plan for their values, so the statement is prepared, and executed with
    its arguments written out.

    Args:
        connection: may be any role's.
        query: with $1, $2 and so on.
        arguments: their values.
        is_generic: for any values, otherwise for these.
        run: run it, and tell the rows and pages that it really met.
    """
    await connection.execute(f"SET plan_cache_mode = force_{'generic' if is_generic else 'custom'}_plan")
    await connection.execute(f"PREPARE {MADE_UP} AS {query}")
    try:
        options = "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON" if run else "FORMAT JSON"
        written = f"({', '.join(map(literal, arguments))})" if arguments else ""
        text = await connection.fetchval(f"EXPLAIN ({options}) EXECUTE {MADE_UP}{written}")
    finally:
        await connection.execute(f"DEALLOCATE {MADE_UP}")
    return Plan(steps=list(_steps(json.loads(text)[0]["Plan"])))


def literal(value: object) -> str:
    """A value as SQL writes it; its type is that of the parameter."""
    match value:
        case None:
            return "NULL"
        case bool() | int() | float():
            return str(value)
        case list():
            return quoted("{" + ",".join(_element(each) for each in value) + "}")
        case UUID() | str() | datetime():
            return quoted(str(value))
        case _:
            raise TypeError(f"no literal for {type(value).__name__}")


def _element(value: object) -> str:
    return "NULL" if value is None else json.dumps(str(value))


def quoted(text: str) -> str:
    """As a string of standard SQL."""
    return "'" + text.replace("'", "''") + "'"


def _steps(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from _steps(inner)
