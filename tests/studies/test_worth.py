"""What would make a difference: the last page names the amounts that the verdicts use."""

from __future__ import annotations

from cxlib.studies import worth

IN_WORDS = {1.25: "a quarter more", 1.0: "one"}


def test_the_last_page_names_the_amounts_that_the_verdicts_use() -> None:
    said = [
        f"{100 * worth.FIVE_POINTS:g} points of a share of customers",
        f"{100 * worth.TWO_POINTS:g} points of the share satisfied, for half the wait",
        f"{IN_WORDS[worth.A_QUARTER_MORE]} of a rate",
        f"{IN_WORDS[worth.ONE_PERSON]} person told",
        f"{IN_WORDS[worth.ONE_SCORE_POINT]} point of a score",
        f"{100 * worth.TWO_PER_CENT_A_YEAR:g}% growth a year",
    ]
    assert [words for words in said if words not in worth.VERDICTS.text] == []
    assert len(said) == len([name for name in vars(worth) if name.isupper() and name != "VERDICTS"])
