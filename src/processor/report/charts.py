"""Charts as SVG inside the page: small, without script, with their figures as text for those who do not see them."""

from collections.abc import Sequence

from markupsafe import Markup

from processor.report.text import number, plain

WIDTH, HEIGHT, GAP = 320, 72, 1

_HISTOGRAM = Markup(
    '<svg class="chart" role="img" aria-label="{label}" viewBox="0 0 {width} {height}" preserveAspectRatio="none">'
    "{bars}</svg>"
)
_BAR = Markup('<rect x="{x}" y="{y}" width="{width}" height="{height}"><title>{title}</title></rect>')


def histogram(edges: Sequence[object], counts: Sequence[int]) -> Markup:
    """Bars over bins.

    Args:
        edges: n + 1 bounds, numbers or times as text; bins of equal width are drawn.
        counts: n counts.
    """
    if not counts or len(edges) != len(counts) + 1:
        return Markup()
    label = f"Histogram of {len(counts)} bins from {plain(edges[0])} to {plain(edges[-1])}, at most {max(counts):,}"
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
