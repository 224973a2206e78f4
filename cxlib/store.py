"""Snapshots: the canonical tables of one import as Parquet, written once, whole or not at all.

A snapshot lies in `<folder>/<id>/`: `tables/`, `rejected/` and `manifest.json`. It is built beside, in
`.staging-<id>-<pid>/`, brought to disk and renamed; a crash at any step leaves earlier snapshots whole.
The id is a hash of the input bytes, the mapping and the versions, so the same input gives the same id.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb

from cxlib import __version__
from cxlib.errors import Problem, SnapshotError
from cxlib.nearest import did_you_mean
from cxlib.sources import InputFile, LedgerEntry, Sources, load_sources
from cxlib.sources.disk import clean, copy, sha256, to_disk, write_text
from cxlib.sources.importing import Imported, Prepared, import_all, prepare_all
from cxlib.sources.ledger import canonical_rows, rejected_rows
from cxlib.sources.sql import connect
from cxlib.tables import TABLES

FORMAT = 1
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Snapshot:
    """An opened snapshot.

    Parameters
    ----------
    folder : Path
        Where it lies.
    id : str
        First 12 hexadecimal digits of its content hash.
    company : str
        Name as shown on the pages.
    as_of : datetime
        When the exports were made, naive UTC.
    time_zone, currency : str
        Of the reports.
    rates : Mapping of str to float
        What one unit of a currency is worth in the reporting currency.
    columns : Mapping of str to tuple of str
        Canonical columns, by table, that an export really brings.
    ledger : tuple of LedgerEntry
    warnings : tuple of Problem
        What the reports print.
    inputs : tuple of InputFile
    notes : tuple of str
        What the import did beyond the mapping, and the warnings that someone has accepted.
    """

    folder: Path
    id: str
    company: str
    as_of: datetime
    time_zone: str
    currency: str
    rates: Mapping[str, float]
    columns: Mapping[str, tuple[str, ...]]
    ledger: tuple[LedgerEntry, ...]
    warnings: tuple[Problem, ...]
    inputs: tuple[InputFile, ...]
    notes: tuple[str, ...] = ()

    def parquet(self, table: str) -> Path | None:
        """Return the file of a canonical table, None where no export fills it.

        Raises
        ------
        SnapshotError
            If there is no canonical table of that name.
        """
        if table not in TABLES:
            raise SnapshotError(f'there is no canonical table "{table}"{did_you_mean(table, TABLES)}')
        return self.folder / "tables" / f"{table}.parquet" if table in self.columns else None


def build_snapshot(sources_file: Path, folder: Path | None = None) -> Snapshot:
    """Import the exports that `sources.toml` names; an identical snapshot is used again.

    Parameters
    ----------
    sources_file : Path
        Paths in it are relative to its folder.
    folder : Path, optional
        Where the snapshots lie; in `snapshots` beside the file by default.

    Raises
    ------
    ConfigError
        If `sources.toml` is not right.
    SourceError
        If an export cannot be imported; nothing is written then.
    SnapshotError
        If the snapshot cannot be written; earlier ones stay whole.
    """
    sources, plans = load_sources(sources_file)
    folder = folder or sources_file.parent / "snapshots"
    with tempfile.TemporaryDirectory(prefix="cx-") as work, closing(connect(work)) as connection:
        files = Path(work) / "files"
        files.mkdir()
        prepared, problems = prepare_all(connection, plans, sources_file.parent, files)
        name = "" if problems else content_id(sources, prepared)
        if name and (folder / name).is_dir():
            try:
                return open_snapshot(folder / name)
            except SnapshotError:
                pass  # it was damaged after it was written: build it anew
        imported = import_all(connection, sources, prepared, problems)
        try:
            _write(connection, folder, name, sources, prepared, imported)
        except OSError as error:
            raise SnapshotError(
                f"snapshot {name} could not be written in {folder}: {error}. Earlier snapshots are whole; "
                "make room or check the permissions, then run it again"
            ) from error
    return open_snapshot(folder / name)


def content_id(sources: Sources, prepared: Sequence[Prepared]) -> str:
    """Return the id: a hash of input bytes, resolved mapping and versions; no path of this machine."""
    said = {
        "format": FORMAT,
        "version": __version__,
        "code": _import_code(),
        "workbook": sources.workbook.model_dump(mode="json"),
        "rates": dict(sorted(sources.rates.items())),
        "exports": [_mapping(one) for one in prepared],
        "inputs": [asdict(file) for one in prepared for file in one.inputs],
    }
    text = json.dumps(said, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:12]


@cache
def _import_code() -> str:
    """Return a hash of the code that imports: an analyst who changes it gets another snapshot."""
    digest = hashlib.sha256()
    package = Path(__file__).parent
    for path in sorted([*(package / "sources").glob("*.py"), package / "tables.py", package / "store.py"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _mapping(one: Prepared) -> dict[str, Any]:
    """Return an export's mapping as laid over its vendor's, without where the file lies."""
    plan = one.plan
    said: dict[str, Any] = plan.export.model_dump(mode="json", exclude={"path", "url"})
    return {**said, "format": plan.format, "lenient": sorted(plan.lenient)}


def open_snapshot(folder: Path) -> Snapshot:
    """Open a snapshot and prove that its tables are those that were written.

    Raises
    ------
    SnapshotError
        If the manifest is missing or not readable, or a table differs from its hash.
    """
    manifest = _read_manifest(folder)
    for name, said in manifest["tables"].items():
        path = folder / "tables" / f"{name}.parquet"
        if not path.is_file():
            raise SnapshotError(f"{path} is missing; build the snapshot again from the exports")
        if sha256(path) != said["sha256"]:
            raise SnapshotError(
                f"{path} is not what was written (its hash differs); build the snapshot again from the exports"
            )
    return Snapshot(
        folder=folder,
        id=manifest["id"],
        company=manifest["company"],
        as_of=datetime.fromisoformat(manifest["as_of"]),
        time_zone=manifest["time_zone"],
        currency=manifest["currency"],
        rates=manifest["rates"],
        columns={table: tuple(names) for table, names in manifest["columns"].items()},
        ledger=tuple(LedgerEntry(**entry) for entry in manifest["ledger"]),
        warnings=tuple(Problem(**problem) for problem in manifest["warnings"]),
        inputs=tuple(InputFile(**file) for file in manifest["inputs"]),
        notes=tuple(manifest["notes"]),
    )


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise SnapshotError(
            f"{folder} is not a snapshot: it has no {MANIFEST}; name the folder of one snapshot, or build it "
            "from the exports"
        ) from error
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{path} cannot be read ({error}); build the snapshot again from the exports") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise SnapshotError(f"{path} is of another format than {FORMAT}; build the snapshot again from the exports")
    return manifest


def _write(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    name: str,
    sources: Sources,
    prepared: Sequence[Prepared],
    imported: Imported,
) -> None:
    """Write everything into a staging folder, bring it to disk, and rename it into place."""
    folder.mkdir(parents=True, exist_ok=True)
    clean(folder)
    staging = folder / f".staging-{name}-{os.getpid()}"
    try:
        for part in ("tables", "rejected"):
            (staging / part).mkdir(parents=True)
        tables = {}
        for table in imported.columns:
            canonical = TABLES[table]
            query = canonical_rows(table, canonical.key, canonical.column_names)
            tables[table] = copy(connection, query, staging / "tables" / f"{table}.parquet")
        rejected = {
            staged.plan.name: copy(
                connection, rejected_rows(staged), staging / "rejected" / f"{staged.plan.name}.parquet"
            )
            for staged, entry in zip(imported.exports, imported.ledger, strict=True)
            if entry.rejected
        }
        manifest = _manifest(name, sources, prepared, imported) | {"tables": tables, "rejected": rejected}
        write_text(staging / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
        for finished in (staging / "tables", staging / "rejected", staging):
            to_disk(finished)
        _put_in_place(staging, folder / name)
        to_disk(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _put_in_place(staging: Path, target: Path) -> None:
    """Rename the finished folder; one that another process finished meanwhile is as good."""
    if target.exists():
        try:
            open_snapshot(target)
        except SnapshotError:
            os.rename(target, target.with_name(f".damaged-{target.name}-{os.getpid()}"))
        else:
            return
    try:
        os.rename(staging, target)
    except OSError:
        open_snapshot(target)


def _manifest(name: str, sources: Sources, prepared: Sequence[Prepared], imported: Imported) -> dict[str, Any]:
    workbook = sources.workbook
    return {
        "format": FORMAT,
        "version": __version__,
        "id": name,
        "company": workbook.company,
        "as_of": imported.as_of.isoformat(),
        "time_zone": workbook.reporting_time_zone,
        "currency": workbook.reporting_currency,
        "rates": {**sources.rates, workbook.reporting_currency: 1.0},
        "exports": [
            {
                "name": one.plan.name,
                "vendor": one.plan.export.vendor,
                "table": one.plan.table.name,
                "format": one.plan.format,
                "encoding": one.plan.export.encoding,
                "time_zone": one.plan.export.time_zone,
            }
            for one in prepared
        ],
        "columns": {table: list(names) for table, names in imported.columns.items()},
        "ledger": _dicts(imported.ledger),
        "warnings": _dicts(imported.warnings),
        "inputs": _dicts(file for one in prepared for file in one.inputs),
        "notes": list(imported.notes),
    }


def _dicts(values: Iterable[LedgerEntry | Problem | InputFile]) -> list[dict[str, Any]]:
    return [asdict(value) for value in values]
