"""What docs/operations.md tells an operator to ask the database."""

import re
from pathlib import Path

import asyncpg

from helpers.factories import finished_task, queued_task, running_task

DOCS = Path(__file__).parents[2] / "docs" / "operations.md"


def questions() -> list[str]:
    """The statements under "What to watch"."""
    _, _, watching = DOCS.read_text("utf-8").partition("## What to watch\n")
    block = re.search(r"^```sql\n(.*?)^```$", watching, re.MULTILINE | re.DOTALL)
    assert block is not None
    return [statement for statement in block[1].split(";\n") if statement.strip()]


async def test_each_question_of_what_to_watch_is_answered(connection: asyncpg.Connection) -> None:
    await queued_task(connection)
    await running_task(connection)
    await finished_task(connection)
    queue, abandoned, outcomes, notifications, _ = [await connection.fetch(each) for each in questions()]

    assert [(row["kind"], row["due"]) for row in queue] == [("profile", 1)]
    assert [row["abandoned"] for row in abandoned] == [0]
    assert [(row["outcome"], row["count"]) for row in outcomes] == [("succeeded", 1)]
    assert [row["pg_notification_queue_usage"] for row in notifications] == [0]
