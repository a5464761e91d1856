"""How far Polars reads ahead. Its defaults are made for machines with more memory than one analysis may use.

The settings are private to Polars, which reads them from the environment when a scan starts. Should a release drop
them, memory grows and nothing else changes. What is set from outside is left alone.
"""

import os

# TPC-H lineitem as CSV, 766 MB: 344 MB at the peak instead of 560, at the same speed. Parquet with row groups of 23 MB:
# profiled within 461 MB with one row group read ahead, 504 with two; the bare scan takes as long.
_SETTINGS = {
    "POLARS_CSV_CHUNK_SIZE": str(4 << 20),
    "POLARS_ROW_GROUP_PREFETCH_SIZE": "1",
}


def bound_read_ahead() -> None:
    """Keep what is read but not yet counted small."""
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
