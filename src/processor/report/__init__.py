"""The report of a result: one HTML page of its own, for a person, from a file or a browser."""

from processor.report.document import Report, keep_report, report_of

__all__ = ["Report", "keep_report", "report_of"]
