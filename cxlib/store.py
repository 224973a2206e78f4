"""Snapshots: the canonical tables of one import as Parquet, written once, whole or not at all.

A snapshot lies in `<folder>/<id>/`: `tables/`, `rejected/` and `manifest.json`. It is built beside, in
`.staging-import-…-<pid>/`, brought to disk and renamed; a crash at any step leaves earlier snapshots whole. Unpacked
exports lie there too, for as long as the import runs; what a run that was killed has left, the next one removes.
The id is a hash of the input bytes, the mapping and the versions, so the same input gives the same id.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
from pydantic import TypeAdapter

from cxlib import __version__
from cxlib.definitions import Definitions, load_definitions
from cxlib.errors import SnapshotError
from cxlib.files import keep_private, locked, put_in_place, remove_leftovers, sha256, staging, write_json
from cxlib.sources import InputFile, Sources, load_sources
from cxlib.sources.importing import Imported, Prepared, attempt, import_all, prepare_input, read_input
from cxlib.sources.ledger import rejected_rows
from cxlib.sources.sql import Connection, columns_sql, connect, literal, lock, row
from cxlib.sources.stage import Staged
from cxlib.tables import TABLES

FORMAT = 2
MANIFEST = "manifest.json"


@dataclass(frozen=True, kw_only=True)
class Snapshot(Imported):
    """An opened snapshot."""

    folder: Path
    id: str
    """First 12 hexadecimal digits of its content hash."""
    company: str
    time_zone: str
    currency: str
    """Of the reports, as the time zone."""
    rates: Mapping[str, float]
    """What one unit of a currency is worth in the reporting currency."""
    inputs: tuple[InputFile, ...]
    definitions: Definitions = field(default_factory=Definitions)
    """What the company means by its words: no part of the data, so another word needs no other import."""

    def parquet(self, table: str) -> Path | None:
        """Return the file of a canonical table, None where no export fills it."""
        return self.folder / "tables" / f"{table}.parquet" if table in self.columns else None


_AS_DATA = TypeAdapter(Snapshot)


def build_snapshot(sources_file: Path, folder: Path | None = None) -> Snapshot:
    """Import the exports that `sources.toml` names; an identical snapshot is used again.

    Paths in the file are relative to its folder; the snapshots lie in `snapshots` beside it, if no `folder` is given.
    Only their owner can read them. Raises ConfigError if the file is not right, SourceError if an export cannot be
    imported and SnapshotError if the snapshot cannot be written; earlier snapshots stay whole.
    """
    folder, definitions = folder or sources_file.parent / "snapshots", load_definitions(sources_file)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        remove_leftovers(folder)
        with staging(folder, "import") as work, closing(connect(str(work / "spilled"))) as connection:
            return replace(_build(connection, sources_file, folder, work), definitions=definitions)
    except OSError as error:
        raise SnapshotError(
            f"an export cannot be read, or the snapshot could not be written in {folder}: {error}. Earlier snapshots "
            "are whole; make room or check the permissions, then run it again"
        ) from error


def _build(connection: Connection, sources_file: Path, folder: Path, work: Path) -> Snapshot:
    """Import the exports in `work`, which is gone afterwards, and put the snapshot into its place."""
    sources, plans = load_sources(sources_file)
    files, workbook = work / "files", sources.workbook
    files.mkdir()
    step = partial(prepare_input, connection, sources_file.parent, files)
    prepared, problems = attempt(step, enumerate(plans))
    name = "" if problems else content_id(sources, prepared)
    if name and (whole := _whole(folder / name)):
        return whole
    raws, unread = attempt(partial(read_input, connection), prepared)
    lock(connection, work)
    imported, exports = import_all(connection, sources, raws, [*problems, *unread])
    snapshot = Snapshot(
        folder=folder / name,
        id=name,
        company=workbook.company,
        time_zone=workbook.reporting_time_zone,
        currency=workbook.reporting_currency,
        rates=sources.all_rates,
        inputs=tuple(file for one in prepared for file in one.inputs),
        **vars(imported),
    )
    _write(connection, snapshot, exports, work / name)
    return open_snapshot(folder / name)


def content_id(sources: Sources, prepared: Sequence[Prepared]) -> str:
    """Return the id: a hash of input bytes, mappings over their vendors', and versions; no path of this machine."""
    said = {
        "format": FORMAT,
        "version": __version__,
        "code": _import_code(),
        "workbook": sources.workbook.model_dump(mode="json", exclude={"pseudonym_key_file"}),
        "rates": dict(sorted(sources.rates.items())),
        "exports": [
            one.plan.export.model_dump(mode="json", exclude={"path", "url"})
            | {"format": one.plan.format, "lenient": sorted(one.plan.lenient)}
            for one in prepared
        ],
        "inputs": [asdict(file) for one in prepared for file in one.inputs],
    }
    text = json.dumps(said, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]


@cache
def _import_code() -> str:
    """Return a hash of the code and the mappings that import: an analyst who changes them gets another snapshot."""
    digest = hashlib.sha256()
    package = Path(__file__).parent
    inside = [path for path in (package / "sources").rglob("*.*") if path.suffix in (".py", ".sql", ".toml")]
    for path in sorted([*inside, package / "tables.py", package / "store.py"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def open_snapshot(folder: Path) -> Snapshot:
    """Open a snapshot and prove that its tables are those that were written; raises SnapshotError if they are not."""
    manifest, again = folder / MANIFEST, "build the snapshot again from the exports"
    try:
        said = json.loads(manifest.read_text(encoding="utf-8"))
        if not isinstance(said, dict) or said.get("format") != FORMAT:
            raise SnapshotError(f"{manifest} is of another format than {FORMAT}; {again}")
        snapshot = _AS_DATA.validate_python(said | {"folder": folder})
        hashes = {name: table["sha256"] for name, table in said["tables"].items()}
    except (FileNotFoundError, NotADirectoryError) as error:
        advice = "name the folder of one snapshot, or build it from the exports"
        raise SnapshotError(f"{folder} is not a snapshot: it has no {MANIFEST}; {advice}") from error
    except (OSError, ValueError, KeyError) as error:
        raise SnapshotError(f"{manifest} cannot be read ({error}); {again}") from error
    for name, expected in hashes.items():
        path = folder / "tables" / f"{name}.parquet"
        if not path.is_file():
            raise SnapshotError(f"{path} is missing; {again}")
        if sha256(path) != expected:
            raise SnapshotError(f"{path} is not what was written (its hash differs); {again}")
    return snapshot


def _whole(folder: Path) -> Snapshot | None:
    try:
        return open_snapshot(folder)
    except SnapshotError:
        return None


def _write(connection: Connection, snapshot: Snapshot, exports: Sequence[Staged], path: Path) -> None:
    """Write everything into the folder `path`, bring it to disk, and rename it into place."""
    path.mkdir()
    tables = {
        name: f"SELECT {columns_sql(TABLES[name].column_names)} FROM t_{name} ORDER BY {columns_sql(TABLES[name].key)}"
        for name in snapshot.columns
    }
    rejected = {
        staged.plan.name: rejected_rows(staged)
        for staged, entry in zip(exports, snapshot.ledger, strict=True)
        if entry.rejected
    }
    manifest = _AS_DATA.dump_python(snapshot, mode="json", exclude={"folder", "definitions"}) | {
        "format": FORMAT,
        "version": __version__,
        "exports": [
            one.plan.export.model_dump(include={"name", "vendor", "encoding", "time_zone"})
            | {"table": one.plan.table.name, "format": one.plan.format}
            for one in exports
        ],
        "tables": _copy(connection, tables, path / "tables"),
        "rejected": _copy(connection, rejected, path / "rejected"),
    }
    write_json(path / MANIFEST, manifest)
    keep_private(path)
    with locked(snapshot.folder.parent):
        if not _whole(snapshot.folder):  # else another process finished the same meanwhile
            put_in_place(path, snapshot.folder)


def _copy(connection: Connection, queries: Mapping[str, str], folder: Path) -> dict[str, dict[str, Any]]:
    """Write the rows of queries as Parquet files of their names; return what the manifest says of each."""
    folder.mkdir()
    said = {}
    for name, query in queries.items():
        path = folder / f"{name}.parquet"
        try:
            (rows,) = row(connection, f"COPY ({query}) TO {literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")
        except duckdb.IOException as error:
            raise OSError(str(error).splitlines()[0]) from error
        said[name] = {"rows": rows, "sha256": sha256(path), "bytes": path.stat().st_size}
    return said
