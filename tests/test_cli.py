"""`cx`: what it prints, and with which exit code it stops."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from cxlib import cli
from cxlib.notebook import Study, run
from cxlib.store import build_snapshot
from cxlib.studies import STUDIES
from cxlib.workbook import Workbook

ROOT = Path(__file__).resolve().parents[1]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, sample_snapshots: Path) -> Path:
    """Return the sources file of the sample in a folder of its own."""
    folder = tmp_path_factory.mktemp("company")
    (folder / "snapshots").symlink_to(sample_snapshots)
    (folder / "sample").symlink_to(ROOT / "data" / "sample")
    file = folder / "sources.toml"
    file.write_text((ROOT / "data" / "sources.toml").read_text("utf-8"), "utf-8")
    return file


@pytest.fixture
def cx(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str | Path) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["cx", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            cli.main()
        out, err = capsys.readouterr()
        return int(stop.value.code or 0), out, err

    return run


def test_measure_as_csv(cx: Run, company: Path) -> None:
    code, out, err = cx("measure", "--month", "2026-10", "--by", "region", "--format", "csv", "--sources", company)
    rows = pd.read_csv(io.StringIO(out))
    assert code == 0
    assert list(rows.columns) == [
        "metric",
        "period",
        "region",
        "n",
        "value",
        "low",
        "high",
        "unit",
        "method",
        "excluded",
        "flags",
        "as_of",
    ]
    assert set(rows["period"]) == {"2026-10"}
    assert {"csat", "nps_relationship", "net_revenue_retention"} <= set(rows["metric"])
    assert {line.split(": ", 1)[1] for line in err.splitlines()} == {
        "no export brings transactions",
        "needs [[calendar]] in definitions.toml",
        "needs [[service_level]] in definitions.toml",
    }


def test_measure_as_json_and_table_give_the_same_number(cx: Run, company: Path) -> None:
    ask = ("measure", "--month", "2026-10", "--metric", "tickets_created", "--sources", company)
    record = json.loads(cx(*ask, "--format", "json")[1])[0]
    assert record["metric"] == "tickets_created"
    assert f"{record['value']:,.0f}" in cx(*ask)[1]


def test_a_breakdown_keeps_the_measures_that_have_it(cx: Run, company: Path) -> None:
    out = cx("measure", "--month", "2026-10", "--by", "touchpoint", "--format", "csv", "--sources", company)[1]
    assert set(pd.read_csv(io.StringIO(out))["metric"]) <= {
        "survey_csat",
        *(f"nps_{series}{rate}" for series in ("relationship", "touchpoint") for rate in ("", "_response_rate")),
    }


def test_a_handful_is_not_printed(cx: Run, company: Path) -> None:
    ask = ("measure", "--month", "2026-10", "--by", "touchpoint", "--metric", "nps_touchpoint", "--sources", company)
    rows = pd.read_csv(io.StringIO(cx(*ask, "--format", "csv")[1])).set_index("touchpoint")
    few = rows["flags"].fillna("") == "suppressed"
    assert few.any()
    assert rows.loc[few, ["n", "value"]].isna().all(axis=None)
    assert not rows.loc[~few, "n"].between(1, 4).any()
    assert "n < 5" in cx(*ask)[1]


def test_verify_says_what_it_looked_at_and_every_fault(cx: Run, tmp_path: Path) -> None:
    code, _, err = cx("verify", "2026-10", "--out", tmp_path)
    assert (code, err) == (2, f"error: nothing is published in {tmp_path} of 2026-10\n")
    record = {"month": "2026-10", "language": "en", "company": "A", "time_zone": "UTC", "as_of": "2026-11-09T06:00:00"}
    (tmp_path / "2026-10" / "en").mkdir(parents=True)
    manifest = tmp_path / "2026-10" / "en" / "manifest.json"
    manifest.write_text(json.dumps(record | {"snapshot": "a", "versions": {}, "format": 2, "reports": []}))
    said = "files looked at: 0, places of numbers: 0, editions: 1; no faults.\n"
    assert cx("verify", "--out", tmp_path) == (0, said, "")
    (manifest.parent / "x.html").touch()
    code, out, err = cx("verify", "--out", tmp_path)
    assert (code, out, err) == (
        1,
        said.replace("no faults", "1 faults"),
        f"{manifest.parent / 'x.html'}: it was not published\n",
    )


def test_check_prints_the_ledger_the_span_of_each_table_and_the_last_month_they_cover(cx: Run, company: Path) -> None:
    code, out, _ = cx("check", "--sources", company)
    assert code == 0
    assert "merged" in out
    assert "the last month that every table covers is 2026-10." in out
    assert re.search(r"^tickets: [\d,]+ rows, 2023-11-01 to 2026-11-08\.$", out, re.MULTILINE)
    assert "Nobody is seen leaving before 6 November 2023" in out
    assert "subscriptions.ended_at: If the exports hold everybody who left since an earlier day, write" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["measure", "--month", "October"], 'error: "October" is not a month; write it as 2026-10'),
        (
            ["measure", "--month", "2026-10", "--metric", "cast"],
            'error: metric "cast" does not exist; did you mean "csat"?',
        ),
        (["measure", "--month", "2026-10", "--by", "planet", "--metric", "csat"], 'cannot be broken down by "planet"'),
        (["report", "--month", "2026-11"], "2026-11"),
        (["report", "--language", "xx"], "xx"),
        (["report", "--only", "monthly_revue"], "monthly_review"),
    ],
)
def test_an_error_of_the_input_is_one_message_and_exit_code_2(
    cx: Run, company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(ROOT)
    out = ["--out", str(tmp_path / "reports")] if words[0] == "report" else []
    code, _, err = cx(*words, *out, "--sources", company)
    assert code == 2
    assert err.startswith("error: ")
    assert message in err
    assert "Traceback" not in err
    assert not list(tmp_path.glob("reports/2*"))


def test_a_breakdown_no_measure_has_says_so(cx: Run, company: Path) -> None:
    code, _, err = cx("measure", "--month", "2026-10", "--by", "planet", "--sources", company)
    assert code == 2
    assert err.startswith('error: no measure can be broken down by "planet"; there are channel')


def test_sources_that_are_not_there(cx: Run, tmp_path: Path) -> None:
    code, _, err = cx("check", "--sources", tmp_path / "none.toml")
    assert code == 2
    assert "none.toml" in err


def test_texts_of_an_export_do_nothing_to_the_terminal(cx: Run, tmp_path: Path) -> None:
    """Words that rich would read as style, and control characters of a terminal, in reasons, segments and errors."""
    rows = "".join(
        f"{n},2026-10-{n:02}T10:00:00Z,{word},good\n" for n, word in enumerate(["[/no]", "\x1b[31mred"] * 5, 1)
    )
    (tmp_path / "desk.csv").write_text(f"Id,Created,Via,Sat\n{rows}0,2026-10-01T10:00:00Z,x,good\n")
    sources = tmp_path / "sources.toml"
    text = (
        '[workbook]\ncompany = "K"\nreporting_time_zone = "UTC"\nreporting_currency = "EUR"\n'
        'as_of = 2026-11-02T00:00:00Z\n[[export]]\nname = "desk"\npath = "desk.csv"\ntable = "tickets"\n'
        '[export.columns]\nticket_id = "Id"\ncreated_at = "Created"\nchannel = "Via"\nsatisfaction = "Sat"\n'
        '[[export.reject]]\nreason = "[/odd] \\u001b]0;owned\\u0007"\nwhen = "Id = \'0\'"\n'
    )
    sources.write_text(text)
    code, out, err = cx("check", "--sources", sources)
    assert (code, err) == (0, "")
    assert "[/odd]" in out
    code, shown, _ = cx("measure", "--month", "2026-10", "--by", "channel", "--metric", "csat", "--sources", sources)
    assert code == 0
    assert "[/no]" in shown
    sources.write_text(text.replace('satisfaction = "Sat"', 'satisfaction = "Via"'))
    code, _, err = cx("check", "--sources", sources)
    assert code == 2
    assert "outside the list" in err
    assert not {"\x1b", "\x07"} & {*out, *shown, *err}


def test_help_names_the_commands(cx: Run) -> None:
    code, out, _ = cx("--help")
    assert code == 0
    assert all(command in out for command in ("report", "measure", "check", "study", "claims"))


@pytest.mark.slow
def test_study_as_json_and_in_words(cx: Run, company: Path) -> None:
    code, out, _ = cx("study", "word_of_mouth", "--month", "2026-10", "--format", "json", "--sources", company)
    found = json.loads(out)
    assert code == 0
    assert (found["study"], found["month"]) == ("word_of_mouth", "2026-10")
    first = found["said"][0]
    assert first["finding"] == "told-people-mean"
    assert first["estimate"]["low"] <= first["estimate"]["value"] <= first["estimate"]["high"]
    assert first["estimate"]["n"] > 0
    code, out, _ = cx("study", "word_of_mouth", "--month", "2026-10", "--sources", company)
    assert code == 0
    assert f"[{first['verdict']}] {first['text']}" in out.splitlines()


def test_a_study_that_does_not_exist_names_the_nearest(cx: Run, company: Path) -> None:
    code, _, err = cx("study", "switchng", "--month", "2026-10", "--sources", company)
    assert code == 2
    assert 'there is no notebook "switchng"; did you mean "switching"?' in err


@pytest.mark.slow
def test_a_changed_assumption_is_taken_and_a_wrong_one_refused(cx: Run, company: Path) -> None:
    asked = ("study", "retention_and_profit", "--month", "2026-10", "--sources", company)
    usual, cheaper = (cx(*asked, *more)[1] for more in ((), ("-p", "discount=0.02")))
    assert usual != cheaper
    code, _, err = cx(*asked, "-p", "discont=0.08")
    assert (code, err.strip()) == (
        2,
        'error: retention_and_profit.ipynb: there is no parameter "discont"; did you mean "discount"?',
    )
    code, _, err = cx(*asked, "-p", "discount=cheap")
    assert (code, err.strip()) == (
        2,
        'error: retention_and_profit.ipynb: parameter "discount" must be float, but it is "cheap"',
    )


@pytest.mark.slow
def test_claims_as_json_and_in_words(cx: Run, company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: dict[str, Study] = {}

    def once(path: Path, book: Workbook, **parameters: object) -> Study:
        """Run the ledger's notebook, and the studies with it, once for both ways of printing it."""
        if path.stem not in ran:
            ran[path.stem] = run(path, book, **parameters)
        return ran[path.stem]

    monkeypatch.setattr("cxlib.notebook.run", once)
    code, out, _ = cx("claims", "--month", "2026-10", "--format", "json", "--sources", company, "--out", tmp_path)
    claims = json.loads(out)["claims"]
    assert code == 0
    assert {claim["verdict"] for claim in claims} == {"supported", "not-supported", "cannot-tell"}
    assert {"000.2", "000.3", "000.9", "000.11"} <= {claim["seed"] for claim in claims}
    code, out, _ = cx("claims", "--month", "2026-10", "--sources", company, "--out", tmp_path)
    assert code == 0
    assert out.count("\n    ") == len(claims)


def test_the_claims_of_a_published_month_are_read_from_its_pages(
    cx: Run, company: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[str] = []

    def only_here(path: Path, book: Workbook, **parameters: object) -> Study:
        ran.append(path.stem)
        return run(path, book, **parameters)

    monkeypatch.setattr("cxlib.notebook.run", only_here)
    pages = tmp_path / "2026-10" / "en"
    pages.mkdir(parents=True)
    judged = {"id": "000.3", "verdict": "not-supported", "why": "The whole interval lies below."}
    record = {"finding": "switching-within-a-year", "text": "41.5% left.", "assumption": "", "estimate": None}
    page = {"month": "2026-10", "snapshot": build_snapshot(company).id, "shown": [{**record, "claims": [judged]}]}
    for name in STUDIES:
        shown = page["shown"] if name == "switching" else []
        (pages / f"{name}.json").write_text(json.dumps({**page, "shown": shown}), "utf-8")
    code, out, _ = cx("claims", "--month", "2026-10", "--sources", company, "--out", tmp_path)
    assert (code, ran) == (0, ["claims_ledger"])
    assert "not-supported: 41.5% left." in out
    assert out.count("The study that tests it did not run for this month.") > 30
