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
from cxlib.report.manifest import Failed, Manifest, Published, read_manifest
from cxlib.report.publish import publish, refuse_two_snapshots, verify, write_portal

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
        numbers={f"finding-{place}": text for place, text in enumerate(shown)},
    )


def manifest(*reports: Published, month: str = "2026-10", failed: tuple[Failed, ...] = ()) -> Manifest:
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
    with pytest.raises(PublishError, match="  gone: the page is no longer published\n"):
        published(tmp_path, manifest(report("monthly", pdf=False)), keep=["support"])
    (tmp_path / "CHANGES.md").write_text("## 2026-10 with snapshot aaaaaaaaaaaa: nobody read it\n")
    folder, record = published(tmp_path, manifest(report("monthly", pdf=False)), "new", keep=["support"])
    assert content(folder) == {
        "monthly.html": "new monthly.html",
        "support.html": "old support.html",
        "support.pdf": "old support.pdf",
    }
    assert [item.name for item in record.reports] == ["monthly", "support"]


def test_a_failed_report_is_marked_and_its_earlier_version_stays(tmp_path: Path) -> None:
    broken = Failed(name="support", title="Title support", order=2, kept=False)
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
    assert text.startswith("1 published number of 2026-10 (en) would move or go; nothing was published:\n")
    assert '  monthly: finding-1: "90.1" -> "90.4"\n' in text
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


def test_what_is_new_does_not_count_and_what_is_gone_does(tmp_path: Path) -> None:
    published(tmp_path, manifest(report("monthly", ["87.3 %"])))
    published(tmp_path, manifest(report("monthly", ["87.3 %", "1"], snapshot="bbbbbbbbbbbb"), report("new", ["5"])))
    with pytest.raises(PublishError) as error:
        published(tmp_path, manifest(report("monthly", [], snapshot="cccccccccccc"), report("new", ["5"])))
    assert '  monthly: finding-0: "87.3 %" is no longer shown\n' in str(error.value)


def test_a_reason_explains_what_moved_once(tmp_path: Path) -> None:
    published(tmp_path, manifest(report("monthly", ["1"])))
    (tmp_path / "CHANGES.md").write_text("## 2026-10 restated with snapshot aaaaaaaaaaaa: a bug\n")
    published(tmp_path, manifest(report("monthly", ["2"])))
    with pytest.raises(PublishError, match=r'"2" -> "3"'):
        published(tmp_path, manifest(report("monthly", ["3"])))


def test_a_long_list_of_moved_numbers_is_cut(tmp_path: Path) -> None:
    published(tmp_path, manifest(report("monthly", [f"{n} %" for n in range(100)])))
    with pytest.raises(PublishError) as error:
        published(tmp_path, manifest(report("monthly", [f"{n}.5 %" for n in range(100)])))
    assert "100 published numbers of 2026-10" in str(error.value)
    assert "  … and 80 more\n" in str(error.value)
    assert len(str(error.value).splitlines()) == 24


def test_pages_of_two_snapshots_do_not_stand_side_by_side(tmp_path: Path) -> None:
    record = manifest(report("monthly"), report("support"))
    published(tmp_path, record)
    refuse_two_snapshots(["monthly"], record, tmp_path)
    other = record.model_copy(update={"snapshot": "bbbbbbbbbbbb"})
    with pytest.raises(PublishError) as error:
        refuse_two_snapshots(["monthly"], other, tmp_path)
    assert str(error.value) == (
        "1 published pages of 2026-10 are of another snapshot than bbbbbbbbbbbb, which the exports give now (support). "
        "A month is of one snapshot: make all its pages, without --only"
    )
    refuse_two_snapshots(["monthly", "support"], other, tmp_path)


PAGE = '<html><body><main><p class="cx-finding" id="finding-a">Of 42 claims {n} hold.</p></main></body></html>'


def test_a_record_of_the_first_format_is_read_with_the_numbers_of_its_pages(tmp_path: Path) -> None:
    folder = tmp_path / "2026-10" / "en"
    folder.mkdir(parents=True)
    (folder / "monthly.html").write_text(PAGE.format(n=10))
    old = manifest(report("monthly", pdf=False)).model_dump(mode="json", exclude={"format", "restatements"})
    old["reports"][0] |= {"html_sha256": files.sha256(folder / "monthly.html")}
    del old["reports"][0]["numbers"]
    (folder / "manifest.json").write_text(json.dumps(old))
    found = read_manifest(folder)
    assert found is not None
    assert found.format == 1
    again = report("monthly", pdf=False)
    with pytest.raises(PublishError, match=r'  monthly: finding-a: "10" -> "11"'):
        published(tmp_path, manifest(again.model_copy(update={"numbers": {"finding-a": "42 11"}})))
    assert verify(tmp_path)[0] == ()
    (folder / "monthly.html").write_text(PAGE.format(n=12))
    assert "its hash differs" in verify(tmp_path)[0][0]


def test_a_record_of_a_later_format_is_refused(tmp_path: Path) -> None:
    folder, _ = published(tmp_path, manifest(report("monthly")).model_copy(update={"format": 3}))
    with pytest.raises(PublishError, match=r"is of format 3, and this cxlib reads up to 2; update cxlib"):
        read_manifest(folder)


def test_what_is_published_is_verified(tmp_path: Path) -> None:
    with pytest.raises(PublishError, match="nothing is published in"):
        verify(tmp_path)
    out, page = tmp_path / "2026-10" / "en", PAGE.format(n=10)
    out.mkdir(parents=True)
    (out / "monthly.html").write_text(page)
    made = report("monthly", pdf=False).model_copy(
        update={"html_sha256": files.sha256(out / "monthly.html"), "numbers": {"finding-a": "42 10"}}
    )
    (out / "manifest.json").write_text(manifest(made).model_dump_json())
    assert verify(tmp_path) == ((), "files looked at: 1, places of numbers: 1, editions: 1")
    (out / "monthly.html").write_text(page.replace("10 hold", "11 hold"))
    (out / "mine.html").write_text("x")
    assert verify(tmp_path, "2026-10")[0] == (
        f"{out / 'mine.html'}: it was not published",
        f"{out / 'monthly.html'}: it is not the file that was published (its hash differs)",
        f'{out / "monthly.html"}: finding-a: "10" -> "11"',
    )
    (out / "monthly.html").unlink()
    assert verify(tmp_path)[0][1] == f"{out / 'monthly.html'}: it is missing"
    with pytest.raises(PublishError, match="of 2026-09"):
        verify(tmp_path, "2026-09")


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
