"""What may stand in a text: every form and every part of a form by name, every type, and bounds on the whole.

What is not listed here is refused, also what a later release of the parser learns to read.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final

from sqlglot import exp

from processor.guard.functions import check_function
from processor.guard.refusal import Refusal

_SPAN: Final = re.compile(r"[-+]?[0-9][-+0-9A-Za-z .:]*")
_QUOTED: Final = (exp.Identifier, exp.RawString)
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")
_WORDS: Final = re.compile(r"[A-Za-z_][A-Za-z_0-9 ]*")  # of the grammar itself, as CURRENT ROW
_NUMBER: Final = re.compile(r"[0-9]*\.?[0-9]*(?:[eE][+-]?[0-9]+)?")
MOST_NODES: Final = 5_000
DEEPEST_TREE: Final = 150
Forms = Mapping[type[exp.Expr], frozenset[str]]


def _forms(**parts: str) -> Forms:
    return {getattr(exp, name): frozenset(words.split()) for name, words in parts.items()}


_BINARY: Final = "this expression"

SCALARS: Final[Forms] = _forms(
    Column="this table",
    Identifier="this quoted",
    Literal="this is_string",
    RawString="this",
    Boolean="this",
    Null="",
    Paren="this",
    Neg="this",
    Not="this",
    And=_BINARY,
    Or=_BINARY,
    EQ=_BINARY,
    NEQ=_BINARY,
    GT=_BINARY,
    GTE=_BINARY,
    LT=_BINARY,
    LTE=_BINARY,
    Is="this expression negate",
    NullSafeEQ=_BINARY,
    NullSafeNEQ=_BINARY,
    Add=_BINARY,
    Sub=_BINARY,
    Mul=_BINARY,
    Div="this expression typed safe",
    Mod=_BINARY,
    DPipe="this expression safe",
    BitwiseAnd=_BINARY,
    BitwiseOr=_BINARY,
    Between="this low high",
    In="this expressions",
    Like="this expression negate",
    ILike="this expression negate",
    RegexpLike=_BINARY,
    Case="this ifs default",
    If="this true false",
    Cast="this to",
    TryCast="this to safe",
    DataType="this expressions nested",
    DataTypeParam="this",
    Interval="this unit",
    Var="this",
    Extract="this expression",
    Substring="this start length",
    Trim="this",
    StrPosition="this substr",
    Anonymous="this expressions",
    Array="expressions bracket_notation",
    Tuple="expressions",
)

QUERIES: Final[Forms] = {
    **SCALARS,
    **_forms(
        Select="with_ expressions from_ joins where group having qualify windows distinct order limit offset",
        Union="with_ this expression distinct order limit offset",
        Except="with_ this expression distinct order limit offset",
        Intersect="with_ this expression distinct order limit offset",
        Subquery="this alias with_ joins order limit offset",
        With="expressions",
        CTE="this alias",
        TableAlias="this columns",
        From="this",
        Table="this alias joins",
        Join="this on side kind using method",
        Where="this",
        Group="expressions rollup cube grouping_sets",
        Rollup="expressions",
        Cube="expressions",
        GroupingSets="expressions",
        Having="this",
        Qualify="this",
        Order="this expressions",
        Ordered="this desc nulls_first",
        Limit="expression",
        Offset="expression",
        Distinct="expressions on",
        Window="this partition_by order spec alias over first",
        WindowSpec="kind start start_side end end_side",
        Filter=_BINARY,
        Star="except_ replace rename",
        Alias="this alias",
        In="this expressions query",
        Exists="this",
        Any="this",
        All="this",
    ),
}

TYPES: Final = frozenset(
    {
        exp.DType.BOOLEAN,
        exp.DType.TINYINT,
        exp.DType.SMALLINT,
        exp.DType.INT,
        exp.DType.BIGINT,
        exp.DType.UTINYINT,
        exp.DType.USMALLINT,
        exp.DType.UINT,
        exp.DType.UBIGINT,
        exp.DType.FLOAT,
        exp.DType.DOUBLE,
        exp.DType.DECIMAL,
        exp.DType.CHAR,
        exp.DType.VARCHAR,
        exp.DType.TEXT,
        exp.DType.DATE,
        exp.DType.TIME,
        exp.DType.TIMESTAMP,
        exp.DType.DATETIME,
        exp.DType.INTERVAL,
    }
)


def check_forms(tree: exp.Expr, *, forms: Forms, functions: Collection[str]) -> None:
    """Pass if the tree is made of listed things only, and is not too large.

    Raises:
        Refusal: it is not.
    """
    waiting = [(tree, 1)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if count > MOST_NODES or depth > DEEPEST_TREE:
            raise Refusal("The SQL is too large or too deep.", advice="Split it up, or use IN for long lists of OR.")
        _check(node, forms=forms, functions=functions)
        waiting.extend((child, depth + 1) for child in node.iter_expressions())


def _check(node: exp.Expr, *, forms: Forms, functions: Collection[str]) -> None:
    parts = forms.get(type(node))
    if parts is None:
        raise Refusal(f"{_named(node)} is not allowed here.", advice="See the SQL that works in docs/kinds/query.md.")
    surplus = [part for part, value in node.args.items() if value and part not in parts]
    if surplus:
        what = surplus[0].strip("_").upper().replace("_", " ")
        raise Refusal(f"{_named(node)} with {what} is not allowed here.", advice="Leave that part out.")
    _check_words(node)
    match node:
        case exp.Interval() if not isinstance(node.this, exp.Literal) or not _SPAN.fullmatch(node.this.name):
            raise Refusal("An INTERVAL is no span of time.", advice="Write it like INTERVAL '3 days'.")
        case exp.Table() if not isinstance(node.this, exp.Identifier):
            raise Refusal("A function stands where a table should.", advice="Hand the data in and name it in `inputs`.")
        case exp.Anonymous():
            check_function(node, allowed=functions)
        case exp.DataType() if node.this not in TYPES:
            raise Refusal("A type that is cast to is not known.", advice="Use INT, DOUBLE, DECIMAL, TEXT, DATE …")
        case _:
            return


def _check_words(node: exp.Expr) -> None:
    """What is written as it stands, without quotation marks, must be a word or a number and nothing that ends one."""
    if isinstance(node, _QUOTED) or (isinstance(node, exp.Literal) and node.is_string):
        return
    form = _NUMBER if isinstance(node, exp.Literal) else _WORD if isinstance(node, exp.Var) else _WORDS
    if any(isinstance(value, str) and not form.fullmatch(value) for value in node.args.values()):
        raise Refusal(f"{_named(node)} stands with something that is no word.", advice="Write it plainly.")


def _named(node: exp.Expr) -> str:
    """A form's name as a person would write it; it comes from the parser's class, never from the text."""
    return type(node).__name__.upper()
