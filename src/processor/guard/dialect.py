"""The SQL that Polars reads, as a dialect of sqlglot: read like PostgreSQL's, written as Polars understands it.

Functions have no meaning here but their names: what is written is what was read, and never a translation.
"""

from typing import ClassVar, Final

from sqlglot import exp, generator
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.tokenizer_core import TokenType

# Functions with a grammar of their own; all others are a name and arguments.
_WITH_GRAMMAR = ("CAST", "TRY_CAST", "EXTRACT", "SUBSTRING", "TRIM", "POSITION")
_BRACKETS: Final = frozenset({TokenType.L_PAREN, TokenType.L_BRACKET})
# Real statements take about two steps a token. Who takes more tries every way to read the text, one inside the other.
_STEPS_A_TOKEN: Final = 8
_LEAST_STEPS: Final = 200


class TooMuchWorkError(SqlglotError):
    """The parser went back and forth over the text too often."""


def _type_sql(writer: generator.Generator, node: exp.DataType) -> str:
    """`FLOAT(24)`, which is read as a DOUBLE of that size, is a REAL; only FLOAT may have a size."""
    if node.this is exp.DType.DOUBLE and node.expressions:
        return f"FLOAT({writer.expressions(node, flat=True)})"
    return writer.datatype_sql(node)


def _same_sql(writer: generator.Generator, node: exp.Expr) -> str:
    """In brackets: Polars takes all that follows, an AND too, for what is on the right."""
    word = "IS DISTINCT FROM" if isinstance(node, exp.NullSafeNEQ) else "IS NOT DISTINCT FROM"
    return f"({writer.sql(node, 'this')} {word} {writer.sql(node, 'expression')})"


def _is_sql(writer: generator.Generator, node: exp.Is) -> str:
    """IS TRUE is true or false; to Polars it is null for null."""
    if isinstance(node.expression, exp.Boolean):
        return _same_sql(writer, node)
    word = "IS NOT" if node.args.get("negate") else "IS"
    return f"{writer.sql(node, 'this')} {word} {writer.sql(node, 'expression')}"


class PolarsSql(Postgres):
    """Polars' SQL."""

    class Parser(PostgresParser):
        """Reads it, in work that grows as the text does."""

        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {name: PostgresParser.FUNCTION_PARSERS[name] for name in _WITH_GRAMMAR}
        NO_PAREN_FUNCTIONS: ClassVar = {}
        _steps: int = 0

        def _advance(self, times: int = 1) -> None:
            self._steps += 1
            if self._steps > _STEPS_A_TOKEN * self._tokens_size + _LEAST_STEPS:
                raise TooMuchWorkError("too many steps")
            super()._advance(times)

        def _parse_type(  # the signature is theirs
            self,
            parse_interval: bool = True,  # noqa: FBT001, FBT002
            fallback_to_identifier: bool = False,  # noqa: FBT001, FBT002
        ) -> exp.Expr | None:
            # `DATE(` is a call and `ARRAY[` a list. Theirs reads what follows as a type's size first, throws that away
            # and reads it again: twice the work for each level of nesting.
            if self._curr.token_type in self.TYPE_TOKENS and self._next.token_type in _BRACKETS:
                return self._parse_column()
            return super()._parse_type(parse_interval, fallback_to_identifier)

    class Generator(generator.Generator):
        """Writes it."""

        SINGLE_STRING_INTERVAL = True
        TYPE_MAPPING: ClassVar = {**generator.Generator.TYPE_MAPPING, exp.DType.FLOAT: "REAL"}
        TRANSFORMS: ClassVar = {
            **generator.Generator.TRANSFORMS,
            exp.Array: lambda self, node: f"ARRAY[{self.expressions(node, flat=True)}]",
            exp.DataType: _type_sql,
            exp.Is: _is_sql,
            exp.NullSafeEQ: _same_sql,
            exp.NullSafeNEQ: _same_sql,
            exp.StrPosition: lambda self, node: self.func("STRPOS", node.this, node.args["substr"]),
            exp.RegexpLike: lambda self, node: self.func("REGEXP_LIKE", node.this, node.expression),
        }


def written(tree: exp.Expr) -> str:
    """The SQL of a tree: all names quoted, no comments."""
    return tree.sql(dialect=PolarsSql, identify=True, comments=False, normalize_functions=False)
