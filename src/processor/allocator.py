"""How soon the memory that a child has freed is the machine's again: settings of jemalloc, which Polars brings along.

By Polars' own settings freed pages are kept for half a second, and then for one more given back in a way that the
kernel counts as the child's until somebody else needs them (muzzy pages); and what one thread frees in its arena is of
no use to another's. A pass over a table frees as fast as it reads: a scan of TPC-H lineitem (SF 3, Parquet) that waits
for who takes its batches has 325 MiB beside its code, and 202 if all is given back at once. With one arena for two
threads, and pages given back for good, a profile of SF 1 takes 352 to 359 MiB at the peak instead of 407 to 433, and as
much CPU time (medians 16.3 and 15.6 s, the ranges overlap). Giving back at once (`dirty_decay_ms:0`) would take 329
MiB, and half as much CPU time again.

Source: jemalloc's manual, opt.narenas, opt.dirty_decay_ms and opt.muzzy_decay_ms.
"""

from typing import Final

# Read once, when Polars is loaded, which puts its own settings before ours; the last ones hold.
VARIABLE: Final = "_RJEM_MALLOC_CONF"


def allocator_settings(*, threads: int) -> dict[str, str]:
    """The environment of a process that loads Polars and lets it use so many threads."""
    arenas = max(1, threads // 2)
    return {VARIABLE: f"narenas:{arenas},muzzy_decay_ms:0"}
