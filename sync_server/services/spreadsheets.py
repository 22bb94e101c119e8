"""Reports as CSV (RFC 4180) and as XLSX, with nothing in them that a program would carry out."""

import csv
import io
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import xlsxwriter

from sync_server.services.report_tables import Report, Table

_CARRIED_OUT = ("=", "+", "-", "@", "\t", "\r")
_LONGEST_CELL = 32_767
_WIDTH = 18


def as_csv(report: Report) -> bytes:
    """The rows of a report with the names of their columns: UTF-8, as spreadsheets read it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(report.rows.columns)
    writer.writerows([_plain(cell) for cell in row] for row in report.rows.rows)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(report: Report) -> bytes:
    """All of a report: a sheet with its figures, one for each of its tables, one for the rows."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        told = {"report": report.name, "as_of": report.as_of, **report.of, **report.figures}
        summary = Table("summary", ("figure", "value"), list(told.items()))
        for table in (summary, *report.tables, report.rows):
            sheet = book.add_worksheet(table.name[:31])
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(table.columns) - 1, _WIDTH)
            sheet.write_row(0, 0, table.columns, head)
            for place, row in enumerate(table.rows, start=1):
                _write(sheet, place, row, day)
    return out.getvalue()


def unformulated(text: str) -> str:
    """Text that no spreadsheet takes for a formula: quoted where it begins like one."""
    return f"'{text}" if text.startswith(_CARRIED_OUT) else text


def _write(sheet: Any, place: int, row: Sequence[Any], day: Any) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            sheet.write_string(place, column, unformulated(cell)[:_LONGEST_CELL])
        elif isinstance(cell, date) and not isinstance(cell, datetime):
            sheet.write_datetime(place, column, cell, day)
        elif cell is not None:
            sheet.write(place, column, _plain(cell))


def _plain(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(cell, str):
        return unformulated(cell)
    return "" if cell is None else cell
