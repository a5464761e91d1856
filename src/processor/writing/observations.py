"""What a format cannot say of single values: each observation counts one such thing while the rows stream by."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Final, Protocol

import polars as pl

from processor.writing.fit import for_text, is_free_text
from processor.writing.form import CsvForm
from processor.writing.formats import FormatName
from processor.writing.formulas import DANGEROUS, is_formula
from processor.writing.losses import Loss

JSON: Final = frozenset({"json", "ndjson"})
LINES: Final = frozenset({"csv", "tsv"})
TYPED: Final = (
    r"^\s*([+-]?\d[\d.,_' ]*([eE][+-]?\d+)?%?|(?i:true|false|nan|inf|na|null|n/a)"
    r"|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?|\d{1,2}:\d{2}(:\d{2}.*)?)\s*$"
)


class Observation(Protocol):
    """Looks at every batch, and says at the end what was lost."""

    def look(self, batch: pl.DataFrame) -> None:
        """Take a batch into account; never called by two threads at once."""

    def losses(self) -> list[Loss]:
        """What was lost; nothing where nothing was."""


class NotFinite:
    """NaN and infinity where JSON is written: of nested columns only, or of all."""

    def __init__(self, *, nested_only: bool) -> None:
        self._found: Counter[str] = Counter()
        self._nested_only = nested_only

    def look(self, batch: pl.DataFrame) -> None:
        """Count them, however deep."""
        for column in batch.get_columns():
            if column.dtype.is_nested() or not self._nested_only:
                count = sum(int((~piece.is_finite()).sum()) for piece in _floats(column))
                self._found.update({column.name: count} if count else {})

    def losses(self) -> list[Loss]:
        """They became null."""
        said = f"JSON knows neither NaN nor infinity: {listed(self._found)} became null."
        return [Loss(code="not_finite_as_null", message=said)] if self._found else []


class Defused:
    """Texts that get an apostrophe because a spreadsheet would compute them."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()

    def look(self, batch: pl.DataFrame) -> None:
        """Count them."""
        for name, column in _texts(batch, is_free_text):
            if column.str.contains(DANGEROUS).any():
                count = int(column.to_frame("t").select(is_formula(pl.col("t")).sum()).item())
                self._found.update({name: count} if count else {})

    def losses(self) -> list[Loss]:
        """They were changed."""
        said = (
            f"A spreadsheet would compute some texts: {listed(self._found)} got an apostrophe before them. Set"
            " `escape_formulas` to false to keep them as they are."
        )
        return [Loss(code="formulas_defused", message=said)] if self._found else []


class BlankLines:
    """Missing values of the only column of a text file: their lines are empty."""

    def __init__(self) -> None:
        self._found = 0

    def look(self, batch: pl.DataFrame) -> None:
        """Count them."""
        if batch.width == 1:
            self._found += batch.to_series().null_count()

    def losses(self) -> list[Loss]:
        """Many readers skip such lines."""
        said = f"In a file of one column a missing value is an empty line: {self._found:,}. Many readers skip those."
        return [Loss(code="blank_lines", message=said)] if self._found else []


class MissingWords:
    """Values that are written as the word for a missing value."""

    def __init__(self, word: str, *, decimal_comma: bool) -> None:
        self._found: Counter[str] = Counter()
        self._word = word
        self._plain = word.replace(",", ".") if decimal_comma else word

    def look(self, batch: pl.DataFrame) -> None:
        """Count them."""
        for column in batch.get_columns():
            if column.dtype.is_nested() or column.dtype in (pl.Binary, pl.Duration, pl.Null):
                continue
            word = self._plain if column.dtype.is_float() or column.dtype.is_decimal() else self._word
            count = int((column.cast(pl.String) == word).sum())
            self._found.update({column.name: count} if count else {})

    def losses(self) -> list[Loss]:
        """They are read as missing."""
        said = f"The word for a missing value is a value too: {listed(self._found)}. Choose another `null_value`."
        return [Loss(code="null_value_is_a_value", message=said)] if self._found else []


class EmptyTexts:
    """Empty texts where the format has no other word for a missing value."""

    def __init__(self) -> None:
        self._found: Counter[str] = Counter()

    def look(self, batch: pl.DataFrame) -> None:
        """Count them."""
        for name, column in _texts(batch):
            count = int((column.str.len_bytes() == 0).sum())
            self._found.update({name: count} if count else {})

    def losses(self) -> list[Loss]:
        """They are read as missing."""
        said = f"Excel does not tell an empty text from a missing value: {listed(self._found)}."
        return [Loss(code="empty_texts", message=said)] if self._found else []


class LooksTyped:
    """Columns of text of which every value looks like a number, a time, a word for true or false or for nothing."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._plain: set[str] = set()

    def look(self, batch: pl.DataFrame) -> None:
        """Strike out the columns that hold any other text."""
        for name, column in _texts(batch):
            if name in self._plain:
                continue
            values = column.drop_nulls()
            if values.len():
                self._seen.add(name)
            if not values.str.contains(TYPED).all():
                self._plain.add(name)

    def losses(self) -> list[Loss]:
        """Whoever reads the file may take them for what they look like."""
        names = sorted(self._seen - self._plain)
        shown = ", ".join(repr(name[:80]) for name in names[:20]) + (
            f" and {len(names) - 20} more" if names[20:] else ""
        )
        said = f"All texts of {shown} look like numbers or times, and will be read as such."
        return [Loss(code="texts_look_typed", message=said)] if names else []


def observations(target: FormatName, *, defuse: bool, csv: CsvForm) -> list[Observation]:
    """What has to be counted when this format is written."""
    found: list[Observation] = []
    if target in JSON | LINES | {"xlsx"}:
        found.append(NotFinite(nested_only=target not in JSON))
    if defuse:
        found.append(Defused())
    if target in LINES:
        found.append(LooksTyped())
        found.append(MissingWords(csv.null_value, decimal_comma=csv.decimal_comma) if csv.null_value else BlankLines())
    if target == "xlsx":
        found.append(EmptyTexts())
    return found


def listed(counts: Counter[str]) -> str:
    """`3 of 'a', 2 of 'b'`."""
    return ", ".join(f"{count:,} of {name[:80]!r}" for name, count in counts.most_common(20))


def _is_text(dtype: pl.DataType) -> bool:
    return dtype in (pl.String, pl.Categorical, pl.Enum)


def _texts(batch: pl.DataFrame, wanted: Callable[[pl.DataType], bool] = _is_text) -> Iterator[tuple[str, pl.Series]]:
    """Columns of text by their names. The series have another name: of one named `^a$` its methods find nothing."""
    for position, (name, dtype) in enumerate(batch.schema.items()):
        if wanted(dtype):
            text = for_text(pl.nth(position), dtype).cast(pl.String)
            yield name, batch.select(text.alias("t")).to_series()


def _floats(series: pl.Series) -> list[pl.Series]:
    """All floats of a column, however deep."""
    plain = series.alias("f")
    match series.dtype:
        case pl.Float16() | pl.Float32() | pl.Float64():
            return [plain]
        case pl.List() | pl.Array():
            return _floats(plain.explode())
        case pl.Struct():
            return [piece for field in plain.struct.unnest().get_columns() for piece in _floats(field)]
    return []
