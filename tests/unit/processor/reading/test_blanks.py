from hypothesis import given
from hypothesis import strategies as st

from processor.reading.blanks import without_blanks
from processor.reading.dialect import Dialect

DIALECT = Dialect(delimiter=",", quote='"', header=True)
plain = st.sampled_from(["", "x", "1.5", "a b", "zoë", "x "])
inches = st.sampled_from(['5" disk', 'a "b" c', '7"'])
quoted = st.text(st.sampled_from('a ,"\n\r'), max_size=6).map(lambda text: '"' + text.replace('"', '""') + '"')
blanks = st.integers(0, 20).map(" ".__mul__)
Rows = list[list[tuple[str, str]]]


def rows_of(fields: st.SearchStrategy[str]) -> st.SearchStrategy[Rows]:
    return st.lists(st.lists(st.tuples(blanks, fields), min_size=1, max_size=5), min_size=1, max_size=8)


def written(rows: Rows, *, with_blanks: bool) -> bytes:
    lines = [",".join(blank * with_blanks + field for blank, field in row) for row in rows]
    return "".join(f"{line}\n" for line in lines).encode()


@given(rows_of(st.one_of(plain, quoted)), st.integers(1, 40))
def test_blanks_before_fields_go_and_those_within_quotes_stay(rows: Rows, times: int) -> None:
    text = written(rows, with_blanks=True) * times

    assert without_blanks(text, DIALECT) == written(rows, with_blanks=False) * times


@given(rows_of(st.one_of(plain, inches, st.just('"a, b"'))), st.integers(1, 100))
def test_a_quote_in_the_midst_of_a_field_does_not_turn_what_is_within_quotes_around(rows: Rows, times: int) -> None:
    text = written(rows, with_blanks=True) * times

    assert without_blanks(text, DIALECT) == written(rows, with_blanks=False) * times


def test_where_nothing_quotes_all_blanks_go() -> None:
    dialect = Dialect(delimiter=";", quote=None, header=True)

    assert without_blanks(b' a;  "b; "c\n d', dialect) == b'a;"b;"c\nd'
