"""Why a text is refused; the guard's own, which becomes a `ParamsError` at its edge, where the parameter is known."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches

from common.errors import ParamsError


class Refusal(Exception):  # noqa: N818 - it is an answer, not an accident
    """The text is not accepted."""

    def __init__(self, message: str, *, advice: str) -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice


@contextmanager
def refusals_at(pointer: str) -> Iterator[None]:
    """Raise the refusals of the block as errors of the parameter at `pointer` (a JSON Pointer)."""
    try:
        yield
    except Refusal as refusal:
        raise ParamsError(refusal.message, pointer=pointer, advice=refusal.advice) from None


def shown(text: str, *, longest: int = 80) -> str:
    """A word of the caller's own in quotation marks, cut where it is long; control characters stand as `?`."""
    plain = "".join(each if each.isprintable() else "?" for each in text)
    return f"'{plain if len(plain) <= longest else plain[: longest - 1] + '…'}'"


def near(word: str, known: Iterable[str], *, what: str, listed: bool = True) -> str:
    """Advice: the known words that are like `word`; else some of them, or where they are listed."""
    words = sorted(set(known))
    lower = {each.lower(): each for each in words}
    alike = [lower[each] for each in get_close_matches(word.lower(), lower, n=3, cutoff=0.6)]
    if alike:
        return f"Did you mean {' or '.join(shown(each) for each in alike)}?"
    if not listed:
        return f"docs/kinds/query.md lists the {what} that there are."
    if not words:
        return f"There are no {what}."
    more = f" and {len(words) - 12} more" if len(words) > 12 else ""
    return f"There are the {what} {', '.join(shown(each) for each in words[:12])}{more}."
