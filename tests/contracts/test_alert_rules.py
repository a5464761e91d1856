"""The alerts of docs/operations.md ask for figures that there are, by the names under which Prometheus keeps them."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

OPERATIONS: Final = Path(__file__).parents[2] / "docs" / "operations.md"
RULES: Final = re.compile(r"^```yaml\n(- alert: .*?)^```$", re.MULTILINE | re.DOTALL)
ROW: Final = re.compile(r"^\| `(sundog_[a-z_]+)` \| (\w+) \|", re.MULTILINE)
NAME: Final = re.compile(r"\bsundog_[a-z_]+\b")
ENDINGS: Final = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def rules() -> str:
    (found,) = RULES.findall(OPERATIONS.read_text("utf-8"))
    return str(found)


def series() -> Iterator[str]:
    """Of each figure in the table, which other tests hold to what the services show."""
    for name, kind in ROW.findall(OPERATIONS.read_text("utf-8")):
        yield from (name + ending for ending in ENDINGS[kind])


def test_every_alert_asks_for_series_that_there_are() -> None:
    asked = NAME.findall(rules())

    assert len(asked) >= 5
    assert set(asked) <= set(series())


@pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool")
def test_promtool_can_read_the_alerts(tmp_path: Path) -> None:
    lines = "".join(f"      {line}\n" for line in rules().splitlines())
    (tmp_path / "rules.yml").write_text(f"groups:\n  - name: sundog\n    rules:\n{lines}", encoding="utf-8")
    subprocess.run(["promtool", "check", "rules", "rules.yml"], cwd=tmp_path, check=True, capture_output=True)
