"""The numbers behind the answer, side by side."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Quantity, verdict_above
from cxlib.studies.evidence import Content, Curves, Evidence, Forest, Row, Sheet
from cxlib.studies.switching import checks
from cxlib.studies.switching.answers import MORE_NEEDED, SAID, Results, known, what_counts
from cxlib.studies.switching.compare import A_YEAR, GRID, HORIZONS, Comparison, compared_with
from cxlib.studies.switching.data import OF_SURVEYS, OF_TICKETS, SEVERITIES, Data, episodes

KINDS = {
    "complaint": "complaint",
    "severe": "severe problem",
    "reopened": "reopened request",
    "unanswered": "unanswered for a week",
    "rated_bad": "rated bad",
    "incident": "logged incident",
    "detractor": "would not recommend (0 to 6)",
    "survey_problem": "problem told in a survey",
}
REPEATED = (
    ("said in 2011 (RightNow): have ever left", SAID),
    ("said in 2022 (Zendesk): would leave", 0.61),
    ("said in 2020 (Zendesk): would leave", 0.50),
)
NOT_ASKED = Quantity(float("nan"), "share")
QUIET_OTHERWISE = (30.0, 180.0)


def evidence(found: Results, others: dict[str, Comparison], before: checks.Before) -> dict[str, Evidence]:
    """Return all exhibits by name, in the order of the page."""
    return {
        "stated": stated(found),
        "curves": curves(found),
        "severity": severity(found),
        "kinds": kinds(found),
        "classes": classes(found),
        "recovery": recovered(found),
        "first_contact": first_contacts(found),
        "otherwise": otherwise(found, others),
        "alike": alike(found, before),
    }


def stated(found: Results) -> Sheet:
    """Set the own shares beside those that are repeated everywhere."""
    own: list[tuple[str, tuple[Content, ...]]] = [
        (f"{days} days", (found.year.share(days), found.year.others(days), found.year.more(days))) for days in HORIZONS
    ]
    said: list[tuple[str, tuple[Content, ...]]] = [
        (who, (Quantity(share, "share"), NOT_ASKED, NOT_ASKED)) for who, share in REPEATED
    ]
    return Sheet(
        caption="Share of customers who left within so many days of {what}, with 95% intervals, and what is repeated.",
        values={"what": what_counts(found.data)},
        headers=("Within", "After a bad experience", "Like customers without one", "Difference"),
        rows=(*own, *said),
    )


def curves(found: Results) -> Curves:
    """Draw how the shares that left grow over the year."""
    lines = []
    for series, line in (
        ("After a bad experience", found.year.share),
        ("Like customers without one", found.year.others),
    ):
        estimates = [line(days) for days in GRID]
        lines.append(
            pd.DataFrame(
                {
                    "series": series,
                    "x": GRID,
                    "value": [estimate.value for estimate in estimates],
                    "low": [estimate.low for estimate in estimates],
                    "high": [estimate.high for estimate in estimates],
                }
            )
        )
    return Curves(
        caption="Share of customers who left, by days since {what}.",
        values={"what": what_counts(found.data)},
        frame=pd.concat(lines, ignore_index=True),
        x_label="Days since the bad experience",
        x_unit="",
        unit="share",
        steps=True,
    )


def severity(found: Results) -> Forest:
    """Compare by how bad the experience was."""
    cases, stretches = found.told.cases, found.told.stretches
    rows = [
        Row(name, compared_with(cases[cases["severity"] == rank], stretches).more(A_YEAR))
        for rank, name in enumerate(SEVERITIES, 1)
    ]
    if (blank := cases["severity"].isna()).any():
        rows.append(Row("severity not recorded", compared_with(cases[blank], stretches).more(A_YEAR)))
    return Forest(
        caption="How many more customers left within a year than like customers without a bad experience, by its "
        "severity.",
        rows=tuple(rows),
        reference=0.0,
        reference_label="no difference",
        says=_worst(rows[0].estimate, rows[len(SEVERITIES) - 1].estimate),
    )


def _worst(minor: Estimate, severe: Estimate) -> Finding | None:
    if not (known(minor) and known(severe)):
        return None
    sentence = (
        "The difference is {severe} after severe ones ({severe_interval}) and {minor} after minor ones "
        "({minor_interval})."
    )
    return Finding("switching-by-severity", sentence, {"severe": severe, "minor": minor}, "described", severe)


def kinds(found: Results) -> Sheet:
    """Compare by the kind of bad experience that began an episode."""
    data = found.data
    rows: list[tuple[str, tuple[Content, ...]]] = []
    for kind, comparison in by_kind(data).items():
        if comparison.n:
            shares = (comparison.share(A_YEAR), Quantity(comparison.others(A_YEAR).value, "share"))
            rows.append((KINDS[kind], (comparison.n, *shares, comparison.more(A_YEAR))))
    return Sheet(
        caption="Share that left within a year, by the kind of bad experience that the company could see first. "
        "Answers to surveys are compared with customers who had lately given a good answer to the same question.",
        headers=("First seen as", "Cases", "Left within a year", "Others", "Difference"),
        rows=tuple(rows),
        says=_opinions(),
    )


def _opinions() -> Finding:
    return Finding(
        "switching-opinions",
        "Ratings and answers to surveys are what customers think. Who is unhappy for other reasons gives bad ones "
        "too, so these rows say who will leave, not what made them; the answer above rests on none of them where "
        "complaints or severity are recorded.",
    )


def by_kind(data: Data) -> dict[str, Comparison]:
    """Compare each kind of bad experience with those free of any of its family at the same moment."""
    tickets = episodes(data.spells, data.of(OF_TICKETS), data.seen_from["tickets"])
    incidents = episodes(data.spells, data.of(["incident"]), data.seen_from["incidents"])
    families = {kind: tickets for kind in OF_TICKETS} | {"incident": incidents}
    compared = {
        kind: compared_with(family.cases[family.cases["kind"] == kind], family.stretches)
        for kind, family in families.items()
    }
    return compared | {kind: checks.of_a_survey(data, kind) for kind in OF_SURVEYS}


def classes(found: Results) -> Forest:
    """Compare within each class of customers."""
    cases, stretches = found.told.cases, found.told.stretches
    rows = [
        Row(str(tier), compared_with(mine, stretches[stretches["tier"] == tier]).more(A_YEAR))
        for tier, mine in cases.groupby("tier", sort=True)
    ]
    told = [row for row in rows if known(row.estimate)]
    says = None
    if len(told) > 1:
        most, least = (pick(told, key=lambda row: row.estimate.value) for pick in (max, min))
        says = Finding(
            "switching-by-class",
            "The difference is largest in {most}: {most_more_full}. It is smallest in {least}: {least_more_full}.",
            {"most": most.label, "most_more": most.estimate, "least": least.label, "least_more": least.estimate},
        )
    return Forest(
        caption="How many more customers left within a year than like customers without a bad experience, by class.",
        rows=tuple(rows),
        reference=0.0,
        reference_label="no difference",
        says=says,
    )


def recovered(found: Results) -> Forest:
    """Set complaints handled well and badly beside like customers without a complaint."""
    handled = found.handled
    return Forest(
        caption="Share that left within a year, counted from two weeks after the complaint. Well means: solved within "
        "a week, and two weeks on neither reopened nor rated bad.",
        rows=(
            Row("no complaint, customers like those handled well", handled.well.others(A_YEAR)),
            Row("complaint handled well", handled.well.share(A_YEAR)),
            Row("no complaint, customers like those handled badly", handled.badly.others(A_YEAR)),
            Row("complaint handled badly", handled.badly.share(A_YEAR)),
        ),
        says=paradox(handled.well),
    )


def paradox(well: Comparison) -> Finding:
    """Say whether a complaint that was handled well binds customers more than no complaint (the recovery paradox)."""
    name, more = "switching-recovery-paradox", well.more(A_YEAR)
    if not known(more):
        sentence = "Whether a complaint handled well binds customers more than none cannot be told."
        return Finding(name, sentence, {}, "cannot-tell", needed=MORE_NEEDED)
    fewer = Estimate(-more.value, -more.high, -more.low, more.n, more.unit, more.method, more.flags)
    sentence = (
        "Customers whose complaint was handled well did not leave less often than like customers without one: the "
        "difference is {more_full}. Nothing here says that a complaint handled well binds customers more than none."
    )
    if more.low > 0:
        sentence = (
            "Customers whose complaint was handled well still left more often than like customers without one: the "
            "difference is {more_full}. Handling it well does not undo it."
        )
    verdict = verdict_above(fewer)
    if verdict == "supported":
        sentence = (
            "Customers whose complaint was handled well left less often than like customers without one: the "
            "difference is {more_full}."
        )
    return Finding(name, sentence, {"more": more}, verdict, more)


def first_contacts(found: Results) -> Forest:
    """Show the difference that the first request makes, plainly and among like ones."""
    return Forest(
        caption="How many more left within a year where the first request was handled badly instead of well.",
        rows=(
            Row("as they are", found.first.plainly.more(A_YEAR)),
            Row("same severity, class and length of stay", found.first.adjusted.more(A_YEAR)),
        ),
        reference=0.0,
        reference_label="no difference",
    )


def otherwise(found: Results, others: dict[str, Comparison]) -> Forest:
    """Show what the difference would be had it been looked for otherwise, and where none should be found."""
    data, every = found.data, episodes(found.data.spells, found.data.of(OF_TICKETS), found.data.seen_from["tickets"])
    quiet = {days: checks.with_quiet(data, days) for days in QUIET_OTHERWISE}
    rows = (
        Row("as in the answer", found.year.more(A_YEAR)),
        *(
            Row(f"{days:.0f} days without one before", compared_with(one.cases, one.stretches).more(A_YEAR))
            for days, one in quiet.items()
        ),
        Row(
            "requests reopened, unanswered or rated bad count too",
            compared_with(every.cases, every.stretches).more(A_YEAR),
        ),
        Row("others followed until their own next one", others["censored"].more(A_YEAR)),
        Row("after a question answered well", others["good"].more(A_YEAR), "expected: none"),
        Row("failed payments", others["payments"].more(A_YEAR), "expected: none"),
        Row("ever against never, plainly", others["naive"].more(A_YEAR), "misleads"),
    )
    return Forest(
        caption="The difference within a year, looked for otherwise.",
        rows=rows,
        reference=0.0,
        reference_label="no difference",
    )


def alike(found: Results, before: checks.Before) -> Sheet:
    """Show both sides as they were before."""
    units = {"months": "months", "mrr": f"{found.data.book.currency} a month", "tickets": "requests"}
    names = {
        "months": "Months as a customer",
        "mrr": "Revenue a month at the end of the month before",
        "tickets": "Requests in the three months before",
    }
    rows: list[tuple[str, tuple[Content, ...]]] = [
        (
            names[name],
            (Quantity(one.cases, units[name]), Quantity(one.others, units[name]), Quantity(one.standardised, "ratio")),
        )
        for name, one in before.likeness.items()
        if np.isfinite(one.standardised)
    ]
    exact = np.bincount(found.year.exact_on, minlength=5)
    shared: tuple[Content, ...] = (Quantity(exact[4] / max(found.year.n, 1), "share"), "", "")
    return Sheet(
        caption="How like both sides were before: averages, and the gap in standard deviations (below 0.1 either way "
        "counts as small).",
        headers=("", "Before a bad experience", "Like customers", "Gap"),
        rows=(*rows, ("Cases whose others share class, length of stay, product and region", shared)),
    )
