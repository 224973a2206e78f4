"""Every check of the import, by the sentence it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from cxlib.errors import SourceError
from sources.drop import HEAD, Drop

Z = "2026-10-01T10:00:00Z"


def messages(drop: Drop) -> list[str]:
    """Return what stands against an import, and see that nothing was written."""
    with pytest.raises(SourceError) as caught:
        drop.build()
    assert drop.written() == []
    assert all(problem.blocks for problem in caught.value.problems)
    return [str(problem) for problem in caught.value.problems]


def only(drop: Drop) -> str:
    (message,) = messages(drop)
    return message


def csv(drop: Drop, header: str, *rows: str) -> None:
    drop.file("desk.csv", "\n".join((header, *rows)) + "\n")


def created(drop: Drop, *texts: str, keys: str = "", rule: str = "") -> None:
    """Write tickets created at these times."""
    csv(drop, "Id,Created", *(f'{number},"{text}"' for number, text in enumerate(texts, start=1)))
    path = drop.tickets(keys)
    if rule:
        path.write_text(path.read_text().replace('created_at = "Created"', f"created_at = {rule}"))


# --- times


def test_naive_times_without_a_zone(drop: Drop) -> None:
    created(drop, "2026-10-01 10:00", "2026-10-01T10:00:00Z", "2026-10-01T10:00:00.123")
    assert only(drop) == (
        'desk (desk.csv), created_at from "Created": 2 times without offset, and no time zone is stated (first: row 2: '
        '"2026-10-01 10:00:00"). Write time_zone = "Europe/Berlin" (the zone of the account that exported).'
    )


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026-10-01T10:00:00Z", 10),
        ("2026-10-01 10:00:00 UTC", 10),
        ("2026-10-01T10:00:00.000+0000", 10),
        ("2026-10-01 12:00+02", 10),
        ("2026-10-01 12:00:00 +02:00", 10),
        ("2026-10-01 06:30:00-03:30", 10),
        ("2026-10-01 12:00:00", 10),
        ("2026-10-01 12:00", 10),
        ("2026-10-01T12:00:00,000", 10),
        (" 2026-10-01 12:00 ", 10),
        ("۲۰۲۶-۱۰-۰۱ ۱۲:۰۰", 10),
    ],
)
def test_iso_times(drop: Drop, text: str, hour: int) -> None:
    created(drop, text, keys='time_zone = "Europe/Berlin"')
    assert list(drop.table()["created_at"]) == [datetime(2026, 10, 1, hour)]


@pytest.mark.parametrize(
    "text",
    ["2026-13-01 10:00", "2026-02-30", "1 Oct 2026", "2026-10-01 10:00 CET", "10:00", "0026-10-01", "2026-10-1", "n/a"],
)
def test_times_that_are_none(drop: Drop, text: str) -> None:
    created(drop, "2026-10-01 10:00", text, keys='time_zone = "Europe/Berlin"')
    assert f'1 value not in ISO 8601, and no format is stated (first: row 3: "{text}")' in only(drop)


def test_ambiguous_dates_name_every_format_that_fits(drop: Drop) -> None:
    created(drop, "03/04/2025", "05/06/2025", keys='time_zone = "Europe/Berlin"')
    assert only(drop) == (
        'desk (desk.csv), created_at from "Created": 2 values not in ISO 8601, and no format is stated (first: row 2: '
        '"03/04/2025"). 2 formats fit all rows: "%d/%m/%Y", "%m/%d/%Y"; write the one of the tool\'s locale as dates.'
    )


def test_one_format_that_fits_is_proposed(drop: Drop) -> None:
    created(drop, "03/04/2025 17:05", "13/04/2025 9:05", keys='time_zone = "Europe/Berlin"')
    assert 'This fits all rows: dates = "%d/%m/%Y %H:%M" (or format of the column).' in only(drop)
    created(drop, "03/04/2025 17:05", "13/04/2025 9:05", keys='time_zone = "Europe/Berlin"\ndates = "%d/%m/%Y %H:%M"')
    assert list(drop.table()["created_at"]) == [datetime(2025, 4, 3, 15, 5), datetime(2025, 4, 13, 7, 5)]


def test_mixed_formats_fit_nothing(drop: Drop) -> None:
    created(drop, "13/04/2025", "04/13/2025", keys='time_zone = "Europe/Berlin"\ndates = "%d/%m/%Y"')
    assert only(drop) == (
        'desk (desk.csv), created_at from "Created": 1 value not in the format "%d/%m/%Y" (first: row 3: '
        '"04/13/2025"). No '
        "format known here fits all rows: state dates, mend the export, or mark such times as unknown "
        "([[export.unknown]])."
    )


def test_two_digit_year_is_not_the_year_25(drop: Drop) -> None:
    created(drop, "13/04/25", keys='time_zone = "UTC"\ndates = "%d/%m/%Y"')
    assert '1 value not in the format "%d/%m/%Y"' in only(drop)


def test_format_with_offset_needs_no_zone(drop: Drop) -> None:
    created(drop, "01.10.2026 12:00 +0200", keys='dates = "%d.%m.%Y %H:%M %z"')
    assert list(drop.table()["created_at"]) == [datetime(2026, 10, 1, 10)]


@pytest.mark.parametrize(
    ("text", "unit"), [("1700000000", "epoch_s"), ("1700000000000", "epoch_ms"), ("1700000000000000", "epoch_us")]
)
def test_epoch_digits_block_and_name_the_unit(drop: Drop, text: str, unit: str) -> None:
    created(drop, text)
    assert only(drop) == (
        f'desk (desk.csv), created_at from "Created": 1 value of digits only, which fit "{unit}" (1990 to 2050) '
        "(first: row 2: "
        f'"{text}"). Write columns.created_at = {{ column = "...", format = "{unit}" }}.'
    )
    created(drop, text, rule=f'{{ column = "Created", format = "{unit}" }}')
    assert list(drop.table()["created_at"]) == [datetime(2023, 11, 14, 22, 13, 20)]


def test_epoch_in_the_wrong_unit(drop: Drop) -> None:
    created(drop, "1700000000", rule='{ column = "Created", format = "epoch_ms" }')
    assert only(drop) == (
        'desk (desk.csv), created_at from "Created": 1 value outside 1990 to 2050 when read as "epoch_ms" '
        "(first: row 2: "
        '"1700000000"). "epoch_s" would fit all rows.'
    )


@pytest.mark.parametrize(
    ("first", "serials"),
    [
        ("1899-12-30", ("46295.97916666666", "46296", "46310.5")),
        ("1904-01-01", ("44833.97916666666", "44834", "44848.5")),
    ],
)
def test_days_of_excel_are_never_guessed(drop: Drop, first: str, serials: tuple[str, ...]) -> None:
    """30 Sep 23:30, 1 Oct 0:00 and 15 Oct 12:00 of 2026 in both date systems; read as seconds they lie in 1970."""
    created(drop, *serials, keys='time_zone = "UTC"')
    message = only(drop)
    assert message.startswith(
        'desk (desk.csv), created_at from "Created": 3 values written as numbers of days, which look like Excel '
        f'dates (first: row 2: "{serials[0]}"). Give the whole column a date format in Excel and save'
    )
    assert message.endswith(", with 1904-01-01 if the workbook counts from 1904.")
    told = message.partition("columns.created_at = ")[2].partition(" }, with")[0] + " }"
    created(drop, *serials, keys='time_zone = "UTC"', rule=told.replace("1899-12-30", first))
    assert sorted(drop.table()["created_at"]) == [
        datetime(2026, 9, 30, 23, 30),
        datetime(2026, 10, 1),
        datetime(2026, 10, 15, 12),
    ]
    created(drop, *serials, rule='{ column = "Created", format = "epoch_s" }')
    (drop.folder / "snapshots").rename(drop.folder / "earlier")
    assert 'outside 1990 to 2050 when read as "epoch_s"' in only(drop)


def test_days_of_excel_among_dates(drop: Drop) -> None:
    created(drop, "2026-09-30 23:30:00", "46310.5", "31.10.2026 23:59", keys='time_zone = "UTC"')
    assert "1 value written as numbers of days, which look like Excel dates (first: row 3" in only(drop)


def test_digits_that_are_a_day(drop: Drop) -> None:
    created(drop, "20261001", keys='time_zone = "UTC"')
    assert 'This fits all rows: dates = "%Y%m%d"' in only(drop)


def test_summer_time_is_counted(drop: Drop) -> None:
    created(
        drop,
        "2026-03-29 02:30",
        "2025-10-26 02:30",
        "2025-10-26 02:59",
        "2025-10-26 03:00",
        "2025-10-26 01:59",
        keys='time_zone = "Europe/Berlin"',
    )
    snapshot = drop.build()
    (warning,) = snapshot.warnings
    assert str(warning) == (
        'desk (desk.csv), created_at from "Created": 1 time that Europe/Berlin skips and 2 times that it has '
        "twice (taken as the "
        'later) (first: row 2: "2026-03-29 02:30:00"). Export with offsets, or accept = ["dst"].'
    )
    assert sorted(drop.table(snapshot=snapshot)["created_at"]) == [
        datetime(2025, 10, 25, 23, 59),
        datetime(2025, 10, 26, 1, 30),
        datetime(2025, 10, 26, 1, 59),
        datetime(2025, 10, 26, 2),
        datetime(2026, 3, 29, 1, 30),
    ]
    created(drop, "2026-03-29 02:30", keys='time_zone = "Europe/Berlin"\naccept = ["dst"]')
    quiet = drop.build()
    assert quiet.warnings == ()
    assert quiet.notes[0].startswith("accepted dst: desk (desk.csv), created_at")


def test_half_hour_summer_time(drop: Drop) -> None:
    created(drop, "2025-04-06 01:45", "2025-04-06 01:15", keys='time_zone = "Australia/Lord_Howe"')
    assert drop.build().warnings[0].rows == 1


def test_a_start_in_the_hour_that_comes_twice_stays_before_its_end(drop: Drop) -> None:
    csv(
        drop,
        "Id,Created,Solved",
        "1,2025-10-26 02:30,2025-10-26 02:10",
        "2,2025-10-26 02:30,2025-10-26 02:50",
        "3,2025-10-26 02:30,",
    )
    drop.tickets('time_zone = "Europe/Berlin"', 'first_solved_at = "Solved"')
    table = drop.table()
    assert list(table["created_at"].dt.hour) == [0, 1, 1]
    assert list(table["first_solved_at"].dt.hour.dropna()) == [1, 1]


def test_every_local_hour_agrees_with_the_standard_library(drop: Drop) -> None:
    """Another tz implementation, over a year of hours in a zone with two changes."""
    start = datetime(2025, 1, 1)
    local = [start + timedelta(hours=hour, minutes=30) for hour in range(24 * 365)]
    created(drop, *(f"{moment:%Y-%m-%d %H:%M}" for moment in local), keys='time_zone = "America/New_York"')
    table = drop.table()
    got = dict(zip(table["ticket_id"].astype(int), table["created_at"], strict=True))
    zone, utc = ZoneInfo("America/New_York"), ZoneInfo("UTC")
    for number, moment in enumerate(local, start=1):
        want = moment.replace(tzinfo=zone, fold=1).astimezone(utc).replace(tzinfo=None)
        if moment == datetime(2025, 3, 9, 2, 30):  # the clock skips it
            want = moment.replace(tzinfo=zone, fold=0).astimezone(utc).replace(tzinfo=None)
        assert got[number] == want


def test_after_as_of(drop: Drop) -> None:
    created(drop, "2026-11-09T06:00:00Z", "2026-11-09T06:00:01Z")
    assert only(drop) == (
        'desk (desk.csv), created_at from "Created": 1 value later than as_of (2026-11-09 06:00:00 UTC) (first: '
        'row 3: "2026-11-09 '
        '06:00:01"). Check as_of, time_zone and dates, or accept = ["after-as-of"].'
    )
    created(drop, "2026-11-09T06:00:01Z", keys='accept = ["after-as-of"]')
    (warning,) = drop.build().warnings
    assert warning.fix == 'Accepted by accept = ["after-as-of"].'


def test_as_of_is_the_latest_event_where_it_is_not_stated(drop: Drop) -> None:
    csv(drop, "Id,Created", "1,2026-10-01T10:00:00Z", "2,2026-10-03T10:00:00Z")
    drop.tickets(head=HEAD.replace("as_of = 2026-11-09T06:00:00Z\n", ""))
    assert drop.build().as_of == datetime(2026, 10, 3, 10)


# --- numbers


def scores(drop: Drop, *texts: str, keys: str = "", column: str = "satisfaction_score") -> None:
    csv(drop, "Id;Created;Score", *(f'{number};{Z};"{text}"' for number, text in enumerate(texts, start=1)))
    drop.tickets('separator = ";"\n' + keys, f'{column} = "Score"')


@pytest.mark.parametrize(
    ("text", "keys", "value"),
    [
        ("2.5", "", 2.5),
        ("-1e3", "", -1000.0),
        (".5", "", 0.5),
        ("+7", "", 7.0),
        ("−3", "", -3.0),
        ("1.234,56", 'decimal = ","\nthousands = "."', 1234.56),
        ("1234,5", 'decimal = ","\nthousands = "."', 1234.5),
        ("1.234", 'decimal = ","\nthousands = "."', 1234.0),
        ("1,234,567.8", 'thousands = ","', 1234567.8),
        ("1 234,5", 'decimal = ","\nthousands = " "', 1234.5),
        ("1\u202f234,5", 'decimal = ","\nthousands = " "', 1234.5),
        ("1'234.5", 'thousands = "\'"', 1234.5),
        ("۱۲٫۵", "", 12.5),
        ("۱٬۲۳۴٫۵", 'decimal = ","\nthousands = "."', 1234.5),
        ("١٢", "", 12.0),
        (" 3 ", "", 3.0),
    ],
)
def test_numbers(drop: Drop, text: str, keys: str, value: float) -> None:
    scores(drop, text, keys=keys)
    assert list(drop.table()["satisfaction_score"]) == [value]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("2.5", 'decimal = ","\nthousands = "."'),
        ("1.2345", 'decimal = ","\nthousands = "."'),
        ("1,5", ""),
        ("1.", ""),
        ("12 %", ""),
        ("€ 3", ""),
        ("1,23,456", 'thousands = ","'),
        ("1_000", ""),
        ("nan", ""),
        ("inf", ""),
        ("0x1F", ""),
        ("1e5", 'decimal = ","'),
        ("3-", ""),
        ("--3", ""),
    ],
)
def test_numbers_that_are_none(drop: Drop, text: str, keys: str) -> None:
    scores(drop, text, keys=keys)
    assert f'1 value of 1 not a number written with decimal = "{"," if "decimal" in keys else "."}"' in only(drop)


def test_mixed_decimal_marks(drop: Drop) -> None:
    scores(drop, "1.5", "2,5", "3.5")
    assert only(drop) == (
        'desk (desk.csv), satisfaction_score from "Score": 1 value of 3 not a number written with decimal = "." '
        "(first: row 3: "
        '"2,5"). Decimal marks are mixed: 2 fit decimal = ".", 1 fit decimal = ","; export again with one of them.'
    )


def test_another_style_that_fits_is_proposed(drop: Drop) -> None:
    scores(drop, "1.234,5", "2,5")
    assert 'This fits all rows: decimal = ",", thousands = ".".' in only(drop)


def test_labels_at_the_ends_of_a_scale_are_given_their_numbers_not_dropped(drop: Drop) -> None:
    """Ten answers of 10, 9, 8, 7, 6 and 0: NPS 30. Left out as missing, the tens and zeros would make it 0."""
    labels = ["10 - Extremely likely"] * 4 + ["9", "8", "8", "7", "6", "0 - Not at all likely"]
    scores(drop, *labels)
    assert only(drop) == (
        'desk (desk.csv), satisfaction_score from "Score": 5 values of 10 not a number written with decimal = "." '
        '(first: row 2: "10 - Extremely likely"). No style fits all rows. Give labels their numbers under '
        '[export.values.satisfaction_score]: "0 - Not at all likely" = "0", "10 - Extremely likely" = "10". Only a '
        "text that says there is no value belongs into missing; else mend the export or reject the rows."
    )
    told = '"0 - Not at all likely" = "0"\n"10 - Extremely likely" = "10"'
    drop.tickets('separator = ";"', 'satisfaction_score = "Score"', f"[export.values.satisfaction_score]\n{told}")
    values = drop.table()["satisfaction_score"]
    assert 100 * ((values >= 9).mean() - (values <= 6).mean()) == pytest.approx(30)


def test_labels_without_a_number(drop: Drop) -> None:
    scores(drop, "Strongly agree", "3")
    assert '[export.values.satisfaction_score]: "Strongly agree" = "…". Only a text' in only(drop)


@pytest.mark.parametrize("texts", [("1.250", "12.000"), ("-1.250", "300"), ("999.999",)])
def test_a_point_before_three_digits_fits_two_readings(drop: Drop, texts: tuple[str, ...]) -> None:
    scores(drop, *texts)
    pointed = sum("." in text for text in texts)
    assert only(drop) == (
        f'desk (desk.csv), satisfaction_score from "Score": {pointed} value{"s" * (pointed > 1)} that can be read in '
        f'two ways, and no other tells which (first: row 2: "{texts[0]}"). Write decimal = "." if 1.250 is one and a '
        'quarter; decimal = "," and thousands = "." if it is 1250.'
    )
    as_fractions = [float(text) for text in texts]
    scores(drop, *texts, keys='decimal = "."')
    assert list(drop.table()["satisfaction_score"]) == as_fractions
    scores(drop, *texts, keys='decimal = ","\nthousands = "."')
    assert list(drop.table()["satisfaction_score"]) == [float(text.replace(".", "")) for text in texts]


@pytest.mark.parametrize("texts", [("1.250", "1.25"), ("0.125", "1.500"), ("1.250", "1234.5"), ("1250", "12")])
def test_points_that_one_value_explains(drop: Drop, texts: tuple[str, ...]) -> None:
    scores(drop, *texts)
    assert list(drop.table()["satisfaction_score"]) == [float(text) for text in texts]


def test_a_point_before_three_digits_inside_an_expression(drop: Drop) -> None:
    csv(drop, "Id,Created,A", f"1,{Z},1.250")
    drop.tickets(columns="satisfaction_score = { sql = 'number(A) * 2' }")
    assert "satisfaction_score: 1 value that can be read in two ways" in only(drop)


def test_numbers_that_were_numbers_in_the_file_fit_one_reading(drop: Drop) -> None:
    frame = pd.DataFrame({"Id": [1], "Created": [Z], "Score": [1.125]})
    for kind in ("xlsx", "json", "parquet"):
        path = drop.folder / f"desk.{kind}"
        if kind == "xlsx":
            frame.to_excel(path, index=False, engine="xlsxwriter")
        elif kind == "json":
            frame.to_json(path, orient="records")
        else:
            frame.to_parquet(path)
        text = drop.tickets(columns='satisfaction_score = "Score"').read_text()
        (drop.folder / "sources.toml").write_text(text.replace("desk.csv", f"desk.{kind}"))
        assert list(drop.table()["satisfaction_score"]) == [1.125]


def test_whole_numbers(drop: Drop) -> None:
    scores(drop, "3.0", "4", column="replies")
    assert list(drop.table()["replies"]) == [3, 4]
    scores(drop, "3.5", column="reopens")
    (drop.folder / "snapshots").rename(drop.folder / "earlier")
    assert '1 value with a fraction in a column of whole numbers (first: row 2: "3.5")' in only(drop)


def test_numbers_inside_an_expression_are_checked_too(drop: Drop) -> None:
    csv(drop, "Id,Created,A", f"1,{Z},2.5", f"2,{Z},x", f"3,{Z},y")
    reject = "[[export.reject]]\nreason = 'no number'\nwhen = \"A = 'y'\""
    drop.tickets(columns="satisfaction_score = { sql = 'number(A) * 2' }", more=reject)
    assert messages(drop) == [
        'desk (desk.csv): an expression failed on a value: Invalid Input Error: number(): "x" is not a number in '
        "the stated "
        "format. Correct the expression; number(...) reads numbers in the stated format."
    ]
    csv(drop, "Id,Created,A", f"1,{Z},2.5", f"2,{Z},y")
    drop.tickets(columns="satisfaction_score = { sql = 'number(A) * 2' }", more=reject)
    assert list(drop.table()["satisfaction_score"]) == [5.0]


# --- money

SUBSCRIPTIONS = """
[[export]]
name = "billing"
path = "billing.csv"
table = "subscriptions"
{keys}
[export.columns]
term_id = "Id"
subscription_id = "Id"
customer_id = "Customer"
started_at = "Start"
ended_at = "End"
monthly_amount = {amount}
currency = "Currency"
"""


def billing(drop: Drop, *rows: tuple[str, str], keys: str = "", amount: str = '"Amount"', end: str = "") -> None:
    lines = [f"{n},c,{Z},{end},{amount_},{currency}" for n, (amount_, currency) in enumerate(rows, start=1)]
    drop.file("billing.csv", "\n".join(["Id,Customer,Start,End,Amount,Currency", *lines]) + "\n")
    drop.toml(SUBSCRIPTIONS.format(keys=keys, amount=amount))


def test_minor_units_are_asked_for(drop: Drop) -> None:
    billing(drop, ("2900", "EUR"), ("4900", "EUR"), ("900", "EUR"))
    assert only(drop) == (
        'billing (billing.csv), monthly_amount from "Amount": 3 amounts, all whole numbers (median 2,900): cents '
        "or whole units, "
        'the file does not tell. Compare one with an invoice, then write amounts = "minor" or amounts = "major".'
    )


@pytest.mark.parametrize("amount", ['"Amount"', "{ sql = 'number(Amount) / 12' }", "{ sql = 'Amount::DOUBLE / 7' }"])
def test_minor_units_are_asked_for_behind_an_expression(drop: Drop, amount: str) -> None:
    billing(drop, ("10000", "EUR"), amount=amount)
    assert "1 amount, all whole numbers (median 10,000)" in only(drop)


@pytest.mark.parametrize(
    "rows", [[("2900.00", "EUR")], [("2900.5", "EUR"), ("3000", "EUR")], [("29", "EUR"), ("49", "EUR")]]
)
def test_amounts_that_tell_their_unit(drop: Drop, rows: list[tuple[str, str]]) -> None:
    billing(drop, *rows)
    assert drop.table("subscriptions")["monthly_amount"].iloc[0] == float(rows[0][0])


def test_minor_units_of_each_currency(drop: Drop) -> None:
    billing(drop, ("2900", "EUR"), ("2900", "JPY"), ("2900", "kwd"), keys='amounts = "minor"')
    assert list(drop.table("subscriptions")["monthly_amount"]) == [29.0, 2900.0, 2.9]


def test_fractions_of_a_cent(drop: Drop) -> None:
    billing(drop, ("2900", "EUR"), ("29.50", "EUR"), keys='amounts = "minor"')
    assert only(drop) == (
        'billing (billing.csv), monthly_amount from "Amount": 1 amount with a fraction, but amounts = "minor" is '
        "stated (first: row "
        '3: "29.50"). Write amounts = "major".'
    )


def test_minor_unit_that_is_not_agreed(drop: Drop) -> None:
    billing(drop, ("2900", "IQD"), keys='amounts = "minor"')
    assert 'the minor unit of "IQD" differs between ISO 4217 and practice' in " ".join(messages(drop))


def test_currency_codes(drop: Drop) -> None:
    billing(drop, ("29.0", "EUR"), ("29.0", "TL"), ("29.0", "CHF"))
    assert messages(drop) == [
        'billing (billing.csv), currency from "Currency": 1 value not an ISO 4217 code: "TL" (first: row 3: '
        '"TL"). Map them with '
        '[export.values.currency], such as "€" = "EUR".',
        'billing (billing.csv), currency from "Currency": no exchange rate for "CHF", which 1 row is in (first: '
        'row 4: "CHF"). Write '
        "one under [rates]: what one unit is worth in the reporting currency.",
    ]


def test_ends_before_starts(drop: Drop) -> None:
    billing(drop, ("29.0", "EUR"), end="2026-09-30T10:00:00Z")
    assert only(drop) == (
        'billing (billing.csv): 1 row: ended_at lies before started_at (first: row 2: "1"). Fix the export, '
        "reject the rows with "
        "a reason ([[export.reject]]), or mark the time as unknown ([[export.unknown]])."
    )


def test_terms_may_end_later_than_the_export(drop: Drop) -> None:
    billing(drop, ("29.0", "EUR"), end="2027-09-30T10:00:00Z")
    assert len(drop.table("subscriptions")) == 1


def test_negative_amounts_can_be_accepted(drop: Drop) -> None:
    billing(drop, ("-29.0", "EUR"))
    assert only(drop).endswith('Fix the export or reject the rows with a reason, or accept = ["negative"].')
    billing(drop, ("-29.0", "EUR"), keys='accept = ["negative"]')
    assert [warning.rule for warning in drop.build().warnings] == ["negative"]


# --- keys, lists, counts


def test_identical_rows_are_duplicates(drop: Drop) -> None:
    csv(drop, "Id,Created,Other", f"1,{Z},a", f"2,{Z},b", f"1,{Z},a", f"1,{Z},a")
    drop.tickets()
    assert str(drop.build().ledger[0]) == "read 4 = kept 2 + duplicate 2"


def test_same_key_with_other_content_blocks(drop: Drop) -> None:
    csv(drop, "Id,Created,Other", f"1,{Z},a", f"2,{Z},b", f"1,{Z},b", f"1,{Z},a")
    drop.tickets()
    assert only(drop) == (
        'desk (desk.csv): 1 key with several different rows (ticket_id) (first: "1" in rows 2 and 4). Say which '
        "row counts with "
        "[export.one_row_per_key], or map a key that is one per row."
    )


def test_unknown_category_value(drop: Drop) -> None:
    csv(drop, "Id,Created,Status", f"1,{Z},open", f"2,{Z},Opn", f"3,{Z},parked", f"4,{Z},Opn")
    drop.tickets(columns='status = "Status"')
    assert only(drop) == (
        'desk (desk.csv), status from "Status": 3 values outside the list: "Opn", "parked" (first: row 3: '
        '"Opn"). Did you mean '
        '"open"? Map each with [export.values.status] to one of "open", "pending", "solved".'
    )


def test_flags(drop: Drop) -> None:
    csv(drop, "Id,Created,Bot", f"1,{Z},YES", f"2,{Z},0", f"3,{Z},", f"4,{Z},t")
    drop.tickets(columns='is_bot_only = "Bot"')
    assert list(drop.table()["is_bot_only"].fillna("none")) == [True, False, "none", True]
    csv(drop, "Id,Created,Bot", f"1,{Z},evet", f"2,{Z},no")
    (drop.folder / "snapshots").rename(drop.folder / "earlier")
    assert only(drop) == (
        'desk (desk.csv), is_bot_only from "Bot": 1 value neither true nor false (first: row 2: "evet"). Map them with '
        "[export.values.is_bot_only] to true and false."
    )
    drop.tickets(columns='is_bot_only = "Bot"', more="[export.values.is_bot_only]\nevet = true")
    assert list(drop.table()["is_bot_only"]) == [True, False]


def test_required_value_is_empty(drop: Drop) -> None:
    csv(drop, "Id,Created", f"1,{Z}", f",{Z}", "3,")
    drop.tickets()
    assert messages(drop) == [
        'desk (desk.csv), ticket_id from "Id": 1 row without a value (the ticket) (first: row 3). Complete the '
        "export, or leave the "
        "rows out with a reason ([[export.reject]]).",
        'desk (desk.csv), created_at from "Created": 1 row without a value (when the customer asked) (first: row '
        "4). Complete the "
        "export, or leave the rows out with a reason ([[export.reject]]).",
    ]


@pytest.mark.parametrize(
    ("rows", "warned"), [(999, "1,000"), (1000, "1,000"), (1001, ""), (10_000, "10,000"), (65_535, "65,535")]
)
def test_row_counts_at_which_tools_stop(drop: Drop, rows: int, warned: str) -> None:
    csv(drop, "Id,Created", *(f"{n},{Z}" for n in range(rows)))
    drop.tickets()
    warnings = drop.build().warnings
    if not warned:
        assert warnings == ()
        return
    assert [str(warning) for warning in warnings] == [
        f"desk: desk.csv: it has exactly {warned} rows, a number at which many tools stop exporting. Check that "
        "the export is "
        'whole; then accept = ["row-count"].'
    ]
    drop.tickets('accept = ["row-count"]')
    assert drop.build().warnings == ()


def test_problems_of_all_exports_are_raised_together(drop: Drop) -> None:
    created(drop, "2026-10-01 10:00", "3 May")
    path = drop.folder / "sources.toml"
    path.write_text(
        path.read_text() + '[[export]]\nname = "other"\npath = "gone.csv"\nvendor = "zendesk"\ntime_zone = "UTC"\n'
    )
    with pytest.raises(SourceError) as caught:
        drop.build()
    said = str(caught.value)
    assert said.startswith("2 problems; nothing was written.\n")
    assert 'no file "gone.csv"' in said
    assert "1 value not in ISO 8601" in said
    assert drop.written() == []


def test_messages_show_no_address(drop: Drop) -> None:
    csv(drop, "Id,Created,Status", f"1,{Z},ayse@kuzey.example")
    drop.tickets(columns='status = "Status"')
    assert "kuzey.example" not in only(drop)
    assert '"[address]"' in only(drop)


def test_inputs_are_not_changed(drop: Drop) -> None:
    csv(drop, "Id,Created", f"1,{Z}")
    before = (drop.folder / "desk.csv").read_bytes()
    drop.tickets()
    drop.build()
    assert (drop.folder / "desk.csv").read_bytes() == before
    assert isinstance(drop.table(), pd.DataFrame)


def test_a_price_index_that_is_a_change(drop: Drop) -> None:
    drop.file("prices.csv", "currency,month,index_value\nTRY,2026-01-01,100\nTRY,2026-02-01,-0.4\n")
    columns = "\n".join(f'{name} = "{name}"' for name in ("currency", "month", "index_value"))
    drop.toml(f'[[export]]\nname = "prices"\npath = "prices.csv"\ntable = "price_index"\n[export.columns]\n{columns}\n')
    said = only(drop)
    assert "a price index is not above zero" in said
    assert "Map index_value to the level of the index, not to its change" in said


def test_a_ticket_solved_before_it_was_created_is_a_problem_with_rows(drop: Drop) -> None:
    drop.file(
        "desk.csv",
        "Id,Created,Solved\n1,2024-03-05 10:00:00,2024-02-01 10:00:00\n2,2024-03-06 10:00:00,2024-03-07 10:00:00\n"
        "3,2024-03-06 10:00:00,\n",
    )
    drop.tickets(keys='time_zone = "UTC"', columns='last_solved_at = "Solved"')
    assert only(drop).startswith('desk (desk.csv): 1 row: last_solved_at lies before created_at (first: row 2: "1").')


def test_terms_that_begin_after_the_export_are_told(drop: Drop) -> None:
    drop.file("terms.csv", "id,start\n1,2026-10-01\n2,2026-12-01\n3,2027-01-01\n")
    mapping = (
        '[[export]]\nname = "terms"\npath = "terms.csv"\ntable = "subscriptions"\ntime_zone = "UTC"\n{}\n'
        '[export.columns]\nterm_id = "id"\nsubscription_id = "id"\ncustomer_id = "id"\nstarted_at = "start"\n'
        'monthly_amount = {{ value = "10" }}\ncurrency = {{ value = "EUR" }}\n'
    )
    drop.toml(mapping.format('amounts = "major"'))
    (warning,) = drop.build().warnings
    assert (warning.rule, warning.rows, warning.blocks) == ("begins-later", 2, False)
    assert "2 terms beginning after as_of" in warning.what
    drop.toml(mapping.format('amounts = "major"\naccept = ["begins-later"]'))
    assert drop.build().warnings == ()


def test_times_that_are_days_are_known_as_such_and_what_is_stated_is_kept(drop: Drop) -> None:
    drop.file("desk.csv", "Id,Created,Solved\n1,2024-03-05,2024-03-06 10:15\n2,2024-03-06,2024-03-07 00:00\n")
    drop.tickets(
        keys='time_zone = "America/New_York"\ncomplete_from = 2024-03-01\ncomplete_until = 2024-10-31',
        columns='last_solved_at = "Solved"',
    )
    snapshot = drop.build()
    assert snapshot.clockless == ("tickets.created_at",)
    (span,) = snapshot.stated.values()
    local = [moment.replace(tzinfo=UTC).astimezone(ZoneInfo(snapshot.time_zone)) for moment in span if moment]
    assert [f"{moment:%Y-%m-%d %H:%M}" for moment in local] == ["2024-03-01 00:00", "2024-11-01 00:00"]
