"""Writing tables: any format, larger than memory, and every loss named."""

from processor.writing.form import CsvForm, Form
from processor.writing.formats import FORMATS, Format
from processor.writing.output import OutputParams
from processor.writing.writer import Written, names_in_file, write

__all__ = ["FORMATS", "CsvForm", "Form", "Format", "OutputParams", "Written", "names_in_file", "write"]
