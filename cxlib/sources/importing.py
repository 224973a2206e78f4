"""One import: every export read, mapped and checked, then put together. All problems are raised at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from cxlib.errors import Problem, SourceError
from cxlib.sources import checks, keys, ledger, link, numbers, read
from cxlib.sources.config import Sources
from cxlib.sources.database import read_postgresql
from cxlib.sources.files import InputFile, LocalFile, find, prepare
from cxlib.sources.ledger import LedgerEntry
from cxlib.sources.plan import Plan
from cxlib.sources.raw import RawTable, source_view
from cxlib.sources.resolve import resolve
from cxlib.sources.rules import settle
from cxlib.sources.said import UnreadableError, first_line
from cxlib.sources.sql import row
from cxlib.sources.stage import Staged, read_values, stage, to_canonical


@dataclass(frozen=True)
class Prepared:
    """An export whose input is at hand and hashed; a database's rows are read already."""

    plan: Plan
    number: int
    files: tuple[LocalFile, ...] = ()
    tables: tuple[RawTable, ...] = ()

    @property
    def inputs(self) -> list[InputFile]:
        return [file.given for file in self.files] + [table.given for table in self.tables]


@dataclass(frozen=True)
class Imported:
    """What an import leaves in the connection (tables `t_<table>`), and what is to be said about it."""

    exports: tuple[Staged, ...]
    as_of: datetime
    columns: Mapping[str, tuple[str, ...]]
    ledger: tuple[LedgerEntry, ...]
    warnings: tuple[Problem, ...]
    notes: tuple[str, ...]


def prepare_all(
    connection: duckdb.DuckDBPyConnection, plans: Sequence[Plan], folder: Path, work: Path
) -> tuple[list[Prepared], list[Problem]]:
    """Bring every export's input to hand; returns those that could be, and the problems of the others."""
    prepared, problems = [], []
    for number, plan in enumerate(plans):
        try:
            prepared.append(_prepare(connection, plan, number, folder, work))
        except UnreadableError as error:
            problems.append(error.problem)
    return prepared, problems


def _prepare(connection: duckdb.DuckDBPyConnection, plan: Plan, number: int, folder: Path, work: Path) -> Prepared:
    if plan.format == "postgresql":
        return Prepared(plan, number, tables=(read_postgresql(connection, plan, f"raw_{number}_0"),))
    paths = find(plan, folder)
    if plan.format == "duckdb":
        files = tuple(LocalFile(InputFile(plan.name, path.name, 0, ""), path) for path in paths)
        return Prepared(plan, number, tables=_read(connection, Prepared(plan, number, files)))
    files = tuple(prepare(plan, path, work) for path in paths)
    return Prepared(read.look_into(plan, files), number, files)


def _read(connection: duckdb.DuckDBPyConnection, one: Prepared) -> tuple[RawTable, ...]:
    return one.tables or tuple(
        read.read(connection, one.plan, file, f"raw_{one.number}_{place}") for place, file in enumerate(one.files)
    )


class _Found:
    """What the checks found so far; notes of what was accepted go to the manifest."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems, self.notes = list(problems), list[str]()

    def settle(self, plan: Plan, problems: Sequence[Problem]) -> bool:
        """Add what one export's checks found, as far as it does not accept it; return whether something blocks."""
        standing, notes = settle(problems, plan.export.accept)
        self.problems += standing
        self.notes += notes
        return _blocks(standing)

    def stop(self) -> None:
        """Raise what blocks, if anything does."""
        if _blocks(self.problems):
            raise SourceError([problem for problem in self.problems if problem.blocks])


def _blocks(problems: Sequence[Problem]) -> bool:
    return any(problem.blocks for problem in problems)


def import_all(
    connection: duckdb.DuckDBPyConnection, sources: Sources, prepared: Sequence[Prepared], problems: Sequence[Problem]
) -> Imported:
    """Import every export into canonical tables.

    Raises
    ------
    SourceError
        With all problems that block, of all exports, `problems` included.
    """
    ledger.create(connection)
    stated = sources.workbook.as_of
    as_of = stated.astimezone(UTC).replace(tzinfo=None) if stated is not None else None
    exports, found = [], _Found(problems)
    for one in prepared:
        staged, own = _import(connection, sources, one, as_of)
        if not found.settle(one.plan, own) and staged is not None:
            exports.append(staged)
    found.stop()
    found.problems += link.unite(connection, exports)
    found.stop()
    if any(staged.plan.table.name == "customers" for staged in exports):
        found.problems += link.survivors(connection)
        found.stop()
        found.notes += link.fill_from_addresses(connection)
        found.notes += link.follow_merges(connection)
        link.drop_own_accounts(connection)
    for staged in exports:
        late = link.after_as_of(staged, as_of) if as_of is not None else ()
        found.settle(staged.plan, [*link.coverage(connection, staged), *late])
    found.stop()
    final = as_of or link.latest_event(connection)
    if final is None:
        what, fix = "no event time says when the exports were made", "Write as_of in [workbook]."
        raise SourceError([Problem("after-as-of", "workbook", what, fix)])
    columns, entries = _columns(connection, exports), tuple(ledger.entry(staged) for staged in exports)
    return Imported(tuple(exports), final, columns, entries, tuple(found.problems), tuple(found.notes))


def _import(
    connection: duckdb.DuckDBPyConnection, sources: Sources, one: Prepared, as_of: datetime | None
) -> tuple[Staged | None, list[Problem]]:
    """Run the steps of one export; returns None for it where a problem blocks, and all problems."""
    plan, found, staged = one.plan, list[Problem](), None
    try:
        raw = source_view(connection, plan, f"source_{one.number}", _read(connection, one))
        found += checks.row_counts(plan, raw)
        resolved = resolve(connection, plan, raw)
        found += resolved.problems
        if _blocks(resolved.problems):
            return None, found
        read_in = stage(connection, plan, raw, resolved, one.number, sources.workbook.reporting_time_zone)
        read_values(read_in, sources.workbook.pseudonym_key)
        ledger.note_rules(read_in)
        found += checks.values(read_in)
        found += checks.currencies(read_in, sources.all_rates)
        exponents, unclear = numbers.exponents(read_in)
        found += unclear
        if _blocks(settle(found, plan.export.accept)[0]):
            return None, found
        to_canonical(read_in, as_of, exponents)
        found += keys.one_row_per_key(read_in)
        found += checks.table_checks(read_in)
        connection.execute(f"DROP TABLE {read_in.parsed}")
        staged = read_in
    except UnreadableError as error:
        found.append(error.problem)
    except duckdb.Error as error:
        what = f"an expression failed on a value: {first_line(error)}"
        fix = "Correct the expression; number(...) reads numbers in the stated format."
        found.append(Problem("sql", plan.where(), what, fix))
    return staged, found


def _columns(connection: duckdb.DuckDBPyConnection, exports: Sequence[Staged]) -> dict[str, tuple[str, ...]]:
    """Return, by table, the columns that some export brings; customer_id also where it was filled."""
    brought: dict[str, tuple[str, ...]] = {}
    for table in link.tables(connection):
        names = {name for staged in exports if staged.plan.table == table for name in staged.columns}
        if "customer_id" in table.column_names and "customer_id" not in names:
            (filled,) = row(connection, f"SELECT count(customer_id) FROM t_{table.name}")
            names |= {"customer_id"} if filled else set()
        brought[table.name] = tuple(name for name in table.column_names if name in names)
    return brought
