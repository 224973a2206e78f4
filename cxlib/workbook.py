"""The analyst's door: one month of one company, ready to be asked."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path

import pandas as pd
from statsmodels.stats.multitest import multipletests

from cxlib.engine import OF_EVERYBODY, Engine, Part
from cxlib.errors import ConfigError, MeasureError
from cxlib.estimate import Estimate, difference, two_sided_p
from cxlib.facts import FACTS
from cxlib.finding import Change, Quantity, direction_of
from cxlib.language import Language
from cxlib.metrics import METRICS, Metric, measure, missing_columns
from cxlib.nearest import did_you_mean
from cxlib.period import Month
from cxlib.store import Snapshot
from cxlib.tables import EVENT_TIMES, TABLES

HISTORY = 36
"""Months that are measured in one go and remembered; a page asks for most of them sooner or later."""


class Workbook:
    """One reporting month over one snapshot.

    Parameters
    ----------
    snapshot : Snapshot
        The checked tables.
    month : Month
        The month the report is about.
    language : Language
        The reader's language.
    parts : sequence of Part
        Which customers it is narrowed to; see `only` and `without`.
    """

    def __init__(self, snapshot: Snapshot, month: Month, language: Language, parts: Sequence[Part] = ()) -> None:
        self.snapshot = snapshot
        self.month = month
        self.language = language
        self.parts = tuple(parts)
        self._measured: dict[tuple[str, tuple[str, ...]], pd.DataFrame] = {}

    @cached_property
    def engine(self) -> Engine:
        return Engine(self.snapshot, parts=self.parts)

    @cached_property
    def columns(self) -> Mapping[str, Sequence[str]]:
        """Canonical columns by table that the exports bring, without tables that cannot be divided as asked."""
        return {
            name: columns
            for name, columns in self.snapshot.columns.items()
            if name in OF_EVERYBODY or not self.parts or self._has_rows(name)
        }

    def _has_rows(self, table: str) -> bool:
        return bool(self.engine.frame(f"SELECT count(*) > 0 AS some FROM {table}")["some"].iloc[0])

    def only(self, segment: str, value: str) -> Workbook:
        """Return the workbook of one part of the customers, such as `only("sector", "Retail")`; of all without a value.

        Raises
        ------
        MeasureError
            If no customer, ticket or answer has the value; the nearest is named.
        """
        return self._narrowed(segment, (value,) if value else (), out=False)

    def without(self, segment: str, values: str) -> Workbook:
        """Return the workbook without some customers: `without("tier", "Free, Trial")`; the same without values.

        Raises
        ------
        MeasureError
            If no customer, ticket or answer has one of the values; the nearest is named.
        """
        return self._narrowed(segment, tuple(part.strip() for part in values.split(",") if part.strip()), out=True)

    def _narrowed(self, segment: str, values: tuple[str, ...], out: bool) -> Workbook:
        if not values:
            return self
        known = self._values_of(segment)
        for value in values:
            if value not in known:
                raise MeasureError(f'{segment} has no value "{value}"{did_you_mean(value, known)}')
        return Workbook(self.snapshot, self.month, self.language, (*self.parts, Part(segment, values, out)))

    def _values_of(self, segment: str) -> list[str]:
        facts = [name for name, fact in FACTS.items() if segment in fact.segments]
        if not facts:
            known = dict.fromkeys(column for fact in FACTS.values() for column in fact.segments)
            raise MeasureError(f'there is no segment "{segment}"{did_you_mean(segment, known)}')
        asked = " UNION ".join(
            f"SELECT CAST({segment} AS VARCHAR) AS v FROM {self.engine.fact(name)}" for name in facts
        )
        return [str(value) for value in self.engine.frame(asked)["v"].dropna().sort_values()]

    def frame(self, sql: str, **values: object) -> pd.DataFrame:
        """Return the rows of a statement over canonical tables and facts.

        Parameters
        ----------
        sql : str
            Canonical tables and facts by their names (`customer_month`); `$cut` is the last instant the month's pages
            may know of, `$month` the first day of the report's month, `$name` one of the values.
        **values : object
            What stands for `$name`, as it is to be written in SQL.
        """
        # what stands in quotes is a value, not the name of a fact
        parts = re.split(r"('[^']*')", sql)
        for name in FACTS:
            if any(re.search(rf"\b{name}\b", part) for part in parts[::2]):
                fact = self.engine.fact(name)
                parts[::2] = [re.sub(rf"\b{name}\b", fact, part) for part in parts[::2]]
        sql = "".join(parts)
        written = {"cut": self.sql_cut, "month": f"DATE '{self.month.first_day}'", **values}
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
        """All canonical tables by name: `rows, grain, with_customer, first, last, columns`.

        `with_customer` is the share of rows that name a known customer, `first` and `last` are the days from when until
        when the table reaches, `columns` names those that an export brings.
        """
        columns = ["rows", "grain", "with_customer", "first", "last", "columns"]
        return pd.DataFrame.from_dict({name: self._about(name) for name in TABLES}, orient="index", columns=columns)

    def _about(self, table: str) -> tuple[object, ...]:
        brought, event = self.columns.get(table, ()), EVENT_TIMES.get(table)
        first, last = (f"strftime({end}({event}), '%Y-%m-%d')" if event in brought else "''" for end in ("min", "max"))
        asked = f"count(*) AS rows, coalesce({first}, '') AS first, coalesce({last}, '') AS last"
        found = self.engine.frame(f"SELECT {asked} FROM {table}").iloc[0]
        rows, share = int(found["rows"]), None
        if rows and table != "customers" and "customer_id" in brought and "customers" in self.columns:
            linked = f"SELECT count(*) AS n FROM {table} SEMI JOIN customers USING (customer_id)"
            share = Quantity(self.engine.frame(linked)["n"].iloc[0] / rows, "share")
        return rows, TABLES[table].grain, share, found["first"], found["last"], ", ".join(brought)

    def __repr__(self) -> str:
        parts = "".join(
            f", {'without ' if out else ''}{column} {', '.join(values)}" for column, values, out in self.parts
        )
        given = self.available(*METRICS)
        return (
            f"{self.snapshot.company}, {self.language.month(self.month)}{parts}; snapshot {self.snapshot.id}, exported "
            f"{self.language.moment(self.snapshot.as_of, self.snapshot.time_zone)}\n"
            f"tables: {', '.join(self.columns) or 'none'}\n"
            f"measures that can be given ({len(given)} of {len(METRICS)}): {', '.join(given)}"
        )

    @cached_property
    def cut(self) -> datetime:
        """Last instant (UTC) that the month's pages may know of: its end, or the export where that came first."""
        return min(self.month.end(self.snapshot.time_zone), self.snapshot.as_of)

    @property
    def sql_cut(self) -> str:
        """The cut as it is written in SQL."""
        return f"TIMESTAMP '{self.cut:%Y-%m-%d %H:%M:%S}'"

    @property
    def currency(self) -> str:
        return self.snapshot.currency

    def lacks(self, *columns: str) -> tuple[str, ...]:
        """Return those of the canonical columns, such as "tickets.created_at", that no export brings.

        A table's bare name asks whether any export fills the table.
        """
        brought = self.columns
        return tuple(
            name
            for name in columns
            if (parts := name.partition("."))[0] not in brought or (parts[2] and parts[2] not in brought[parts[0]])
        )

    def metric(self, name: str) -> Metric:
        """Return a metric by its id.

        Raises
        ------
        MeasureError
            If there is none; the nearest is named.
        """
        if not isinstance(name, str):
            raise MeasureError(f'measures are asked for one by one, as texts: "nps", "csat", not {name!r}')
        if name not in METRICS:
            raise MeasureError(f'metric "{name}" does not exist{did_you_mean(name, METRICS)}')
        return METRICS[name]

    def missing(self, *names: str) -> tuple[str, ...]:
        """Return the tables and columns that metrics need and no export brings, in order, once each."""
        columns = (c for name in names for c in missing_columns(self.metric(name), self.columns))
        return tuple(dict.fromkeys(columns))

    def available(self, *names: str) -> tuple[str, ...]:
        """Return those of the metrics that the exports can give."""
        return tuple(name for name in names if not self.missing(name))

    def measure(self, *names: str, months: int = 1, by: Sequence[str] = ()) -> pd.DataFrame:
        """Measure metrics for the months that end with the report's.

        Parameters
        ----------
        *names : str
            Ids of metrics; those whose table is missing have no rows.
        months : int
            How many months, the report's last.
        by : sequence of str
            Segment columns.

        Returns
        -------
        DataFrame
            As `cxlib.metrics.measure` returns.
        """
        available, segments = self.available(*names), tuple(by)
        if months > HISTORY:
            return self._measure_now(available, months, segments)
        new = [name for name in available if (name, segments) not in self._measured]
        if new:
            for name, rows in self._measure_now(self._with_kin(new, segments), HISTORY, segments).groupby("metric"):
                self._measured[str(name), segments] = rows
        asked = [str(month) for month in self.month.trailing(months)]
        parts = [self._measured[name, segments] for name in available]
        if not parts:
            return self._measure_now((), months, segments)
        rows = pd.concat(parts)
        return rows[rows["period"].isin(asked)].reset_index(drop=True)

    def _measure_now(self, names: Sequence[str], months: int, by: tuple[str, ...]) -> pd.DataFrame:
        return measure(self.engine, [METRICS[name] for name in names], self.month.trailing(months), by)

    def _with_kin(self, names: Sequence[str], by: tuple[str, ...]) -> tuple[str, ...]:
        """Return the metrics with all others of the same facts: one scan brings them, and a page asks for most.

        A breakdown is asked for few measures, so there only those are counted.
        """
        if by or not names:
            return tuple(names)
        facts = {METRICS[name].fact for name in names}
        return self.available(*(name for name, metric in METRICS.items() if metric.fact in facts))

    def estimate(self, name: str, month: Month | None = None, segment: Mapping[str, str] | None = None) -> Estimate:
        """Return one measured number.

        Parameters
        ----------
        name : str
            Id of the metric.
        month : Month, optional
            The report's month or an earlier one.
        segment : mapping of column to value, optional
            One cell of a breakdown.

        Raises
        ------
        MeasureError
            If its table is missing, or the breakdown has no such value.
        """
        if lacking := self.missing(name):
            raise MeasureError(f"{name} cannot be measured: no export brings {', '.join(lacking)}")
        month, cell = month or self.month, dict(segment or {})
        back = (self.month.year - month.year) * 12 + self.month.month - month.month
        if back < 0:
            raise MeasureError(f"{name}: {month} lies after the report's month {self.month}")
        rows = self.measure(name, months=max(back + 1, 1), by=tuple(cell))
        rows = rows[rows["period"] == str(month)]
        for column, value in cell.items():
            rows = rows[rows[column] == value]
        if rows.empty:
            raise MeasureError(f"{name}: no rows for {cell} in {month}")
        return estimate_of(rows.iloc[0])

    def change(self, name: str, months_back: int = 1, segment: Mapping[str, str] | None = None) -> Change:
        """Compare the report's month with an earlier one."""
        earlier = self.month.shift(-months_back)
        now, before = self.estimate(name, self.month, segment), self.estimate(name, earlier, segment)
        change = difference(now, before)
        whole = "first-month" not in (*now.flags, *before.flags)
        where = "-".join(("", *(segment or {}).values()))
        verdict = direction_of(change) if whole else "cannot-tell"
        return Change(f"{name}{where}-since-{earlier}", name, now, before, change, str(earlier), verdict)

    def changes(self, *names: str, months_back: int = 1) -> list[Change]:
        """Compare several measures at once; the verdicts hold for all of them together.

        With many comparisons some intervals exclude zero by chance, so a direction is said only
        where Benjamini and Hochberg's (1995) procedure at 5 % rejects "no change" as well.
        """
        findings = [self.change(name, months_back) for name in self.available(*names)]
        return correct_family(findings)


def correct_family(findings: Sequence[Change]) -> list[Change]:
    """Take back the directions that do not survive Benjamini and Hochberg's correction at 5 %."""
    told = [place for place, finding in enumerate(findings) if finding.verdict != "cannot-tell"]
    if not told:
        return list(findings)
    rejected = multipletests([two_sided_p(findings[place].change) for place in told], method="fdr_bh")[0]
    corrected = list(findings)
    for place, measurable in zip(told, rejected, strict=True):
        if not measurable:
            corrected[place] = findings[place].with_verdict("no-measurable-change")
    return corrected


def estimate_of(row: pd.Series) -> Estimate:
    """Return the Estimate in one row of a measures table."""
    flags = tuple(flag for flag in str(row["flags"]).split(",") if flag)
    return Estimate(
        float(row["value"]),
        float(row["low"]),
        float(row["high"]),
        int(row["n"]),
        str(row["unit"]),
        str(row["method"]),
        flags,
    )


def find_upward(name: str) -> Path:
    """Return a file by a path relative to here or to a folder above (notebooks lie one folder down).

    Raises
    ------
    ConfigError
        If there is none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / name).is_file():
            return folder / name
    raise ConfigError(
        f"{name} is not in {here.name} nor in a folder above; name the sources file, or write one "
        "(README.md, “Bring your own exports”)"
    )
