"""The report of a conversion."""

from pathlib import Path

from processor.report import report_of

REPORT = report_of(Path(__file__).with_name("report.html"))
