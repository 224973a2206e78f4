"""How a page was made: definitions, ledger, warnings, provenance. Generated, never typed."""

from datetime import date
from itertools import groupby
from operator import itemgetter

from cxlib import __version__
from cxlib.definitions import WEEK, Calendar, Promise
from cxlib.exhibits import words
from cxlib.exhibits.exhibit import NOTHING, Exhibit, bullets, paragraph, stack
from cxlib.exhibits.sentences import terms
from cxlib.facts import FACTS
from cxlib.finding import Quantity, Value
from cxlib.language import Language
from cxlib.metrics import METRICS, Metric
from cxlib.metrics.measure import METHODS
from cxlib.sources.link import ANSWERED_AGAIN
from cxlib.workbook import Workbook


def definitions(book: Workbook, *names: str) -> Exhibit:
    """Return what exactly each measure of the page counts, and how its interval is made."""
    language, texts = book.language, {}
    for metric in (METRICS[name] for name in book.available(*names)):
        method = language.text("Interval: {method}.", method=language.text(METHODS[metric.kind]))
        taken = [
            language.text("No export brings {column}: {assumed}.", column=column, assumed=language.text(assumed))
            for column, assumed in FACTS[metric.fact].assumes.items()
            if book.lacks(column)
        ]
        texts[language.text(metric.label)] = " ".join(
            (language.text(metric.definition), *_in_these_data(book, metric), method, *taken)
        )
    return terms(texts) if texts else NOTHING


def in_force(book: Workbook, *names: str) -> Exhibit:
    """Return what `definitions.toml` says of the words that the measures of the page rest on."""
    language, said, texts = book.language, book.snapshot.definitions, dict[str, str]()
    needed = {need for name in book.available(*names) for need in METRICS[name].needs}
    if "[[calendar]] in definitions.toml" in needed:
        texts[language.text("Working hours")] = " ".join(_calendar(language, one) for one in said.calendar)
    if "[[service_level]] in definitions.toml" in needed:
        texts[language.text("What is promised")] = " ".join(_promise(language, one) for one in said.service_level)
    return terms(texts) if texts else NOTHING


def _calendar(language: Language, one: Calendar) -> str:
    """Return "Support UK (Europe/London): Mon-Fri 08:00-18:00."; with later hours, and whose holidays are free."""
    names, parts = dict(zip(WEEK, language.weekdays, strict=True)), list[str]()
    for hours in one.hours:
        opens = [(names[day], hours.weekly.get(day, ())) for day in WEEK]
        runs = [(spans, [day for day, _ in days]) for spans, days in groupby(opens, itemgetter(1))]
        week = ", ".join(
            f"{'–'.join(dict.fromkeys((days[0], days[-1])))} {' '.join(map(str, spans))}"
            for spans, days in runs
            if spans
        )
        since = hours.valid_from > date.min
        parts.append(
            language.text("{week} from {day} on", week=week, day=language.day(hours.valid_from)) if since else week
        )
    if one.holidays:
        parts.append(language.text("public holidays of {country} are free", country=language.country(one.holidays)))
    groups = ", ".join(one.groups) or language.text("All other teams")
    return language.text("{groups} ({zone}): {hours}.", groups=groups, zone=one.zone, hours="; ".join(parts))


def _promise(language: Language, one: Promise) -> str:
    whom = [language.text("Priority {name}", name=one.priority)] if one.priority else []
    whom += [one.group] if one.group else []
    ends = [
        language.text(what, time=language.duration(minutes))
        for what, minutes in (
            ("answered within {time}", one.first_reply_minutes),
            ("solved within {time}", one.resolution_minutes),
        )
        if minutes
    ]
    clock = language.text("working time" if one.clock == "business" else "calendar time")
    return f"{', '.join(whom) or language.text('All other tickets')}: {', '.join(ends)} ({clock})."


def _in_these_data(book: Workbook, metric: Metric) -> list[str]:
    """Say what counted as satisfied on each scale of the month's answers, and how many answers were given again."""
    again = sum(entry.rejected.get(ANSWERED_AGAIN, 0) for entry in book.snapshot.ledger)
    told = [words.filled(book.language, "Answered again: {again} answers of all months, left out.", {"again": again})]
    told = told if again and metric.fact == "survey_answer" else []
    if not metric.has_scale:
        return told
    scales = book.frame(
        f"SELECT DISTINCT good_from, scale_max, scale_min FROM {metric.fact} WHERE {metric.filed_under} = $month "
        f"AND ({metric.counted}) AND good_from IS NOT NULL ORDER BY scale_min, scale_max"
    )
    said = "On the scale from {scale_min} to {scale_max} satisfied is {good_from} or more."
    each = ({str(name): Quantity(end, "points") for name, end in scale.items()} for scale in scales.to_dict("records"))
    return [*told, *(words.filled(book.language, said, ends) for ends in each)]


def ledger_sentence(book: Workbook) -> Exhibit:
    """Say the ledger of all exports in one sentence.

    >>> ledger_sentence(book).text.endswith("were left out, each with a reason.")
    True
    """
    return paragraph(_ledger_words(book), "cx-finding", id="finding-ledger")


def _ledger_words(book: Workbook) -> str:
    read, kept = (sum(getattr(entry, name) for entry in book.snapshot.ledger) for name in ("read", "kept"))
    said = "{read} rows were read; {kept} are counted and {rejected} ({share}) were left out, each with a reason."
    left_out: dict[str, Value] = {"rejected": read - kept, "share": Quantity((read - kept) / max(read, 1), "share")}
    return words.filled(book.language, said, {"read": read, "kept": kept, **left_out})


def warnings(book: Workbook) -> Exhibit:
    """Show what the checks warned of, each with what to do.

    >>> print(warnings(book))
    No check raised a warning.
    """
    if not book.snapshot.warnings:
        return paragraph(book.language.text("No check raised a warning."), "cx-note")
    return bullets([str(problem) for problem in book.snapshot.warnings], "cx-warnings")


def how_made(book: Workbook, *names: str) -> Exhibit:
    """Show the closing section: definitions of measures, which part it is about, the ledger, snapshot and versions.

    >>> print(how_made(book, "csat"))
    Satisfaction with tickets (CSAT): ...
    """
    language, snapshot, own = book.language, book.snapshot, book.snapshot.definitions.id
    text = language.text(
        "Computed from snapshot {snapshot}, exported {moment}, with cxlib {version} and {definitions}. Amounts are in "
        "{currency}.",
        snapshot=snapshot.id,
        definitions=language.text("definitions {id}", id=own) if own else language.text("no definitions of your own"),
        moment=language.moment(snapshot.as_of, snapshot.time_zone),
        version=__version__,
        currency=snapshot.currency,
    )
    said = (words.narrowed(language, book.parts), *book.edges(book.spans(*book.available(*names))), _ledger_words(book))
    lines = filter(None, said)
    edition = paragraph(text, "cx-note", data_edition=snapshot.id)  # these numbers are of the edition, not of the data
    return stack(
        definitions(book, *names), in_force(book, *names), (paragraph(line, "cx-note") for line in lines), edition
    )
