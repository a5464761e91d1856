"""Charts as SVG inside the page: small, without script, with their figures as text for those who do not see them."""

from collections.abc import Sequence

from markupsafe import Markup

from processor.report.text import number, plain, visible

WIDTH, HEIGHT, GAP = 320, 72, 1

_HISTOGRAM = Markup(
    '<svg class="chart" role="img" aria-label="{label}" viewBox="0 0 {width} {height}" preserveAspectRatio="none">'
    "{bars}</svg>"
)
_BAR = Markup('<rect x="{x}" y="{y}" width="{width}" height="{height}"><title>{title}</title></rect>')


def histogram(edges: Sequence[object], counts: Sequence[int], ends: tuple[object, object]) -> Markup:
    """Bars over bins.

    Args:
        edges: n + 1 bounds, numbers or times as text; bins of equal width are drawn.
        counts: n counts.
        ends: the least and the greatest value.
    """
    if not counts or len(edges) != len(counts) + 1:
        return Markup()
    label = f"Histogram of {len(counts)} bins from {plain(ends[0])} to {plain(ends[1])}, at most {max(counts):,}"
    step = WIDTH / len(counts)
    bars = [
        _bar(
            x=place * step,
            width=step - GAP,
            share=count / max(1, *counts),
            title=f"{plain(low)} … {plain(high)}: {number(count)}",
        )
        for place, (low, high, count) in enumerate(zip(edges, edges[1:], counts, strict=False))
        if count
    ]
    return _HISTOGRAM.format(label=label, width=WIDTH, height=HEIGHT, bars=Markup().join(bars))


def _bar(*, x: float, width: float, share: float, title: str) -> Markup:
    tall = max(share * HEIGHT, 1)  # what is there is seen
    return _BAR.format(
        x=f"{x:.1f}", y=f"{HEIGHT - tall:.1f}", width=f"{max(width, 0.5):.1f}", height=f"{tall:.1f}", title=title
    )


_CELL = Markup('<td style="background:rgb({colour} / {strength}%)" title="{title}">{shown}</td>')
_ROW = Markup('<tr><th scope="row">{name}</th>{cells}</tr>')
_HEAT = Markup(
    '<div class="wide" tabindex="0" role="group" aria-label="Matrix"><table class="heat"><thead><tr><td></td>'
    "{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
)
_HEAD = Markup('<th scope="col">{place}</th>')
WITH, AGAINST = "63 124 189", "179 52 43"


def heat_map(names: Sequence[str], values: Sequence[Sequence[float | None]]) -> Markup:
    """A table of numbers from -1 to 1, stronger in colour where they are larger.

    Args:
        names: of the rows, and of the columns, which are numbered.
        values: one list a row; what is beyond the names is left out.
    """
    rows = [
        _ROW.format(
            name=f"{place}. {visible(name, 40)}",
            cells=Markup().join(
                _cell(value, title=f"{visible(name, 40)}, {visible(other, 40)}")
                for value, other in zip(row, names, strict=False)
            ),
        )
        for place, (name, row) in enumerate(zip(names, values, strict=False), start=1)
    ]
    heads = [_HEAD.format(place=place) for place in range(1, len(names) + 1)]
    return _HEAT.format(heads=Markup().join(heads), rows=Markup().join(rows))


def _cell(value: float | None, *, title: str) -> Markup:
    if value is None:
        return Markup("<td></td>")
    colour = WITH if value >= 0 else AGAINST
    return _CELL.format(colour=colour, strength=round(abs(value) * 70), title=f"{title}: {value}", shown=f"{value:.2f}")
