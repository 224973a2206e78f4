"""The analyst's door: one month of one company, ready to be asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path

import pandas as pd

from cxlib.change import judged_together, trend
from cxlib.coverage import Coverage, coverage_of, waited_for
from cxlib.engine import OF_EVERYBODY, Engine, Part
from cxlib.errors import ConfigError, MeasureError
from cxlib.estimate import Estimate, difference, estimates
from cxlib.facts import FACTS
from cxlib.finding import Change, Quantity, direction_of
from cxlib.language import Language
from cxlib.metrics import METRICS, Metric, measure
from cxlib.nearest import did_you_mean, one_of
from cxlib.period import Month
from cxlib.store import Snapshot
from cxlib.tables import TABLES

HISTORY = 36
"""Months that are measured in one go and remembered; a page asks for most of them sooner or later."""

YEAR = 12
TREND, TREND_MONTHS = 0, 24
"""How a trend is asked for in place of months back, and over how many months it goes."""


class Workbook:
    """One reporting month over one snapshot, narrowed to `parts` of the customers; see `only` and `without`."""

    def __init__(self, snapshot: Snapshot, month: Month, language: Language, parts: Sequence[Part] = ()) -> None:
        self.snapshot = snapshot
        self.month = month
        self.language = language
        self.parts = tuple(parts)
        for name in snapshot.definitions.targets:
            one_of(name, METRICS, "measure for a target in definitions.toml:")
        self._compared: tuple[tuple[str, ...], tuple[int, ...]] = ((), ())
        self._measured: dict[tuple[str, tuple[str, ...], int], pd.DataFrame] = {}

    @cached_property
    def engine(self) -> Engine:
        return Engine(self.snapshot, parts=self.parts)

    @cached_property
    def columns(self) -> Mapping[str, Sequence[str]]:
        """Canonical columns by table that the exports bring, without tables that cannot be divided as asked."""
        return {
            name: columns
            for name, columns in self.snapshot.columns.items()
            if name in OF_EVERYBODY or not self.parts or len(self.engine.frame(f"SELECT 1 AS one FROM {name} LIMIT 1"))
        }

    def only(self, segment: str, value: str) -> Workbook:
        """Return the workbook of one part of the customers, such as `only("sector", "Retail")`; of all without a value.

        A value that no customer, ticket or answer has raises MeasureError, with the nearest named.
        """
        return self._narrowed(segment, [value], out=False)

    def without(self, segment: str, values: str) -> Workbook:
        """Return the workbook without some customers: `without("tier", "Free, Trial")`; errors as those of `only`."""
        return self._narrowed(segment, [value.strip() for value in values.split(",")], out=True)

    def _narrowed(self, segment: str, named: Sequence[str], out: bool) -> Workbook:
        values = tuple(filter(None, named))
        if not values:
            return self
        one_of(segment, {column for fact in FACTS.values() for column in fact.segments}, "segment")
        facts = [self.engine.fact(name) for name, fact in FACTS.items() if segment in fact.segments]
        asked = " UNION ".join(f"SELECT CAST({segment} AS VARCHAR) AS v FROM {fact}" for fact in facts)
        known = self.engine.frame(asked)["v"].dropna().sort_values().tolist()
        for value in values:
            if value not in known:
                raise MeasureError(f'{segment} has no value "{value}"{did_you_mean(value, known)}')
        return Workbook(self.snapshot, self.month, self.language, (*self.parts, Part(segment, values, out)))

    def frame(self, sql: str, **values: object) -> pd.DataFrame:
        """Return the rows of a statement over canonical tables and facts by their names (`customer_month`).

        `$cut` is the last instant the month's pages may know of, `$month` the first day of the report's month, `$name`
        one of the values, as it is to be written in SQL.
        """
        # what stands in quotes is a value, not the name of a fact
        named = re.compile(rf"'[^']*'|\b({'|'.join(FACTS)})\b")
        sql = named.sub(lambda found: self.engine.fact(found[1]) if found[1] else found[0], sql)
        ends = {"cut": f"TIMESTAMP '{self.cut:%Y-%m-%d %H:%M:%S}'", "month": f"DATE '{self.month.first_day}'"}
        written = {**ends, **values}
        return self.engine.frame(re.sub(r"\$(\w+)", lambda name: str(written[name[1]]), sql))

    @property
    def metrics(self) -> pd.DataFrame:
        """All measures: `label, unit, missing` by id, `missing` naming what no export brings."""
        rows = {name: (one.label, one.unit, ", ".join(self.missing(name))) for name, one in METRICS.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["label", "unit", "missing"])

    @property
    def exports(self) -> pd.DataFrame:
        """What became of the rows of each export: `table, read, kept, left_out, because, not_believed` by its name.

        `because` counts the rows left out by reason, `not_believed` the values that were set to unknown.
        """
        rows = {
            one.export: (one.table, one.read, one.kept, one.read - one.kept, *self._reasons(one.rejected, one.unknown))
            for one in self.snapshot.ledger
        }
        columns = ["table", "read", "kept", "left_out", "because", "not_believed"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)

    def _reasons(self, *counts: Mapping[str, int]) -> list[str]:
        number = self.language.number
        return [", ".join(f"{why} {number(count)}" for why, count in sorted(one.items())) for one in counts]

    @property
    def tables(self) -> pd.DataFrame:
        """All canonical tables by name: `rows, grain, with_customer, first, last, edges, columns`.

        `with_customer` is the share of rows that name a known customer, `first` and `last` are the days of the first
        and the last row, `edges` says from when to when they can be believed where that is something else, `columns`
        names those that an export brings.
        """
        columns = ["rows", "grain", "with_customer", "first", "last", "edges", "columns"]
        return pd.DataFrame.from_dict({name: self._about(name) for name in TABLES}, orient="index", columns=columns)

    def _about(self, table: str) -> tuple[object, ...]:
        brought, share = self.columns.get(table, ()), None
        rows = int(self.engine.frame(f"SELECT count(*) AS n FROM {table}")["n"].iloc[0])
        if rows and table != "customers" and "customer_id" in brought and "customers" in self.columns:
            linked = f"SELECT count(*) AS n FROM {table} SEMI JOIN customers USING (customer_id)"
            share = Quantity(self.engine.frame(linked)["n"].iloc[0] / rows, "share")
        spans = [one for name, one in self.coverage.items() if name.split(".")[0] == table]
        reach = (f"{spans[0].first_at:%Y-%m-%d}", f"{spans[0].last_at:%Y-%m-%d}") if spans else ("", "")
        return rows, TABLES[table].grain, share, *reach, " ".join(self.edges(spans)), ", ".join(brought)

    def spans(self, *names: str) -> list[Coverage]:
        """Return the coverage of what metrics are counted from, in order, once each."""
        metrics = [self.metric(name) for name in names]
        needed = chain.from_iterable((*FACTS[metric.fact].needs, *metric.needs) for metric in metrics)
        return [self.coverage[name] for name in dict.fromkeys(needed) if name in self.coverage]

    def edges(self, spans: Iterable[Coverage]) -> list[str]:
        """Return in words where data begin and end, if not with the first row and the export."""
        return [text for one in spans for text in one.sentences(self.language, self.snapshot.time_zone)]

    def __repr__(self) -> str:
        parts = "".join(f", {'without ' * out}{column} {', '.join(values)}" for column, values, out in self.parts)
        given = self.available(*METRICS)
        return (
            f"{self.snapshot.company}, {self.language.month(self.month)}{parts}; snapshot {self.snapshot.id}, exported "
            f"{self.language.moment(self.snapshot.as_of, self.snapshot.time_zone)}\n"
            f"tables: {', '.join(self.columns) or 'none'}\n"
            f"measures that can be given ({len(given)} of {len(METRICS)}): {', '.join(given)}"
        )

    @cached_property
    def coverage(self) -> Mapping[str, Coverage]:
        """From when to when each table can be believed, by name."""
        return coverage_of(self.engine)

    @cached_property
    def cut(self) -> datetime:
        """Last instant (UTC) that the month's pages may know of.

        It is the end of the month, or the last instant that every table waited for covers where that came first: what
        is missing after it, such as a complaint, must not be taken for what did not happen.
        """
        reached = [one.believed_until for one in waited_for(self.coverage.values(), self.snapshot.as_of)]
        return min(self.month.end(self.snapshot.time_zone), self.snapshot.as_of, *reached)

    @property
    def currency(self) -> str:
        return self.snapshot.currency

    def lacks(self, *names: str) -> tuple[str, ...]:
        """Return those of the canonical tables and columns, such as "tickets.created_at", that no export brings.

        "clock of tickets.created_at" asks for times of the day: a column of days has none.
        """
        brought = {f"{table}.{column}" for table, columns in self.columns.items() for column in columns}
        brought |= {f"clock of {name}" for name in brought - set(self.snapshot.clockless)}
        brought |= {f"[[{name}]] in definitions.toml" for name, said in self.snapshot.definitions if said}
        return tuple(name for name in names if name not in brought and name not in self.columns)

    def metric(self, name: str) -> Metric:
        """Return a metric by its id; MeasureError names the nearest where there is none."""
        if not isinstance(name, str):
            raise MeasureError(f'measures are asked for one by one, as texts: "csat", "backlog", not {name!r}')
        if name not in METRICS:
            raise MeasureError(f'metric "{name}" does not exist{did_you_mean(name, METRICS)}')
        return METRICS[name]

    def missing(self, *names: str) -> tuple[str, ...]:
        """Return the tables, else the columns, that metrics need and no export brings, in order, once each."""
        metrics = [self.metric(name) for name in names]
        lacking = (self.lacks(*FACTS[metric.fact].needs) or self.lacks(*metric.needs) for metric in metrics)
        return tuple(dict.fromkeys(chain.from_iterable(lacking)))

    def available(self, *names: str) -> tuple[str, ...]:
        """Return those of the metrics that the exports can give."""
        return tuple(name for name in names if not self.missing(name))

    def measure(self, *names: str, months: int = 1, by: Sequence[str] = ()) -> pd.DataFrame:
        """Measure metrics for the months that end with the report's, by segment columns if any.

        Returns what `cxlib.metrics.measure` returns, without rows of metrics that no export can give.
        """
        available, segments, span = self.available(*names), tuple(by), max(months, HISTORY)
        if not available:
            return measure(self.engine, (), (), segments)
        if new := [name for name in available if (name, segments, span) not in self._measured]:
            # one scan brings all metrics of a fact, and a page asks for most; a breakdown is asked for few
            facts = () if segments else {METRICS[name].fact for name in new}
            kin = self.available(*(name for name, one in METRICS.items() if name in new or one.fact in facts))
            rows = measure(self.engine, [METRICS[name] for name in kin], self.month.trailing(span), segments)
            self._measured |= {(name, segments, span): rows[rows["metric"] == name] for name in kin}
        rows = pd.concat([self._measured[name, segments, span] for name in available])
        return rows[rows["period"] >= str(self.month.shift(1 - months))].reset_index(drop=True)

    def estimate(self, name: str, month: Month | None = None, segment: Mapping[str, str] | None = None) -> Estimate:
        """Return one number of the report's month or an earlier one, of all or of one cell of a breakdown.

        MeasureError if its table is missing, the month lies after the report's, or the breakdown has no such value.
        """
        if lacking := self.missing(name):
            raise MeasureError(f"{name} cannot be measured: no export brings {', '.join(lacking)}")
        month, cell = month or self.month, dict(segment or {})
        back = (self.month.year - month.year) * 12 + self.month.month - month.month
        if back < 0:
            raise MeasureError(f"{name}: {month} lies after the report's month {self.month}")
        rows = self.measure(name, months=back + 1, by=tuple(cell))
        rows = rows[(rows[["period", *cell]] == [str(month), *cell.values()]).all(axis=1)]
        if rows.empty:
            raise MeasureError(f"{name}: no rows for {cell} in {month}")
        return estimates(rows)[0]

    def comparing(self, measures: str, *months_back: int) -> Workbook:
        """Return the workbook of a page that compares measures with these months, a year before, and along trends.

        All of it is one family, judged together, so that whatever speaks of a change on the page says the same of it.
        """
        book = Workbook(self.snapshot, self.month, self.language, self.parts)
        book._compared = tuple(self.metric(name).id for name in measures.split()), months_back
        return book

    def change(self, name: str, months_back: int = 1, segment: Mapping[str, str] | None = None) -> Change:
        """Compare the report's month with an earlier one, or (0 months back) say how it moved along its trend."""
        of_page = None if segment else self._of_page.get((name, months_back))
        return of_page or (self._since(name, months_back, segment) if months_back else self._along(name))

    def _since(self, name: str, months_back: int, segment: Mapping[str, str] | None = None) -> Change:
        earlier = self.month.shift(-months_back)
        now, before = self.estimate(name, self.month, segment), self.estimate(name, earlier, segment)
        change = difference(now, before)
        whole = "first-month" not in (*now.flags, *before.flags)
        where = "-".join(("", *(segment or {}).values()))
        verdict = direction_of(change) if whole else "cannot-tell"
        return Change(f"{name}{where}-since-{earlier}", name, now, before, change, str(earlier), verdict)

    def _along(self, name: str) -> Change:
        course = estimates(self.measure(name, months=TREND_MONTHS))
        rise = trend(course, max(self.metric(name).looks_back_months, 1))
        first = str(self.month.shift(1 - TREND_MONTHS))
        verdict = direction_of(rise) if course[-1].is_known else "cannot-tell"
        return Change(f"{name}-trend", name, course[-1], course[0], rise, first, verdict, months=rise.n)

    def changes(self, *names: str, months_back: int = 1) -> list[list[Change]]:
        """Return of each measure its changes: since a month, since a year before, and along its trend.

        The verdicts hold for all of them together, or for all of the page where it says what it compares. A measure
        that speaks of twelve months is compared with the twelve before those, not with months that it shares.
        """
        asked = {name: [(name, back) for back in (*self._apart(name, (months_back, YEAR)), TREND)] for name in names}
        others = [name for name, wanted in asked.items() if not self._of_page.keys() >= set(wanted)]
        family = {**self._judged(others, (months_back,)), **self._of_page}
        return [[family[one] for one in wanted] for wanted in asked.values()]

    @cached_property
    def _of_page(self) -> Mapping[tuple[str, int], Change]:
        """What the page compares, judged together, by measure and months back."""
        names, months_back = self._compared
        return self._judged(self.available(*names), months_back)

    def _judged(self, names: Sequence[str], months_back: Sequence[int]) -> Mapping[tuple[str, int], Change]:
        backs = {name: self._apart(name, (*months_back, YEAR)) for name in names}
        found = {(name, back): self._since(name, back) for name in names for back in backs[name]}
        found |= {(name, TREND): self._along(name) for name in names}
        return dict(zip(found, judged_together(list(found.values())), strict=True))

    def _apart(self, name: str, months_back: Sequence[int]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(max(back, self.metric(name).looks_back_months) for back in months_back))


def find_upward(name: str) -> Path:
    """Return a file by a path relative to here or to a folder above (notebooks lie one folder down)."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / name).is_file():
            return folder / name
    advice = "name the sources file, or write one (README.md, “Bring your own exports”)"
    raise ConfigError(f"{name} is not in {here.name} nor in a folder above; {advice}")
