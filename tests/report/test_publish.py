from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

import pytest
from lxml import html

from cxlib import files
from cxlib.errors import PublishError
from cxlib.files import put_in_place, recover, remove_leftovers, replace_text, staging
from cxlib.report.manifest import Manifest, Missing, Published, Tile, read_manifest
from cxlib.report.publish import publish, write_portal

ROOT = Path(__file__).parents[2]


def report(
    name: str, shown: Sequence[str] = ("87.3 %",), snapshot: str = "aaaaaaaaaaaa", pdf: bool = True
) -> Published:
    return Published(
        name=name,
        title=f"Title {name}",
        about=f"About {name}",
        order=1,
        as_of=datetime(2026, 11, 9, 6),
        snapshot=snapshot,
        notebook_sha256="0",
        parameters={"month": "2026-10"},
        html_sha256="0",
        pdf_sha256="0" if pdf else "",
        pages=3 if pdf else 0,
        tiles=tuple(Tile(metric="csat", period="2026-10", shown=text) for text in shown),
    )


def manifest(*reports: Published, month: str = "2026-10", failed: tuple[Missing, ...] = ()) -> Manifest:
    return Manifest(
        month=month,
        language="en",
        company="Kuzey Cloud",
        time_zone="Europe/Istanbul",
        as_of=datetime(2026, 11, 9, 6),
        snapshot=reports[0].snapshot,
        versions={"cxlib": "0.1.0"},
        reports=reports,
        failed=failed,
    )


def published(out: Path, record: Manifest, text: str = "new", keep: Sequence[str] = ()) -> tuple[Path, Manifest]:
    """Stage files with one text and publish them."""
    out.mkdir(exist_ok=True)
    with staging(out, "test") as folder:
        pages = folder / "pages"
        pages.mkdir()
        for item in record.reports:
            for name in item.files:
                (pages / name).write_text(f"{text} {name}")
        return record.folder(out), publish(pages, record, out, keep)


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.iterdir()) if path.name != "manifest.json"}


def test_a_month_is_published_with_record_and_index(tmp_path: Path) -> None:
    folder, record = published(tmp_path, manifest(report("monthly")))
    assert folder == tmp_path / "2026-10" / "en"
    assert content(folder) == {"monthly.html": "new monthly.html", "monthly.pdf": "new monthly.pdf"}
    assert read_manifest(folder) == record
    assert sorted(path.name for path in tmp_path.iterdir()) == ["2026-10", "index.html"]


def test_a_new_run_replaces_everything_and_keeps_what_is_named(tmp_path: Path) -> None:
    published(tmp_path, manifest(report("monthly"), report("support"), report("gone")), "old")
    folder, record = published(tmp_path, manifest(report("monthly", pdf=False)), "new", keep=["support"])
    assert content(folder) == {
        "monthly.html": "new monthly.html",
        "support.html": "old support.html",
        "support.pdf": "old support.pdf",
    }
    assert [item.name for item in record.reports] == ["monthly", "support"]


def test_a_failed_report_is_marked_and_its_earlier_version_stays(tmp_path: Path) -> None:
    broken = Missing(name="support", title="Title support", order=2, kept=False)
    _, first = published(tmp_path, manifest(report("monthly"), failed=(broken,)))
    assert (first.partial, first.failed[0].kept) == (True, False)
    published(tmp_path, manifest(report("monthly"), report("support")))
    _, again = published(tmp_path, manifest(report("monthly"), failed=(broken,)), keep=["support"])
    assert (again.partial, again.failed[0].kept) == (True, True)
    _, only = published(tmp_path, manifest(report("monthly")), keep=["support"])
    assert [item.name for item in only.failed] == ["support"], "a run of another report does not mend it"


def test_a_published_number_does_not_move_without_a_word(tmp_path: Path) -> None:
    folder, before = published(tmp_path, manifest(report("monthly", ["87.3 %", "90.1 %"])), "old")
    moved = manifest(report("monthly", ["87.3 %", "90.4 %"], snapshot="bbbbbbbbbbbb"))
    with pytest.raises(PublishError) as error:
        published(tmp_path, moved)
    text = str(error.value)
    assert text.startswith("1 published number of 2026-10 (en) would move; nothing was published:\n")
    assert '  monthly: csat 2026-10: "90.1 %" -> "90.4 %"\n' in text
    assert f"add this line to {tmp_path / 'CHANGES.md'}, end it with the reason, and run again:" in text
    line = text.splitlines()[-1]
    assert line == "## 2026-10 restated with snapshot bbbbbbbbbbbb: …"
    assert read_manifest(folder) == before
    assert content(folder)["monthly.html"] == "old monthly.html"
    for wrong in (
        "## 2026-09 restated with snapshot bbbbbbbbbbbb\n",
        "## 2026-10 restated with snapshot aaaaaaaaaaaa\n",
        "2026-10 bbbbbbbbbbbb\n",
    ):
        (tmp_path / "CHANGES.md").write_text(wrong)
        with pytest.raises(PublishError):
            published(tmp_path, moved)
    (tmp_path / "CHANGES.md").write_text(line.replace("…", "late answers came in.") + "\n\nMore about it.\n")
    published(tmp_path, moved)
    assert "Restated: with snapshot bbbbbbbbbbbb: late answers came in." in " ".join(
        html.document_fromstring((tmp_path / "index.html").read_text()).text_content().split()
    )


def test_what_is_new_or_gone_does_not_count_as_moved(tmp_path: Path) -> None:
    published(tmp_path, manifest(report("monthly", ["87.3 %"])))
    published(tmp_path, manifest(report("monthly", ["87.3 %", "1"], snapshot="bbbbbbbbbbbb"), report("new", ["5"])))
    published(tmp_path, manifest(report("monthly", [], snapshot="cccccccccccc")))


def test_a_damaged_record_stops_the_month_it_is_of_and_no_other(tmp_path: Path) -> None:
    folder, _ = published(tmp_path, manifest(report("monthly")))
    (folder / "manifest.json").write_text("{")
    with pytest.raises(PublishError) as error:
        published(tmp_path, manifest(report("monthly")))
    assert "manifest.json is missing or damaged" in str(error.value)
    assert f"remove the folder {folder} to publish the month anew" in str(error.value)
    published(tmp_path, manifest(report("monthly"), month="2026-11"))
    index = html.document_fromstring((tmp_path / "index.html").read_text()).text_content()
    assert "The record of 2026-10/en cannot be read, so its reports are not listed." in index
    assert "November 2026" in index


def test_two_renames_do_it_where_folders_cannot_be_exchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "exchange", lambda one, other: False)
    published(tmp_path, manifest(report("monthly")), "old")
    folder, _ = published(tmp_path, manifest(report("monthly")), "new")
    assert content(folder)["monthly.html"] == "new monthly.html"
    assert [path.name for path in folder.parent.iterdir()] == ["en"]


def test_exchange_is_one_step_here(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / name).touch()
    if not files.exchange(tmp_path / "a", tmp_path / "b"):
        pytest.skip("this file system cannot exchange folders")
    assert os.listdir(tmp_path / "a") == ["b"]
    with pytest.raises(OSError, match="No such file"):
        files.exchange(tmp_path / "a", tmp_path / "nowhere")


def test_recover_brings_back_what_was_moved_away(tmp_path: Path) -> None:
    month = tmp_path / "2026-10"
    for name in (".old-tr", "fa", ".old-de", "de"):
        (month / name).mkdir(parents=True)
        (month / name / "x").write_text(name)
    assert recover(tmp_path)
    assert {path.name: (path / "x").read_text() for path in month.iterdir()} == {
        "tr": ".old-tr", "fa": "fa", "de": "de",
    }  # fmt: skip
    assert not recover(tmp_path)


def test_a_text_is_replaced_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "index.html"
    replace_text(path, "old")

    def no_space(one: object, other: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(os, "replace", no_space)
    with pytest.raises(OSError, match="no space"):
        replace_text(path, "new")
    assert [(item.name, item.read_text()) for item in tmp_path.iterdir()] == [("index.html", "old")]


DYING = """
import os, sys
from pathlib import Path
from report import test_publish as t
from cxlib import files

can_exchange = sys.argv[1] == "yes"
record = t.manifest(t.report("monthly", pdf=False), t.report("support", pdf=False))
steps, die_at, reports = 0, 0, None

def step():
    global steps
    steps += 1
    if steps == die_at:
        os._exit(77)

def dying(function):
    def call(*arguments, **named):
        step()
        result = function(*arguments, **named)
        step()
        return result
    return call

def heard(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        step()

t.published(Path(sys.argv[2]), record, "warm")  # loads all there is to load, before the forks
for name in ("rename", "replace", "fsync", "mkdir", "unlink", "rmdir"):
    setattr(os, name, dying(getattr(os, name)))
files.exchange = dying(files.exchange) if can_exchange else lambda one, other: False
sys.addaudithook(heard)
for line in sys.stdin:
    number, _, folder = line.rstrip().partition(" ")
    child = os.fork()
    if not child:
        steps, die_at = 0, int(number)
        t.published(Path(folder), record, "new")
        os.write(1, f"lived {steps}\\n".encode())
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status):
        os.write(1, f"died {os.waitstatus_to_exitcode(status)}\\n".encode())
"""


class Dying:
    """A process that publishes in forks of itself, each of which dies at one step."""

    def __init__(self, can_exchange: bool, scratch: Path) -> None:
        command = [sys.executable, "-c", DYING, "yes" if can_exchange else "no", str(scratch)]
        path = os.pathsep.join([str(ROOT), str(ROOT / "tests"), *sys.path[1:]])
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
        )

    def publish(self, out: Path, die_at: int) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{die_at} {out}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._process.communicate()


@pytest.mark.slow
@pytest.mark.parametrize("can_exchange", [True, False])
def test_a_run_killed_at_any_step_leaves_whole_pages(tmp_path: Path, can_exchange: bool) -> None:
    base, names = tmp_path / "base", ("monthly", "support")
    record = manifest(*(report(name, pdf=False) for name in names))
    published(base, record, "old")
    whole = [{f"{name}.html": f"{text} {name}.html" for name in names} for text in ("old", "new")]
    seen = set()
    with Dying(can_exchange, tmp_path / "warm") as dying:
        count = int(dying.publish(copy(base, tmp_path / "count"), 0).removeprefix("lived "))
        assert count > 20
        for die_at in range(1, count + 1):
            out = copy(base, tmp_path / f"out-{die_at}")
            assert dying.publish(out, die_at) == "died 77"
            if not can_exchange:
                recover(out)
            after = content(out / "2026-10" / "en")
            assert after in whole, f"step {die_at}"
            seen.add(after["monthly.html"])
            check_index(out)
            if die_at % 5 == 0:
                remove_leftovers(out)
                again, _ = published(out, record, "new")
                assert content(again) == whole[1]
                assert sorted(path.name for path in out.iterdir()) == ["2026-10", "index.html"]
                assert [path.name for path in (out / "2026-10").iterdir()] == ["en"]
    assert seen == {"old monthly.html", "new monthly.html"}


def check_index(out: Path) -> None:
    """Assert that the record can be read and the index leads to files that are there."""
    assert json.loads((out / "2026-10" / "en" / "manifest.json").read_text())["month"] == "2026-10"
    links = html.document_fromstring((out / "index.html").read_text()).xpath("//li//a/@href")
    assert links == ["2026-10/en/monthly.html", "2026-10/en/support.html"]
    assert all((out / link).is_file() for link in links)


def copy(base: Path, target: Path) -> Path:
    shutil.copytree(base, target)
    return target


def test_put_in_place_of_a_first_month(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a").write_text("a")
    put_in_place(tmp_path / "new", tmp_path / "2026-10" / "en")
    assert content(tmp_path / "2026-10" / "en") == {"a": "a"}
    assert not (tmp_path / "new").exists()


def test_the_index_of_nothing(tmp_path: Path) -> None:
    write_portal(tmp_path)
    assert "Nothing has been published yet." in (tmp_path / "index.html").read_text()
