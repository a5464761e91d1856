"""A comparison: a look at both tables, each read once, then matched shard by shard."""

from collections.abc import Mapping, Sequence

from processor.analyses.compare.column import Found, differing
from processor.analyses.compare.columns import pairs, schema_difference
from processor.analyses.compare.drift import Sampled, ValueCounts, drift
from processor.analyses.compare.layout import Layout, layout_for
from processor.analyses.compare.match import LEFT, RIGHT, Matches, keys_of, matched, matched_by_values
from processor.analyses.compare.pair import Pair
from processor.analyses.compare.params import CompareParams
from processor.analyses.compare.shard import Shard, at_once, smaller
from processor.analyses.compare.side import Look, Side, keep, look
from processor.analyses.compare.tally import Tally
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
    layout = layout_for(run, before, after, columns)
    left, right = _kept(run, inputs, params, columns, layout)
    actual = pairs(left.schema, right.schema, params)
    if actual != columns:
        # A type that the first rows did not show: what was cut by it is cut anew.
        left, right = _kept(run, inputs, params, actual, layout)
    return _Comparison(run, left, right, actual, params).outcome()


def _kept(
    run: Run, inputs: Mapping[str, Input], params: CompareParams, columns: Sequence[Pair], layout: Layout
) -> tuple[Side, Side]:
    left = keep(run, inputs["left"], "left", params.left_options, columns, layout=layout)
    right = keep(run, inputs["right"], "right", params.right_options, columns, layout=layout)
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
        self._rows = 0
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
        for left, right in zip(self._left.shards, self._right.shards, strict=True):
            if not self._columns:
                continue
            matches = matched(left, right, keys_of(self._columns))
            if matches is not None:
                self._add(left, right, matches)
                continue
            for one, other in smaller(self._run, left, right, keys_of(self._columns)):
                self._tally.add_repeats("left", one)
                self._tally.add_repeats("right", other)
                self._add(one, other, matched_by_values(one, other, self._columns))

    def _add(self, left: Shard, right: Shard, matches: Matches) -> None:
        """Look at one column of both sides after the other: two are never in memory."""
        if self._params.drift:
            self._samples[0].begin(left)
            self._samples[1].begin(right)
        found = [one for place in range(len(self._columns)) if (one := self._look(place, left, right, matches))]
        self._tally.add(left, right, matches, found)
        self._rows += left.rows + right.rows
        self._run.progress(rows=self._rows, rows_total=self._left.rows + self._right.rows)

    def _look(self, place: int, left: Shard, right: Shard, matches: Matches) -> Found | None:
        pair = self._columns[place]
        is_value = self._tally.is_value(pair)
        if not is_value and not self._params.drift:
            return None
        # Drift tells values, so it needs texts.
        read = Shard.values if pair.is_plain_text and not self._params.drift else Shard.column
        before, after = at_once(lambda shard: read(shard, pair.place), (left, right))
        if self._params.drift:
            for side, column in enumerate((before, after)):
                self._samples[side].add(column)
                self._values[place][side].add(column)
        found = differing(pair, before, after, matches) if is_value else None
        share = (place + 1) / len(self._columns) * (left.rows + right.rows)
        self._run.progress(rows=self._rows + int(share), rows_total=self._left.rows + self._right.rows)
        return found

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
