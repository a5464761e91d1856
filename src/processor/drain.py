"""Works the queue down to nothing: `sundog processor --drain`, for a job that is started, does what there is, and ends.

The queue is drained when

- a look for work found nothing while nothing ran here, after tasks of lost processors were brought back,
- and nothing that waits is due within `drain_wait_s`: it stays for a retry with a short delay, not for one in an hour.

It does not wait for what runs elsewhere: the processor that runs a task also sees to its retry. Nor for a task that is
due but held back by a cap: those who fill the cap go on with it, and where the cap is zero nobody would ever.
"""

import logging

import anyio

from common.database import Pool
from common.lifecycle import Periodic
from common.queries import load_query
from processor.caps import Caps
from processor.claimer import Claimer
from processor.rescuer import Rescuer
from processor.settings import ProcessorSettings

log = logging.getLogger(__name__)

SECONDS_UNTIL_DUE = load_query("processor", "seconds_until_due")
LOOK_AGAIN_S = 0.05


class Drain(Periodic):
    """Finds out when the queue has nothing more for this processor.

    Attributes:
        done: set when that is so.
    """

    def __init__(
        self,
        *,
        kinds: tuple[str, ...],
        pool: Pool,
        claimer: Claimer,
        rescuer: Rescuer,
        caps: Caps,
        settings: ProcessorSettings,
    ) -> None:
        super().__init__(interval=LOOK_AGAIN_S)
        self.done = anyio.Event()
        self._kinds = list(kinds)
        self._pool = pool
        self._claimer = claimer
        self._rescuer = rescuer
        self._caps = caps
        self._settings = settings

    async def run_once(self) -> bool:
        """Wait until this processor has nothing to do, and see whether more is to come; False if so."""
        await self._rescuer.run_once()
        await self._claimer.idle()
        due_in_s = await self._pool.fetchval(SECONDS_UNTIL_DUE, self._kinds, not self._caps.in_force, None)
        if due_in_s is not None and due_in_s <= self._settings.drain_wait_s:
            await anyio.sleep(min(max(due_in_s, 0.0), self._settings.poll_s))
            return False
        self.done.set()
        return True
