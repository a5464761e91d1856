"""Bounds of params that a model and its JSON Schema say alike, though their validators differ."""

from typing import Final

# Beyond it, JSON's readers take a whole number for a float, and no model takes all of those for whole again.
MOST_WHOLE: Final = (1 << 53) - 1
MOST_ROWS: Final = 4_000_000_000  # Polars counts rows in 32 bits
