"""One import: every export read, mapped and checked, then put together. All problems are raised at once."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
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
from cxlib.sources.sql import Connection, row
from cxlib.sources.stage import Staged, clockless, read_values, stage, to_canonical

Given = TypeVar("Given")
Done = TypeVar("Done")


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


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What there is to say about an import, whose rows are the tables `t_<table>` of the connection."""

    as_of: datetime
    """When the exports were made, naive UTC."""
    columns: Mapping[str, tuple[str, ...]]
    """Canonical columns, by table, that an export really brings."""
    ledger: tuple[LedgerEntry, ...]
    warnings: tuple[Problem, ...]
    stated: Mapping[str, tuple[datetime | None, datetime | None]] = field(default_factory=dict)
    """From when to when (naive UTC) the owner says that a table is whole, by table."""
    clockless: tuple[str, ...] = ()
    """Times, such as "tickets.created_at", that are days without a clock in the exports."""
    notes: tuple[str, ...] = ()
    """What the import did beyond the mapping, and the warnings that someone has accepted."""


def attempt(step: Callable[[Given], Done], all_given: Iterable[Given]) -> tuple[list[Done], list[Problem]]:
    """Return what a step made of the exports that can be read, and the problems of the others."""
    done, problems = list[Done](), list[Problem]()
    for given in all_given:
        try:
            done.append(step(given))
        except UnreadableError as error:
            problems.append(error.problem)
    return done, problems


def prepare_input(connection: Connection, folder: Path, work: Path, numbered: tuple[int, Plan]) -> Prepared:
    """Bring an export's input to hand."""
    number, plan = numbered
    if plan.format == "postgresql":
        return Prepared(plan, number, tables=(read_postgresql(connection, plan, f"raw_{number}_0"),))
    paths = find(plan, folder)
    if plan.format == "duckdb":
        read_in = [read_duckdb(connection, plan, path, f"raw_{number}_{place}") for place, path in enumerate(paths)]
        return Prepared(plan, number, tables=tuple(read_in))
    files = tuple(prepare(plan, path, work) for path in paths)
    return Prepared(look_into(plan, files), number, files)


def read_input(connection: Connection, one: Prepared) -> tuple[Prepared, Raw]:
    """Read an export, as it was hashed."""
    files = [read(connection, one.plan, file, f"raw_{one.number}_{place}") for place, file in enumerate(one.files)]
    for file in one.files:
        if sha256(file.original) != file.given.sha256:
            what = "the file was written to while it was read"
            fix = "Wait until the export is whole, then run it again."
            raise UnreadableError("cut-file", one.plan.where_in(file.given.name), what, fix)
    return one, source_view(connection, one.plan, f"source_{one.number}", one.tables or files)


def import_all(
    connection: Connection, sources: Sources, raws: Sequence[tuple[Prepared, Raw]], problems: Sequence[Problem]
) -> tuple[Imported, Sequence[Staged]]:
    """Import every export into canonical tables; expressions of the mapping run from here on.

    Raises SourceError with all problems that block, of all exports, `problems` included.
    """
    ledger.create(connection)
    stated = sources.workbook.as_of
    as_of = stated.astimezone(UTC).replace(tzinfo=None) if stated is not None else None
    exports, found, notes = list[Staged](), list(problems), list[str]()
    for one, raw in raws:
        staged, own = _import(connection, sources, one, raw, as_of)
        standing = settle(own, one.plan.export.accept, notes)
        found += standing
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
        found += settle([*link.coverage(connection, staged), *late], staged.plan.export.accept, notes)
    _stop(found)
    free_text.scrub(connection, exports)
    final = as_of or link.latest_event(connection)
    if final is None:
        what, fix = "no event time says when the exports were made", "Write as_of in [workbook]."
        raise SourceError([Problem("after-as-of", "workbook", what, fix)])
    imported = Imported(
        as_of=final,
        columns=_columns(connection, exports),
        ledger=tuple(ledger.entry(staged) for staged in exports),
        warnings=tuple(found),
        stated=_stated(exports, sources.workbook.reporting_time_zone),
        clockless=tuple(sorted({f"{one.plan.table.name}.{name}" for one in exports for name in one.clockless})),
        notes=tuple(notes),
    )
    return imported, exports


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
    connection: Connection, sources: Sources, one: Prepared, raw: Raw, as_of: datetime | None
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
        if _blocking(settle(found, plan.export.accept, notes=[])):
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


def _columns(connection: Connection, exports: Sequence[Staged]) -> dict[str, tuple[str, ...]]:
    """Return, by table, the columns that some export brings; some also where they were filled from others."""
    brought: dict[str, tuple[str, ...]] = {}
    for table in link.tables(connection):
        names = {name for staged in exports if staged.plan.table == table for name in staged.columns}
        may_be_filled = {"customer_id", "satisfaction"} & set(table.column_names)
        names |= {one for one in may_be_filled if row(connection, f"SELECT count({one}) FROM t_{table.name}")[0]}
        brought[table.name] = tuple(name for name in table.column_names if name in names)
    return brought
