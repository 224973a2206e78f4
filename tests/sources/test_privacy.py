"""What README.md and data/README.md promise of people: hashed, scrubbed, for the owner only, gone afterwards."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pandas as pd
import pytest

import cxlib
from cxlib.engine import Engine
from cxlib.errors import ConfigError, SourceError
from cxlib.sources.free_text import scrubbed
from sources.drop import HEAD, Drop

Z = "2026-10-01T10:00:00Z"
SAMPLE = Path(__file__).parents[2] / "data" / "sources.toml"


def desk(drop: Drop, header: str, *rows: str, columns: str, keys: str = "") -> None:
    lines = (f"Id,Created,{header}", *(f"{n},{Z},{row}" for n, row in enumerate(rows, 1)))
    drop.file("desk.csv", "\n".join(lines) + "\n")
    drop.tickets(keys, columns)


def refused(drop: Drop) -> str:
    with pytest.raises(SourceError) as caught:
        drop.build()
    assert drop.written() == []
    return str(caught.value)


# --- free text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Write to Jane.Doe@firm.example or j@x", "Write to [address] or [address]"),
        ("Call +49 (30) 123-45.67 now", "Call [number] now"),
        ("شماره +۰۰ ۰۰۰ ۰۳۴۳ است", "شماره [number] است"),
        ("IBAN TR330006100519786457841326", "IBAN TR[number]"),
        ("12 of 2026, 3.5 % and 1.250,50 EUR stay", "12 of 2026, 3.5 % and 1.250,50 EUR stay"),
        ("Dear Anna Lee,\nall is well", "Dear [name],\nall is well"),
        ("Merhaba Ayşe, her şey yolunda", "Merhaba [name], her şey yolunda"),
        ("Frau Müller und Dr. Weiß halfen", "Frau [name] und Dr. [name] halfen"),
        ("İlsabe Hanım ve Can Bey yardım etti", "[name] Hanım ve [name] Bey yardım etti"),
        ("Works.\nBest regards,\nJ. Doe", "Works.\nBest regards,\n[name]"),
        ("Thanks, Jane", "Thanks, [name]"),
        ("My name is Bo", "My name is [name]"),
        ("با احترام، علی رضایی", "با احترام، [name]"),
        ("آقای احمدی", "آقای [name]"),
        # what a theme needs stays
        (
            "Great! Good value for the price. Thanks for the help",
            "Great! Good value for the price. Thanks for the help",
        ),
        ("Teşekkürler! Kullanımı çok kolay.", "Teşekkürler! Kullanımı çok kolay."),
        ("Hi there, the app is slow", "Hi there, the app is slow"),
    ],
)
def test_free_text_without_addresses_numbers_and_names(text: str, clean: str) -> None:
    assert scrubbed(text) == clean
    assert scrubbed(clean) == clean, "once is enough"


def test_names_that_the_exports_hold_are_removed_from_every_text(drop: Drop) -> None:
    """Agents, requesters in a column that is not mapped, customers of another export; whatever the letter case."""
    drop.file("accounts.csv", "Id,Name\nc1,Rosenthal Works GmbH\n")
    desk(
        drop,
        "Agent,Requester,Text",
        "İpek Işık,Sean O'Brien,ipek ışık and IŞIK knew; sean o'brien and Sean's team too",
        "Rose May,,the rose fades but Rose stays; Rosenthal Works GmbH and its Works",
        ",,İpek'e sorun",
        columns='agent = "Agent"\ncomment = "Text"',
    )
    path = drop.folder / "sources.toml"
    path.write_text(
        path.read_text() + '[[export]]\nname = "accounts"\npath = "accounts.csv"\ntable = "customers"\n'
        '[export.columns]\ncustomer_id = "Id"\n'
    )
    assert list(drop.table()["comment"]) == [
        "[name] and [name] knew; [name] and [name]'s team too",
        "the rose fades but [name] stays; [name] and its Works",
        "[name]'e sorun",
    ]


def test_a_survey_keeps_the_scrubbed_text_with_its_consent(drop: Drop) -> None:
    drop.file(
        "answers.csv", f"Id,At,Why,Quote,RecipientLastName\n1,{Z},Ask Zorlukent on 0532 123 45 67,yes,Zorlukent\n"
    )
    drop.toml(
        '[[export]]\nname = "a"\npath = "answers.csv"\ntable = "survey_answers"\n[export.columns]\nanswer_id = "Id"\n'
        'survey = { value = "s" }\ninstrument = { value = "nps" }\ncompleted_at = "At"\ncomment = "Why"\n'
        'may_quote = "Quote"\n'
    )
    row = drop.table("survey_answers").iloc[0]
    assert (row["comment"], row["may_quote"]) == ("Ask [name] on [number]", True)


def test_no_person_of_the_sample_is_in_a_comment(sample: object) -> None:
    """Against the names and addresses of the exports themselves, read here by pandas."""
    path = sample.parquet("survey_answers")  # type: ignore[attr-defined]
    comments = pd.read_parquet(path)["comment"].dropna()
    assert len(comments) == 1204
    raw = SAMPLE.parent / "sample" / "raw"
    desk_of_2023 = pd.read_csv(raw / "zendesk_tickets_2023.csv", dtype=str)
    asked = pd.read_csv(raw / "qualtrics_relationship.csv", dtype=str, skiprows=[1, 2])
    people = {*desk_of_2023["Requester"], *desk_of_2023["Assignee"]}
    people |= {*(asked["RecipientFirstName"] + " " + asked["RecipientLastName"])}
    said = "\n".join(comments).casefold()
    assert [name for name in people if isinstance(name, str) and name.casefold() in said] == []
    assert "@" not in said
    assert not re.search(r"\d[\d ]{6,}", said)
    assert comments.str.contains("[name]", regex=False).sum() >= 35


# --- addresses elsewhere


def test_an_address_in_a_category_stops_until_it_is_accepted_as_masked(drop: Drop) -> None:
    rows = ("login,a", "ask JANE@firm.example now,b", "login,bo@x.example")
    desk(drop, "Topic,Group", *rows, columns='topic = "Topic"\nagent_group = "Group"')
    said = refused(drop)
    assert said == (
        "2 problems; nothing was written.\n"
        'desk (desk.csv), agent_group from "Group": 1 value with what looks like an e-mail address (first: row 4: '
        '"[address]"). Map another column, or mask it with accept = ["address"].\n'
        'desk (desk.csv), topic from "Topic": 1 value with what looks like an e-mail address (first: row 3: "ask '
        '[address] now"). Map another column, or mask it with accept = ["address"].'
    )
    desk(drop, "Topic,Group", *rows, keys='accept = ["address"]', columns='topic = "Topic"\nagent_group = "Group"')
    snapshot = drop.build()
    assert list(drop.table(snapshot=snapshot)["topic"]) == ["login", "ask [address] now", "login"]
    assert [warning.rows for warning in snapshot.warnings] == [1, 1]
    assert "firm" not in (snapshot.folder / "manifest.json").read_text()


def test_an_assignment_keeps_no_name_and_a_state_its_words(drop: Drop) -> None:
    drop.file("log.csv", f"Id,Ticket,At,What,Old,New\n1,t,{Z},assign,Jane Doe,Bo Li\n2,t,{Z},status,open,solved\n")
    drop.toml(
        '[[export]]\nname = "log"\npath = "log.csv"\ntable = "ticket_events"\n[export.columns]\nevent_id = "Id"\n'
        'ticket_id = "Ticket"\noccurred_at = "At"\nkind = "What"\nvalue_before = "Old"\nvalue_after = "New"\n'
    )
    rows = drop.table("ticket_events")
    assert list(rows["value_before"].fillna("")) == ["", "open"]
    assert list(rows["value_after"].fillna("")) == ["", "solved"]


def test_rejected_rows_hold_no_text_that_only_an_expression_reads(drop: Drop) -> None:
    desk(
        drop,
        "Letter,Topic,State",
        "I am Jane and angry,a@b.example,spam",
        columns='topic = "Topic"\nis_complaint = { sql = "contains(Letter, \'angry\')" }\nsegment = "State"',
    )
    path = drop.folder / "sources.toml"
    path.write_text(path.read_text() + "[[export.reject]]\nreason = 'spam'\nwhen = \"State = 'spam'\"\n")
    rejected = pd.read_parquet(drop.build().folder / "rejected" / "desk.parquet")
    assert list(rejected.columns) == ["file", "row", "reason", "Id", "Created", "Topic", "State"]
    assert rejected["Topic"].iloc[0] == "[address]"


# --- the key


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "the key is missing"),
        ("sample", "the key has 6 characters; it needs 16"),
        ("fifteen letters", "the key has 15 characters"),
        ("aaaaaaaaaaaaaaaaaaaa", "not always the same"),
    ],
)
@pytest.mark.parametrize("columns", ['agent = "Who"', 'email_key = "Who"', 'customer_id = "Who"'])
def test_a_key_that_is_missing_or_weak(
    drop: Drop, monkeypatch: pytest.MonkeyPatch, key: str, why: str, columns: str
) -> None:
    monkeypatch.setenv("CX_PSEUDONYM_KEY", key)
    desk(drop, "Who", "a@b.example", columns=columns)
    said = refused(drop)
    assert why in said
    assert said.startswith("workbook: addresses and names are kept as keyed hashes, but the key ")
    assert 'write pseudonym_key_file = "pseudonym_key" under [workbook]; or set CX_PSEUDONYM_KEY in the' in said
    assert key not in said.replace("such as", "") or not key


def test_no_key_is_needed_where_there_are_no_people(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CX_PSEUDONYM_KEY")
    desk(drop, "Topic", "login", columns='topic = "Topic"')
    assert len(drop.table()) == 1


def test_the_key_of_a_file_goes_before_the_environment_and_is_written_nowhere(drop: Drop) -> None:
    desk(drop, "Who", "a@b.example", columns='agent = "Who"')
    from_environment = drop.build()
    path = drop.folder / "sources.toml"
    path.write_text(path.read_text().replace("[rates]", 'pseudonym_key_file = "key of ours"\n[rates]'))
    with pytest.raises(ConfigError, match='pseudonym_key_file: "key of ours" cannot be read; put a long random text'):
        drop.build()
    drop.file("key of ours", "another key, long enough\n")
    snapshot = drop.build()
    assert snapshot.id != from_environment.id
    agents = [drop.table(snapshot=one)["agent"].iloc[0] for one in (snapshot, from_environment)]
    assert len(set(agents)) == 2
    for file in snapshot.folder.rglob("*"):
        assert not file.is_file() or b"long enough" not in file.read_bytes()


def test_the_sample_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from cxlib.sources import load_sources

    monkeypatch.delenv("CX_PSEUDONYM_KEY")
    assert len(load_sources(SAMPLE)[0].workbook.pseudonym_key) >= 16


# --- who may read it, and what is left


def modes(folder: Path) -> set[tuple[bool, int]]:
    return {(path.is_dir(), path.stat().st_mode & 0o777) for path in (folder, *folder.rglob("*"))}


def test_snapshots_facts_and_rejected_rows_are_their_owners_only(drop: Drop) -> None:
    before = os.umask(0)
    try:
        (drop.folder / "snapshots").mkdir()
        desk(drop, "Topic", "login", "spam", columns='topic = "Topic"')
        path = drop.folder / "sources.toml"
        path.write_text(path.read_text() + "[[export.reject]]\nreason = 'spam'\nwhen = \"Topic = 'spam'\"\n")
        snapshot = drop.build()
        with Engine(snapshot) as engine:
            engine.fact("ticket")
    finally:
        os.umask(before)
    assert {"tables", "rejected", "facts"} <= {path.name for path in snapshot.folder.iterdir()}
    assert modes(drop.folder / "snapshots") == {(True, 0o700), (False, 0o600)}


def started(folder: Path) -> subprocess.Popen[str]:
    """Return `cx check` of a zipped export, running, as soon as the export lies unpacked."""
    rows = "".join(f"{n},{Z},c{n}@x.example\n" for n in range(200_000))
    with zipfile.ZipFile(folder / "desk.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("desk.csv", f"Id,Created,Mail\n{rows}")
    drop = Drop(folder)
    path = drop.tickets(columns='email_key = "Mail"', head=HEAD)
    path.write_text(path.read_text().replace("desk.csv", "desk.zip"))
    environment = {**os.environ, "PYTHONPATH": str(Path(cxlib.__file__).parents[1]), "TMPDIR": str(folder / "tmp")}
    (folder / "tmp").mkdir(exist_ok=True)
    run = subprocess.Popen(
        [sys.executable, "-m", "cxlib", "check", "--sources", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    while not list(folder.glob("snapshots/.staging-*/files/*")):
        assert run.poll() is None, run.communicate()
        time.sleep(0.01)
    return run


@pytest.mark.parametrize(("number", "later"), [(signal.SIGTERM, 0.0), (signal.SIGHUP, 0.7)])
def test_a_signal_ends_an_import_cleanly_with_one_line(tmp_path: Path, number: signal.Signals, later: float) -> None:
    run = started(tmp_path)
    time.sleep(later)
    run.send_signal(number)
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out) == (128 + number, "")
    assert err == f"stopped by {number.name}; what was published and imported before is whole\n"
    assert list((tmp_path / "snapshots").iterdir()) == []
    assert list((tmp_path / "tmp").iterdir()) == []


def test_what_a_killed_import_leaves_is_its_owners_only_and_the_next_run_removes_it(tmp_path: Path) -> None:
    run = started(tmp_path)
    run.kill()
    run.communicate()
    (left,) = (tmp_path / "snapshots").iterdir()
    assert left.name.startswith(".staging-import-")
    assert left.stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "tmp").iterdir()) == [], "nothing lies in the folder that all share"
    snapshot = Drop(tmp_path).build()
    assert [path.name for path in (tmp_path / "snapshots").iterdir()] == [snapshot.id]
