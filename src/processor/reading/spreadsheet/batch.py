"""Some rows of a sheet: their cells side by side, and apart from them those that stand far from all others.

Side by side, a row whose only cell is in the last of 16,384 columns would be as large as a row that fills them all.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

FAR = 1024
"""So many columns without a cell make those behind them stand apart."""


@dataclass(slots=True)
class Batch:
    """Rows that have a value, in their order.

    Attributes:
        rows: values from the first column on, with None where there is none; as long as the last value needs.
        far: by number of the row here, values by number of the column that stand apart.
        widest: columns that the longest of the rows needs.
        columns: which columns have values that stand apart.
    """

    rows: list[list[Any]] = field(default_factory=list)
    far: dict[int, dict[int, Any]] = field(default_factory=dict)
    widest: int = 0
    columns: set[int] = field(default_factory=set)

    @property
    def cells(self) -> int:
        """How many there are when it becomes a frame, but for columns without any value."""
        return len(self.rows) * (self.widest + len(self.columns))

    def extend(self, rows: list[list[Any]]) -> None:
        """Take rows whose cells are all side by side."""
        self.rows.extend(rows)
        self.widest = max(self.widest, max(map(len, rows), default=0))

    def add(self, row: list[Any], far: dict[int, Any]) -> None:
        """Take one row."""
        if far:
            self.far[len(self.rows)] = far
            self.columns.update(far)
        self.rows.append(row)
        self.widest = max(self.widest, len(row))

    def row(self, number: int) -> list[Any]:
        """One whole row."""
        row, far = self.rows[number], self.far.get(number)
        if not far:
            return row
        whole = row + [None] * (max(far) + 1 - len(row))
        for column, value in far.items():
            whole[column] = value
        return whole

    def since(self, start: int) -> "Batch":
        """The rows from that number on."""
        return self._between(start, len(self.rows))

    def followed_by(self, other: "Batch") -> "Batch":
        """These rows, and then the other's."""
        if not self.rows:
            return other
        made = self.since(0)
        for number, row in enumerate(other.rows):
            made.add(row, other.far.get(number, {}))
        return made

    def cut(self, at: int) -> "tuple[Batch, Batch]":
        """The rows before that number, and the others."""
        return (self._between(0, at), self.since(at)) if at < len(self.rows) else (self, Batch())

    def parts(self, most: int) -> Iterator["Batch"]:
        """The same rows in several batches of so many cells, or of one row."""
        start, widest, columns = 0, 0, set[int]()
        for number, row in enumerate(self.rows):
            widest = max(widest, len(row))
            columns.update(self.far.get(number, ()))
            if number > start and (number + 1 - start) * (widest + len(columns)) > most:
                yield self._between(start, number)
                start, widest, columns = number, len(row), set(self.far.get(number, ()))
        yield self.since(start)

    def _between(self, start: int, end: int) -> "Batch":
        made = Batch()
        for number in range(start, end):
            made.add(self.rows[number], self.far.get(number, {}))
        return made
