"""Writing tables: any format, larger than memory, and every loss named."""

from processor.writing.formats import FORMATS, Format
from processor.writing.writer import Written, write

__all__ = ["FORMATS", "Format", "Written", "write"]
