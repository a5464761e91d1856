"""From text to a tree, with bounds on both; a text that cannot be read is shown to its writer, with the place."""

from itertools import pairwise
from typing import Final

from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from processor.guard.dialect import PolarsSql
from processor.guard.refusal import Refusal, shown

LONGEST_TEXT: Final = 50_000
DEEPEST_NESTING: Final = 40
_OPENING: Final = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE})
_CLOSING: Final = frozenset({TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END})
_BEGINNING: Final = frozenset({TokenType.SELECT, TokenType.WITH, TokenType.L_PAREN})
_SUBSCRIPTED: Final = frozenset(
    {TokenType.VAR, TokenType.IDENTIFIER, TokenType.STRING, TokenType.R_BRACKET, TokenType.R_PAREN}
)
_EXCERPT: Final = 60


def parse_query(text: str) -> exp.Expr:
    """The tree of one query.

    Raises:
        Refusal: it is too long, cannot be read, or is no single query.
    """
    tokens = _tokens(text)
    if tokens[0].token_type not in _BEGINNING:
        first = shown(tokens[0].text.split(maxsplit=1)[0])
        raise Refusal(f"This is no query: it begins with {first}.", advice="Write one SELECT, or WITH … SELECT.")
    return _tree(text, tokens, into=None)


def parse_expression(text: str) -> exp.Expr:
    """The tree of one expression.

    Raises:
        Refusal: it is too long, cannot be read, or is no single expression.
    """
    return _tree(text, _tokens(text), into=exp.Condition)


def _tokens(text: str) -> list[Token]:
    if len(text) > LONGEST_TEXT:
        raise Refusal(f"The SQL has more than {LONGEST_TEXT:,} characters.", advice="Shorten it.")
    if "\0" in text:
        raise Refusal("The SQL holds a NUL character.", advice="Take it out.")
    try:
        tokens = PolarsSql().tokenize(text)
    except SqlglotError:
        raise Refusal(
            "The SQL cannot be read: a string, a quoted name or a comment is not closed.", advice="Close it."
        ) from None
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    if not tokens:
        raise Refusal("The SQL is empty.", advice="Write one SELECT.")
    _check_nesting(tokens)
    _check_chains(tokens)
    return tokens


def _check_nesting(tokens: list[Token]) -> None:
    depth = 0
    for token in tokens:
        if token.token_type is TokenType.SEMICOLON:
            raise Refusal("There are several statements.", advice="Write one, without a semicolon in its middle.")
        depth += (token.token_type in _OPENING) - (token.token_type in _CLOSING)
        if depth > DEEPEST_NESTING:
            raise Refusal(
                f"The SQL is nested more than {DEEPEST_NESTING} levels deep.", advice="Give parts names by WITH."
            )


def _check_chains(tokens: list[Token]) -> None:
    """Refuse `a[1]` and `a.f(1)`, which the grammar would refuse later: many of them take its square."""
    for before, token in pairwise(tokens):
        if token.token_type is TokenType.L_BRACKET and before.token_type in _SUBSCRIPTED:
            raise Refusal("A value is followed by [.", advice="ARRAY_GET(list, 1) gives an item.")
    for before, _, token in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token.token_type is TokenType.L_PAREN and before.token_type is TokenType.DOT:
            raise Refusal(
                "A function is called by a name with a point in it.", advice="Write the function's name alone."
            )


def _tree(text: str, tokens: list[Token], *, into: type[exp.Expr] | None) -> exp.Expr:
    parser = PolarsSql().parser()
    try:
        trees = parser.parse_into(into, tokens, text) if into else parser.parse(tokens, text)
    except ParseError as error:
        raise _unreadable(text, error) from None
    except (SqlglotError, RecursionError):
        raise Refusal("The SQL cannot be read.", advice="Write it more simply.") from None
    if len(trees) != 1 or trees[0] is None:
        raise Refusal("This is no single statement.", advice="Write one, without a semicolon in its middle.")
    return trees[0]


def _unreadable(text: str, error: ParseError) -> Refusal:
    """What is wrong, with the writer's own line and a caret below the place."""
    first = error.errors[0] if error.errors else {}
    number, column = first.get("line"), first.get("col")
    lines = text.splitlines()
    if not number or not column or number > len(lines):
        return Refusal("The SQL cannot be read.", advice="Look for a missing comma, bracket or keyword.")
    column = max(1, column - len(first.get("highlight") or " ") + 1)
    message = f"The SQL cannot be read at line {number}, column {column}:\n{_excerpt(lines[number - 1], column)}"
    return Refusal(message, advice="Look for a missing comma, bracket or keyword at or before the mark.")


def _excerpt(line: str, column: int) -> str:
    start = max(0, column - 1 - _EXCERPT)
    piece = "".join(each if each.isprintable() else " " for each in line[start : start + 2 * _EXCERPT])
    return f"  {piece}\n  {' ' * (column - 1 - start)}^"
