"""What is recognised without a word from the caller, over delimiter, quotes, encoding, line ends, header and damage.

The files are made here, so that what they hold is known. `MISSES` is what is not recognised; docs/reading.md lists it.
"""

import itertools
from pathlib import Path

import polars as pl
import pytest

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, read
from processor.reading.dialect import sniff

DELIMITERS = (",", ";", "\t", "|")
QUOTES = ("none", "all", "needed", "doubled")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "latin-1")
NEWLINES = ("\n", "\r\n", "\r")
DAMAGES = (
    "none", "long row", "short row", "blank line", "comment", "title", "open quote", "late type", "name twice",
    "no name", "delimiter at the end", "an account above", "padded titles",
)  # fmt: skip
NAMES = ["id", "name", "price", "flag", "day"]
PLACE = 20
Case = tuple[str, str, str, str, bool]


def cells(delimiter: str, quotes: str) -> list[list[str]]:
    names = {"none": "zoë {n}", "all": "zoë {n}", "needed": f"zoë{delimiter} {{n}}", "doubled": 'zoë "{n}"'}
    return [
        [str(n), names[quotes].format(n=n), f"{n}.5", "x" if n % 3 else "", f"2024-01-{n % 28 + 1:02}"]
        for n in range(1, 41)
    ]


def line(row: list[str], delimiter: str, quotes: str) -> str:
    def cell(text: str) -> str:
        needed = quotes == "all" or delimiter in text or '"' in text
        return '"' + text.replace('"', '""') + '"' if needed else text

    return delimiter.join(map(cell, row))


def damaged(lines: list[str], damage: str, delimiter: str) -> list[str]:
    match damage:
        case "long row":
            lines[PLACE] += f"{delimiter}more"
        case "short row":
            lines[PLACE] = lines[PLACE].rpartition(delimiter)[0]
        case "blank line":
            lines.insert(PLACE, "")
        case "comment":
            lines.insert(PLACE, "# a comment")
        case "title":
            lines.insert(0, "A title")
        case "an account above":
            lines[:0] = [f'"Account"{delimiter}"DE89"', "", f"From:{delimiter}2024-01-01", ""]
        case "padded titles":
            lines[:0] = [f"{title}{delimiter * 4}" for title in ("Table 12", "", "in thousands")]
        case "open quote":
            lines.insert(PLACE, delimiter.join(["7", '"open', "1.5", "x", "2024-01-01"]))
        case "delimiter at the end":
            return [f"{each}{delimiter}" for each in lines]
    return lines


def content(case: Case, damage: str) -> tuple[bytes, list[list[str]]]:
    delimiter, quotes, encoding, newline, header = case
    rows = cells(delimiter, quotes)
    names = list(NAMES)
    if damage == "late type":
        rows[30][0] = "none"
    elif damage in {"name twice", "no name"}:
        names[3] = "name" if damage == "name twice" else ""
    lines = [line(row, delimiter, quotes) for row in ([names] if header else []) + rows]
    return (newline.join(damaged(lines, damage, delimiter)) + newline).encode(encoding), rows


def read_content(folder: Path, raw: bytes, **options: object) -> tuple[pl.DataFrame, RecordingRun]:
    path = folder / "input"
    path.write_bytes(raw)
    scratch = folder / "scratch"
    scratch.mkdir(exist_ok=True)
    run = RecordingRun(scratch)
    return read(run, input_of(path), ReadOptions.model_validate(options), lambda table: table.frame.collect()), run


def cases() -> list[Case]:
    """Every sixth of all: each value meets each of every other place."""
    every = itertools.product(
        enumerate(DELIMITERS), enumerate(QUOTES), enumerate(ENCODINGS), enumerate(NEWLINES), enumerate([True, False])
    )
    chosen = []
    for delimiter, quotes, encoding, newline, header in every:
        if (delimiter[0] + 2 * quotes[0] + 3 * encoding[0] + newline[0] + 5 * header[0]) % 6 == 0:
            chosen.append((delimiter[1], quotes[1], encoding[1], newline[1], header[1]))
    return chosen


def flaw(frame: pl.DataFrame, rows: list[list[str]], damage: str) -> str | None:
    """What is not as it was written."""
    full = frame.filter(~pl.all_horizontal(pl.all().is_null()))
    wanted = [row[1] for row in rows]
    types = [pl.String if damage == "late type" else pl.Int64, pl.String, pl.Float64, pl.String, pl.Date]
    if sorted(full.to_series(1).drop_nulls()) != sorted(wanted):
        return f"the texts are not those that were written: {full.height} rows"
    if list(full.schema.values())[:5] != types:
        return f"the types are {full.schema.values()}"
    if frame.width != len(NAMES) + (damage == "delimiter at the end"):
        return f"{frame.width} columns"
    return None


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_combination_is_read_as_it_was_written(tmp_path: Path, damage: str) -> None:
    told = {
        "long row": "ragged_rows", "comment": "comments", "title": "preamble", "open quote": "unread_rows",
        "late type": "types", "name twice": "column_names", "no name": "column_names", "an account above": "preamble",
        "padded titles": "preamble",
    }  # fmt: skip
    looked_at = 0
    for case in cases():
        if not case[4] and damage in {"name twice", "no name", "padded titles"}:
            continue
        raw, rows = content(case, damage)
        frame, run = read_content(tmp_path, raw)
        assert flaw(frame, rows, damage) is None, case
        assert damage not in told or told[damage] in run.codes, case
        looked_at += 1
    assert looked_at > 40


MISSES: dict[str, tuple[bytes, dict[str, object] | None, list[tuple[object, ...]]]] = {
    "another delimiter": (b"a:b\n1:2\n3:4\n", {"delimiter": ":"}, [(1, 2), (3, 4)]),
    "fields between spaces": (b"a b\n1 2\n3 4\n", {"delimiter": " "}, [(1, 2), (3, 4)]),
    "single quotes": (b"a,b\n'x,y',1\n'z,w',2\n", {"quote": "'"}, [("x,y", 1), ("z,w", 2)]),
    "text without a header": (b"red,green\nblue,white\n", {"header": False}, [("red", "green"), ("blue", "white")]),
    "years as names": (b"2020,2030\n5,6\n", {"header": True}, [(5, 6)]),
    "decimal commas between commas": (b"a,b\n1,5,2,5\n3,5,4,5\n", None, [(1.5, 2.5), (3.5, 4.5)]),
    "comments with another mark": (b"a,b\n1,2\n% x\n3,4\n", {"comment": "%"}, [(1, 2), (3, 4)]),
    "names that are too few": (b"a,b\n1,2,3\n4,5,6\n", None, [(1, 2, 3), (4, 5, 6)]),
    "a title as wide as the table": (b"Sales,in Berlin\na,b\n1,2\n", {"skip_rows": 1}, [(1, 2)]),
}


@pytest.mark.parametrize("name", MISSES)
def test_what_is_missed_is_known_and_what_helps_is_too(tmp_path: Path, name: str) -> None:
    raw, options, right = MISSES[name]

    assert read_content(tmp_path, raw)[0].rows() != right
    if options:
        assert read_content(tmp_path, raw, **options)[0].rows() == right


@pytest.mark.parametrize(
    ("raw", "names", "rows"),
    [
        (b"2019,2020,2021\n5,6,7\n8,9,10\n", ["2019", "2020", "2021"], [(5, 6, 7), (8, 9, 10)]),
        (b"Sales,2020\na,b\n1,2\n3,4\n", ["a", "b"], [(1, 2), (3, 4)]),
        (b"Sales,,\ncity,year,n\nBerlin,2020,7\n", ["city", "year", "n"], [("Berlin", 2020, 7)]),
        (b"2019,2020\n2021,2022\n", ["column_1", "column_2"], [(2019, 2020), (2021, 2022)]),
        (b"x,1\ny,2\nz,3\n", ["column_1", "column_2"], [("x", 1), ("y", 2), ("z", 3)]),
    ],
)
def test_years_in_a_row_are_names_and_a_title_may_be_as_wide_as_the_table(
    tmp_path: Path, raw: bytes, names: list[str], rows: list[tuple[object, ...]]
) -> None:
    frame, _ = read_content(tmp_path, raw)

    assert (frame.columns, frame.rows()) == (names, rows)


@pytest.mark.parametrize(
    ("raw", "names", "rows", "left_out"),
    [
        (b'"Giro";"DE89"\n\n"Stand:";"1,5"\n\n"a";"b";"c"\n"x";"1,5";"y"\n', ["a", "b", "c"], [("x", 1.5, "y")], 4),
        (b"Konto:;CH93\nVon:;1.1.2024\n\na;b;c\nx;1;y\nz;2;w\n", ["a", "b", "c"], [("x", 1, "y"), ("z", 2, "w")], 3),
        (b"Device:,A-1\nNo:,9\nt,u,v\n1,2,3\n4,5,6\n", ["t", "u", "v"], [(1, 2, 3), (4, 5, 6)], 2),
        (b"T,,,\n,,,\nin K,,,\nc,2019,2020,2021\nx,1,2,3\n", ["c", "2019", "2020", "2021"], [("x", 1, 2, 3)], 3),
        (b"Compte;;\nSolde;;\na;b;c\nx;y;z\nu;v;w\n", ["a", "b", "c"], [("x", "y", "z"), ("u", "v", "w")], 2),
        (b"# made\nTitle\na,b\n1,2\n3,4\n", ["a", "b"], [(1, 2), (3, 4)], 2),
    ],
)  # fmt: skip
def test_what_an_export_says_of_itself_is_no_part_of_the_table(
    tmp_path: Path, raw: bytes, names: list[str], rows: list[tuple[object, ...]], left_out: int
) -> None:
    frame, run = read_content(tmp_path, raw)

    assert (frame.columns, frame.rows()) == (names, rows)
    assert ("preamble", f"The first {left_out} lines are no rows of the table; they were left out.") in run.warnings


@pytest.mark.parametrize(
    ("raw", "names", "rows"),
    [
        (b"a,b,c\n1,2,3,\n4,5,6,\n", ["a", "b", "c"], [(1, 2, 3), (4, 5, 6)]),
        (b"5,a\nNA,c\n" + b"8,d\n" * 9, ["column_1", "column_2"], [(5, "a"), (None, "c"), *[(8, "d")] * 9]),
        (b"k,,,\nx,1,2,3\ny,4,5,6\n", ["k", "column_2", "column_3", "column_4"], [("x", 1, 2, 3), ("y", 4, 5, 6)]),
        (b"k,,\nx,y,z\nu,v,w\n", ["k", "column_2", "column_3"], [("x", "y", "z"), ("u", "v", "w")]),
        (b",,k\nx,,z\nu,v,w\n", ["column_1", "column_2", "k"], [("x", None, "z"), ("u", "v", "w")]),
        (b"a,b\n1,2\n3,4,5\n6,7,8\n", ["a", "b"], [(1, 2), (3, 4), (6, 7)]),
        (b'"a\nname",b\n1,2\n3,4\n', ["a\\nname", "b"], [(1, 2), (3, 4)]),
    ],
)  # fmt: skip
def test_the_first_rows_of_a_table_are_not_taken_for_what_stands_above_one(
    tmp_path: Path, raw: bytes, names: list[str], rows: list[tuple[object, ...]]
) -> None:
    frame, run = read_content(tmp_path, raw)

    assert (frame.columns, frame.rows()) == (names, rows)
    assert "preamble" not in run.codes


def bank_export(*sections: tuple[str, int]) -> bytes:
    """Sections of a German bank's export: names and rows in quotes, decimal commas, commas in most of the texts."""
    lines = [";"]
    for names, count in sections:
        lines += ['"Umsätze";"Zeitraum: 30 Tage";', '"Neuer Kontostand";"1.234,56 EUR";', "", names]
        rest = '"ISHARES";' * (names.count(";") - 3)
        lines += [f'"{n % 28 + 1:02}.01.2024";"REWE, Köln {n}";{rest}"-{n},{n % 100:02}";' for n in range(count)]
        lines += ["", '"Alter Kontostand";"1.000,00 EUR";', ""]
    return "\r\n".join(lines).encode("latin-1")


GIRO, DEPOT = '"Buchungstag";"Text";"Umsatz";', '"Buchungstag";"Text";"Stück";"WKN";"Kurs";"Währung";"Umsatz";'


@pytest.mark.parametrize("sections", [[(GIRO, 30), (DEPOT, 30)], [(DEPOT, 30), (GIRO, 5)], [(GIRO, 1), (DEPOT, 2)]])
def test_an_export_of_several_sections_is_read_with_warnings(tmp_path: Path, sections: list[tuple[str, int]]) -> None:
    frame, run = read_content(tmp_path, bank_export(*sections))

    texts = [value for column in frame.iter_columns() for value in column.cast(pl.String).drop_nulls()]
    assert sum(text.startswith("REWE, Köln ") for text in texts) == sum(count for _, count in sections)
    assert {"encoding", "delimiter"} <= run.codes
    assert not {"unread_rows", "quotes"} & run.codes


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ('id;j\n1;{"a":"x","b":"y"}\n2;{"a":"z","b":"w"}\n', ";"),
        ('"a","b;c"\n"x","y;z"\n', ","),
        ('"a"|"b,c"\n"x"|"y"\n\n"u"\n"v"|"w"|"x"\n', "|"),
    ],
)
def test_the_delimiter_is_what_stands_between_quoted_fields(text: str, delimiter: str) -> None:
    assert sniff(text).delimiter == delimiter


def test_encodings_that_are_none_of_ours_are_taken_for_cp1252_and_said_to_be(tmp_path: Path) -> None:
    frame, run = read_content(tmp_path, "n,word\n1,日本\n".encode("shift_jis"))

    assert frame["word"].to_list() != ["日本"]
    assert "encoding" in run.codes


def test_the_misses_are_in_the_docs() -> None:
    text = (Path(__file__).parents[4] / "docs" / "reading.md").read_text(encoding="utf-8")

    assert [name for name in MISSES if name not in text] == []
