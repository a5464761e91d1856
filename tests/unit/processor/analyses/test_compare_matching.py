"""Rows that belong together are found whatever their keys are, however they come, and wherever they are kept."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from helpers.checking import compare
from processor.analyses.compare.columns import pairs
from processor.analyses.compare.match import matched
from processor.analyses.compare.params import CompareParams
from processor.analyses.compare.shard import Shard
from processor.analyses.shards import cut, sharded, with_texts

ROWS = 20_000
NUMBERS = pl.int_range(ROWS, eager=True)
KEYS: dict[str, Callable[[pl.Series], pl.DataFrame]] = {
    "numbers without gaps": lambda n: pl.DataFrame({"k": n - 100}),
    "numbers with gaps": lambda n: pl.DataFrame({"k": n * 1_000_003}),
    "the largest numbers": lambda n: pl.DataFrame({"k": n.cast(pl.UInt64) + (2**64 - 1 - ROWS)}),
    "small numbers": lambda n: pl.DataFrame({"k": (n % 256 - 128).cast(pl.Int8), "j": n // 256}),
    "a missing number": lambda n: pl.DataFrame({"k": pl.select(pl.when(n != 7).then(n)).to_series()}),
    "fractions": lambda n: pl.DataFrame({"k": n / 7}),
    "wide numbers": lambda n: pl.DataFrame({"k": n.cast(pl.Int128)}).with_columns(pl.col("k") * 2**70),
    "times": lambda n: pl.DataFrame({"k": n.cast(pl.Datetime("us"))}),
    "texts": lambda n: pl.DataFrame({"k": pl.select(pl.format("schlüssel {}", n)).to_series()}),
    "a missing text": lambda n: pl.DataFrame({"k": pl.select(pl.when(n != 7).then(n.cast(pl.String))).to_series()}),
    "several": lambda n: pl.DataFrame({"k": n % 100, "j": (n // 100).cast(pl.String)}),
}
ORDERS: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "in the same order": lambda frame: frame,
    "in another order": lambda frame: frame.sample(fraction=1, shuffle=True, seed=3),
}


def table(keys: pl.DataFrame, *, changed: int = 0) -> pl.DataFrame:
    """Each thousandth row from the `changed`th on has another text where that is not 0."""
    text = pl.when((pl.int_range(ROWS) % 1000 == changed) & (changed > 0)).then(pl.lit("neü")).otherwise(pl.lit("alt"))
    return keys.with_columns(text.alias("text"), n=pl.int_range(ROWS))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", KEYS)
def test_rows_are_matched_by_keys_of_any_kind(tmp_path: Path, kind: str, order: str) -> None:
    keys = KEYS[kind](NUMBERS)
    before = table(keys)[:-10]
    after = ORDERS[order](table(keys, changed=5)[10:])

    for memory_mb in (1024, 2):
        data = compare(tmp_path, before, after, keys=keys.columns, memory_mb=memory_mb, drift=False).data

        assert (data["matched"], data["only_left"]["rows"], data["only_right"]["rows"]) == (ROWS - 20, 10, 10)
        assert {column["name"]: column["changed"] for column in data["columns"]} == {"text": 19, "n": 0}
        example = data["columns"][0]["examples"][0]
        assert (example["left_row"], example["left"], example["right"]) == (1006, "alt", "neü")


def test_tables_in_the_same_order_are_compared_row_by_row(tmp_path: Path) -> None:
    for kind in ("numbers with gaps", "a missing text"):
        before, after = table(KEYS[kind](NUMBERS)), table(KEYS[kind](NUMBERS), changed=5)

        data = compare(tmp_path, before, after, keys=["k"], drift=False).data

        assert (data["matched"], data["changed"], data["differences_kept"]) == (ROWS, 20, 20)
        assert data["columns"][0]["examples"][0]["key"] == {"k": before["k"][5]}


def test_keys_that_repeat_are_matched_by_their_values_where_there_is_little_memory_too(tmp_path: Path) -> None:
    before = pl.DataFrame({"k": NUMBERS // 2, "n": NUMBERS, "text": ["x" * 40] * ROWS})
    after = before.with_columns(n=pl.when(NUMBERS % 1000 == 0).then(-1).otherwise("n"))[1:].reverse()

    found = [compare(tmp_path, before, after, keys=["k"], memory_mb=memory_mb).data for memory_mb in (4000, 2)]

    assert found[0] == found[1]
    assert found[0]["repeated_keys"]["left"]["keys"] == ROWS // 2
    # The first key's first row meets the second one, as there is no other on the right.
    assert (found[0]["only_left"]["rows"], found[0]["changed"], found[0]["matched"]) == (1, 20, ROWS - 1)


@pytest.mark.parametrize("gap", [1, 10**9], ids=["without gaps", "with gaps"])
@pytest.mark.parametrize(
    ("left", "right", "repeated", "only"),
    [
        ([(1, 1), (2, 2), (2, 3)], [(1, 1), (2, 2)], (1, 0), (1, 0)),
        ([(1, 1), (2, 2)], [(1, 1), (2, 2), (2, 3)], (0, 1), (0, 1)),
        ([(1, 1), (2, 2), (2, 3)], [(1, 1), (2, 3), (2, 2)], (1, 1), (0, 0)),
        ([(1, 1), (3, 2), (3, 3)], [(1, 1), (4, 2), (4, 3)], (1, 1), (2, 2)),
    ],
    ids=["on the left", "on the right", "on both sides in the same order", "without a counterpart"],
)
def test_keys_that_repeat_are_noticed_on_either_side(
    tmp_path: Path,
    left: list[tuple[int, int]],
    right: list[tuple[int, int]],
    repeated: tuple[int, int],
    only: tuple[int, int],
    gap: int,
) -> None:
    tables = (
        pl.DataFrame(rows, schema=["k", "n"], orient="row").with_columns(pl.col("k") * gap) for rows in (left, right)
    )

    data = compare(tmp_path, *tables, keys=["k"], drift=False).data

    assert (data["repeated_keys"]["left"]["keys"], data["repeated_keys"]["right"]["keys"]) == repeated
    assert (data["only_left"]["rows"], data["only_right"]["rows"], data["changed"]) == (*only, 0)


def test_keys_that_share_a_hash_by_chance_are_not_called_equal() -> None:
    def shard(*texts: str) -> Shard:
        frame = pl.DataFrame({"v k": texts})
        return Shard.of(frame.lazy(), frame.schema)

    text = pl.Schema({"k": pl.String()})
    keys = pairs(text, text, CompareParams(keys=["k"]))

    def poor(key: pl.Expr) -> pl.Expr:
        return key.str.len_bytes()

    assert matched(shard("a", "bb"), shard("bb", "c"), keys, hashed=poor) is None
    assert matched(shard("a", "b"), shard("a"), keys, hashed=poor) is None
    found = matched(shard("a", "bb"), shard("bb", "ccc"), keys, hashed=poor)
    assert found is not None
    assert (found.count, found.only_left.to_list(), found.only_right.to_list()) == (1, [0], [1])


def test_texts_of_shards_are_those_of_the_table(tmp_path: Path) -> None:
    words = pl.DataFrame(
        {"k": NUMBERS, "word": ["ü", None, "", "\U0001f600 long enough to lie elsewhere", "\0"] * 4000}
    )

    shards = sharded(words.lazy(), [pl.col("k")], count=3, folder=tmp_path / "shards")

    assert pl.concat(shards).sort("k").collect().equals(words)
    kept = cut(words.lazy(), [pl.col("k")], count=1, folder=tmp_path / "one")
    assert with_texts(kept[0], words.schema).collect().equals(words)


def test_a_shard_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    frame = pl.LazyFrame({"k": range(2_000_000)})

    def occupy(rows: int) -> None:
        (tmp_path / "shards" / "0-1.arrow").mkdir(exist_ok=True)

    with pytest.raises(OSError, match="directory"):
        cut(frame, [pl.col("k")], count=1, folder=tmp_path / "shards", tell=occupy)
