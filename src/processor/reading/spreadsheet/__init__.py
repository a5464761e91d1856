"""Spreadsheets: .xlsx files, read cell by cell."""
