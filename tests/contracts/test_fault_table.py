"""docs/architecture.md says of each fault which test breaks it: that test is there."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
SECTION = re.compile(r"^## Faults\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
FUNCTION = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)
NOT_A_ROW = ("| fault |", "|---")


def table() -> list[str]:
    """The last cells of all rows."""
    text = (TESTS.parent / "docs" / "architecture.md").read_text("utf-8")
    section = SECTION.search(text)
    assert section is not None
    rows = [line for line in section[1].splitlines() if line.startswith("|") and not line.startswith(NOT_A_ROW)]
    return [row.strip("| ").rpartition("|")[2].strip() for row in rows]


def test_every_fault_names_a_test_that_is_there() -> None:
    names = [
        name for path in (TESTS / "faults").glob("test_*.py") for name in FUNCTION.findall(path.read_text("utf-8"))
    ]
    files = {str(path.relative_to(TESTS)) for path in TESTS.rglob("test_*.py")}
    cells = table()

    assert len(cells) > 30
    for cell in cells:
        for word in cell.split(", "):
            if word.startswith("`"):
                assert {word.strip("`"), f"faults/{word.strip('`')}"} & files, word
            elif word != "the soak":
                assert any(word in name for name in names), word
