"""One import: every export read, mapped and checked, then put together. All problems are raised at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from cxlib.errors import Problem, SourceError
from cxlib.sources import checks, keys, ledger, link, numbers, read
from cxlib.sources.config import Sources
from cxlib.sources.database import read_postgresql
from cxlib.sources.files import InputFile, LocalFile, UnreadableError, find, prepare
from cxlib.sources.layout import Plan
from cxlib.sources.ledger import LedgerEntry
from cxlib.sources.raw import Raw, RawTable, source_view
from cxlib.sources.resolve import resolve
from cxlib.sources.rules import settle
from cxlib.sources.sql import row
from cxlib.sources.stage import Staged, read_values, stage, to_canonical
from cxlib.sources.words import without_addresses


@dataclass(frozen=True)
class Prepared:
    """An export whose input is at hand and hashed; a database's rows are read already."""

    plan: Plan
    number: int
    files: tuple[LocalFile, ...] = ()
    tables: tuple[RawTable, ...] = ()

    @property
    def inputs(self) -> tuple[InputFile, ...]:
        return tuple(file.given for file in self.files) or tuple(table.given for table in self.tables)


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
) -> tuple[tuple[Prepared, ...], list[Problem]]:
    """Bring every export's input to hand; returns those that could be, and the problems of the others."""
    prepared, problems = [], []
    for number, plan in enumerate(plans):
        try:
            prepared.append(_prepare(connection, plan, number, folder, work))
        except UnreadableError as error:
            problems.append(error.problem)
    return tuple(prepared), problems


def _prepare(connection: duckdb.DuckDBPyConnection, plan: Plan, number: int, folder: Path, work: Path) -> Prepared:
    if plan.format == "postgresql":
        return Prepared(plan, number, tables=(read_postgresql(connection, plan, f"raw_{number}_0"),))
    paths = find(plan, folder)
    if plan.format == "duckdb":
        tables = tuple(
            read.read(connection, plan, LocalFile(InputFile(plan.name, path.name, 0, ""), path), f"raw_{number}_{file}")
            for file, path in enumerate(paths)
        )
        return Prepared(plan, number, tables=tables)
    files = tuple(prepare(plan, path, work) for path in paths)
    return Prepared(_looked_into(plan, files), number, files)


def _looked_into(plan: Plan, files: Sequence[LocalFile]) -> Plan:
    """Return the plan with what only the files themselves tell; all files of an export must tell the same."""
    if plan.layout is None or plan.layout.look is None:
        return plan
    told = [dict(plan.layout.look(records)) for records in read.look(plan, files)]
    for other, file in zip(told[1:], files[1:], strict=True):
        if other != told[0]:
            raise UnreadableError(
                Problem(
                    "different-headers",
                    f"{plan.name} ({file.given.name})",
                    f'the file says {other}, but "{files[0].given.name}" says {told[0]}',
                    "Import it as an [[export]] of its own.",
                )
            )
    fresh = {key: value for key, value in (told[0] if told else {}).items() if key not in plan.given}
    return replace(plan, export=plan.export.model_copy(update=fresh)) if fresh else plan


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
    as_of = sources.workbook.as_of
    stated = as_of.astimezone(UTC).replace(tzinfo=None) if as_of is not None else None
    exports: list[Staged] = []
    found = list(problems)
    notes: list[str] = []
    for one in prepared:
        staged, standing, accepted = _import(connection, sources, one, stated)
        found += standing
        notes += accepted
        if staged is not None:
            exports.append(staged)
    _raise_blocking(found)
    found += link.unite(connection, exports)
    _raise_blocking(found)
    across, more = _across(connection, sources, exports, stated)
    found += across
    _raise_blocking(found)
    final = stated or link.latest_event(connection)
    if final is None:
        raise SourceError(
            [
                Problem(
                    "after-as-of",
                    "workbook",
                    "no event time says when the exports were made",
                    "Write as_of in [workbook].",
                )
            ]
        )
    return Imported(
        tuple(exports),
        final,
        _columns(connection, exports),
        ledger.entries(connection, exports),
        tuple(found),
        tuple(notes + more),
    )


def _import(
    connection: duckdb.DuckDBPyConnection, sources: Sources, one: Prepared, as_of: datetime | None
) -> tuple[Staged | None, list[Problem], list[str]]:
    """Import one export; returns None for it where a problem blocks."""
    plan, found = one.plan, list[Problem]()
    try:
        staged = _staged(connection, sources, one, as_of, found)
    except UnreadableError as error:
        found.append(error.problem)
    except duckdb.Error as error:
        line = without_addresses(str(error).strip().splitlines()[0])
        found.append(
            Problem(
                "sql",
                plan.where(),
                f"an expression failed on a value: {line}",
                "Correct the expression; number(...) reads numbers in the stated format.",
            )
        )
    standing, notes = settle(found, plan.export.accept)
    blocked = any(problem.blocks for problem in standing)
    return (None if blocked else staged), standing, notes


def _staged(
    connection: duckdb.DuckDBPyConnection, sources: Sources, one: Prepared, as_of: datetime | None, found: list[Problem]
) -> Staged | None:
    """Run the steps of one export, adding the problems of each to `found`."""
    raw = _raw(connection, one)
    found += checks.row_counts(one.plan.name, raw)
    resolved = resolve(connection, one.plan, raw)
    found += resolved.problems
    if any(problem.blocks for problem in resolved.problems):
        return None
    staged = stage(connection, one.plan, raw, resolved, one.number, sources.workbook.reporting_time_zone)
    read_values(connection, staged, sources.workbook.pseudonym_key)
    ledger.note_rules(connection, staged)
    rates = {**sources.rates, sources.workbook.reporting_currency: 1.0}
    found += checks.values(connection, staged)
    found += checks.currencies(connection, staged, rates)
    exponents, unclear = numbers.exponents(connection, staged)
    found += unclear
    standing, _ = settle(found, one.plan.export.accept)
    if any(problem.blocks for problem in standing):
        return None
    to_canonical(connection, staged, as_of, exponents)
    found += keys.one_row_per_key(connection, staged)
    found += checks.table_checks(connection, staged)
    connection.execute(f"DROP TABLE {staged.parsed}")
    return staged


def _raw(connection: duckdb.DuckDBPyConnection, one: Prepared) -> Raw:
    tables = one.tables or tuple(
        read.read(connection, one.plan, file, f"raw_{one.number}_{number}") for number, file in enumerate(one.files)
    )
    raw, create = source_view(one.plan, f"source_{one.number}", tables)
    connection.execute(create)
    return raw


def _across(
    connection: duckdb.DuckDBPyConnection, sources: Sources, exports: Sequence[Staged], as_of: datetime | None
) -> tuple[list[Problem], list[str]]:
    """Run the steps that need all tables."""
    found, notes = list[Problem](), list[str]()
    if any(staged.plan.table.name == "customers" for staged in exports):
        found += link.survivors(connection)
        if any(problem.blocks for problem in found):
            return found, notes
        notes += link.fill_from_addresses(connection)
        notes += link.follow_merges(connection)
        link.drop_own_accounts(connection)
    per_export = list(link.coverage(connection, exports))
    if as_of is not None:
        per_export += link.after_as_of(connection, exports, as_of, sources.workbook.reporting_time_zone)
    for staged in exports:
        own = [problem for problem in per_export if problem.where.startswith(f"{staged.plan.name} (")]
        standing, accepted = settle(own, staged.plan.export.accept)
        found += standing
        notes += accepted
    return found, notes


def _columns(connection: duckdb.DuckDBPyConnection, exports: Sequence[Staged]) -> dict[str, tuple[str, ...]]:
    """Return, by table, the columns that some export brings; customer_id also where it was filled."""
    brought: dict[str, tuple[str, ...]] = {}
    for table in link.tables(connection):
        names = {name for staged in exports if staged.plan.table == table for name in staged.columns}
        filled = (
            "customer_id" in table.column_names
            and row(connection, f"SELECT count(customer_id) FROM t_{table.name}")[0] > 0
        )
        if filled:
            names.add("customer_id")
        brought[table.name] = tuple(name for name in table.column_names if name in names)
    return brought


def _raise_blocking(found: Sequence[Problem]) -> None:
    blocking = [problem for problem in found if problem.blocks]
    if blocking:
        raise SourceError(blocking)
