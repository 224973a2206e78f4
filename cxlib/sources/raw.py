"""What was read from one export before anything is understood: tables of its rows, in file order."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from cxlib.nearest import listed
from cxlib.sources.files import InputFile
from cxlib.sources.plan import Plan
from cxlib.sources.problems import UnreadableError
from cxlib.sources.sql import BLANK, Connection, described, literal, quoted, row


@dataclass(frozen=True)
class RawTable:
    """One file as a DuckDB table: its rows in order, with columns named `c0`, `c1`, ...

    `columns` are DuckDB's types by the header names, cleaned and unique. The first `skip` rows of the table are the
    header, row 1 its first. `malformed` are the numbers of the records that do not fit it; `rows` leaves them out.
    """

    table: str
    given: InputFile
    columns: Mapping[str, str]
    rows: int
    skip: int = 0
    malformed: tuple[int, ...] = ()


@dataclass(frozen=True)
class Raw:
    """All files of one export as one view, `cx_file` and `cx_row` in front."""

    view: str
    columns: Mapping[str, str]
    tables: tuple[RawTable, ...]

    @property
    def rows(self) -> int:
        """Rows read, those that do not fit the header included."""
        return sum(table.rows + len(table.malformed) for table in self.tables)


def clean_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return header names without outer blanks; an empty one is `column_3`, a repeated one gets `_1`.

    >>> clean_names(["Id", " NETPRO  ", "", "id"])
    ('Id', 'NETPRO', 'column_3', 'id_1')
    """
    cleaned = {"cx_file": "", "cx_row": ""}
    for position, name in enumerate(names, start=1):
        base = " ".join(name.strip("\ufeff").split()) or f"column_{position}"
        numbered = (f"{base}_{number}" if number else base for number in count())
        unique = next(one for one in numbered if one.casefold() not in cleaned)
        cleaned[unique.casefold()] = unique
    return tuple(cleaned.values())[2:]


def short_names(count: int) -> list[str]:
    """Return the names of a raw table's columns."""
    return [f"c{index}" for index in range(count)]


def raw_table(connection: Connection, relation: str, given: InputFile, table: str, order: str = "") -> RawTable:
    """Copy a typed relation into `table`."""
    names = described(connection, f"SELECT * FROM {relation}")
    short = ", ".join(short_names(len(names)))
    connection.execute(f"CREATE TABLE {table} AS SELECT * FROM {relation} AS source({short}) {order}")
    (rows,) = row(connection, f"SELECT count(*) FROM {table}")
    return RawTable(table, given, dict(zip(clean_names(list(names)), names.values(), strict=True)), rows)


def source_view(connection: Connection, plan: Plan, view: str, tables: Sequence[RawTable]) -> Raw:
    """Create the view of an export's rows; an UnreadableError if its files have different columns.

    Texts that mean "no value" are NULL in it, so that an analyst's SQL sees them so.
    """
    first = tables[0]
    for other in tables[1:]:
        less, more = (
            [name for name in one.columns if name.casefold() not in {known.casefold() for known in two.columns}]
            for one, two in ((first, other), (other, first))
        )
        if less or more:
            said = "; ".join(f"{word} {listed(names)}" for word, names in (("lacks", less), ("adds", more)) if names)
            what = f'its columns differ from those of "{first.given.name}": it {said}'
            raise different_files(plan, other.given.name, what)
    parts = " UNION ALL ".join(_select(plan, table, number, first.columns) for number, table in enumerate(tables))
    connection.execute(f"CREATE VIEW {view} AS {parts}")
    return Raw(view, first.columns, tuple(tables))


def different_files(plan: Plan, name: str, what: str) -> UnreadableError:
    """Return the problem of a file that is not like the first of its export."""
    return UnreadableError("different-headers", plan.where_in(name), what, "Import it as an [[export]] of its own.")


def _select(plan: Plan, table: RawTable, number: int, order: Iterable[str]) -> str:
    short = zip(short_names(len(table.columns)), table.columns.items(), strict=True)
    by_key = {name.casefold(): _without_missing(one, kind, plan.export.missing) for one, (name, kind) in short}
    values = [f"{by_key[name.casefold()]} AS {quoted(name)}" for name in order]
    keep = f" WHERE rowid >= {table.skip}" if table.skip else ""
    return f"SELECT {number} AS cx_file, {_row_number(table)} AS cx_row, {', '.join(values)} FROM {table.table}{keep}"


def _row_number(table: RawTable) -> str:
    """Return SQL of a row's number in its file, malformed lines before it counted."""
    number = "rowid + 1"
    if not table.malformed:
        return number
    # the k-th malformed line lies before every row whose own number, without it, is not smaller
    before = [line - count for count, line in enumerate(sorted(table.malformed))]
    return f"{number} + len(list_filter({before}, lambda cx_line: cx_line <= {number}))"


def _without_missing(column: str, duck_type: str, missing: Sequence[str]) -> str:
    if duck_type == "VARCHAR":
        nothing = f"{BLANK}*(?:{'|'.join(map(re.escape, missing))})?{BLANK}*"
        return f"CASE WHEN NOT regexp_full_match({column}, {literal(nothing)}) THEN {column} END"
    if duck_type in ("DOUBLE", "FLOAT"):
        return f"CASE WHEN NOT isnan({column}) THEN {column} END"
    return column
