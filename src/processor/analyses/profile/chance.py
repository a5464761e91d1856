"""Whether values stand a check because of what they are, or some of them by chance.

One of ten long numbers has the check digit of a card, one of 97 that of an account. So where most candidates fail, more
have to pass than chance explains. Where half of them pass it is what they are, however few there are.
"""

import math

_SIGMAS = 4


def is_by_chance(passing: int, every: int, *, share: float) -> bool:
    """Whether so many of all candidates are no more than chance lets pass.

    Args:
        passing: the candidates that stand the check.
        every: all candidates.
        share: of other things of the same form, those that stand it.
    """
    return 2 * passing < every and passing <= share * every + _SIGMAS * math.sqrt(share * (1 - share) * every)
