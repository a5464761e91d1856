"""From the envelope of a result to a page: a template of the kind, within the frame that all kinds share.

A template gets the envelope as its variables and may use the macros of `parts.html`. Whatever it prints is escaped, and
cut and made visible before (`text.py`), because names and values come from somebody's file; the page itself forbids
scripts and outside assets once more.

Templates are read when a kind is imported: the child that renders one may not see this folder.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

import jinja2
from markupsafe import Markup

from processor.report import charts, text
from processor.run import Run

log = logging.getLogger(__name__)

Report: TypeAlias = Callable[[Mapping[str, object]], str]

HERE = Path(__file__).parent / "templates"
NAME = "report.html"
MEDIA_TYPE = "text/html; charset=utf-8"
SHARED = ("page.html", "parts.html", "style.css")


def report_of(template: Path, **tools: Callable[..., object]) -> Report:
    """The report that a template makes.

    Args:
        template: the file; it may extend `page.html` and import `parts.html`.
        tools: functions that the template calls by these names.
    """
    for shared in SHARED:
        _TEMPLATES.get_template(shared)
    page = _TEMPLATES.get_template(str(template))

    def render(envelope: Mapping[str, object]) -> str:
        return page.render({**envelope, **tools})

    return render


def keep_report(run: Run, report: Report, envelope: Mapping[str, object]) -> None:
    """Write the report and keep it as an artifact; a report that fails is a warning, the result stands."""
    try:
        page = report(envelope)
    except Exception:
        log.exception("a report could not be made")
        run.warn("report_failed", "The report could not be made; the result is whole.")
        return
    path = run.scratch / NAME
    path.write_text(page, "utf-8", errors="replace")
    run.artifact(NAME, path, media_type=MEDIA_TYPE)


def _source(name: str) -> tuple[str, str, None]:
    """The text of a template: of the shared ones by their name, of a kind's own by its path."""
    path = HERE / name if name in SHARED else Path(name)
    return path.read_text("utf-8"), str(path), None


def _finalize(value: Any) -> Any:
    """What is printed: text of the data is made visible though a template forgot to."""
    return text.visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _pairs(items: Sequence[Mapping[str, object]]) -> list[tuple[object, ...]]:
    """Rows for `parts.table`: the values of each item."""
    return [tuple(item.values()) for item in items]


_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FunctionLoader(_source),
    autoescape=True,
    finalize=_finalize,
    undefined=jinja2.StrictUndefined,
    auto_reload=False,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(
    visible=text.visible,
    block=text.block,
    number=text.number,
    share=text.share,
    size=text.size,
    seconds=text.seconds,
    words=text.words,
    plain=text.plain,
)
_TEMPLATES.globals.update(histogram=charts.histogram, heat_map=charts.heat_map, pairs=_pairs)
