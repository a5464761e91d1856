"""A comparison: a look at both tables, each read once, then matched shard by shard."""

from collections.abc import Mapping, Sequence

import polars as pl

from processor.analyses.compare.columns import pairs, schema_difference
from processor.analyses.compare.drift import Sampled, ValueCounts, drift
from processor.analyses.compare.match import LEFT, RIGHT, matched
from processor.analyses.compare.pair import Pair
from processor.analyses.compare.params import CompareParams
from processor.analyses.compare.side import Look, Side, keep, look
from processor.analyses.compare.tally import Tally
from processor.analyses.shards import shards_for
from processor.kind import Input, Outcome
from processor.run import Run


def analyse(run: Run, inputs: Mapping[str, Input], params: CompareParams) -> Outcome:
    """Compare the table `inputs["left"]` with the table `inputs["right"]`.

    Raises:
        InputError: a file holds no table that could be read.
        ParamsError: a column that was asked for is not in both tables.
    """
    run.phase("sample")
    before = look(run, inputs["left"], params.left_options)
    after = look(run, inputs["right"], params.right_options)
    columns = pairs(before.schema, after.schema, params)
    run.partial(_estimate(before, after, params), estimate=True)
    shards = shards_for(run, before.size + after.size)
    left, right = _kept(run, inputs, params, columns, shards)
    actual = pairs(left.schema, right.schema, params)
    if actual != columns:
        # A type that the first rows did not show: what was cut by it is cut anew.
        left, right = _kept(run, inputs, params, actual, shards)
    return _Comparison(run, left, right, actual, params).outcome()


def _kept(
    run: Run, inputs: Mapping[str, Input], params: CompareParams, columns: Sequence[Pair], shards: int
) -> tuple[Side, Side]:
    left = keep(run, inputs["left"], "left", params.left_options, columns, shards=shards)
    right = keep(run, inputs["right"], "right", params.right_options, columns, shards=shards)
    return left, right


def _estimate(left: Look, right: Look, params: CompareParams) -> Mapping[str, object]:
    """The first light: the columns, and what the first rows tell of drift."""
    return {
        "identical": None,
        "rows": {"left": left.rows, "right": right.rows},
        "schema": schema_difference(left.schema, right.schema),
        "keys": params.keys,
        "sample_rows": {"left": left.head.height, "right": right.head.height},
    }


class _Comparison:
    def __init__(self, run: Run, left: Side, right: Side, columns: Sequence[Pair], params: CompareParams) -> None:
        self._run = run
        self._left = left
        self._right = right
        self._columns = columns
        self._params = params
        self._tally = Tally(columns, examples=params.examples, differences=params.differences)
        self._samples = Sampled(left.rows), Sampled(right.rows)
        self._values = [(ValueCounts(pair, "left"), ValueCounts(pair, "right")) for pair in columns]

    def outcome(self) -> Outcome:
        self._run.phase("match")
        self._match()
        drifts = self._drifts() if self._params.drift else {}
        self._run.phase("result")
        kept = self._keep()
        data = {**self._data(drifts), "differences_kept": kept}
        rows = {"left": self._left.rows, "right": self._right.rows}
        return Outcome(summary=self._summary(data), data=data, rows=rows)

    def _match(self) -> None:
        for number, (mine, theirs) in enumerate(zip(self._left.shards, self._right.shards, strict=True), start=1):
            left, right = mine.collect(), theirs.collect()
            if self._columns:
                repeated = self._tally.add_repeats("left", left), self._tally.add_repeats("right", right)
                self._tally.add(matched(left, right, self._columns, repeated=any(repeated)))
            if self._params.drift:
                self._add_to_drift(left, right)
            self._run.progress(rows=number, rows_total=len(self._left.shards))

    def _add_to_drift(self, left: pl.DataFrame, right: pl.DataFrame) -> None:
        for place, frame in enumerate((left, right)):
            self._samples[place].add(frame)
            for counts in self._values:
                counts[place].add(frame)

    def _drifts(self) -> Mapping[str, object]:
        self._run.phase("drift")
        before, after = (sample.rows() for sample in self._samples)
        exact = all(sample.is_whole for sample in self._samples)
        return {
            pair.name: drift(pair, before, after, exact=exact, counts=counts)
            for pair, counts in zip(self._columns, self._values, strict=True)
        }

    def _keep(self) -> int:
        rows = self._tally.differences()
        if rows is None:
            return 0
        path = self._run.scratch / "differences.parquet"
        rows.write_parquet(path)
        self._run.artifact("differences.parquet", path, media_type="application/vnd.apache.parquet")
        return rows.height

    def _data(self, drifts: Mapping[str, object]) -> dict[str, object]:
        tally = self._tally
        schema = schema_difference(self._left.schema, self._right.schema)
        same_rows = not (tally.only_left or tally.only_right or tally.changed) and bool(self._columns)
        same_columns = not (schema["only_left"] or schema["only_right"] or schema["types"])
        columns = [tally.column_as_json(column) for column in tally.columns]
        return {
            "identical": self._is_complete and same_rows and same_columns,
            "same_rows": self._is_complete and same_rows,
            "rows": {"left": self._left.rows, "right": self._right.rows},
            "schema": schema,
            "keys": self._params.keys,
            "compared": [pair.name for pair in self._columns],
            "matched": tally.matched,
            "only_left": tally.only_as_json(LEFT),
            "only_right": tally.only_as_json(RIGHT),
            "changed": tally.changed,
            "columns": columns,
            "repeated_keys": {side: tally.repeats_as_json(side) for side in ("left", "right")},
            "drift": drifts,
        }

    @property
    def _is_complete(self) -> bool:
        """False where rows could not be read: nothing can be said of them."""
        return not (self._left.flaws.get("rows_unread") or self._right.flaws.get("rows_unread"))

    def _summary(self, data: Mapping[str, object]) -> Mapping[str, object]:
        tally = self._tally
        return {
            "identical": data["identical"],
            "same_rows": data["same_rows"],
            "rows_left": self._left.rows,
            "rows_right": self._right.rows,
            "only_left": tally.only_left,
            "only_right": tally.only_right,
            "changed": tally.changed,
        }
