"""The plan of one export: what `sources.toml` says, laid over what the vendor's exports are known to be."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cxlib.errors import ConfigError
from cxlib.nearest import did_you_mean, listed
from cxlib.sources.config import Export, Format, Mapping, Vendor
from cxlib.sources.sql import literal
from cxlib.tables import TABLES, Table
from cxlib.toml import read_toml

ENDINGS: dict[str, Format] = {
    ".duckdb": "duckdb",
    ".parquet": "parquet",
    **dict.fromkeys((".csv", ".txt"), "csv"),
    **dict.fromkeys((".tsv", ".tab"), "tsv"),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), "json"),
    **dict.fromkeys((".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"), "excel"),
}


VENDORS = {
    path.stem: {ready.table: ready for ready in read_toml(path, Vendor, "install cxlib again").export}
    for path in sorted((Path(__file__).parent / "vendors").glob("*.toml"))
}
"""Every ready mapping, by vendor and canonical table."""


@dataclass(frozen=True)
class Plan:
    """One export, ready to import.

    `lenient` names the columns whose rule comes from the vendor: where the file lacks the source
    column, such a canonical column stays empty; a rule of the user's own must find its columns.
    So do `vendor_reasons` for the rules that reject rows or values.
    """

    export: Export
    table: Table
    format: Format
    lenient: frozenset[str]
    vendor_reasons: frozenset[str]

    @property
    def name(self) -> str:
        return self.export.name

    @property
    def marks(self) -> str:
        """Decimal and thousands marks as arguments of the macros."""
        return f"{literal(self.export.decimal)}, {literal(self.export.thousands)}"

    def where(self, column: str = "") -> str:
        """Return `name (path)` with the canonical column and what it is read from."""
        place = self.where_in(self.export.path or self.export.source_table)
        rule = self.export.columns.get(column)
        origin = f' from "{rule.column[0]}"' if rule is not None and rule.column else ""
        return f"{place}, {column}{origin}" if column else place

    def where_in(self, file: str) -> str:
        """Return `name (file)`."""
        return f"{self.name} ({file})"


def _format(export: Export) -> Format:
    if export.format is not None or export.url:
        return export.format or "postgresql"
    path = export.path.lower()
    ending = Path(path.removesuffix(".zip")).suffix
    if ending not in ENDINGS and not path.endswith(".zip"):
        raise ConfigError(f'export "{export.name}": the format of "{export.path}" is not clear; write format = "csv"')
    return ENDINGS.get(ending, "csv")


def plan(export: Export, file: str) -> Plan:
    """Lay an export over its vendor's mapping; a ConfigError names what is nearest to a name that is not known."""
    place = f'{file}: export "{export.name}"'
    if export.table and export.table not in TABLES:
        raise ConfigError(f'{place}: unknown table "{export.table}"{did_you_mean(export.table, TABLES)}')
    ready = _ready(export, place)
    merged = _merge(export, ready)
    table = TABLES[merged.table]
    if complaint := next(_wrong_names(merged, table), ""):
        raise ConfigError(f"{place}{complaint}")
    own = {rule.reason for rule in (*export.reject, *export.unknown)}
    reasons = {rule.reason for rule in (*ready.reject, *ready.unknown)}
    lenient = frozenset({*merged.columns} - {*export.columns})
    return Plan(merged, table, _format(merged), lenient, frozenset(reasons - own))


def _ready(export: Export, place: str) -> Mapping:
    """Return the vendor's mapping of an export; an empty one where it names no vendor."""
    if not export.vendor:
        if not export.table:
            raise ConfigError(f'{place}: the key "table" is missing; one of {listed(sorted(TABLES), len(TABLES))}')
        return Mapping(table=export.table)
    if export.vendor not in VENDORS:
        raise ConfigError(f'{place}: unknown vendor "{export.vendor}"{did_you_mean(export.vendor, VENDORS)}')
    known = VENDORS[export.vendor]
    if not export.table and len(known) > 1:
        raise ConfigError(f"{place}: {export.vendor} has several layouts; write table = one of {listed(sorted(known))}")
    table = export.table or next(iter(known))
    if table not in known:
        advice = "leave vendor out and write [export.columns]"
        raise ConfigError(
            f'{place}: {export.vendor} has layouts for {listed(sorted(known))}, not for "{table}"; {advice}'
        )
    return known[table]


def _merge(export: Export, ready: Mapping) -> Export:
    """Return the export with the ready keys below its own.

    A column that the export maps itself loses the ready value map: it belongs to another source. So does the search
    in the header for what the export states. The export's own reasons come first: the first rule that fits wins.
    """
    own, below = ({name: getattr(one, name) for name in one.model_fields_set} for one in (export, ready))
    for stated, sought in (("header_rows", "header_goes_on"), ("time_zone", "time_zone_in_header")):
        if stated in own:
            below.pop(sought, None)
    values = {column: pairs for column, pairs in ready.values.items() if column not in export.columns}
    values |= {name: values.get(name, {}) | pairs for name, pairs in export.values.items()}
    both = {key: (*getattr(export, key), *getattr(ready, key)) for key in ("reject", "unknown", "accept")}
    return Export.model_validate(below | own | both | {"columns": ready.columns | export.columns, "values": values})


def _wrong_names(export: Export, table: Table) -> Iterator[str]:
    names = table.column_names
    if not export.columns:
        yield ": [export.columns] is missing; without a vendor every column must be named"
    used = [(f"values.{name}", name) for name in export.values]
    used += [("unknown", rule.column) for rule in export.unknown]
    for name, rule in export.columns.items():
        others = (rule.minutes_after, rule.not_before, rule.not_after)
        used += [(f"columns.{name}", one) for one in (name, *filter(None, others))]
    for key, name in used:
        if name not in names:
            yield f', {key}: table "{table.name}" has no column "{name}"{did_you_mean(name, names)}'
    for name, rule in export.columns.items():
        base = rule.minutes_after
        if base and {table.column(name).type, table.column(base).type} != {"time"}:
            yield f', columns.{name}: "minutes_after" joins two times'
        if base and (base not in export.columns or export.columns[base].minutes_after):
            yield f', columns.{name}: "minutes_after" needs columns.{base}, read from the export itself'
    if export.prefix and not prefixed(table):
        yield f': "prefix" has nothing to stand before in table "{table.name}"'
    for column in table.columns:
        if column.required and column.name not in export.columns:
            yield f': table "{table.name}" needs columns.{column.name} ({column.meaning})'


def prefixed(table: Table) -> tuple[str, ...]:
    """Return the columns that `prefix` goes before: the own key, an event's ticket, a merge's survivor."""
    of_others = {column for column, other in table.references.items() if other != "tickets"}
    own = {*table.key, "merged_into", *table.references} - of_others
    return tuple(column.name for column in table.columns if column.type == "id" and column.name in own)
