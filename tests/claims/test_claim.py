"""The ledger's claims: complete, in the articles' own words, and errors that say where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cxlib.claims import Claim, all_claims
from cxlib.claims.claim import FOLDER, read_claims
from cxlib.errors import ConfigError
from cxlib.studies import STUDIES

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SHARED = Path(__file__).parents[2].parent / "shared"

NUMBER = re.compile(r"\d|\b(?:two|three|four|five|ten|half|third|quarters?|hundreds?|thousands?)\b", re.IGNORECASE)
COUNTS_OF_THINGS = {
    "001.5": "names three factors, people, process and product",
    "002.4": "names four touchpoints",
    "003.5": "speaks of the two teams",
}
"""Rows whose number only counts what the row lists."""

NOT_YET = {"000.20", "001.9", "003.9"}
"""Rows read out of the articles last; their sections come with the measures they need."""


def seeds() -> dict[str, tuple[str, str]]:
    """Return what each row of the list of seeds says, and what the workbook does with it."""
    path = SHARED / "SEEDS.md"
    if not path.exists():
        pytest.skip("the list of what the articles say is not here (shared/SEEDS.md)")
    rows = re.findall(r"^\| (\d{3}\.\d+) \| (.+?) \| (.+?) \|$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) > 40
    return {name: (says, does) for name, says, does in rows}


def article(claim: Claim) -> str:
    """Return an article's text, white space made single."""
    found = sorted((SHARED / "seeds").glob(f"{claim.seed[:3]}_*.txt"))
    if not found:
        pytest.skip("the articles are not here (shared/seeds)")
    return one_spaced(found[0].read_text(encoding="utf-8"))


def one_spaced(text: str) -> str:
    return " ".join(text.split())


def test_every_number_of_the_articles_has_its_claim() -> None:
    numeric = {name for name, (says, _) in seeds().items() if NUMBER.search(says)} - set(COUNTS_OF_THINGS)
    assert len(numeric) >= 13
    assert numeric - {claim.seed for claim in all_claims()} == NOT_YET & numeric


def test_every_study_of_the_list_has_its_claim() -> None:
    studied = {name for name, (_, does) in seeds().items() if re.search(r"(^|; )S ", does)}
    assert len(studied) >= 14
    assert studied - {claim.seed for claim in all_claims()} == NOT_YET & studied


@pytest.mark.parametrize("name", COUNTS_OF_THINGS)
def test_a_row_left_out_is_really_there(name: str) -> None:
    assert NUMBER.search(seeds()[name][0])


def test_both_halves_of_a_claim_with_two_numbers() -> None:
    by_seed = {seed: [claim for claim in all_claims() if claim.seed == seed] for seed in ("000.9", "002.1")}
    bounds = {
        seed: [(claim.region.low, claim.region.high) for claim in claims if claim.region]
        for seed, claims in by_seed.items()
    }
    assert bounds["000.9"] == [(0.60, 0.70), (0.05, 0.20)]
    assert bounds["002.1"] == [(0.75, 1.0), (0.76, 0.86)]


@pytest.mark.parametrize("claim", all_claims(), ids=lambda claim: claim.id)
def test_the_quote_stands_in_the_article(claim: Claim) -> None:
    assert one_spaced(claim.quote) in article(claim)


@pytest.mark.parametrize("claim", all_claims(), ids=lambda claim: claim.id)
def test_the_number_that_is_said_lies_in_the_region(claim: Claim) -> None:
    if (region := claim.region) is None:
        return
    said = [float(number) / (100 if region.unit == "share" else 1) for number in re.findall(r"\d+", claim.quote)]
    assert not said or any(region.low <= number <= region.high for number in said)
    assert region.why in claim.rule_in_words


def test_rules_in_words() -> None:
    words = {claim.id: claim.rule_in_words for claim in all_claims()}
    assert words["000.9-new"] == (
        "Supported only where the whole interval lies between 5.0% and 20.0%. The claim gives the range itself."
    )
    assert words["002.2-hundreds"].startswith("Supported only where the whole interval lies at 200 or above.")
    assert words["000.13"].startswith("Supported only where the whole interval lies at 50.0% or above.")
    assert words["003.6"] == (
        "Supported only where all of the interval would matter, not supported only where none of it would."
    )
    assert words["004.2-nps"].startswith("Not supported where the recipe as printed gives another number")


def test_every_study_is_asked_for_by_a_claim() -> None:
    assert {claim.study for claim in all_claims() if claim.study} == set(STUDIES)
    assert all((NOTEBOOKS / f"{name}.ipynb").is_file() for name in STUDIES)
    assert {claim.id for claim in all_claims() if not claim.study} == {"004.2-nps"}


GOOD = """
[[claim]]
id = "000.3"
seed = "000.3"
quote = "a"
language = "tr"
translation = "b"
kind = "numeric"
source = "c"
sureness = "read"
means = "d"
study = "switching"
finding = "switching-within-a-year"
region = { low = 0.8, high = 0.9, unit = "share", why = "e" }
flips = "f"
"""


def refused(tmp_path: Path, text: str, name: str = "mine.toml") -> str:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as error:
        read_claims([path])
    return str(error.value)


def test_the_example_of_the_errors_is_right(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD, encoding="utf-8")
    [claim] = read_claims([tmp_path / "mine.toml"])
    assert claim.id == "000.3"


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("finding =", "findng =", 'mine.toml: claim "000.3": unknown key "findng"; did you mean "finding"?'),
        ("flips =", "#", 'mine.toml: claim "000.3": the key "flips" is missing'),
        ("high = 0.9", "hihg = 0.9", 'mine.toml: claim "000.3", region: unknown key "hihg"; did you mean "high"?'),
        ("high = 0.9", "high = 0.7", 'mine.toml: claim "000.3", region: low 0.8 is not below high 0.7'),
        ('study = "switching"', 'study = "swiching"', 'study "swiching" does not exist; did you mean "switching"?'),
        ('kind = "numeric"', 'kind = "qualitative"', 'mine.toml: claim "000.3": a qualitative claim has no region'),
        ("region =", "#", 'mine.toml: claim "000.3": a numeric claim has a region'),
        ('"numeric"', '"numerical"', "mine.toml: claim \"000.3\", kind: input should be 'numeric'"),
        ('language = "tr"', 'language = "de"', "mine.toml: claim \"000.3\", language: input should be 'tr' or 'fa'"),
        ('id = "000.3"', 'id = "000.4"', 'mine.toml: claim "000.4": the id does not begin with the seed "000.3"'),
        ('id = "000.3"', "", 'mine.toml: claim number 1: the key "id" is missing'),
        ("[[claim]]", "[[clam]]", 'mine.toml: top level: unknown key "clam"; did you mean "claim"?'),
        ("[[claim]]", "[[claim]", "mine.toml is not TOML: "),
        ('study = "switching"', "", 'study "" does not exist; known: "existing_against_new"'),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert right in GOOD
    assert message in refused(tmp_path, GOOD.replace(right, wrong, 1))


def test_a_definition_belongs_to_no_study(tmp_path: Path) -> None:
    text = re.sub(r"region = .*", "", GOOD.replace('"numeric"', '"definition"'))
    assert "a definition has no study, and its finding is one of nps-as-printed" in refused(tmp_path, text)


def test_everything_wrong_is_said_at_once(tmp_path: Path) -> None:
    said = refused(tmp_path, GOOD.replace("flips =", "flip =").replace('language = "tr"', 'language = "de"'))
    assert len(said.splitlines()) == 3
    assert all(line.startswith('mine.toml: claim "000.3"') for line in said.splitlines())


def test_two_claims_do_not_share_an_id(tmp_path: Path) -> None:
    assert refused(tmp_path, GOOD + GOOD) == ('mine.toml: claim "000.3" is in mine.toml too; give it its own id')


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml does not exist; install cxlib again"):
        read_claims([tmp_path / "gone.toml"])


def test_the_files_are_named_after_their_articles() -> None:
    for path in FOLDER.glob("*.toml"):
        assert all(claim.seed.startswith(path.name[:3]) for claim in read_claims([path]))
