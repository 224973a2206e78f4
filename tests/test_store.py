"""Snapshots: whole or not at all, the same again for the same input, and never a silent change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

import cxlib
from cxlib import files, store
from cxlib.errors import SnapshotError, SourceError
from cxlib.store import Snapshot, build_snapshot, open_snapshot
from cxlib.tables import TABLES

TOML = """
[workbook]
company = "Kuzey Cloud"
reporting_time_zone = "Europe/Istanbul"
reporting_currency = "EUR"
as_of = 2026-11-09T06:00:00Z
pseudonym_key_file = "key"
[rates]
USD = 0.92
[[export]]
name = "desk"
path = "raw/desk.csv"
table = "tickets"
[export.columns]
ticket_id = "Id"
created_at = "Created"
email_key = "Mail"
[[export.reject]]
reason = "spam"
when = "Tags = 'spam'"
"""
HEADER = "Id,Created,Mail,Tags\n"


def lay_out(folder: Path, rows: int = 5) -> Path:
    """Write an export and its `sources.toml`; ids fall, so that order has to be made."""
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    lines = [
        f"{n:07d},2026-10-01T10:00:00Z,p{n}@x.example,{'spam' if n % 5 == 0 else ''}\n" for n in range(rows, 0, -1)
    ]
    (folder / "raw" / "desk.csv").write_text(HEADER + "".join(lines))
    (folder / "key").write_text("many secret words")
    sources = folder / "sources.toml"
    sources.write_text(TOML)
    return sources


def build(folder: Path) -> Snapshot:
    return build_snapshot(folder / "sources.toml", folder / "snapshots")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_snapshot_says_what_it_holds(tmp_path: Path) -> None:
    lay_out(tmp_path)
    snapshot = build(tmp_path)
    assert snapshot.folder == tmp_path / "snapshots" / snapshot.id
    assert len(snapshot.id) == 12
    assert (snapshot.company, snapshot.time_zone, snapshot.currency) == ("Kuzey Cloud", "Europe/Istanbul", "EUR")
    assert snapshot.as_of == datetime(2026, 11, 9, 6)
    assert dict(snapshot.rates) == {"USD": 0.92, "EUR": 1.0}
    assert dict(snapshot.columns) == {"tickets": ("ticket_id", "email_key", "created_at")}
    assert str(snapshot.ledger[0]) == "read 5 = kept 4 + spam 1"
    assert [(file.export, file.name) for file in snapshot.inputs] == [("desk", "desk.csv")]
    assert contents(snapshot.folder).keys() == {"manifest.json", "tables/tickets.parquet", "rejected/desk.parquet"}
    path = snapshot.parquet("tickets")
    assert path is not None
    table = pd.read_parquet(path)
    assert tuple(table.columns) == TABLES["tickets"].column_names
    assert table["ticket_id"].is_monotonic_increasing
    assert snapshot.parquet("costs") is None
    assert open_snapshot(snapshot.folder) == snapshot


def test_same_input_elsewhere_is_byte_identical(tmp_path: Path) -> None:
    lay_out(tmp_path / "here", 150_000)
    lay_out(tmp_path / "there", 150_000)
    here, there = build(tmp_path / "here"), build(tmp_path / "there")
    assert here.id == there.id
    assert contents(here.folder) == contents(there.folder)
    manifest = (here.folder / "manifest.json").read_text()
    assert str(tmp_path) not in manifest
    assert "secret" not in manifest


def test_identical_snapshot_is_used_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(tmp_path)
    first = build(tmp_path)
    monkeypatch.setattr(store, "import_all", lambda *_: pytest.fail("imported again"))
    assert build(tmp_path) == first


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("USD = 0.92", "USD = 0.93"),
        ("06:00:00Z", "07:00:00Z"),
        ('reason = "spam"', 'reason = "s"'),
        ("Europe/Istanbul", "Europe/Berlin"),
        ('email_key = "Mail"', 'email_key = "Id"'),
    ],
)
def test_other_mapping_gives_another_id(tmp_path: Path, old: str, new: str) -> None:
    sources = lay_out(tmp_path)
    first = build(tmp_path)
    sources.write_text(TOML.replace(old, new))
    assert build(tmp_path).id != first.id
    assert open_snapshot(first.folder) == first


def test_other_bytes_or_version_give_another_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(tmp_path)
    first = build(tmp_path)
    monkeypatch.setattr(store, "__version__", cxlib.__version__ + ".1")
    second = build(tmp_path)
    lay_out(tmp_path, 6)
    assert len({first.id, second.id, build(tmp_path).id}) == 3


def test_folder_of_the_export_is_not_in_the_id(tmp_path: Path) -> None:
    sources = lay_out(tmp_path)
    first = build(tmp_path)
    (tmp_path / "raw").rename(tmp_path / "moved")
    sources.write_text(TOML.replace("raw/", "moved/"))
    assert build(tmp_path).id == first.id


def test_nothing_is_written_when_an_export_is_wrong(tmp_path: Path) -> None:
    lay_out(tmp_path)
    (tmp_path / "raw" / "desk.csv").write_text(HEADER + "1,yesterday,,\n")
    with pytest.raises(SourceError):
        build(tmp_path)
    assert not list((tmp_path / "snapshots").iterdir())


# --- damage


def test_folder_that_is_no_snapshot(tmp_path: Path) -> None:
    with pytest.raises(
        SnapshotError, match=r"is not a snapshot: it has no manifest.json; name the folder of one snapshot"
    ):
        open_snapshot(tmp_path)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "manifest.json").unlink(), "is not a snapshot: it has no manifest.json"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json cannot be read"),
        (lambda folder: (folder / "manifest.json").write_text('{"format": 0}'), "is of another format than 2"),
        (lambda folder: (folder / "manifest.json").write_text('{"format": 2}'), "manifest.json cannot be read"),
        (
            lambda folder: (folder / "tables" / "tickets.parquet").unlink(),
            "tickets.parquet is missing; build the snapshot again",
        ),
        (
            lambda folder: (folder / "tables" / "tickets.parquet").write_bytes(b"PAR1"),
            r"tickets.parquet is not what was written \(its hash differs\)",
        ),
    ],
)
def test_damage_is_found_and_mended_by_building_again(tmp_path: Path, damage: object, said: str) -> None:
    lay_out(tmp_path)
    first = build(tmp_path)
    whole = contents(first.folder)
    assert callable(damage)
    damage(first.folder)
    with pytest.raises(SnapshotError, match=said):
        open_snapshot(first.folder)
    assert build(tmp_path) == first
    assert contents(first.folder) == whole
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [first.id]


def test_leftovers_of_dead_builds_are_removed_and_of_running_ones_kept(tmp_path: Path) -> None:
    lay_out(tmp_path)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    folder = tmp_path / "snapshots"
    for name in (f".staging-0123456789ab-{dead.pid}", f".staging-0123456789ab-{os.getppid()}", ".staging-x"):
        (folder / name / "tables").mkdir(parents=True)
    snapshot = build(tmp_path)
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        [f".staging-0123456789ab-{os.getppid()}", snapshot.id]
    )


def test_disk_that_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out(tmp_path)
    first = build(tmp_path)
    lay_out(tmp_path, 6)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "tree_to_disk", full)
    with pytest.raises(
        SnapshotError, match=r"could not be written in .*No space left on device. Earlier snapshots are whole; make"
    ):
        build(tmp_path)
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [first.id]
    assert open_snapshot(first.folder) == first


def test_two_builds_at_once_agree(tmp_path: Path) -> None:
    lay_out(tmp_path, 2000)
    code = (
        "import sys; from pathlib import Path; from cxlib.store import build_snapshot as b; p = Path(sys.argv[1]); "
        "print(b(p / 'sources.toml', p / 'snapshots').id)"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    ids = {run.communicate()[0].strip() for run in runs}
    assert [run.returncode for run in runs] == [0, 0]
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == list(ids)


# --- a process that dies

DIES = Path(__file__).parent / "sources" / "dies.py"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fresh", "piled up"])
def test_death_at_any_step_leaves_the_last_good_state_whole(tmp_path: Path, kind: str) -> None:
    lay_out(tmp_path)
    first = build(tmp_path)
    whole = contents(first.folder)
    lay_out(tmp_path, 7)
    environment = {**os.environ, "PYTHONPATH": str(Path(cxlib.__file__).parents[1])}
    run = subprocess.run(
        [sys.executable, str(DIES), str(tmp_path), kind, first.id],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert int(run.stdout) >= 15, "every write, flush, new folder and rename is a step"
    assert contents(first.folder) == whole
    second = build(tmp_path)
    assert second.ledger[0].read == 7
    names = sorted(path.name for path in (tmp_path / "snapshots").iterdir())
    assert names == sorted([first.id, second.id])


def test_an_import_needs_no_other_folder(tmp_path: Path) -> None:
    """Exports may lie on a disk that cannot be written to."""
    lay_out(tmp_path / "data")
    before = contents(tmp_path / "data")
    build_snapshot(tmp_path / "data" / "sources.toml", tmp_path / "elsewhere" / "deep" / "snapshots")
    assert contents(tmp_path / "data") == before
    shutil.rmtree(tmp_path / "data")
