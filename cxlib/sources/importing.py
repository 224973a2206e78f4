"""One import: every export read, mapped and checked, then put together. All problems are raised at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

import duckdb

from cxlib.errors import Problem, SourceError
from cxlib.files import sha256
from cxlib.period import day_start
from cxlib.sources import checks, free_text, identity, ledger, link
from cxlib.sources.config import Sources
from cxlib.sources.files import InputFile, LocalFile, find, prepare
from cxlib.sources.ledger import LedgerEntry
from cxlib.sources.plan import Plan
from cxlib.sources.problems import UnreadableError, first_line, settle
from cxlib.sources.raw import Raw, RawTable, source_view
from cxlib.sources.read import look_into, read, read_duckdb, read_postgresql
from cxlib.sources.resolve import resolve
from cxlib.sources.sql import row
from cxlib.sources.stage import Staged, clockless, read_values, stage, to_canonical

Step = TypeVar("Step")


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
    stated: Mapping[str, tuple[datetime | None, datetime | None]]
    clockless: tuple[str, ...]
    ledger: tuple[LedgerEntry, ...]
    warnings: tuple[Problem, ...]
    notes: tuple[str, ...]


def prepare_all(
    connection: duckdb.DuckDBPyConnection, plans: Sequence[Plan], folder: Path, work: Path
) -> tuple[list[Prepared], list[Problem]]:
    """Bring every export's input to hand; returns those that could be, and the problems of the others."""
    return _each([partial(_prepare, connection, plan, number, folder, work) for number, plan in enumerate(plans)])


def read_all(
    connection: duckdb.DuckDBPyConnection, prepared: Sequence[Prepared]
) -> tuple[list[tuple[Prepared, Raw]], list[Problem]]:
    """Read every export, as it was hashed; returns those that could be read, and the problems of the others."""
    return _each([partial(_read, connection, one) for one in prepared])


def _each(steps: Iterable[Callable[[], Step]]) -> tuple[list[Step], list[Problem]]:
    done, problems = list[Step](), list[Problem]()
    for step in steps:
        try:
            done.append(step())
        except UnreadableError as error:
            problems.append(error.problem)
    return done, problems


def _prepare(connection: duckdb.DuckDBPyConnection, plan: Plan, number: int, folder: Path, work: Path) -> Prepared:
    if plan.format == "postgresql":
        return Prepared(plan, number, tables=(read_postgresql(connection, plan, f"raw_{number}_0"),))
    paths = find(plan, folder)
    if plan.format == "duckdb":
        read_in = [read_duckdb(connection, plan, path, f"raw_{number}_{place}") for place, path in enumerate(paths)]
        return Prepared(plan, number, tables=tuple(read_in))
    files = tuple(prepare(plan, path, work) for path in paths)
    return Prepared(look_into(plan, files), number, files)


def _read(connection: duckdb.DuckDBPyConnection, one: Prepared) -> tuple[Prepared, Raw]:
    files = [read(connection, one.plan, file, f"raw_{one.number}_{place}") for place, file in enumerate(one.files)]
    for file in one.files:
        if sha256(file.original) != file.given.sha256:
            what, fix = (
                "the file was written to while it was read",
                "Wait until the export is whole, then run it again.",
            )
            raise UnreadableError("cut-file", one.plan.where_in(file.given.name), what, fix)
    return one, source_view(connection, one.plan, f"source_{one.number}", one.tables or files)


def import_all(
    connection: duckdb.DuckDBPyConnection,
    sources: Sources,
    raws: Sequence[tuple[Prepared, Raw]],
    problems: Sequence[Problem],
) -> Imported:
    """Import every export into canonical tables; expressions of the mapping run from here on.

    Raises
    ------
    SourceError
        With all problems that block, of all exports, `problems` included.
    """
    ledger.create(connection)
    stated = sources.workbook.as_of
    as_of = stated.astimezone(UTC).replace(tzinfo=None) if stated is not None else None
    exports, found, notes = list[Staged](), list(problems), list[str]()
    for one, raw in raws:
        staged, own = _import(connection, sources, one, raw, as_of)
        standing, accepted = settle(own, one.plan.export.accept)
        found += standing
        notes += accepted
        exports += [staged] if staged is not None and not _blocking(standing) else []
    found = list(dict.fromkeys(found))  # what holds for the workbook each export has said
    _stop(found)
    found += link.unite(connection, exports)
    _stop(found)
    if any(staged.plan.table.name == "customers" for staged in exports):
        found += link.survivors(connection)
        _stop(found)
        notes += link.fill_from_addresses(connection)
        notes += link.follow_merges(connection)
        link.drop_own_accounts(connection)
    link.last_answers(connection, sources.workbook.reporting_time_zone)
    notes += link.ratings_of_scores(connection)
    for staged in exports:
        late = link.after_as_of(staged, as_of) if as_of is not None else ()
        standing, accepted = settle([*link.coverage(connection, staged), *late], staged.plan.export.accept)
        found += standing
        notes += accepted
    _stop(found)
    free_text.scrub(connection, exports)
    final = as_of or link.latest_event(connection)
    if final is None:
        what, fix = "no event time says when the exports were made", "Write as_of in [workbook]."
        raise SourceError([Problem("after-as-of", "workbook", what, fix)])
    columns, entries = _columns(connection, exports), tuple(ledger.entry(staged) for staged in exports)
    days = sorted({f"{staged.plan.table.name}.{name}" for staged in exports for name in staged.clockless})
    spans = _stated(exports, sources.workbook.reporting_time_zone)
    return Imported(tuple(exports), final, columns, spans, tuple(days), entries, tuple(found), tuple(notes))


def _stated(exports: Sequence[Staged], zone: str) -> dict[str, tuple[datetime | None, datetime | None]]:
    """Return the span of each table that its exports state: what all of them cover, as naive UTC."""
    spans: dict[str, tuple[datetime | None, datetime | None]] = {}
    for table in {staged.plan.table.name: None for staged in exports}:
        of_it = [staged.plan.export for staged in exports if staged.plan.table.name == table]
        begins = [day_start(one.complete_from, zone) for one in of_it if one.complete_from]
        ends = [day_start(one.complete_until + timedelta(days=1), zone) for one in of_it if one.complete_until]
        if begins or ends:
            spans[table] = max(begins, default=None), min(ends, default=None)
    return spans


def _blocking(problems: Iterable[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.blocks]


def _stop(problems: Iterable[Problem]) -> None:
    if blocking := _blocking(problems):
        raise SourceError(blocking)


def _import(
    connection: duckdb.DuckDBPyConnection, sources: Sources, one: Prepared, raw: Raw, as_of: datetime | None
) -> tuple[Staged | None, list[Problem]]:
    """Run the steps of one export; returns None for it where they end early, and all problems."""
    plan, number, found = one.plan, one.number, list[Problem]()
    try:
        found += checks.row_counts(plan, raw)
        resolved = resolve(connection, plan, raw)
        found += resolved.problems
        if _blocking(resolved.problems):
            return None, found
        staged = stage(connection, plan, raw, resolved, number, sources.workbook.reporting_time_zone)
        if read_values(staged, sources.workbook.pseudonym_key):
            found += identity.weak_key(sources.workbook.pseudonym_key)
        ledger.note_rules(staged)
        found += checks.values(staged)
        found += checks.currencies(staged, sources.all_rates)
        exponents, unclear = checks.exponents(staged)
        found += unclear
        if _blocking(settle(found, plan.export.accept)[0]):
            return None, found
        to_canonical(staged, as_of, exponents)
        found += ledger.one_row_per_key(staged)
        found += checks.table_checks(staged)
        days = clockless(staged)
        connection.execute(f"DROP TABLE {staged.parsed}")
        return replace(staged, clockless=days), found
    except duckdb.Error as error:
        what = f"an expression failed on a value: {first_line(error)}"
        fix = "Correct the expression; number(...) reads numbers in the stated format."
        found.append(Problem("sql", plan.where(), what, fix))
    return None, found


def _columns(connection: duckdb.DuckDBPyConnection, exports: Sequence[Staged]) -> dict[str, tuple[str, ...]]:
    """Return, by table, the columns that some export brings; some also where they were filled from others."""
    brought: dict[str, tuple[str, ...]] = {}
    for table in link.tables(connection):
        names = {name for staged in exports if staged.plan.table == table for name in staged.columns}
        for filled in {"customer_id", "satisfaction"} & set(table.column_names):
            if row(connection, f"SELECT count({filled}) FROM t_{table.name}")[0]:
                names.add(filled)
        brought[table.name] = tuple(name for name in table.column_names if name in names)
    return brought
