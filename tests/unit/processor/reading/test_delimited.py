import gzip
import re
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from common.errors import InputError
from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, Table, read

PLAIN = '"x, y"'
SECRET = "swordfish"  # stands for data that no error text may hold


def read_bytes(folder: Path, content: bytes, **options: object) -> tuple[pl.DataFrame, RecordingRun]:
    path = folder / "input"
    path.write_bytes(content)
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    run = RecordingRun(scratch)

    def work(table: Table) -> pl.DataFrame:
        return table.frame.collect(engine="streaming")

    return read(run, input_of(path), ReadOptions.model_validate(options), work), run


def hidden(line: bytes, *, among: bytes) -> bytes:
    """A line in a file of 3 MB, at a place that the sample does not look at."""
    lines = among * (1_100_000 // len(among))
    return lines + line + lines + among * (800_000 // len(among))


def numbered(count: int) -> bytes:
    return b"".join(b"%d,x\n" % number for number in range(count))


def test_a_plain_file_is_read_without_a_word(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n1,one\n2,two\n")

    assert frame.sort("n").rows() == [(1, "one"), (2, "two")]
    assert run.warnings == []


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("gzipped", [False, True])
def test_text_is_the_same_whatever_its_encoding(tmp_path: Path, encoding: str, newline: str, *, gzipped: bool) -> None:
    raw = newline.join(["n,word", "1,zoë", "2,søt", ""]).encode(encoding)

    frame, run = read_bytes(tmp_path, gzip.compress(raw) if gzipped else raw)

    assert frame.sort("n").rows() == [(1, "zoë"), (2, "søt")]
    assert ("encoding" in run.codes) == (not encoding.startswith("utf-8"))
    assert ("line_ends" in run.codes) == (newline == "\r")
    assert ("compression" in run.codes) == gzipped


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_an_encoding_that_shows_late_is_still_found(tmp_path: Path, encoding: str) -> None:
    text = "n,word\n" + "1,plain\n" * 400_000 + "2,naïve\n"

    frame, run = read_bytes(tmp_path, text.encode(encoding))

    assert frame["word"].unique().sort().to_list() == ["naïve", "plain"]
    assert "encoding" in run.codes


def test_a_few_wrong_bytes_in_the_middle_are_replaced_and_counted(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n" + hidden(b"2,na\xefve\n", among=b"1,plain\n"))

    assert frame["word"].unique().sort().to_list() == ["na\ufffdve", "plain"]
    assert ("encoding", "1 places in the text are no UTF-8; they stand as U+FFFD.") in run.warnings


def test_a_type_that_changes_late_becomes_text_and_is_counted(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n" + hidden(b"none,x\nnil,x\n", among=b"12345,x\n"))

    assert frame.schema["n"] == pl.String
    assert run.warnings == [("types", "Column 'n' holds 2 values that are no numbers, or too large; read as text.")]


def test_whole_numbers_that_become_decimal_late_are_decimal(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n" + hidden(b"0.5,x\n", among=b"12345,x\n"))

    assert frame["n"].unique().sort().to_list() == [0.5, 12345.0]
    assert run.warnings == [("types", "Column 'n' holds 1 values that are not whole; read as decimal.")]


@pytest.mark.parametrize("numbers", [b"1.25,x\n", b"9" * 25 + b",x\n", b"12345,x\n"])
def test_numbers_of_any_type_become_text_where_one_late_is_none(tmp_path: Path, numbers: bytes) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n" + hidden(b"none,x\n", among=numbers))

    assert frame.schema["n"] == pl.String
    assert run.warnings == [("types", "Column 'n' holds 1 values that are no numbers, or too large; read as text.")]


@pytest.mark.parametrize("odd", ["23:59:60", "12:30", "noon"])
def test_a_column_of_times_of_which_one_is_odd_is_text_and_leaves_the_others_their_types(
    tmp_path: Path, odd: str
) -> None:
    rows = "".join(f"{value},2024-01-0{day},{day},true\n" for day, value in enumerate(["01:00:00", odd, "02:00:00"], 1))

    frame, run = read_bytes(tmp_path, f"t,day,n,flag\n{rows}".encode())

    assert frame.dtypes == [pl.String, pl.Date, pl.Int64, pl.Boolean]
    assert frame["t"].to_list() == ["01:00:00", odd, "02:00:00"]
    assert [code for code, message in run.warnings if "'t'" in message] == ["dates_as_text"]
    assert len(run.warnings) == 1


def test_numbers_with_other_values_among_them_are_text_and_said_to_be(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n" + numbered(200) + b"none,x\n")

    assert frame.schema["n"] == pl.String
    assert run.codes == {"types"}


def test_several_columns_that_change_are_mended_together(tmp_path: Path) -> None:
    content = hidden(b"x,1.5,never\n", among=b"12345,12345,2020-01-01\n")

    frame, run = read_bytes(tmp_path, b"a,b,c\n" + content)

    assert list(frame.schema.values()) == [pl.String, pl.Float64, pl.String]
    assert len(run.warnings) == 3
    assert not any("never" in message for _, message in run.warnings)


def test_any_number_of_columns_that_change_late_are_mended_in_one_pass(tmp_path: Path) -> None:
    """Dates, times, truth values, decimal commas: each had taken a pass of its own, and after eight the task failed."""
    kinds = ["2024-01-01", "12:30:00", "true", "1,5", "2024-01-01T01:02:03Z", "2024-01-01 01:02:03 UTC"] * 2
    names = [f"c{number}" for number in range(len(kinds))]
    rows = hidden(b"n/a;" * 11 + b"n/a\n", among=";".join(kinds).encode() + b"\n")

    frame, run = read_bytes(tmp_path, ";".join(names).encode() + b"\n" + rows)

    assert frame.dtypes == [pl.String] * 12
    assert frame.filter(pl.col("c0") == "n/a").row(0) == ("n/a",) * 12
    assert [message for code, message in run.warnings if code == "types"] == [
        f"Column '{name}' holds 1 values of another type; read as text." for name in names
    ]
    assert run.phases.count("types") == 1


def test_lines_with_too_many_fields_are_cut_and_counted(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"a,b\n1,2\n3,4,5\n6,7\n8,9,10,11\n")

    assert frame.sort("a").rows() == [(1, 2), (3, 4), (6, 7), (8, 9)]
    assert run.codes == {"ragged_rows"}
    assert run.warnings[0][1].startswith("2 lines (the first is line 3) have more fields")


def test_lines_with_too_few_fields_are_counted_when_asked(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b'a,b,c\nx,2,3\ny,5\n# 5" wide\n"z,z",7,8\nx\n')
    run = RecordingRun(tmp_path)

    def work(table: Table) -> None:
        assert table.check_lines is not None
        table.check_lines()

    read(run, input_of(path), ReadOptions(), work)

    (told,) = [message for code, message in run.warnings if code == "short_rows"]
    assert told.startswith("2 lines (the first is line 3) have fewer fields")


@pytest.mark.parametrize("field", [b'{"a":"x;y","b":1}', b'5" x; 6" wide'])
def test_delimiters_between_quotes_inside_of_a_field_are_counted_as_they_are_cut(tmp_path: Path, field: bytes) -> None:
    _, run = read_bytes(tmp_path, b"id;j;n\n" + b"".join(b"%d;%s;1\n" % (n, field) for n in range(60)))

    assert [message for code, message in run.warnings if code == "ragged_rows"] == [
        "60 lines (the first is line 2) have more fields than there are columns; the surplus was cut off."
    ]


def test_names_that_come_twice_or_are_missing_are_made_usable(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"a,a,,*\n1,2,3,4\n")

    assert frame.columns == ["a", "a_duplicated_0", "column_3", "*"]
    assert [code for code, _ in run.warnings] == ["column_names", "column_names"]


def test_a_file_without_a_header_gets_names(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"1,x\n2,y\n")

    assert frame.columns == ["column_1", "column_2"]
    assert frame.height == 2
    assert run.codes == {"header"}


def test_what_the_caller_says_about_the_file_is_taken(tmp_path: Path) -> None:
    frame, _ = read_bytes(tmp_path, b"1:2\n3:4\n", delimiter=":", header=False, encoding="utf-8")

    assert frame.rows() == [(1, 2), (3, 4)]


def test_missing_values_may_have_a_word_of_their_own(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n1,NA\nNA,b\n")

    assert frame["n"].to_list() == [1, None]
    assert frame["word"].to_list() == ["NA", "b"]
    assert run.codes == {"null_marker"}


def test_dates_in_doubt_stay_text(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"day,n\n01/02/2020,1\n03/04/2020,2\n")

    assert frame.schema["day"] == pl.String
    assert run.codes == {"dates_as_text"}


@pytest.mark.parametrize("content", [b"a,b,c\n", b"a,b,c", b"\xef\xbb\xbfa,b,c\r\n"])
def test_a_header_alone_is_a_table_without_rows(tmp_path: Path, content: bytes) -> None:
    frame, _ = read_bytes(tmp_path, content)

    assert (frame.columns, frame.height) == (["a", "b", "c"], 0)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(gzip.compress(b""), id="gzip of nothing"),
        pytest.param(gzip.compress(b"n,word\n" + numbered(200_000))[:-1000], id="gzip cut off"),
        pytest.param(b"\x1f\x8b\x08\x00" + SECRET.encode() * 10, id="no gzip"),
        pytest.param(b"\x28\xb5\x2f\xfd" + SECRET.encode() * 10, id="no zstd"),
        pytest.param(b"a,b\n" + b'1,"' * 30 + SECRET.encode() + b"\n" + b'1,"x\n' * 50, id="quotes that mean nothing"),
        pytest.param(SECRET.encode() * 300_000, id="a line without end"),
        pytest.param(gzip.compress(b"\x89PNG\r\n\x1a\n" + SECRET.encode() * 99), id="gzip of an image"),
        pytest.param(b"PAR1" + SECRET.encode() * 10 + b"PAR1", id="no parquet"),
    ],
)
def test_what_cannot_be_read_ends_in_a_sentence_without_data(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError) as caught:
        read_bytes(tmp_path, content)

    assert SECRET not in f"{caught.value.message} {caught.value.advice}"
    assert re.fullmatch(r"[A-Z].*\.", caught.value.message)
    assert caught.value.advice
    assert caught.value.__cause__ is None


def test_lines_before_the_table_are_left_out(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"Sales of 2020\n\na,b\n1,2\n3,4\n")

    assert frame.sort("a").rows() == [(1, 2), (3, 4)]
    assert run.codes == {"preamble"}


def test_quotes_that_stand_for_inches_are_read_as_they_are(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b'pipe,n\n5" wide,1\n6" wide,2\n')

    assert frame.rows() == [('5" wide', 1), ('6" wide', 2)]
    assert run.codes == {"quotes"}


def test_integers_beyond_64_bits_stay_exact(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n" + hidden(b"99999999999999999999,x\n", among=b"12345,x\n"))

    assert frame["n"].max() == 99999999999999999999
    assert run.codes == {"types"}


def test_one_column_of_too_many_digits_leaves_the_others_their_types(tmp_path: Path) -> None:
    content = b"code,day,n\n" + b"".join(b"%s%02d,2024-01-01,1.5\n" % (b"4" * 40, n) for n in range(60))

    frame, run = read_bytes(tmp_path, content)

    assert list(frame.schema.values()) == [pl.String, pl.Date, pl.Float64]
    assert frame["code"].n_unique() == 60
    assert run.codes == {"long_numbers"}


@pytest.mark.parametrize(
    "numbers",
    [
        [f"12345678901234567.{n:02}" for n in range(60)],
        [*(str(2**60 + n) for n in range(60)), "1.5"],
        ["99999999999999999999999999999999999999999", "0.5"],
    ],
)
def test_numbers_that_floats_would_merge_stay_text_and_are_told(tmp_path: Path, numbers: list[str]) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n" + "".join(f"{n},x\n" for n in numbers).encode())

    assert frame["n"].to_list() == numbers
    assert run.codes == {"long_numbers"}


@pytest.mark.parametrize("form", [".17g", ".18e", ".30f", ""])
def test_what_a_program_wrote_of_floats_is_floats_without_a_word(tmp_path: Path, form: str) -> None:
    numbers = [n / 7 * 1.1**n for n in range(1, 300)]

    frame, run = read_bytes(tmp_path, b"n,word\n" + "".join(f"{n:{form}},x\n" for n in numbers).encode())

    assert frame["n"].to_list() == numbers
    assert run.codes == set()


def test_digits_beyond_a_float_that_tell_no_numbers_apart_are_rounded_and_told(tmp_path: Path) -> None:
    content = b"n,word\n" + b"".join(b"%d.%s,x\n" % (n, b"3" * 25) for n in range(60))

    frame, run = read_bytes(tmp_path, content)

    assert frame["n"][1] == pytest.approx(4 / 3)
    assert [code for code, message in run.warnings if "60 of those" in message] == ["rounded"]


@pytest.mark.parametrize("number", ["1e400", "-2.5E+999", "1" + "0" * 400 + ".5", "1e5000000"])
def test_a_number_beyond_all_floats_is_never_infinity(tmp_path: Path, number: str) -> None:
    early, told = read_bytes(tmp_path, f"n,word\n{number},x\n2.5,x\n".encode())
    late, told_late = read_bytes(tmp_path, b"n,word\n" + hidden(f"{number},x\n".encode(), among=b"12345,x\n"))

    assert early["n"].to_list() == [number, "2.5"]
    assert late["n"].unique().sort().to_list() == sorted([number, "12345"])
    assert (told.codes, told_late.codes) == ({"long_numbers"}, {"types"})


def test_a_number_nearer_to_zero_than_any_float_is_zero_and_told(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"p,word\n1e-400,x\n0e-400,x\n0.5,x\n")

    assert frame["p"].to_list() == [0.0, 0.0, 0.5]
    assert [code for code, message in run.warnings if "(1 of those" in message] == ["rounded"]


@pytest.mark.parametrize(
    ("numbers", "dtype"), [(["1e5", "-2E+3"], pl.Float64), (["inf", "1"], pl.Float64), (["007", "8"], pl.String)]
)
def test_exponents_and_infinity_are_numbers_and_zeros_in_front_are_none(
    tmp_path: Path, numbers: list[str], dtype: pl.DataType
) -> None:
    frame, run = read_bytes(tmp_path, ("n,word\n" + "".join(f"{number},x\n" for number in numbers)).encode())

    assert frame.schema["n"] == dtype
    assert frame["n"].to_list() == [number if dtype == pl.String else float(number) for number in numbers]
    assert run.codes == ({"leading_zeros"} if dtype == pl.String else set())


def test_whole_numbers_that_floats_do_not_hold_become_text_where_one_late_is_not_whole(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n" + hidden(b"1.5,x\n", among=b"1152921504606846977,x\n"))

    assert set(frame["n"].unique()) == {"1152921504606846977", "1.5"}
    assert run.codes == {"types"}


def test_numbers_beyond_64_bits_stay_exact_beside_a_word_for_missing_ones(tmp_path: Path) -> None:
    frame, _ = read_bytes(tmp_path, b"n,word\n99999999999999999999,x\nNA,y\n")

    assert frame["n"].to_list() == [99999999999999999999, None]


@pytest.mark.parametrize("zone", ["", "Z", "+02:00"])
@pytest.mark.parametrize("options", [{}, {"dtypes": {"t": "datetime"}}])
def test_moments_are_read_to_the_nanosecond(tmp_path: Path, zone: str, options: dict[str, object]) -> None:
    lines = [f"2024-01-01T00:00:00.1234567{n:02}{zone},x\n" for n in range(60)]

    frame, run = read_bytes(tmp_path, ("t,word\n" + "".join(lines)).encode(), **options)

    assert frame.schema["t"] == pl.Datetime("ns", "UTC" if zone else None)
    assert frame["t"].dt.nanosecond().to_list() == [123456700 + n for n in range(60)]
    assert run.warnings == []


@pytest.mark.parametrize(
    "values",
    [
        ["2024-01-02 03:04:05 +0100", "2024-07-02 03:04:05 +0200"],
        ["2024-01-02 03:04:05 +01:00", "2024-07-02T03:04:05.5 +02:00"],
        ["2024-01-02 02:04:05 UTC", "2024-07-02 01:04:05 UTC"],
        ["2024-01-02 02:04:05 Z", "2024-07-02 01:04:05 GMT"],
        ["20240102T020405Z", "20240702T010405Z"],
        ["20240102T030405+0100", "20240702T030405.25+02:00"],
        ["20240102T030405 +01", "20240702T030405+02"],
    ],
)
def test_moments_are_in_utc_however_their_zone_is_written(tmp_path: Path, values: list[str]) -> None:
    rows = "".join(f"{value},x\n" for value in values)

    frame, run = read_bytes(tmp_path, f"t,word\n{rows}".encode())

    assert frame.schema["t"] == pl.Datetime("us", "UTC")
    assert frame["t"].dt.strftime("%F %T").to_list() == ["2024-01-02 02:04:05", "2024-07-02 01:04:05"]
    assert run.warnings == []


@pytest.mark.parametrize(
    "values", [["20240102T030405", "20240702T030405"], ["2024-01-02 03:04:05,5", "2024-07-02 03:04:05,25"]]
)
def test_moments_in_other_forms_of_iso_8601_are_moments(tmp_path: Path, values: list[str]) -> None:
    rows = "".join(f"{value};x\n" for value in values)

    frame, run = read_bytes(tmp_path, f"t;word\n{rows}".encode())

    assert frame.schema["t"] == pl.Datetime("us")
    assert frame["t"].dt.strftime("%F %T").to_list() == ["2024-01-02 03:04:05", "2024-07-02 03:04:05"]
    assert run.codes == {"delimiter"}


def test_moments_may_be_wished_for_however_their_zone_is_written(tmp_path: Path) -> None:
    content = b"t,word\n2024-01-02 03:04:05 GMT,x\n2024-01-02 03:04:05 +0100,x\n"

    frame, run = read_bytes(tmp_path, content, dtypes={"t": "datetime"})

    assert frame["t"].dt.hour().to_list() == [3, 2]
    assert run.warnings == []


@pytest.mark.parametrize("odd", ["0000-00-00", "2024-02-30", "2024-01-02 03:04:05", "soon"])
def test_dates_beside_other_values_are_text_and_told(tmp_path: Path, odd: str) -> None:
    frame, run = read_bytes(tmp_path, f"day,n\n2024-01-01,1\n2024-01-02,2\n{odd},3\n".encode())

    assert frame["day"].to_list() == ["2024-01-01", "2024-01-02", odd]
    assert run.codes == {"dates_as_text"}


@pytest.mark.parametrize("moment", ["2016-12-31T23:59:60Z", "2016-12-31 23:59:60 UTC", "20161231T235960Z"])
def test_a_leap_second_is_the_next_one_and_told(tmp_path: Path, moment: str) -> None:
    other = moment.replace("60", "59")

    frame, run = read_bytes(tmp_path, f"t,word\n{moment},x\n{other},x\n".encode())

    assert frame["t"].dt.strftime("%F %T").to_list() == ["2017-01-01 00:00:00", "2016-12-31 23:59:59"]
    assert run.codes == {"leap_seconds"}


def test_moments_too_far_away_for_nanoseconds_are_text_and_never_others(tmp_path: Path) -> None:
    far, fine = b"9999-12-31 00:00:00,x\n", b"2024-01-01 00:00:00.123456789,x\n"

    early, told = read_bytes(tmp_path, b"t,word\n" + fine * 9 + far)
    late, told_late = read_bytes(tmp_path, b"t,word\n" + hidden(far, among=fine))

    assert early["t"].unique().sort().to_list() == late["t"].unique().sort().to_list()
    assert "9999-12-31 00:00:00" in set(late["t"])
    assert (told.codes, told_late.codes) == ({"dates_as_text"}, {"types"})


def test_telephones_keep_their_plus_and_differences_are_numbers(tmp_path: Path) -> None:
    content = b"phone,spaced,d\n" + b"".join(b"+49301%06d,+49 301 000 %03d,+%d\n" % (n, n, n) for n in range(60))

    frame, run = read_bytes(tmp_path, content)

    assert frame.row(7) == ("+49301000007", "+49 301 000 007", 7)
    assert run.codes == {"leading_plus"}


def test_bytes_that_change_type_and_encoding_at_once_are_mended_in_turn(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n" + hidden(b"\xff\xfe,x\n", among=b"12345,x\n"))

    assert frame["n"].unique().sort().to_list() == ["12345", "\ufffd\ufffd"]
    assert run.codes == {"encoding", "types"}


def test_an_encoding_that_the_caller_got_wrong_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not utf-16"):
        read_bytes(tmp_path, b"a,b\n1,2\n", encoding="utf-16")


@pytest.mark.parametrize("options", [{"delimiter": "\n"}, {"delimiter": '"'}, {"delimiter": ",,"}, {"quote": "\0"}])
def test_options_that_cut_no_lines_are_refused(options: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        ReadOptions.model_validate(options)


def test_zstd_is_read(tmp_path: Path) -> None:
    path = tmp_path / "made.csv.zst"
    pl.DataFrame({"n": [1, 2], "word": ["a", "b"]}).lazy().sink_csv(path, compression="zstd", engine="streaming")

    frame, run = read_bytes(tmp_path, path.read_bytes())

    assert frame.sort("n").rows() == [(1, "a"), (2, "b")]
    assert run.codes == {"compression"}


def test_errors_of_the_work_itself_pass_through(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"a,b\n1,2\n")

    def work(_: Table) -> None:
        raise KeyError("ours")

    with pytest.raises(KeyError, match="ours"):
        read(RecordingRun(tmp_path), input_of(path), ReadOptions(), work)


@pytest.mark.parametrize(
    ("bad", "line"),
    [(b'7,"swordfish\n', 52), (b'7,"sword"fish",x\n', 52), (b'7,sword"fish,x\n', 52), (b'"7,swordfish\n', 52)],
)
@pytest.mark.parametrize("quoted", [b"", b'8,"two\nlines, ""one"" row"\n'])
def test_a_row_whose_quotes_do_not_close_is_left_out_and_shown(
    tmp_path: Path, bad: bytes, line: int, quoted: bytes
) -> None:
    path = tmp_path / "input"
    path.write_bytes(b'n,"word"\n' + numbered(50) + bad + numbered(50) + quoted + numbered(5))
    run = RecordingRun(tmp_path)

    def work(table: Table) -> tuple[pl.DataFrame, object]:
        return table.frame.collect(), table.flaws.as_json()

    frame, flaws = read(run, input_of(path), ReadOptions(), work)

    assert flaws == {"rows_unread": 1}
    assert frame.height == 105 + bool(quoted)
    assert frame["word"].unique().sort().to_list() == (['two\nlines, "one" row', "x"] if quoted else ["x"])
    assert [message for code, message in run.warnings if code == "unread_rows"] == [
        f"1 rows have quotes that are not closed or not doubled, and are missing: line {line}."
    ]


@pytest.mark.parametrize(
    ("values", "dtype", "numbers"),
    [
        (["1,5", "2,25", "-3"], pl.Float64, [1.5, 2.25, -3.0]),
        (["1.234,5", "12", "1.000.000"], pl.Float64, [1234.5, 12.0, 1e6]),
        (["1,234.5", "12", "1,000,000"], pl.Float64, [1234.5, 12.0, 1e6]),
        (["1,234,567", "12", "999"], pl.Int64, [1_234_567, 12, 999]),
        (["1 234", "12", "1 000 000"], pl.Int64, [1234, 12, 1_000_000]),
        (["1\u00a0234,5", "12", "7"], pl.Float64, [1234.5, 12.0, 7.0]),
        (["1'234.50", "12", "7"], pl.Float64, [1234.5, 12.0, 7.0]),
    ],
)
def test_numbers_of_people_are_numbers(tmp_path: Path, values: list[str], dtype: pl.DataType, numbers: object) -> None:
    content = "n;word\n" + "".join(f"{value};x\n" for value in values)

    frame, run = read_bytes(tmp_path, content.encode())

    assert frame.schema["n"] == dtype
    assert frame["n"].to_list() == numbers
    assert run.codes == {"delimiter", "numbers"}


def test_a_number_that_may_be_two_is_text_unless_the_file_or_the_caller_says_which(tmp_path: Path) -> None:
    content = b"n;word\n1,234;x\n5,678;x\n"

    frame, run = read_bytes(tmp_path, content)
    assert frame.schema["n"] == pl.String
    assert "numbers_as_text" in run.codes
    assert read_bytes(tmp_path, content, decimal=",")[0]["n"].to_list() == [1.234, 5.678]
    assert read_bytes(tmp_path, content, decimal=".", thousands=",")[0]["n"].to_list() == [1234, 5678]
    frame, _ = read_bytes(tmp_path, b"n;m\n1,234;0,5\n5,678;1,25\n")
    assert frame.rows() == [(1.234, 0.5), (5.678, 1.25)]
    frame, _ = read_bytes(tmp_path, b"n;m\n1.234;0,5\n5.678;1,25\n")
    assert frame.rows() == [(1234, 0.5), (5678, 1.25)]


@pytest.mark.parametrize("mark", [",", "."])
def test_thousands_beside_one_without_a_mark_are_not_taken_for_decimals(tmp_path: Path, mark: str) -> None:
    content = "n;word\n" + "".join(f"{n}{mark}00{n % 10};x\n" for n in range(1, 50)) + "5678;x\n"

    frame, run = read_bytes(tmp_path, content.encode())
    assert frame["n"][0] == f"1{mark}001"
    assert "numbers_as_text" in run.codes
    thousands = {"decimal": "." if mark == "," else ",", "thousands": mark}
    assert read_bytes(tmp_path, content.encode(), **thousands)[0]["n"].sum() == sum(
        [1000 * n + n % 10 for n in range(1, 50)], 5678
    )
    assert read_bytes(tmp_path, content.encode(), decimal=mark)[0]["n"].sum() == pytest.approx(1225 + 0.225 + 5678)


def test_thousands_beside_one_without_a_mark_are_told_by_the_decimals_of_other_columns(tmp_path: Path) -> None:
    frame, _ = read_bytes(tmp_path, b'n,m\n"1,234",0.5\n5678,1.25\n"12,000",7\n')
    assert frame["n"].to_list() == [1234, 5678, 12000]
    frame, _ = read_bytes(tmp_path, b"n;m\n1.234;0,5\n567;1,25\n12.000;7\n")
    assert frame["n"].to_list() == [1234, 567, 12000]


def test_decimals_of_three_digits_stay_decimals_where_one_begins_with_a_zero_or_few_are_there(tmp_path: Path) -> None:
    assert read_bytes(tmp_path, b"n;m\n1,234;1\n0,500;2\n7,250;3\n")[0]["n"].to_list() == [1.234, 0.5, 7.25]
    assert read_bytes(tmp_path, b"n;m\n1;1\n2.125;2\n3.375;3\n")[0]["n"].to_list() == [1, 2.125, 3.375]


def test_numbers_that_change_their_style_late_are_text(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n;word\n" + hidden(b"swordfish;x\n1.5;x\n", among=b"12,5;x\n"))

    assert frame["n"].unique().sort().to_list() == ["1.5", "12,5", "swordfish"]
    assert run.codes == {"delimiter", "numbers", "types"}


def test_several_words_for_a_missing_value_are_all_missing(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n1,NA\nNA,b\n-,c\n4,d\n")

    assert frame["n"].to_list() == [1, None, None, 4]
    assert frame["word"].to_list() == ["NA", "b", "c", "d"]
    assert run.codes == {"null_marker"}


def test_missing_values_are_what_the_caller_says(tmp_path: Path) -> None:
    frame, _ = read_bytes(tmp_path, b"n,word\n1,none\n-999,NA\n", null_values=["-999", "none"])

    assert frame.rows() == [(1, None), (None, "NA")]


def test_comments_are_left_out_and_said(tmp_path: Path) -> None:
    content = b"# made today\nn,word\n1,a\n# half\n2,b\n"

    frame, run = read_bytes(tmp_path, content)
    assert frame.rows() == [(1, "a"), (2, "b")]
    assert run.codes == {"comments"}
    assert read_bytes(tmp_path, b"n,word\n1,a\n%x\n2,b\n", comment="%")[0].rows() == [(1, "a"), (2, "b")]
    assert read_bytes(tmp_path, b"#n,word\n1,a\n2,b\n")[0].columns == ["#n", "word"]


def test_lines_before_the_table_may_be_given(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"x,y\nn,word\n1,a\n2,b\n", skip_rows=1)

    assert frame.rows() == [(1, "a"), (2, "b")]
    assert run.codes == set()


def test_types_may_be_given_and_hold(tmp_path: Path) -> None:
    content = b"n,code,day\n1,007,2020-01-01\n2,008,2020-01-02\n"

    frame, _ = read_bytes(tmp_path, content, dtypes={"n": "float", "code": "text", "day": "datetime"})
    assert list(frame.schema.values()) == [pl.Float64, pl.String, pl.Datetime("us")]
    assert frame["code"].to_list() == ["007", "008"]
    with pytest.raises(InputError, match="'code' holds values that do not fit"):
        read_bytes(tmp_path, content, dtypes={"code": "boolean"})
    with pytest.raises(InputError, match="names the column 'none'"):
        read_bytes(tmp_path, content, dtypes={"none": "text"})


def test_surplus_fields_are_counted_for_the_summary(tmp_path: Path) -> None:
    path = tmp_path / "input"
    path.write_bytes(b"a,b\n1,2\n3,4,5\n")

    flaws = read(RecordingRun(tmp_path), input_of(path), ReadOptions(), lambda t: (t.frame.collect(), t.flaws)[1])

    assert flaws.as_json() == {"rows_cut": 1}


def test_names_that_cannot_be_shown_are_made_showable(tmp_path: Path) -> None:
    long = "n" * 50_000
    frame, run = read_bytes(tmp_path, f"<b>,a\x00\x1b[31m,'; DROP TABLE task; --,{long}\n1,2,3,4\n".encode())

    assert frame.columns[:3] == ["<b>", "a\\x00\\x1b[31m", "'; DROP TABLE task; --"]
    assert len(frame.columns[3]) == 200
    assert run.codes == {"column_names"}


@pytest.mark.parametrize(
    "lines",
    [
        ["id, name, val", *(f'{n}, "n, {n}", {n}.5' for n in range(60))],
        ["id,name,val", *(f'{n}, "n, {n}",{n}.5' for n in range(60))],
        ["id; name; val", *(f"{n};  n, {n}; {n}.5" for n in range(60))],
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_blanks_behind_delimiters_are_no_part_of_fields(tmp_path: Path, lines: list[str], newline: str) -> None:
    frame, run = read_bytes(tmp_path, "".join(f"{line}{newline}" for line in lines).encode())

    assert frame.columns == ["id", "name", "val"]
    assert frame.rows() == [(n, f"n, {n}", n + 0.5) for n in range(60)]
    assert run.codes - {"delimiter", "line_ends"} == {"blanks"}


def test_blanks_within_quotes_and_those_of_single_columns_stay(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"a,b,c\n" + b'1,"x, y", z\n' * 50)

    assert set(frame.rows()) == {(1, "x, y", " z")}
    assert run.codes == set()


def test_blanks_are_left_out_of_all_of_a_long_file_and_quoted_line_ends_stay(tmp_path: Path) -> None:
    row = b'1, "two,\n lines", 2.5\n'

    frame, _ = read_bytes(tmp_path, gzip.compress(b"a, b, c\n" + row * 150_000))

    assert frame.height == 150_000
    assert frame.unique().rows() == [(1, "two,\n lines", 2.5)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ('"0 "inch" pipe"', '0 "inch" pipe'),
        (r'"a \"q\" b"', 'a "q" b'),
        ('"{"a": 1, "b": "x"}"', '{"a": 1, "b": "x"}'),
        ('"said ""so"" and "so" again"', 'said "so" and "so" again'),
    ],
)
@pytest.mark.parametrize("late", [False, True])
def test_quotes_that_are_not_doubled_are_kept_and_counted(
    tmp_path: Path, field: str, value: str, *, late: bool
) -> None:
    line = f"1,{field},2\n".encode()
    plain = b'1,"a ""b"" c",2\n'

    frame, run = read_bytes(tmp_path, b"id,word,n\n" + (hidden(line, among=plain) if late else plain + line + plain))

    assert frame["word"].unique().sort().to_list() == sorted([value, 'a "b" c'])
    ((code, message),) = run.warnings
    assert code == "quotes"
    assert message.startswith("1 fields hold quotes that are not doubled") or "behind a backslash" in message


def test_quotes_behind_backslashes_may_stand_beside_delimiters(tmp_path: Path) -> None:
    content = rb"id,word,n" + b"\n" + rb'1,"5\" pipe, \"q\"",2' + b"\n" + rb'2,"C:\\x",3' + b"\n"

    frame, run = read_bytes(tmp_path, content)

    assert frame.rows() == [(1, '5" pipe, "q"', 2), (2, r"C:\x", 3)]
    assert run.codes == {"quotes"}


def test_backslashes_of_paths_are_no_escapes(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"id,path,n\n" + rb'1,"C:\dir\",2' + b"\n" + rb'2,"D:\a, b\\",3' + b"\n")

    assert frame["path"].to_list() == ["C:\\dir\\", "D:\\a, b\\\\"]
    assert run.codes == set()


@pytest.mark.parametrize("field", ['5" disk', '5"', '7" or 5" or "', '"A" vs B'])
@pytest.mark.parametrize("beside", ['"a, b"', '"a ""b"" c"'])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_quotes_in_a_field_that_is_not_quoted_lose_no_row(
    tmp_path: Path, field: str, beside: str, newline: str
) -> None:
    lines = ["id,size,word", *(f"{n},{field if n % 9 == 5 else 'x'},{beside}" for n in range(99))]

    frame, run = read_bytes(tmp_path, "".join(f"{line}{newline}" for line in lines).encode())

    assert frame["id"].to_list() == list(range(99))
    assert set(frame["size"]) == {"x", field}
    assert set(frame["word"]) == {beside[1:-1].replace('""', '"')}
    assert not {"unread_rows", "ragged_rows"} & run.codes


def test_inches_behind_line_ends_within_quotes_are_kept(tmp_path: Path) -> None:
    rows = [(n, f"two,\n {n} lines", '5"' if n % 9 == 5 else "x") for n in range(99)]

    text = "".join(f'{n},"{word}",{size}\n' for n, word, size in rows)
    frame, run = read_bytes(tmp_path, f"id,word,size\n{text}".encode())

    assert frame.rows() == rows
    assert "unread_rows" not in run.codes


def test_inches_in_every_row_are_kept_and_counted(tmp_path: Path) -> None:
    frame, run = read_bytes(
        tmp_path, b"id,name,size\n" + b"".join(b'%d,"disk, %d",%d"\n' % (n, n, n) for n in range(60))
    )

    assert frame.rows() == [(n, f"disk, {n}", f'{n}"') for n in range(60)]
    assert ("quotes", "60 fields that are not quoted hold quotes; they are read as they stand.") in run.warnings


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (r"\\srv\share", r"\\srv\share"),
        (r'"\\srv\share\"', "\\\\srv\\share\\"),
        ('"A" vs "B"', 'A" vs "B'),
        ('"""A"" vs ""B"""', '"A" vs "B"'),
    ],
)
@pytest.mark.parametrize("every", [1, 7, 50])
def test_paths_of_shares_and_quoted_words_are_neither_escapes_nor_damage(
    tmp_path: Path, field: str, value: str, every: int
) -> None:
    lines = [f"{n},{field if n % every == 0 else PLAIN},{n}\n" for n in range(100)]

    frame, run = read_bytes(tmp_path, ("id,word,n\n" + "".join(lines)).encode())

    assert list(frame.schema.values()) == [pl.Int64, pl.String, pl.Int64]
    assert frame["word"].to_list() == [value if n % every == 0 else "x, y" for n in range(100)]
    assert run.codes <= {"quotes"}


def test_a_row_that_is_left_out_is_not_told_to_be_cut_as_well(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,word\n" + numbered(50) + b'7,"open,x,y\n' + numbered(50))

    assert frame.height == 100
    assert run.codes == {"unread_rows"}


def test_errors_of_spreadsheets_are_missing_numbers(tmp_path: Path) -> None:
    frame, run = read_bytes(tmp_path, b"n,m\n1,#DIV/0!\n#REF!,2.5\n#NUM!,3\n")

    assert frame.rows() == [(1, None), (None, 2.5), (None, 3.0)]
    assert run.codes == {"null_marker"}


def test_surplus_beside_quoted_line_ends_is_cut_and_told_once(tmp_path: Path) -> None:
    content = b'day,word\n1.2.2020,"two\nlines"\n2.2.2020,x,y\n' * 2

    frame, run = read_bytes(tmp_path, content)

    assert frame.height == 5
    assert [code for code, _ in run.warnings].count("ragged_rows") == 1
    assert len(run.warnings) == len(set(run.warnings))


@pytest.mark.parametrize("text", [b",value\na,n/a\nb,1\nc,2\nd,3\n", b'"","value"\n"a","NA"\n"b","1"\n"c","2"\n'])
def test_a_first_value_that_is_missing_is_no_name(tmp_path: Path, text: bytes) -> None:
    frame, run = read_bytes(tmp_path, text)

    assert frame.columns == ["column_1", "value"]
    assert frame["value"].to_list() == [None, *range(1, frame.height)]
    assert "preamble" not in run.codes


def test_characters_that_end_lines_elsewhere_end_none_within_a_row(tmp_path: Path) -> None:
    text = 'a,b\n"q",1\nw\x0bz\u2028\x85,"k"\n5" x,2\n'

    frame, _ = read_bytes(tmp_path, text.encode())

    assert frame["a"].to_list() == ["q", "w\x0bz\u2028\x85", '5" x']
