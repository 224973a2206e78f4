"""A vendor's layout as data, and the plan of one export: what the file says laid over it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cxlib.errors import ConfigError
from cxlib.nearest import did_you_mean, listed
from cxlib.sources.config import Export, Format
from cxlib.tables import TABLES, Table

Records = Sequence[Sequence[str]]

ENDINGS: dict[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".xlsx": "excel",
    ".xlsm": "excel",
    ".xlsb": "excel",
    ".xls": "excel",
    ".ods": "excel",
    ".parquet": "parquet",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".duckdb": "duckdb",
}


@dataclass(frozen=True)
class Layout:
    """How one vendor's file becomes one canonical table.

    Parameters
    ----------
    vendor, table : str
        Names as written in `sources.toml`.
    mapping : Mapping
        The keys of an `[[export]]` that the vendor fixes, in the same words as `sources.toml`.
    look : callable, optional
        Takes the first records of a file and returns keys that only the file itself tells.
    """

    vendor: str
    table: str
    mapping: Mapping[str, Any] = field(repr=False)
    look: Callable[[Records], Mapping[str, Any]] | None = None


@dataclass(frozen=True)
class Plan:
    """One export, ready to import.

    `lenient` names the columns whose rule comes from the vendor: where the file lacks the source
    column, such a canonical column stays empty; a rule of the user's own must find its columns.
    """

    export: Export
    table: Table
    layout: Layout | None = None
    lenient: frozenset[str] = frozenset()
    given: frozenset[str] = frozenset()
    vendor_reasons: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.export.name

    @property
    def format(self) -> Format:
        return file_format(self.export)

    def where(self, column: str = "") -> str:
        """Return `name (path)` with the canonical column and what it is read from."""
        place = f"{self.name} ({self.export.path or self.export.source_table})"
        rule = self.export.columns.get(column)
        origin = f' from "{rule.column[0]}"' if rule is not None and rule.column else ""
        return f"{place}, {column}{origin}" if column else place


def file_format(export: Export) -> Format:
    """Return the format of an export's files, by the key or by the ending.

    Raises
    ------
    ConfigError
        If neither tells.
    """
    if export.format is not None:
        return export.format
    if export.url:
        return "postgresql"
    path = export.path.lower().removesuffix(".zip")
    for ending, name in ENDINGS.items():
        if path.endswith(ending):
            return name
    if export.path.lower().endswith(".zip"):
        return "csv"
    raise ConfigError(f'export "{export.name}": the format of "{export.path}" is not clear; write format = "csv"')


def plan(export: Export, vendors: Mapping[str, Mapping[str, Layout]], file: str) -> Plan:
    """Lay an export over its vendor's layout and check the names it uses.

    Raises
    ------
    ConfigError
        If the vendor, the table or a column is not known; names the nearest.
    """
    place = f'{file}: export "{export.name}"'
    if export.table and export.table not in TABLES:
        raise ConfigError(f'{place}: unknown table "{export.table}"{did_you_mean(export.table, TABLES)}')
    layout = _layout(export, vendors, place)
    if layout is None and not export.table:
        raise ConfigError(f'{place}: the key "table" is missing; one of {listed(sorted(TABLES), len(TABLES))}')
    given = frozenset(export.model_fields_set)
    merged = _merge(export, layout) if layout else export
    table = TABLES[merged.table]
    own = frozenset(export.columns)
    lenient = frozenset(merged.columns) - own
    reasons = (
        frozenset(rule["reason"] for key in ("reject", "unknown") for rule in layout.mapping.get(key, ()))
        if layout
        else frozenset[str]()
    )
    own_reasons = frozenset(rule.reason for rule in (*export.reject, *export.unknown))
    result = Plan(merged, table, layout, lenient, given, reasons - own_reasons)
    _check_names(result, place)
    file_format(merged)
    return result


def _layout(export: Export, vendors: Mapping[str, Mapping[str, Layout]], place: str) -> Layout | None:
    if not export.vendor:
        return None
    if export.vendor not in vendors:
        raise ConfigError(f'{place}: unknown vendor "{export.vendor}"{did_you_mean(export.vendor, vendors)}')
    layouts = vendors[export.vendor]
    if not export.table and len(layouts) == 1:
        return next(iter(layouts.values()))
    if not export.table:
        raise ConfigError(
            f"{place}: {export.vendor} has several layouts; write table = one of {listed(sorted(layouts))}"
        )
    if export.table not in layouts:
        raise ConfigError(
            f'{place}: {export.vendor} has layouts for {listed(sorted(layouts))}, not for "{export.table}"; '
            "leave vendor out and write [export.columns]"
        )
    return layouts[export.table]


def override(export: Export, ready: Mapping[str, Any]) -> Export:
    """Return the export with ready keys below its own."""
    own = {name: getattr(export, name) for name in export.model_fields_set}
    merged: dict[str, Any] = {**ready, **own}
    merged["columns"] = {**ready.get("columns", {}), **own.get("columns", {})}
    maps = {**ready.get("values", {})}
    for column, pairs in own.get("values", {}).items():
        maps[column] = {**maps.get(column, {}), **pairs}
    merged["values"] = maps
    # the analyst's own reasons come first: the first rule that fits wins
    merged["reject"] = (*own.get("reject", ()), *ready.get("reject", ()))
    merged["unknown"] = (*own.get("unknown", ()), *ready.get("unknown", ()))
    merged["accept"] = (*own.get("accept", ()), *ready.get("accept", ()))
    return Export.model_validate(merged)


def _merge(export: Export, layout: Layout) -> Export:
    """Return the export with the vendor's keys below its own.

    A column that the export maps itself loses the vendor's value map: it belongs to another source.
    """
    ready = {key: value for key, value in layout.mapping.items() if key != "values"}
    ready["values"] = {
        column: pairs for column, pairs in layout.mapping.get("values", {}).items() if column not in export.columns
    }
    return override(export, {**ready, "table": layout.table})


def _check_names(plan: Plan, place: str) -> None:
    """Check every canonical name that the mapping uses."""
    export, names = plan.export, plan.table.column_names
    if not export.columns:
        raise ConfigError(f"{place}: [export.columns] is missing; without a vendor every column must be named")
    used = [(f"columns.{name}", name) for name in export.columns]
    used += [(f"values.{name}", name) for name in export.values]
    used += [("unknown", rule.column) for rule in export.unknown]
    for name, rule in export.columns.items():
        used += [(f"columns.{name}", other) for other in (rule.minutes_after, rule.not_before, rule.not_after) if other]
    for key, name in used:
        if name not in names:
            raise ConfigError(
                f'{place}, {key}: table "{plan.table.name}" has no column "{name}"{did_you_mean(name, names)}'
            )
    for name, rule in export.columns.items():
        _check_time_rule(plan, place, name, rule.minutes_after)
    if export.prefix and not prefixed(plan.table):
        raise ConfigError(f'{place}: "prefix" has nothing to stand before in table "{plan.table.name}"')
    for column in plan.table.columns:
        if column.required and column.name not in export.columns:
            raise ConfigError(f'{place}: table "{plan.table.name}" needs columns.{column.name} ({column.meaning})')


def _check_time_rule(plan: Plan, place: str, name: str, base: str) -> None:
    if not base:
        return
    if plan.table.column(name).type != "time" or plan.table.column(base).type != "time":
        raise ConfigError(f'{place}, columns.{name}: "minutes_after" joins two times')
    rule = plan.export.columns.get(base)
    if rule is None or rule.minutes_after:
        raise ConfigError(f'{place}, columns.{name}: "minutes_after" needs columns.{base}, read from the export itself')


def prefixed(table: Table) -> tuple[str, ...]:
    """Return the columns that `prefix` goes before: the own key, an event's ticket, a merge's survivor."""
    elsewhere = {reference.column for reference in table.references if reference.table != "tickets"}
    own = {*table.key, "merged_into", *(reference.column for reference in table.references)}
    return tuple(c.name for c in table.columns if c.type == "id" and c.name in own and c.name not in elsewhere)
