"""How long to wait before trying again."""

import random


def backoff(attempt: int, *, first: float, most: float, rng: random.Random | None = None) -> float:
    """Seconds to wait before try number `attempt` (1 is the first retry).

    Doubled each time, up to `most`, with full jitter in its upper half. The jitter keeps a fleet that failed together
    from coming back together (M. Brooker, "Exponential Backoff And Jitter", 2015: "equal jitter").
    """
    ceiling = min(most, first * 2.0 ** min(attempt - 1, 30))
    draw = (rng or random).random()
    return ceiling * (0.5 + draw / 2)


def jittered(interval: float, *, share: float = 0.2, rng: random.Random | None = None) -> float:
    """`interval` ± `share` of it, so that many who wait the same time do not act together."""
    draw = (rng or random).random()
    return interval * (1 - share + 2 * share * draw)
