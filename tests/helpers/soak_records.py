"""What must be true of the records when a soak is over."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from common.words import FINAL_EVENTS
from helpers.soak_work import LINES, Submitted

FINAL: Final = {event.value for event in FINAL_EVENTS}

# Each finds what must not be there; its name says what that is.
NEVER: Final[Mapping[str, str]] = {
    "a task that has not ended": "SELECT id FROM task WHERE finished_at IS NULL",
    "an attempt that is open": "SELECT task FROM attempt WHERE outcome IS NULL",
    "attempts that are not numbered from one to the last": (
        "SELECT task.id FROM task LEFT JOIN attempt ON attempt.task = task.id GROUP BY task.id, task.attempts"
        " HAVING count(attempt) <> task.attempts OR coalesce(max(number), 0) <> task.attempts"
    ),
    "a lease that was not raised by each claim, and by nothing else": (
        "SELECT task FROM attempt JOIN task ON task.id = attempt.task WHERE attempt.lease <> attempt.number"
        " OR task.lease <> task.attempts"
    ),
    "a success that is not the only and last attempt's": (
        "SELECT task.id FROM task LEFT JOIN attempt ON attempt.task = task.id AND attempt.outcome = 'succeeded'"
        " GROUP BY task.id HAVING count(attempt) <> (task.state = 'succeeded')::integer"
        " OR max(attempt.number) <> task.attempts"
    ),
    "a feed that is not numbered from one to the last": (
        "SELECT task.id FROM task LEFT JOIN event ON event.task = task.id GROUP BY task.id"
        " HAVING count(event) <> task.last_seq OR min(seq) <> 1 OR max(seq) <> task.last_seq"
    ),
    "a feed that does not end with its only end": (
        "SELECT task.id FROM task JOIN event ON event.task = task.id"
        " WHERE event.type IN ('succeeded', 'failed', 'cancelled')"
        " GROUP BY task.id HAVING count(*) <> 1 OR min(event.seq) <> task.last_seq"
        " OR min(event.type::text) <> task.state::text"
    ),
    "a feed that does not tell the begin and the end of each attempt": (
        "SELECT task.id FROM task JOIN event ON event.task = task.id WHERE event.attempt IS NOT NULL GROUP BY task.id"
        " HAVING count(*) FILTER (WHERE type = 'started') <> task.attempts OR count(*) FILTER"
        " (WHERE type IN ('retrying', 'succeeded', 'failed', 'cancelled')) <> task.attempts"
        " AND (task.state <> 'cancelled' OR count(*) FILTER (WHERE type = 'retrying') <> task.attempts)"
    ),
    "a result of something else than the attempt that succeeded": (
        "SELECT task.id FROM task FULL JOIN result ON result.task = task.id"
        " WHERE (task.state = 'succeeded') <> (result.task IS NOT NULL) OR result.lease <> task.lease"
    ),
    "an artifact of a task that did not succeed": (
        "SELECT task FROM artifact JOIN task ON task.id = artifact.task WHERE task.state <> 'succeeded'"
    ),
    "a task without the artifact that its kind makes": (
        "SELECT id FROM task WHERE kind IN ('work', 'story') AND"
        " (SELECT count(*) FROM artifact WHERE artifact.task = task.id) <> 1"
    ),
    "progress by a lease that never was": (
        "SELECT progress.task FROM progress JOIN task ON task.id = progress.task WHERE progress.lease > task.lease"
    ),
}


async def assert_true_records(connection: asyncpg.Connection, submitted: Sequence[Submitted]) -> None:
    """All that the engine promises, for each task."""
    for what, query in NEVER.items():
        assert not await connection.fetch(query), what
    rows = {row["id"]: row for row in await connection.fetch("SELECT id, state, error ->> 'code' AS code FROM task")}
    wrong = [
        (each.sort.kind, rows[each.task]["state"], rows[each.task]["code"])
        for each in submitted
        if (rows[each.task]["state"], rows[each.task]["code"]) != (each.sort.state, each.sort.code)
    ]
    assert not wrong
    await _assert_every_line_once(connection)


async def _assert_every_line_once(connection: asyncpg.Connection) -> None:
    """What the attempt that succeeded told is in the feed, each line once and in order."""
    rows = await connection.fetch(
        "SELECT event.task, event.data ->> 'message' AS line FROM event"
        " JOIN task ON task.id = event.task AND task.attempts = event.attempt"
        " WHERE task.kind = 'flood' AND event.type = 'log' ORDER BY event.task, event.seq"
    )
    told: dict[object, list[int]] = {}
    for row in rows:
        told.setdefault(row["task"], []).append(int(row["line"].split()[0]))
    assert all(lines == list(range(LINES)) for lines in told.values())


async def counts(connection: asyncpg.Connection) -> dict[str, Counter[str]]:
    """How many there are: tasks by state, attempts by outcome, events by type."""
    asked = {
        "tasks": "SELECT state::text, count(*) FROM task GROUP BY 1",
        "attempts": "SELECT outcome::text, count(*) FROM attempt GROUP BY 1",
        "events": "SELECT type::text, count(*) FROM event GROUP BY 1",
    }
    return {name: Counter({row[0]: row[1] for row in await connection.fetch(query)}) for name, query in asked.items()}
