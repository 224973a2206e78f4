"""What was read from one export before anything is understood: tables of its rows, in file order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from cxlib.nearest import listed
from cxlib.sources.files import InputFile
from cxlib.sources.plan import Plan
from cxlib.sources.said import UnreadableError
from cxlib.sources.sql import BLANK, described, literal, quoted, row


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
    rows : int
        Data rows, malformed ones not counted.
    skip : int
        Records at the top of the table that belong to the header.
    first_row : int
        Number of the first data row, the header being row 1; 1 where a database has no header.
    """

    table: str
    given: InputFile
    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: int
    skip: int = 0
    first_row: int = 1
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
    seen = {"cx_file", "cx_row"}
    cleaned: list[str] = []
    for position, name in enumerate(names, start=1):
        base = " ".join(name.strip("\ufeff").split()) or f"column_{position}"
        unique, count = base, 0
        while unique.casefold() in seen:
            count += 1
            unique = f"{base}_{count}"
        seen.add(unique.casefold())
        cleaned.append(unique)
    return tuple(cleaned)


def short_names(count: int) -> list[str]:
    """Return the names of a raw table's columns."""
    return [f"c{index}" for index in range(count)]


def raw_table(
    connection: duckdb.DuckDBPyConnection, relation: str, given: InputFile, table: str, order: str = ""
) -> RawTable:
    """Copy a typed relation into `table`."""
    names = described(connection, f"SELECT * FROM {relation}")
    short = ", ".join(short_names(len(names)))
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {relation} AS source({short}) {order}")
    (rows,) = row(connection, f"SELECT count(*) FROM {table}")
    return RawTable(table, given, clean_names(list(names)), tuple(names.values()), rows)


def source_view(connection: duckdb.DuckDBPyConnection, plan: Plan, view: str, tables: Sequence[RawTable]) -> Raw:
    """Create the view of an export's rows.

    Texts that mean "no value" are NULL in it, so that an analyst's SQL sees them so.

    Raises
    ------
    UnreadableError
        If the files have different columns.
    """
    first = tables[0]
    for other in tables[1:]:
        less, more = (
            [name for name in one.columns if name.casefold() not in {known.casefold() for known in two.columns}]
            for one, two in ((first, other), (other, first))
        )
        if less or more:
            said = "; ".join(f"{word} {listed(names)}" for word, names in (("lacks", less), ("adds", more)) if names)
            raise different_files(
                plan, other.given.name, f'its columns differ from those of "{first.given.name}": it {said}'
            )
    parts = " UNION ALL ".join(_select(plan, table, number, first.columns) for number, table in enumerate(tables))
    connection.execute(f"CREATE VIEW {view} AS {parts}")
    return Raw(view, first.columns, first.types, tuple(tables))


def different_files(plan: Plan, name: str, what: str) -> UnreadableError:
    """Return the problem of a file that is not like the first of its export."""
    return UnreadableError("different-headers", plan.where_in(name), what, "Import it as an [[export]] of its own.")


def _select(plan: Plan, table: RawTable, number: int, order: Sequence[str]) -> str:
    position = {name.casefold(): index for index, name in enumerate(table.columns)}
    values = []
    for name in order:
        index = position[name.casefold()]
        values.append(f"{_without_missing(f'c{index}', table.types[index], plan.export.missing)} AS {quoted(name)}")
    keep = f" WHERE rowid >= {table.skip}" if table.skip else ""
    return f"SELECT {number} AS cx_file, {_row_number(table)} AS cx_row, {', '.join(values)} FROM {table.table}{keep}"


def _row_number(table: RawTable) -> str:
    """Return SQL of a row's number in its file, malformed lines before it counted."""
    number = f"rowid - {table.skip} + {table.first_row}"
    if not table.malformed:
        return number
    # the k-th malformed line lies before every row whose own number, without it, is not smaller
    before = [line.row - count for count, line in enumerate(sorted(table.malformed, key=lambda line: line.row))]
    return f"{number} + len(list_filter({before}, lambda cx_line: cx_line <= {number}))"


def _without_missing(column: str, duck_type: str, missing: Sequence[str]) -> str:
    if duck_type == "VARCHAR":
        nothing = f"{BLANK}*(?:{'|'.join(map(re.escape, missing))})?{BLANK}*"
        return f"CASE WHEN NOT regexp_full_match({column}, {literal(nothing)}) THEN {column} END"
    if duck_type in ("DOUBLE", "FLOAT"):
        return f"CASE WHEN NOT isnan({column}) THEN {column} END"
    return column
