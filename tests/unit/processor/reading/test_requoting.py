import pytest

from processor.reading.dialect import Dialect
from processor.reading.requoting import Requoting


@pytest.mark.parametrize(
    ("row", "mended"),
    [
        (b'1,5" disk,"a, b"\n', b'1,"5"" disk","a, b"\n'),
        (b'"A" vs B,x,\r\n', b'"""A"" vs B",x,\r\n'),
        (b'1,"two\nlines",5"', b'1,"two\nlines","5"""'),
        (b'1,"open,x\n', None),
        (b'1,5" disk\n', None),
        (b'1,5" disk,x,y\n', None),
        (b'1,5" disk,x\n2,y,z\n', None),
        (b'1,5",x,y\n2,y\n', None),
        (b'1,"x ""y""",z\n', None),
        (b"\n", None),
    ],
)
def test_only_a_whole_row_with_quotes_in_fields_that_are_not_quoted_is_mended(row: bytes, mended: bytes | None) -> None:
    requoting = Requoting(Dialect(delimiter=",", quote='"', header=True), width=3)

    assert requoting.requoted(row) == mended
    assert requoting.count == (mended is not None)
