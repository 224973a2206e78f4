"""Excel sheets: typed cells to text, merged header cells, no vanished row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import duckdb
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from cxlib.errors import Problem
from cxlib.nearest import listed
from cxlib.sources.files import LocalFile, UnreadableError
from cxlib.sources.layout import Plan
from cxlib.sources.raw import RawTable, clean_names
from cxlib.sources.words import hint


def read(connection: duckdb.DuckDBPyConnection, plan: Plan, file: LocalFile, table: str) -> RawTable:
    """Read one sheet into `table` as text; blank rows after the last filled one are not rows.

    Raises
    ------
    UnreadableError
        If the file is no workbook, or the sheet is not there.
    """
    where = f"{plan.name} ({file.given.name})"
    try:
        workbook = CalamineWorkbook.from_path(str(file.path))
        sheet = workbook.get_sheet_by_name(_sheet_name(plan, workbook.sheet_names, where))
        cells = sheet.to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError) as error:
        raise UnreadableError(
            Problem(
                "cut-file",
                where,
                f"it cannot be read as a workbook: {error}",
                "It is cut off, locked or not Excel: export it again.",
            )
        ) from error
    rows = [[text(cell) for cell in line] for line in cells]
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise UnreadableError(Problem("empty-file", where, f'sheet "{sheet.name}" is empty', "Export it again."))
    skip = plan.export.header_rows
    columns = clean_names(_header(sheet, rows[0]))
    data = rows[skip:]
    arrays = [pa.array([line[index] or None for line in data], pa.string()) for index in range(len(columns))]
    frame = pa.table(arrays, names=[f"c{index}" for index in range(len(columns))])
    connection.register(f"{table}_cells", frame)
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {table}_cells")
    connection.unregister(f"{table}_cells")
    return RawTable(table, file.given, columns, ("VARCHAR",) * len(columns), len(data), skip + 1)


def _sheet_name(plan: Plan, names: Sequence[str], where: str) -> str:
    wanted = plan.export.sheet
    if wanted in names:
        return wanted
    if wanted:
        raise UnreadableError(
            Problem("sheet", where, f'no sheet "{wanted}"', f"{hint(wanted, names)}Correct sheet in sources.toml.")
        )
    if len(names) != 1:
        raise UnreadableError(
            Problem(
                "sheet",
                where,
                f"it has {len(names)} sheets: {listed(names)}",
                f'Write the one to read, such as sheet = "{names[0]}".',
            )
        )
    return names[0]


def _header(sheet: CalamineSheet, first: Sequence[str]) -> list[str]:
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
