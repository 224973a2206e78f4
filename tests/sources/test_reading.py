"""Files as they really come: found, decoded, cut off, ragged, zipped, in many formats."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from cxlib.engine import Engine
from cxlib.errors import SourceError
from cxlib.sources import importing
from cxlib.sources.config import as_text
from cxlib.sources.raw import clean_names
from cxlib.sources.sql import connect
from sources.drop import Drop

ROW = "1,2026-10-01T10:00:00Z,Ayşe\n"
HEADER = "Id,Created,Topic\n"


def problem(drop: Drop) -> str:
    """Return the message of the one problem, and see that nothing was written."""
    with pytest.raises(SourceError) as caught:
        drop.build()
    assert drop.written() == []
    return str(caught.value)


def topic(drop: Drop, keys: str = "", more: str = "") -> list[str]:
    drop.tickets(keys, 'topic = "Topic"', more)
    return list(drop.table()["topic"])


def test_missing_file_names_the_nearest(drop: Drop) -> None:
    drop.file("desks.csv", HEADER + ROW)
    drop.tickets()
    assert problem(drop) == (
        'desk (desk.csv): no file "desk.csv". The nearest there is "desks.csv": put the export there or correct '
        "path in "
        "sources.toml."
    )


def test_glob_without_a_match_is_a_missing_file(drop: Drop) -> None:
    drop.tickets().write_text(drop.tickets().read_text().replace("desk.csv", "raw/desk_*.csv"))
    assert f'desk (raw/desk_*.csv): no file "raw/desk_*.csv". "{drop.folder / "raw"}" has no such file' in problem(drop)


def test_empty_file(drop: Drop) -> None:
    drop.file("desk.csv", "")
    drop.tickets()
    assert problem(drop) == "desk (desk.csv): the file is empty. Export it again."


# --- the file that is hashed is the file that is read


def written(folder: Path, kind: str, name: str, topic: str) -> None:
    """Write one ticket in a format."""
    folder.mkdir(parents=True, exist_ok=True)
    frame = pd.DataFrame({"Id": [topic], "Created": ["2026-10-01T10:00:00Z"], "Topic": [topic]})
    path = folder / f"{name}.{kind}"
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "json":
        frame.to_json(path, orient="records")
    elif kind == "parquet":
        frame.to_parquet(path)
    elif kind == "xlsx":
        frame.to_excel(path, index=False, engine="xlsxwriter")
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("in[1]side.csv", frame.to_csv(index=False))
    else:
        with duckdb.connect(str(path)) as connection:
            connection.execute("CREATE TABLE t AS SELECT * FROM frame")


KINDS = ["csv", "json", "parquet", "xlsx", "zip", "duckdb"]


def read_from(drop: Drop, path: str) -> list[str]:
    text = drop.tickets(columns='topic = "Topic"').read_text().replace("desk.csv", path)
    database = 'source_table = "t"\n' if path.endswith("duckdb") else ""
    drop.file("sources.toml", text.replace('table = "tickets"', f'{database}table = "tickets"'))
    return sorted(drop.table()["topic"])


@pytest.mark.parametrize("kind", KINDS)
def test_names_that_look_like_patterns_are_read_as_they_are_hashed(drop: Drop, kind: str) -> None:
    for name in ("t[1]", "t1", "t{a,b}", "ta"):
        written(drop.folder, kind, name, name)
    assert read_from(drop, f"t[1].{kind}") == ["t[1]"], "a file of that very name goes before the pattern"
    assert read_from(drop, f"t{{a,b}}.{kind}") == ["t{a,b}"]
    assert read_from(drop, f"t*.{kind}") == ["t1", "t[1]", "ta", "t{a,b}"]
    assert len({file.sha256 for file in drop.build().inputs}) == 4


@pytest.mark.parametrize("kind", ["csv", "json", "parquet", "xlsx", "zip"])
def test_stars_and_question_marks_in_names(drop: Drop, kind: str) -> None:
    for name in ("a*b", "a?b", "axb"):
        written(drop.folder, kind, name, name)
    assert read_from(drop, f"a?b.{kind}") == ["a*b", "a?b", "axb"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("folder", "beside"), [("exports [2]", "exports 2"), ("year=2026", "x"), ("it's {1,2}", "1")])
def test_folders_that_look_like_patterns(tmp_path: Path, kind: str, folder: str, beside: str) -> None:
    written(tmp_path / beside, kind, "t", "wrong")
    written(tmp_path / folder, kind, "t", "right")
    assert read_from(Drop(tmp_path), f"{folder}/*.{kind}") == ["right"]
    inside = Drop(tmp_path / folder)
    assert read_from(inside, f"t.{kind}") == ["right"]
    with Engine(inside.build()) as engine:  # facts are read from the same folder
        assert list(engine.frame(f"SELECT topic FROM {engine.fact('ticket')}")["topic"]) == ["right"]
        assert "year" not in engine.frame("SELECT * FROM tickets").columns


def test_a_file_that_is_written_to_while_it_is_read(drop: Drop, monkeypatch: pytest.MonkeyPatch) -> None:
    path = drop.file("desk.csv", HEADER + ROW)
    drop.tickets()

    def and_another_row(*given: object) -> object:
        read = importing_read(*given)  # type: ignore[arg-type]
        path.write_text(HEADER + ROW + ROW.replace("1,", "2,", 1))
        return read

    importing_read = importing.read
    monkeypatch.setattr(importing, "read", and_another_row)
    assert problem(drop) == (
        "desk (desk.csv): the file was written to while it was read. Wait until the export is whole, then run it again."
    )


def test_blank_lines_only(drop: Drop) -> None:
    drop.file("desk.csv", "\n\n")
    drop.tickets()
    assert problem(drop) == "desk (desk.csv): the file holds blank lines only. Export it again."


def test_header_without_rows_blocks_until_accepted(drop: Drop) -> None:
    drop.file("desk.csv", HEADER)
    drop.tickets()
    assert 'it has a header and no rows. Export it again, or accept = ["no-rows"]' in problem(drop)
    drop.tickets('accept = ["no-rows"]')
    snapshot = drop.build()
    assert str(snapshot.ledger[0]) == "read 0 = kept 0"
    assert [warning.rule for warning in snapshot.warnings] == ["no-rows"]


def test_missing_column_names_the_nearest_header(drop: Drop) -> None:
    drop.file("desk.csv", HEADER.replace("Created", "Craeted") + ROW)
    drop.tickets()
    assert problem(drop) == (
        'desk (desk.csv), created_at from "Created": the file has no column "Created". '
        'Did you mean "Craeted"? Correct the mapping or export the column.'
    )


def test_wrong_separator_is_told(drop: Drop) -> None:
    drop.file("desk.csv", (HEADER + ROW).replace(",", ";"))
    drop.tickets()
    assert "The file has one column only: check separator. " in problem(drop)


def test_wrong_separator_where_lines_do_not_fit(drop: Drop) -> None:
    """A comma and a line break inside quotes make the lines look cut off; the header tells what is wrong."""
    drop.file("desk.csv", 'Id;Created;Topic\n1;2026-10-01T10:00:00Z;"a, b\nc ""d"""\n2;2026-10-01T10:00:00Z;"e\nf"\n')
    drop.tickets()
    assert problem(drop) == (
        'desk (desk.csv): with separator = "," the header is 1 column. With ";" it is 3: write separator = ";".'
    )


def test_headers_match_without_blanks_and_letter_case(drop: Drop) -> None:
    drop.file("desk.csv", " ID ,created,TOPIC  \n" + ROW)
    assert topic(drop) == ["Ayşe"]


def test_repeated_and_empty_headers(drop: Drop) -> None:
    assert clean_names(["a", "A", "", "a", "cx_row"]) == ("a", "A_1", "column_3", "a_2", "cx_row_1")
    drop.file("desk.csv", "Id,Created,Topic,Topic\n1,2026-10-01T10:00:00Z,first,second\n")
    drop.tickets(columns='topic = "Topic_1"')
    assert list(drop.table()["topic"]) == ["second"]


# --- encodings


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1254", "iso-8859-9"])
def test_encodings(drop: Drop, encoding: str) -> None:
    drop.file("desk.csv", (HEADER + ROW).encode(encoding))
    stated = "" if encoding.startswith("utf-8") else f'encoding = "{encoding}"'
    assert topic(drop, stated) == ["Ayşe"]


def test_wrong_encoding_names_the_byte(drop: Drop) -> None:
    content = (HEADER + ROW + ROW.replace("1,", "2,", 1)).encode("cp1254")
    drop.file("desk.csv", content)
    drop.tickets()
    at = content.index(b"\xfe")
    assert problem(drop).startswith(
        f'desk (desk.csv): byte 0xFE at offset {at}, line 2, is not "utf-8". Write the encoding the tool used, such as '
        'encoding = "windows-1254" (Turkish)'
    )


def test_wrong_byte_far_into_the_file(drop: Drop) -> None:
    lines = "".join(f"{n},2026-10-01T10:00:00Z,şikâyet\n" for n in range(200_000))
    content = (HEADER + lines).encode() + b"x,2026-10-01T10:00:00Z,\xfe\n"
    drop.file("desk.csv", content)
    drop.tickets()
    assert f"byte 0xFE at offset {len(content) - 2:,}, line 200,002, is not" in problem(drop)


def test_utf8_declared_as_turkish_is_refused(drop: Drop) -> None:
    drop.file("desk.csv", HEADER + ROW)
    drop.tickets('encoding = "cp1254"')
    assert problem(drop) == (
        'desk (desk.csv): every byte is valid UTF-8, so "cp1254" would turn letters into pairs such as "Ã¼". '
        'Write encoding = "utf-8" or leave the key out.'
    )


def test_utf16_undeclared(drop: Drop) -> None:
    drop.file("desk.csv", (HEADER + ROW).encode("utf-16"))
    drop.tickets()
    assert problem(drop) == (
        'desk (desk.csv): the file begins with the mark of UTF-16, not of "utf-8". Write encoding = "utf-16".'
    )


def test_windows_text_declared_as_iso(drop: Drop) -> None:
    drop.file("desk.csv", HEADER.encode() + "1,2026-10-01T10:00:00Z,“Ayşe”\n".encode("cp1254"))
    drop.tickets('encoding = "iso-8859-9"')
    assert '"iso8859-9" gives 2 control characters where letters or quotes stand' in problem(drop)


def test_file_that_ends_inside_a_character(drop: Drop) -> None:
    drop.file("desk.csv", (HEADER + ROW).encode()[:-2])
    (drop.folder / "desk.csv").write_bytes((HEADER + "1,2026-10-01T10:00:00Z,ş").encode()[:-1])
    drop.tickets()
    assert (
        problem(drop) == "desk (desk.csv): the file ends in the middle of a character. It is cut off: export it again."
    )


# --- cut off and ragged


def test_cut_off_in_the_middle_of_a_line(drop: Drop) -> None:
    drop.file("desk.csv", HEADER + ROW + "2,2026-10-")
    drop.tickets()
    assert problem(drop) == (
        "desk (desk.csv): the last line (row 3) has 2 of 3 columns. The file is cut off: export it again. "
        'If the tool writes footer lines, write malformed = "reject".'
    )


def test_cut_off_inside_a_quoted_text(drop: Drop) -> None:
    drop.file("desk.csv", HEADER + ROW + '2,2026-10-01T10:00:00Z,"a long story\nwith lines\nand no')
    drop.tickets('malformed = "reject"')
    assert problem(drop) == (
        "desk (desk.csv): a quote opened in row 3 is never closed. The file is cut off there, or a quote inside "
        "a text is "
        "not doubled: export it again."
    )


def test_lines_that_do_not_fit_the_header(drop: Drop) -> None:
    drop.file("desk.csv", HEADER + "1,2026-10-01T10:00:00Z,a,b\n" + ROW + "3\n" + ROW.replace("1,", "4,", 1))
    drop.tickets()
    assert problem(drop) == (
        "desk (desk.csv): 2 lines not fitting the header of 3 columns (first: row 2 has too many columns). "
        'Check separator = "," and the export; or leave such lines out, counted, with malformed = "reject".'
    )


def test_malformed_lines_and_footers_are_counted_and_rows_keep_their_numbers(drop: Drop) -> None:
    drop.file(
        "desk.csv",
        HEADER
        + "1,2026-10-01T10:00:00Z,a,b\n"
        + ROW
        + "3\n"
        + "4,2026-10-01T10:00:00Z,skip\n"
        + '\n"Grand Totals (2)"\n"Confidential"\n',
    )
    drop.tickets(
        'malformed = "reject"', 'topic = "Topic"', '[[export.reject]]\nreason="skipped"\nwhen="Topic = \'skip\'"'
    )
    snapshot = drop.build()
    assert str(snapshot.ledger[0]) == "read 6 = kept 1 + footer 2 + malformed 2 + skipped 1"
    rejected = pd.read_parquet(snapshot.folder / "rejected" / "desk.parquet")
    assert list(zip(rejected["row"], rejected["reason"], strict=True))[:3] == [
        (2, "malformed"),
        (4, "malformed"),
        (5, "skipped"),
    ]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("inner", ["\n", "\r\n"])
def test_line_ends_inside_cells_never_lose_a_row(drop: Drop, line_end: str, inner: str) -> None:
    header = HEADER.replace("Topic\n", f'"Top{inner}ic"{line_end}')
    rows = "".join(f'{n},2026-10-01T10:00:00Z,"{inner}a{inner}"{line_end}' for n in range(50))
    drop.file("desk.csv", (header + rows).encode())
    drop.tickets(columns='topic = "Top ic"\ncomment = "Top ic"')
    table = drop.table()
    assert list(table["topic"]) == ["a"] * 50


cells = st.text(st.sampled_from('ab,"\n\r;é '), max_size=5)


NOTED = "Id,Created,Topic\nTimes in America/Denver,,\n1,2026-10-01 10:00,Ayşe\n"
LOOK = """header_goes_on = "Times in"\ntime_zone_in_header = 'Times in ([\\w/]+)'\n"""


@pytest.mark.parametrize(
    ("keys", "hour"),
    [
        (LOOK, 16),
        (LOOK.replace("header_goes_on", "# "), 16),
        ('time_zone = "Europe/Berlin"\n' + LOOK.split("\n")[0], 8),
    ],
    ids=["both", "the zone in the stated header", "one row more"],
)
def test_what_only_the_header_tells(drop: Drop, keys: str, hour: int) -> None:
    drop.file("desk.csv", NOTED)
    rows = "header_rows = 2\n" if "# " in keys else ""
    drop.tickets(rows + keys, 'topic = "Topic"')
    table = drop.table()
    assert list(table["topic"]) == ["Ayşe"]
    assert list(table["created_at"]) == [datetime(2026, 10, 1, hour)]


@settings(max_examples=150)
@given(
    rows=st.lists(st.tuples(cells, cells), min_size=1, max_size=6),
    line_end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)
def test_reader_agrees_with_pythons(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str]], line_end: str, quoting: int
) -> None:
    """The same cells as Python's own csv module, whatever line ends and quotes they hold."""
    from cxlib.sources import load_sources
    from cxlib.sources.files import find, prepare
    from cxlib.sources.read import read

    drop = Drop(tmp_path_factory.mktemp("csv"))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator=line_end, quoting=quoting)
    writer.writerow(["Id", "Created", "Topic"])
    if (
        quoting == csv.QUOTE_MINIMAL
    ):  # Python leaves a last carriage return bare, where nobody can tell it from a line end
        rows = [(one, other.rstrip("\r")) for one, other in rows]
    writer.writerows([(str(number), *row) for number, row in enumerate(rows)])
    drop.file("desk.csv", text.getvalue())
    _, (plan,) = load_sources(drop.tickets())
    connection = connect()
    work = drop.folder / "work"
    work.mkdir()
    table = read(connection, plan, prepare(plan, find(plan, drop.folder)[0], work), "raw")
    found = connection.execute("SELECT * FROM raw WHERE rowid >= 1 ORDER BY rowid").fetchall()
    connection.close()
    unix = [tuple(cell.replace("\r\n", "\n").replace("\r", " ") or None for cell in row) for row in rows]
    assert found == [(str(number), *row) for number, row in enumerate(unix)]
    assert table.rows == len(rows)


# --- several files, archives


def test_files_of_one_export_are_one_table(drop: Drop) -> None:
    drop.file("desk_1.csv", HEADER + ROW)
    drop.file("desk_2.csv", "Topic,Id,Created\nb,2,2026-10-02T10:00:00Z\n")
    path = drop.tickets(columns='topic = "Topic"')
    path.write_text(path.read_text().replace("desk.csv", "desk_*.csv"))
    snapshot = drop.build()
    assert list(drop.table(snapshot=snapshot)["topic"]) == ["Ayşe", "b"]
    assert [file.name for file in snapshot.inputs] == ["desk_1.csv", "desk_2.csv"]


def test_files_with_other_columns_are_refused(drop: Drop) -> None:
    drop.file("desk_1.csv", HEADER + ROW)
    drop.file("desk_2.csv", "Id,Created,Subject\n" + ROW)
    path = drop.tickets()
    path.write_text(path.read_text().replace("desk.csv", "desk_*.csv"))
    assert problem(drop) == (
        'desk (desk_2.csv): its columns differ from those of "desk_1.csv": it lacks "Topic"; adds "Subject". '
        "Import it as an [[export]] of its own."
    )


def pack(path: Path, *names: str) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, HEADER + ROW)


def zipped(drop: Drop) -> Path:
    path = drop.tickets(columns='topic = "Topic"')
    path.write_text(path.read_text().replace("desk.csv", "desk.csv.zip"))
    return drop.folder / "desk.csv.zip"


def test_archive_with_one_file(drop: Drop) -> None:
    pack(zipped(drop), "folder/desk.csv", "__MACOSX/folder/._desk.csv")
    assert list(drop.table()["topic"]) == ["Ayşe"]


def test_archive_with_several_files_lists_them(drop: Drop) -> None:
    pack(zipped(drop), "a.csv", "b.csv")
    assert problem(drop) == (
        'desk (desk.csv.zip): the archive holds 2 files: "a.csv", "b.csv". '
        "Pack one data file per archive, or unpack it and name the files."
    )


def test_archive_that_is_cut_off(drop: Drop) -> None:
    path = zipped(drop)
    pack(path, "a.csv")
    path.write_bytes(path.read_bytes()[:-30])
    assert "desk (desk.csv.zip): the archive cannot be unpacked: File is not a zip file. It is cut off" in problem(drop)


# --- other formats


def other(drop: Drop, name: str, keys: str = "", columns: str = 'topic = "Topic"') -> None:
    path = drop.tickets(keys, columns)
    path.write_text(path.read_text().replace("desk.csv", name))


@pytest.mark.parametrize("shape", ["array", "lines"])
def test_json(drop: Drop, shape: str) -> None:
    rows = [
        {"Id": 1, "Created": "2026-10-01T10:00:00Z", "Topic": "Ayşe", 'o"dd.key': [1, {"a": 2}]},
        {"Id": 2, "Created": "2026-10-01T10:00:00Z", "Topic": None, "Replies": 2},
    ]
    drop.file("desk.json", json.dumps(rows) if shape == "array" else "\n".join(map(json.dumps, rows)))
    other(drop, "desk.json", columns='topic = "Topic"\nreplies = "Replies"\ncomment = \'o"dd.key\'')
    table = drop.table()
    assert list(table["ticket_id"]) == ["1", "2"]
    assert table["topic"].iloc[0] == "Ayşe"
    assert table["topic"].isna().iloc[1]
    assert table["comment"].iloc[0] == '[1,{"a":2}]'
    assert table["replies"].iloc[1] == 2


def test_cut_json(drop: Drop) -> None:
    drop.file("desk.json", '[{"Id": 1, "Created": "2026-')
    other(drop, "desk.json")
    assert "desk (desk.json): it cannot be read as json: " in problem(drop)


def test_parquet_with_typed_columns(drop: Drop) -> None:
    frame = pd.DataFrame(
        {
            "Id": [10.0, 11.0],
            "Created": pd.to_datetime(["2026-10-01 10:00", "2026-10-02 10:00"]),
            "Aware": pd.to_datetime(["2026-10-01 12:00+02:00", None]),
            "Score": [1.5, float("nan")],
            "Bot": [True, None],
        }
    )
    frame.to_parquet(drop.folder / "desk.parquet")
    other(
        drop,
        "desk.parquet",
        'time_zone = "Europe/Berlin"\ndecimal = ","',
        'rated_at = "Aware"\nsatisfaction_score = "Score"\nis_bot_only = "Bot"',
    )
    table = drop.table()
    assert list(table["ticket_id"]) == ["10", "11"]
    assert table["created_at"].iloc[0] == datetime(2026, 10, 1, 8)
    assert table["rated_at"].iloc[0] == datetime(2026, 10, 1, 10)
    assert table["satisfaction_score"].iloc[0] == 1.5
    assert table["satisfaction_score"].isna().iloc[1]
    assert table["is_bot_only"].iloc[0] is True or bool(table["is_bot_only"].iloc[0])


def test_broken_parquet(drop: Drop) -> None:
    drop.file("desk.parquet", b"PAR1 and nothing else")
    other(drop, "desk.parquet")
    assert "desk (desk.parquet): it cannot be read as parquet: " in problem(drop)


def sheet(path: Path, names: tuple[str, ...] = ("Tickets",)) -> None:
    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        for name in names:
            page = book.add_worksheet(name)
            page.merge_range(0, 2, 0, 3, "Topic")
            page.write_row(0, 0, ["Id", "Created"])
            page.write_row(1, 2, ["Ayşe", "more"])
            page.write_number(1, 0, 4711)
            page.write_datetime(1, 1, datetime(2026, 10, 1, 10, 30), day)
            page.write_row(2, 2, ["b", 2.5])
            page.write_number(2, 0, 4712)
            page.write_datetime(2, 1, datetime(2026, 10, 2), day)
            page.write_blank(9, 0, None, day)


def test_excel_with_merged_header_and_real_dates(drop: Drop) -> None:
    sheet(drop.folder / "desk.xlsx")
    other(drop, "desk.xlsx", 'time_zone = "Europe/Berlin"', 'topic = "Topic"\ncomment = "Topic_1"')
    snapshot = drop.build()
    table = drop.table(snapshot=snapshot)
    assert list(table["ticket_id"]) == ["4711", "4712"]
    assert list(table["created_at"]) == [datetime(2026, 10, 1, 8, 30), datetime(2026, 10, 1, 22)]
    assert list(table["comment"]) == ["more", "2.5"]
    assert snapshot.ledger[0].read == 2


def test_excel_sheets_are_named(drop: Drop) -> None:
    sheet(drop.folder / "desk.xlsx", ("Tickets", "Costs"))
    other(drop, "desk.xlsx")
    assert 'it has 2 sheets: "Tickets", "Costs". Write the one to read, such as sheet = "Tickets".' in problem(drop)
    other(drop, "desk.xlsx", 'sheet = "Tikets"')
    assert 'no sheet "Tikets". Did you mean "Tickets"? Correct sheet in sources.toml.' in problem(drop)


@pytest.mark.parametrize(
    ("row", "column", "said"),
    [
        (1_048_575, 16_383, "16,384 columns and 1,048,576 rows"),
        (2, 16_383, "16,384 columns and 3 rows"),
        (1_048_575, 0, "4 columns and 1,048,576 rows"),
    ],
)
def test_a_stray_cell_far_away(drop: Drop, row: int, column: int, said: str) -> None:
    """The reader fills all that lies between: it took minutes, or all memory and the process with it."""
    with xlsxwriter.Workbook(str(drop.folder / "desk.xlsx")) as book:
        page = book.add_worksheet("Tickets")
        page.write_row(0, 0, ["Id", "Created", "Topic", "More"])
        page.write_row(1, 0, ["1", "2026-10-01T10:00:00Z", "a", "b"])
        page.write(row, column, "x")
    other(drop, "desk.xlsx")
    assert problem(drop) == (
        f"desk (desk.xlsx): a sheet has 9 cells, spread over {said}. Delete the stray cell at the far end and save "
        "the workbook again."
    )


def test_a_large_sheet_that_is_filled_is_no_stray_cell(drop: Drop) -> None:
    with xlsxwriter.Workbook(str(drop.folder / "desk.xlsx")) as book:
        page = book.add_worksheet("Tickets")
        page.write_row(0, 0, ["Id", "Created", "Topic"])
        for row in range(1, 1_200):
            page.write_row(row, 0, [str(row), "2026-10-01T10:00:00Z"])
        page.write(5, 900, "far, but the sheet is not empty")
    other(drop, "desk.xlsx")
    assert len(drop.table()) == 1_199


def test_broken_excel(drop: Drop) -> None:
    drop.file("desk.xlsx", b"PK\x03\x04 no workbook")
    other(drop, "desk.xlsx")
    assert "desk (desk.xlsx): it cannot be read as a workbook: " in problem(drop)


def test_duckdb_file(drop: Drop) -> None:
    with duckdb.connect(str(drop.folder / "desk.duckdb")) as connection:
        connection.execute(
            "CREATE SCHEMA raw; CREATE TABLE raw.tickets AS SELECT 2 AS Id, TIMESTAMPTZ '2026-10-01 10:00+02' "
            "AS Created, 'b' AS Topic UNION ALL SELECT 1, TIMESTAMPTZ '2026-10-01 10:00+02', 'a'"
        )
    other(drop, "desk.duckdb", 'source_table = "raw.tickets"')
    snapshot = drop.build()
    assert list(drop.table(snapshot=snapshot)["topic"]) == ["a", "b"]
    assert snapshot.inputs[0].name == "desk.duckdb/raw.tickets"
    other(drop, "desk.duckdb", 'source_table = "raw.ticket"')
    with pytest.raises(SourceError, match=r'no table "raw.ticket"\. Did you mean "raw.tickets"\?'):
        drop.build()


def test_duckdb_file_that_is_none(drop: Drop) -> None:
    drop.file("desk.duckdb", "x" * 20_000)
    other(drop, "desk.duckdb", 'source_table = "tickets"')
    assert "desk (desk.duckdb): it cannot be opened as DuckDB: " in problem(drop)


def test_tab_separated(drop: Drop) -> None:
    drop.file("desk.tsv", (HEADER + ROW).replace(",", "\t"))
    other(drop, "desk.tsv")
    assert list(drop.table()["topic"]) == ["Ayşe"]


def test_typed_values_as_text() -> None:
    assert as_text(date(2026, 10, 1)) == "2026-10-01"
    assert as_text(0.1) == "0.1"
