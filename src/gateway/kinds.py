"""The catalogue of kinds, as the living processors announce it."""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import anyio

from common.database import Pool
from common.queries import load_query
from gateway.judge import Judge
from gateway.near_words import did_you_mean

SELECT_KINDS: Final = load_query("gateway", "select_kinds")


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedKind:
    """A kind as it was announced last; `processors` is the number of living ones that offer it, perhaps 0.

    `result_schema` is None where a processor of an earlier release announced it.
    """

    name: str
    version: str
    title: str
    summary: str
    inputs: Mapping[str, str]
    example: Mapping[str, Any]
    params_schema: Mapping[str, Any]
    result_schema: Mapping[str, Any] | None
    processors: int
    judge: Judge

    @property
    def input_names(self) -> Collection[str]:
        """The names that inputs may have; `inputs` marks those that may be left out."""
        return [name.removesuffix("?") for name in self.inputs]

    @property
    def needed_inputs(self) -> Sequence[str]:
        """Those that may not be left out; `common.words.ANY_INPUT` stands for any one."""
        return [name for name in self.inputs if not name.endswith("?")]

    def view(self) -> Mapping[str, object]:
        """The kind as it is shown."""
        return {
            "name": self.name,
            "version": self.version,
            "title": self.title,
            "summary": self.summary,
            "inputs": self.inputs,
            "example": self.example,
            "params_schema": self.params_schema,
            "result_schema": self.result_schema,
            "processors": self.processors,
        }


class Catalogue:
    """The kinds, read again when what is known is older than `cache_s`: a new one shows without a restart.

    Args:
        pool: of the gateway's database role.
        fresh_s: seconds since its last heartbeat for which a processor counts as alive.
        cache_s: seconds for which the catalogue is not read again.
    """

    def __init__(self, *, pool: Pool, fresh_s: float, cache_s: float) -> None:
        self._pool = pool
        self._fresh = timedelta(seconds=fresh_s)
        self._cache_s = cache_s
        self._known: Mapping[str, OfferedKind] = {}
        self._known_until = 0.0
        self._reading = anyio.Lock()

    async def kinds(self) -> Mapping[str, OfferedKind]:
        """All announced kinds by name, in the order of their names."""
        if time.monotonic() >= self._known_until:
            async with self._reading:  # one reads for all that wait
                await self._renew()
        return self._known

    async def _renew(self) -> None:
        if time.monotonic() < self._known_until:
            return
        rows: Sequence[Mapping[str, Any]] = await self._pool.fetch(SELECT_KINDS, self._fresh)
        self._known = {row["name"]: _kind(row, before=self._known.get(row["name"])) for row in rows}
        self._known_until = time.monotonic() + self._cache_s


def near_kinds(name: str, kinds: Mapping[str, OfferedKind]) -> str:
    """What somebody may have meant who named a kind that is not there."""
    offered = [kind.name for kind in kinds.values() if kind.processors]
    listed = f"Kinds on offer now: {', '.join(offered) or 'none'}."
    meant = did_you_mean(name, offered)
    return listed if meant is None else f"{meant} {listed}"


def _kind(row: Mapping[str, Any], *, before: OfferedKind | None) -> OfferedKind:
    schema = json.loads(row["params_schema"])
    is_same = before is not None and before.params_schema == schema
    return OfferedKind(
        name=row["name"],
        version=row["version"],
        title=row["title"],
        summary=row["summary"],
        inputs=json.loads(row["inputs"]),
        example=json.loads(row["example"]),
        params_schema=schema,
        result_schema=json.loads(row["result_schema"]) if row["result_schema"] else None,
        processors=row["processors"],
        judge=before.judge if before is not None and is_same else Judge(schema),
    )
