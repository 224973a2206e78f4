"""`sources.toml`: every wrong key is named with its place and the nearest right one."""

from __future__ import annotations

import re

import pytest

from cxlib.errors import ConfigError
from cxlib.sources import VENDORS, load_sources
from cxlib.sources.problems import BLOCKS, SOFTENABLE, WARNINGS
from cxlib.tables import TABLES
from sources.drop import HEAD, Drop

ZENDESK = '[[export]]\nname = "desk"\npath = "desk.csv"\nvendor = "zendesk"\n'


def complaint(drop: Drop, exports: str, head: str = HEAD) -> str:
    with pytest.raises(ConfigError) as caught:
        load_sources(drop.toml(exports, head))
    return str(caught.value)


def test_broken_toml_names_the_line(drop: Drop) -> None:
    said = complaint(drop, '[[export]]\nname = "desk"\npath = desk.csv\n')
    assert said == "sources.toml is not TOML: Invalid value (at line 13, column 8). Mend that line"


def test_missing_file(drop: Drop) -> None:
    path = drop.folder / "sources.toml"
    with pytest.raises(ConfigError, match=re.escape(f"{path} does not exist; write it, as data/README.md explains")):
        load_sources(path)


@pytest.mark.parametrize(
    ("exports", "said"),
    [
        (ZENDESK.replace("vendor", "vendro"), 'export "desk": unknown key "vendro"; did you mean "vendor"?'),
        (ZENDESK.replace("zendesk", "zendsk"), 'export "desk": unknown vendor "zendsk"; did you mean "zendesk"?'),
        (ZENDESK + 'table = "tikets"', 'export "desk": unknown table "tikets"; did you mean "tickets"?'),
        (
            ZENDESK + 'table = "costs"',
            'export "desk": zendesk has layouts for "tickets", not for "costs"; leave vendor out',
        ),
        (ZENDESK + 'format = "exel"', "export \"desk\", format: input should be 'csv', 'tsv', 'excel'"),
        (ZENDESK + 'time_zone = "Europe/Istambul"', 'time zone "Europe/Istambul" is not known; write an IANA name'),
        (ZENDESK + 'time_zone = "CET"', 'time zone "CET": write an IANA name such as "Europe/Istanbul" or "UTC"'),
        (ZENDESK + 'encoding = "windows-1254x"', 'encoding "windows-1254x" is not known; did you mean "windows-1254"?'),
        (ZENDESK + 'dates = "dd.mm.yyyy"', '"dd.mm.yyyy" is not a date format; write one such as "%d.%m.%Y %H:%M"'),
        (ZENDESK + 'dates = "%d.%m.%Q"', '"%d.%m.%Q" is not a date format'),
        (ZENDESK + "time_zone_in_header = '('", '"(" is not a regular expression: missing )'),
        (ZENDESK + "time_zone_in_header = 'Zone'", '"Zone" needs one group in parentheses: that is what is taken'),
        (ZENDESK + 'accept = ["row-cuont"]', '"row-cuont" is not a check; did you mean "row-count"?'),
        (ZENDESK + 'accept = ["minor-units"]', '"minor-units" cannot be accepted (cents or whole units: not stated)'),
        (ZENDESK + 'decimal = ","\nthousands = ","', '"decimal" and "thousands" are both ","'),
        (
            ZENDESK + "[export.columns]\nchanel = 'Via'",
            'columns.chanel: table "tickets" has no column "chanel"; did you',
        ),
        (
            ZENDESK + "[export.columns]\ntopic = {colum = 'T'}",
            'columns, topic: unknown key "colum"; did you mean "column"?',
        ),
        (ZENDESK + "[export.columns]\ntopic = {}", 'columns, topic: write exactly one of "column", "sql" and "value"'),
        (ZENDESK + "[[export.reject]]\nreason = 'x'", 'export "desk", reject, number 1: the key "when" is missing'),
        (
            ZENDESK + "[[export.unknown]]\ncolumn='x'\nreason='y'\nwhen='z'",
            'unknown: table "tickets" has no column "x"',
        ),
        (ZENDESK.replace('path = "desk.csv"\n', ""), 'export "desk": write either "path" or "url"'),
        (ZENDESK.replace("desk.csv", "desk.dat"), 'the format of "desk.dat" is not clear; write format = "csv"'),
        (ZENDESK + ZENDESK, 'two exports are called "desk"; give each its own name'),
        ("[[export]]\nname='d'\npath='d.csv'", 'export "d": the key "table" is missing; one of "costs", "customers"'),
        ("[[export]]\nname='d'\npath='d.csv'\ntable='costs'", "[export.columns] is missing"),
        (
            "[[export]]\nname='d'\npath='d.csv'\ntable='costs'\n[export.columns]\nteam='T'",
            'table "costs" needs columns.kind (salaries, tools, …)',
        ),
        (
            "[[export]]\nname='d'\npath='d.csv'\nvendor='qualtrics'",
            "qualtrics has several layouts; write table = one of",
        ),
        ("[[export]]\nname='d'\npath='d.duckdb'\ntable='costs'", 'a database needs "source_table"'),
        ("[[export]]\nname='d'\nurl='mysql://x'\ntable='costs'", '"url" must start with postgresql://'),
        ("", 'top level: the key "export" is missing'),
        (ZENDESK + "prefix = 'x-'\n[ratez]\nUSD = 1", 'top level: unknown key "ratez"; did you mean "rates"?'),
    ],
)
def test_wrong_keys(drop: Drop, exports: str, said: str) -> None:
    message = complaint(drop, exports)
    assert said in message
    assert "sources.toml" in message or "format of" in message


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("USD = 0.92", "USD = 0", "rates: the rate of USD is 0.0; it must be above zero"),
        ("USD = 0.92", "usd = 1", 'rates: "usd" is not an ISO 4217 code such as "USD"'),
        ("USD = 0.92", "EUR = 2", "the rate of EUR, the reporting currency, must be 1"),
        ("06:00:00Z", "06:00:00", "workbook, as_of: input should have timezone info"),
        (
            "reporting_time_zone",
            "reporting_timezone",
            'unknown key "reporting_timezone"; did you mean "reporting_time_zone"?',
        ),
        ('company = "Kuzey Cloud"\n', "", 'workbook: the key "company" is missing'),
    ],
)
def test_wrong_head(drop: Drop, old: str, new: str, said: str) -> None:
    assert said in complaint(drop, ZENDESK, HEAD.replace(old, new))


def test_a_wrong_value_is_shown_but_no_secret(drop: Drop) -> None:
    said = complaint(drop, ZENDESK + 'format = "exel"', HEAD.replace("[rates]", 'pseudonym_key = "4711"\n[rates]'))
    assert "(it is 'exel')" in said
    assert "workbook, pseudonym_key: it does not belong into this file. Put a long random text that stays" in said
    assert "4711" not in said


def test_all_wrong_keys_are_named_at_once(drop: Drop) -> None:
    said = complaint(drop, ZENDESK.replace("vendor", "vendro") + "seperator = ';'")
    assert 'unknown key "vendro"' in said
    assert 'unknown key "seperator"; did you mean "separator"?' in said


def test_own_keys_lie_over_the_vendors(drop: Drop) -> None:
    _, (plan,) = load_sources(
        drop.toml(
            ZENDESK
            + "[export.columns]\ntopic = 'Topic'\nchannel = 'Kanal'\n[export.values.status]\nParked = 'pending'\n"
            "[[export.reject]]\nreason = 'outage'\nwhen = 'true'\n"
        )
    )
    assert plan.export.columns["topic"].column == ("Topic",)
    assert plan.lenient.isdisjoint({"topic", "channel"})
    assert "created_at" in plan.lenient
    assert plan.export.values["status"]["Parked"] == "pending"
    assert plan.export.values["status"]["closed"] == "solved"
    assert "channel" not in plan.export.values, "a value map belongs to the source column it was made for"
    assert [rule.reason for rule in plan.export.reject][:2] == ["outage", "merged"]


def test_every_ready_mapping_uses_known_columns() -> None:
    assert set(VENDORS) == {"zendesk", "stripe", "qualtrics", "salesforce"}
    for mappings in VENDORS.values():
        for table, ready in mappings.items():
            used = {*ready.columns, *ready.values, *(rule.column for rule in ready.unknown)}
            assert used <= set(TABLES[table].column_names)


def test_every_check_has_one_kind() -> None:
    kinds = [set(WARNINGS), set(SOFTENABLE), set(BLOCKS)]
    assert sum(map(len, kinds)) == len(set.union(*kinds))
    named = {check.name for table in TABLES.values() for check in table.checks}
    assert named <= set.union(*kinds)
