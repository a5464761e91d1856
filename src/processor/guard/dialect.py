"""The SQL that Polars reads, as a dialect of sqlglot: read like PostgreSQL's, written as Polars understands it.

Functions have no meaning here but their names: what is written is what was read, and never a translation.
"""

from typing import ClassVar

from sqlglot import exp, generator
from sqlglot.dialects.postgres import Postgres
from sqlglot.parsers.postgres import PostgresParser

# Functions with a grammar of their own; all others are a name and arguments.
_WITH_GRAMMAR = ("CAST", "TRY_CAST", "EXTRACT", "SUBSTRING", "TRIM", "POSITION")


class PolarsSql(Postgres):
    """Polars' SQL."""

    class Parser(PostgresParser):
        """Reads it."""

        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {name: PostgresParser.FUNCTION_PARSERS[name] for name in _WITH_GRAMMAR}
        NO_PAREN_FUNCTIONS: ClassVar = {}

    class Generator(generator.Generator):
        """Writes it."""

        SINGLE_STRING_INTERVAL = True
        TRANSFORMS: ClassVar = {
            **generator.Generator.TRANSFORMS,
            exp.Array: lambda self, node: f"ARRAY[{self.expressions(node, flat=True)}]",
            exp.StrPosition: lambda self, node: self.func("STRPOS", node.this, node.args["substr"]),
            exp.RegexpLike: lambda self, node: self.func("REGEXP_LIKE", node.this, node.expression),
        }


def written(tree: exp.Expr) -> str:
    """The SQL of a tree: all names quoted, no comments."""
    return tree.sql(dialect=PolarsSql, identify=True, comments=False, normalize_functions=False)
