"""How the queue stands: what waits and runs, for how long, and what became of tasks in the last minute."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from common.database import Pool
from common.ids import first_id
from common.queries import load_query
from gateway.kinds import Catalogue
from gateway.task_list import MOST_COUNTED, Total

COUNT_QUEUE: Final = load_query("gateway", "count_queue")
COUNT_RECENT: Final = load_query("gateway", "count_recent")

LATELY_S: Final = 60.0
ENDS: Final = ("succeeded", "failed", "cancelled")


class Stats:
    """Figures, each from a bounded number of rows.

    Args:
        pool: of the gateway's database role.
        catalogue: the kinds, with the processors that offer them.
    """

    def __init__(self, *, pool: Pool, catalogue: Catalogue) -> None:
        self._pool = pool
        self._catalogue = catalogue

    async def view(self, *, tenant: str) -> Mapping[str, object]:
        """The figures of a tenant as they are shown."""
        since = time.time() - LATELY_S
        queue: Sequence[Mapping[str, Any]] = await self._pool.fetch(COUNT_QUEUE, tenant)
        recent = await self._pool.fetchrow(
            COUNT_RECENT, tenant, first_id(int(since * 1_000)), datetime.fromtimestamp(since, UTC)
        )
        assert recent is not None  # the statement always gives one row
        known = await self._catalogue.kinds()
        return {
            "waits_s": recent["waits_s"],
            "last_minute": {
                "created": _counted(recent["created"]),
                **{name: _counted(recent[name], looked_at=recent["ended"]) for name in ENDS},
            },
            "kinds": [
                {
                    "kind": row["kind"],
                    "queued": _counted(row["queued"]),
                    "running": _counted(row["running"]),
                    "processors": known[row["kind"]].processors if row["kind"] in known else 0,
                }
                for row in queue
            ],
        }


def _counted(value: int, *, looked_at: int | None = None) -> Mapping[str, object]:
    exact = (value if looked_at is None else looked_at) < MOST_COUNTED
    return asdict(Total(value=value, exact=exact))
