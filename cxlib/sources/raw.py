"""What was read from one export before anything is understood: tables of its rows, in file order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from cxlib.errors import Problem
from cxlib.nearest import listed
from cxlib.sources.files import InputFile, UnreadableError
from cxlib.sources.layout import Plan
from cxlib.sources.sql import literal, quoted, row, trim


@dataclass(frozen=True)
class Malformed:
    """A line that does not fit the header; `row` counts records, the header is row 1."""

    row: int
    kind: str
    text: str


@dataclass(frozen=True)
class RawTable:
    """One file as a DuckDB table.

    Parameters
    ----------
    table : str
        Its rows, in order; columns are named `c0`, `c1`, ...
    columns : tuple of str
        Header names, cleaned and unique.
    types : tuple of str
        DuckDB types of the columns.
    first_row : int
        Number of the first data row, the header being row 1; 1 where a database has no header.
    skip : int
        Records at the top of the table that belong to the header.
    """

    table: str
    given: InputFile
    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: int
    first_row: int
    skip: int = 0
    malformed: tuple[Malformed, ...] = ()


@dataclass(frozen=True)
class Raw:
    """All files of one export as one view, `cx_file` and `cx_row` in front."""

    view: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    tables: tuple[RawTable, ...]

    @property
    def rows(self) -> int:
        """Rows read, those that do not fit the header included."""
        return sum(table.rows + len(table.malformed) for table in self.tables)


def clean_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return header names without outer blanks; an empty one is `column_3`, a repeated one gets `_1`.

    Examples
    --------
    >>> clean_names(["Id", " NETPRO  ", "", "id"])
    ('Id', 'NETPRO', 'column_3', 'id_1')
    """
    seen: set[str] = set()
    cleaned: list[str] = []
    for position, name in enumerate(names, start=1):
        base = " ".join(name.strip("\ufeff").split()) or f"column_{position}"
        unique, count = base, 0
        while unique.casefold() in seen or unique.casefold() in ("cx_file", "cx_row"):
            count += 1
            unique = f"{base}_{count}"
        seen.add(unique.casefold())
        cleaned.append(unique)
    return tuple(cleaned)


def _columns_of(connection: duckdb.DuckDBPyConnection, relation: str) -> list[tuple[str, str]]:
    """Return names and DuckDB types of a query."""
    described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    return [(str(column[0]), str(column[1])) for column in described]


def raw_table(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    given: InputFile,
    table: str,
    order: str = "",
    first_row: int = 1,
) -> RawTable:
    """Copy a typed relation into `table` with columns `c0`, `c1`, ..."""
    described = _columns_of(connection, relation)
    aliases = ", ".join(f"c{index}" for index in range(len(described)))
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {relation} AS source({aliases}) {order}")
    rows = int(row(connection, f"SELECT count(*) FROM {table}")[0])
    return RawTable(
        table,
        given,
        clean_names([name for name, _ in described]),
        tuple(kind for _, kind in described),
        rows,
        first_row,
    )


def row_number(table: RawTable) -> str:
    """Return SQL of a row's number in its file, malformed lines before it counted."""
    number = f"rowid - {table.skip} + {table.first_row}"
    if not table.malformed:
        return number
    # the k-th malformed line lies before every row whose own number, without it, is not smaller
    before = [line.row - count for count, line in enumerate(sorted(table.malformed, key=lambda line: line.row))]
    return f"{number} + len(list_filter({before}, lambda cx_line: cx_line <= {number}))"


def source_view(plan: Plan, view: str, tables: Sequence[RawTable]) -> tuple[Raw, str]:
    """Return the description of an export's rows and the SQL that creates their view.

    Texts that mean "no value" are NULL in it, so that an analyst's SQL sees them so.

    Raises
    ------
    UnreadableError
        If the files have different columns.
    """
    first = tables[0]
    keys = {name.casefold() for name in first.columns}
    for other in tables[1:]:
        others = {name.casefold() for name in other.columns}
        if others != keys:
            less = [name for name in first.columns if name.casefold() not in others]
            more = [name for name in other.columns if name.casefold() not in keys]
            said = "; ".join(f"{word} {listed(names)}" for word, names in (("lacks", less), ("adds", more)) if names)
            raise UnreadableError(
                Problem(
                    "different-headers",
                    f"{plan.name} ({other.given.name})",
                    f'its columns differ from those of "{first.given.name}": it {said}',
                    "Import it as an [[export]] of its own.",
                )
            )
    parts = [_select(plan, table, number, first.columns) for number, table in enumerate(tables)]
    raw = Raw(view, first.columns, first.types, tuple(tables))
    return raw, f"CREATE VIEW {view} AS " + " UNION ALL ".join(parts)


def _select(plan: Plan, table: RawTable, number: int, order: Sequence[str]) -> str:
    position = {name.casefold(): index for index, name in enumerate(table.columns)}
    values = []
    for name in order:
        index = position[name.casefold()]
        values.append(f"{_without_missing(f'c{index}', table.types[index], plan.export.missing)} AS {quoted(name)}")
    keep = f" WHERE rowid >= {table.skip}" if table.skip else ""
    return f"SELECT {number} AS cx_file, {row_number(table)} AS cx_row, {', '.join(values)} FROM {table.table}{keep}"


def _without_missing(column: str, duck_type: str, missing: Sequence[str]) -> str:
    if duck_type == "VARCHAR":
        texts = ", ".join(literal(text) for text in dict.fromkeys(("", *missing)))
        return f"CASE WHEN ({trim(column)}) NOT IN ({texts}) THEN {column} END"
    if duck_type in ("DOUBLE", "FLOAT"):
        return f"CASE WHEN NOT isnan({column}) THEN {column} END"
    return column
