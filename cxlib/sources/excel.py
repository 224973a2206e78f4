"""Excel sheets: typed cells to text, merged header cells, no vanished row."""

from datetime import date, datetime, time, timedelta

import duckdb
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from cxlib.nearest import listed
from cxlib.sources.files import LocalFile
from cxlib.sources.plan import Plan
from cxlib.sources.raw import RawTable, clean_names, short_names
from cxlib.sources.said import UnreadableError, hint


def read(connection: duckdb.DuckDBPyConnection, plan: Plan, file: LocalFile, table: str) -> RawTable:
    """Read one sheet into `table` as text; blank rows after the last filled one are not rows.

    Raises
    ------
    UnreadableError
        If the file is no workbook, or the sheet is not there.
    """
    where, skip = plan.where_in(file.given.name), plan.export.header_rows
    try:
        workbook = CalamineWorkbook.from_path(str(file.path))
        sheet = workbook.get_sheet_by_name(_sheet_name(plan.export.sheet, workbook.sheet_names, where))
        rows = [[text(cell) for cell in line] for line in sheet.to_python(skip_empty_area=False)]
    except (CalamineError, OSError, ValueError) as error:
        what, fix = f"it cannot be read as a workbook: {error}", "It is cut off, locked or not Excel: export it again."
        raise UnreadableError("cut-file", where, what, fix) from error
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise UnreadableError("empty-file", where, f'sheet "{sheet.name}" is empty', "Export it again.")
    names, data = _header(sheet, rows[0]), rows[skip:]
    arrays = [pa.array([line[index] or None for line in data], pa.string()) for index in range(len(names))]
    connection.register(f"{table}_cells", pa.table(arrays, names=short_names(len(names))))
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {table}_cells")
    connection.unregister(f"{table}_cells")
    types = ("VARCHAR",) * len(names)
    return RawTable(table, file.given, clean_names(names), types, len(data), first_row=skip + 1)


def _sheet_name(wanted: str, names: list[str], where: str) -> str:
    if wanted and wanted not in names:
        fix = f"{hint(wanted, names)}Correct sheet in sources.toml."
        raise UnreadableError("sheet", where, f'no sheet "{wanted}"', fix)
    if not wanted and len(names) != 1:
        fix = f'Write the one to read, such as sheet = "{names[0]}".'
        raise UnreadableError("sheet", where, f"it has {len(names)} sheets: {listed(names)}", fix)
    return wanted or names[0]


def _header(sheet: CalamineSheet, first: list[str]) -> list[str]:
    """Return the header; every cell of a merged one has its name."""
    names = list(first)
    for (top, left), (_, right) in sheet.merged_cell_ranges or ():
        if top == 0:
            names[left : right + 1] = [names[left]] * (right + 1 - left)
    return names


def text(cell: object) -> str:
    """Return a cell as text: whole numbers without a fraction, dates in ISO 8601.

    Examples
    --------
    >>> text(4711.0), text(datetime(2026, 10, 1, 9, 30)), text(date(2026, 10, 1)), text(True)
    ('4711', '2026-10-01T09:30:00', '2026-10-01', 'true')
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return repr(cell.total_seconds())
    return "" if cell is None else str(cell)
