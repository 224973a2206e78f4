"""Channels, offered and used, and who had to repeat: the parts of `speed_and_satisfaction` beside speed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cxlib.estimate import Estimate
from cxlib.finding import Finding, Value, unless_it_may_matter, verdict_above
from cxlib.studies.evidence import Evidence, Forest, Row, Sheet
from cxlib.studies.speed_and_satisfaction.data import (
    EVERYDAY,
    EVERYDAY_USED,
    GOOD,
    ISSUE,
    NORMAL_SIZE,
    Ratings,
    clustered_shares,
    everyday_sql,
)
from cxlib.studies.worth import FIVE_POINTS
from cxlib.workbook import Workbook

MOST_ROWS = 10
ALL = "all contacts"

NEED_CHANNEL = "It takes the export of tickets with the channel of each."
NEED_REPEAT = "It takes a mark on tickets where the customer had to say again who they are or what happened."
NEED_BOTH = "It takes rated tickets about the same issues, in one region, on everyday and on other channels."


@dataclass(frozen=True)
class Part:
    """A share among all contacts, and what is shown of it."""

    share: Finding
    evidence: Mapping[str, Evidence]


@dataclass(frozen=True)
class Channels(Part):
    """Everyday channels: how much they are used, and whether their customers are more often satisfied."""

    satisfies: Finding


def repeated(ratings: Ratings) -> Part:
    """Return in how many contacts the customer had to say again who they are or what happened."""
    book, name = ratings.book, "known-customer-share"
    shares = {} if book.lacks("tickets.had_to_repeat") else _of_contacts(book, "had_to_repeat", "channel")
    if ALL not in shares or not shares[ALL].is_known:
        sentence = "How many customers had to repeat who they are or what happened cannot be told."
        return Part(Finding(name, sentence, verdict="cannot-tell", needed=NEED_REPEAT), {})
    finding = Finding(
        name,
        "In {share_full} of the contacts that say so, the customer had to repeat who they are or what happened; in "
        "the others the company knew.",
        {"share": shares[ALL]},
        estimate=shares[ALL],
    )
    caption = "Share of contacts in which the customer had to repeat who they are or what happened, by channel."
    return Part(finding, {"repeated": Forest(caption=caption, rows=_rows(shares), says=finding)})


def channels(ratings: Ratings) -> Channels:
    """Return how much everyday channels are used, and what goes with using them."""
    book, name = ratings.book, "everyday-channels"
    used = {} if book.lacks("tickets.channel") else _of_contacts(book, everyday_sql("channel"), "region")
    if ALL not in used or not used[ALL].is_known:
        sentence = "How many contacts come through everyday channels cannot be told."
        unknown = Finding(name, sentence, verdict="cannot-tell", needed=NEED_CHANNEL)
        return Channels(unknown, {}, _cannot_satisfy(NEED_CHANNEL))
    by_channel = _of_contacts(book, "TRUE", "channel")
    everyday = [channel for channel in by_channel if any(word in channel.lower() for word in EVERYDAY)]
    sentence = (
        "{share_full} of all contacts came through everyday channels ({channels}). That is use: what customers would "
        "prefer shows only where every channel is offered to them."
    )
    if not everyday:
        sentence = "None of the contacts came through an everyday channel such as a messenger: {share_full}."
    listed = ", ".join(_word(channel) for channel in everyday)
    share = Finding(name, sentence, {"share": used[ALL], "channels": listed}, estimate=used[ALL])
    shown: dict[str, Evidence] = {"channels": _table(ratings, by_channel, everyday, share)}
    regions = {region: share for region, share in used.items() if region != ALL}
    if len(regions) > 1:
        shown["offered"] = Forest(
            caption="Share of contacts through everyday channels, by region.",
            rows=_rows(regions),
            says=_offered(regions),
        )
    return Channels(share, shown, _satisfies(ratings))


def _of_contacts(book: Workbook, flag: str, by: str) -> dict[str, Estimate]:
    """Return the share of contacts with a flag, in all and by a column; the most frequent values first."""
    if flag == "TRUE":
        flag = "1.0"
    counts = book.engine.frame(f"""
        WITH contact AS (
            SELECT f.bucket, f.{by} AS cell, CAST(t.flag AS DOUBLE) AS flag
            FROM {book.engine.fact("ticket")} AS f
            INNER JOIN (SELECT ticket_id, {flag} AS flag FROM tickets) AS t ON t.ticket_id = f.ticket_id
            WHERE f.created_month <= DATE '{book.month.first_day}' AND t.flag IS NOT NULL
        )
        SELECT '{ALL}' AS cell, bucket, count(*) AS n, sum(flag) AS k FROM contact GROUP BY bucket
        UNION ALL
        SELECT cell, bucket, count(*) AS n, sum(flag) AS k FROM contact WHERE cell IS NOT NULL GROUP BY cell, bucket
        ORDER BY 1, 2""")
    shares = clustered_shares(counts)
    return dict(sorted(shares.items(), key=lambda item: (-item[1].n, item[0])))


def _rows(shares: Mapping[str, Estimate]) -> tuple[Row, ...]:
    return tuple(Row(_word(name), share) for name, share in list(shares.items())[:MOST_ROWS])


def _word(name: str) -> str:
    return name.replace("_", " ")


def _table(ratings: Ratings, contacts: Mapping[str, Estimate], everyday: list[str], says: Finding) -> Sheet:
    satisfied = {} if ratings.book.lacks("tickets.satisfaction") else ratings.shares(GOOD, "channel")
    nothing = Estimate.unknown(0, "share")
    rows = []
    for channel in [name for name in contacts if name != ALL][:MOST_ROWS]:
        rating = satisfied.get(channel, nothing)
        kind = "everyday" if channel in everyday else "other"
        rows.append((_word(channel), (kind, contacts[channel].n, rating.n, rating)))
    headers = ("Channel", "Kind", "Contacts", "Rated", "Satisfied")
    return Sheet(caption="Contacts and satisfaction by channel.", headers=headers, rows=tuple(rows), says=says)


def _offered(regions: Mapping[str, Estimate]) -> Finding | None:
    large = {name: share for name, share in regions.items() if share.n >= NORMAL_SIZE}
    if len(large) < 2:
        return None
    low, high = (end(large, key=lambda name: large[name].value) for end in (min, max))
    apart = large[low].high < large[high].low
    sentence = (
        "Everyday channels carry {least} of contacts in {least_region} and {most} in {most_region}. Either customers "
        "prefer different things there, or not the same is offered; tickets cannot tell which."
        if apart
        else "Everyday channels carry {least} of contacts in {least_region} and {most} in {most_region}, which is not "
        "measurably different."
    )
    values: dict[str, Value] = {"least": large[low], "least_region": low, "most": large[high], "most_region": high}
    return Finding("everyday-channels-offered", sentence, values)


def _cannot_satisfy(needed: str) -> Finding:
    return Finding(
        "everyday-channels-satisfy",
        "Whether customers of everyday channels are more often satisfied cannot be told.",
        verdict="cannot-tell",
        needed=needed,
    )


def _satisfies(ratings: Ratings) -> Finding:
    if ratings.book.lacks("tickets.satisfaction"):
        return _cannot_satisfy("It takes the customer's rating of each ticket.")
    slope = ratings.slope(GOOD, EVERYDAY_USED, (*ISSUE, "region"))
    if not slope.is_known:
        return _cannot_satisfy(NEED_BOTH)
    verdict = verdict_above(slope.estimate)
    said = {
        "supported": "Customers who wrote on an everyday channel were more often satisfied than those of the same "
        "region who asked about the same issue on another: {effect} ({effect_interval}; {effect_n}).",
        "not-supported": "Customers who wrote on an everyday channel were not measurably more often satisfied than "
        "those of the same region who asked about the same issue on another: {effect} ({effect_interval}; {effect_n}).",
        "reversed": "Customers who wrote on an everyday channel were less often satisfied than those of the same "
        "region who asked about the same issue on another: {effect} ({effect_interval}; {effect_n}).",
        "cannot-tell": "Too few contacts were rated to tell everyday channels from others ({effect_n}).",
    }
    key = "reversed" if verdict == "not-supported" and slope.estimate.high < 0 else verdict
    found = Finding(
        "everyday-channels-satisfy",
        said[key],
        {"effect": slope.estimate},
        verdict,
        slope.estimate,
        "Channels: that customers who choose an everyday channel are otherwise like those who do not. Everyday "
        "channels are as a rule answered sooner; that is part of the difference, not apart from it.",
        NEED_BOTH,
    )
    return unless_it_may_matter(found, FIVE_POINTS, "More rated contacts would tell.")
