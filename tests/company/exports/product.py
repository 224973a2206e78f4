"""Daily use and logged incidents as Parquet from the data warehouse, and a workbook that someone keeps by hand."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import xlsxwriter

from company.exports.accounts import Register
from company.streams import stream
from company.world import World

ZONE = "Europe/Istanbul"
SAVED = datetime(2026, 11, 9, 9, 0)


def write_usage(world: World, people: Register, folder: Path) -> dict[str, int]:
    """Write `usage_daily.parquet`; a test account is among the customers."""
    rng, usage = stream(world.seed, "usage export"), world.usage
    tester = usage[usage["customer_id"] == usage["customer_id"].iloc[0]].head(60)
    names = np.append(world.customers["customer_id"].to_numpy(), people.test[0])
    codes = np.append(usage["customer_id"].cat.codes.to_numpy(), np.full(len(tester), len(names) - 1))
    everything = pd.concat([usage, tester], ignore_index=True)
    everything["events"] += np.where(codes == len(names) - 1, rng.integers(50, 400, len(codes)), 0)
    order = np.lexsort((everything["day"].to_numpy(), codes))
    table = pa.table(
        {
            "account_id": pa.DictionaryArray.from_arrays(
                pa.array(codes[order], pa.int32()), pa.array(names, pa.string())
            ),
            "day": pa.array(everything["day"].to_numpy()[order].astype("datetime64[D]"), pa.date32()),
            **{
                name: pa.array(everything[name].to_numpy()[order], pa.int32())
                for name in ("events", "features", "errors")
            },
        }
    )
    pq.write_table(
        table,
        folder / "usage_daily.parquet",
        compression="zstd",
        compression_level=12,
        use_dictionary=["account_id"],
        column_encoding={"day": "DELTA_BINARY_PACKED", "events": "DELTA_BINARY_PACKED"},
        write_statistics=False,
        store_schema=False,
    )
    return {"rows": table.num_rows, "of_a_test_account": len(tester)}


def write_incidents(world: World, people: Register, folder: Path) -> dict[str, int]:
    """Write `incidents.parquet`; a test account is among the customers."""
    logged = world.incidents
    tester = logged.iloc[:: max(len(logged) // 20, 1)]
    everything = pd.concat([logged, tester], ignore_index=True)
    ids = everything["customer_id"].astype(object).to_numpy(copy=True)
    ids[len(logged) :] = people.test[0]
    order = np.argsort(everything["occurred_at"].to_numpy(), kind="stable")
    table = pa.table(
        {
            "incident": pa.array([f"INC-{number:06d}" for number in range(1, len(everything) + 1)]),
            "account_id": pa.array(ids[order], pa.string()),
            "occurred_at": pa.array(everything["occurred_at"].to_numpy()[order], pa.timestamp("s", tz="UTC")),
            **{name: pa.array(everything[name].astype(object).to_numpy()[order]) for name in ("kind", "severity")},
            "noticed": pa.array(
                everything["noticed"].to_numpy()[order], mask=~everything["noticed_known"].to_numpy()[order]
            ),
        }
    )
    pq.write_table(table, folder / "incidents.parquet", compression="zstd", compression_level=12, store_schema=False)
    return {"rows": table.num_rows, "of_a_test_account": len(tester), "noticed_unknown": table["noticed"].null_count}


def _local(times: pd.Series) -> pd.Series:
    """Return UTC times on the clock of the people who keep the workbook."""
    local: pd.Series = times.dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.tz_localize(None)
    return local


def _cells(column: pd.Series) -> list[object]:
    """Return the cells of a column; None where there is nothing."""
    if column.dtype.kind == "M":
        return [None if pd.isna(moment) else moment.to_pydatetime() for moment in column.astype(object)]
    return [None if pd.isna(value) else value for value in column.astype(object)]


def _write_sheet(book: xlsxwriter.Workbook, name: str, columns: dict[str, pd.Series], time_format: str) -> int:
    """Write one sheet with a header row; return the number of the row below the last."""
    sheet, time = book.add_worksheet(name), book.add_format({"num_format": time_format})
    for place, (header, column) in enumerate(columns.items()):
        sheet.write_string(0, place, header)
        for row, value in enumerate(_cells(column), start=1):
            if isinstance(value, datetime):
                sheet.write_datetime(row, place, value, time)
            elif value is not None:
                sheet.write(row, place, value)
    return 1 + len(next(iter(columns.values())))


def write_workbook(world: World, folder: Path) -> dict[str, int]:
    """Write `success_and_costs.xlsx` with the sheets Interventions, Costs (which ends with a total) and Prices."""
    work, costs, prices = world.interventions, world.costs, world.price_index
    numbers = pd.Series([f"W-{row:05d}" for row in range(1, len(work) + 1)])
    with xlsxwriter.Workbook(folder / "success_and_costs.xlsx") as book:
        book.set_properties({"title": "Success work and team costs", "author": "Success operations", "created": SAVED})
        _write_sheet(
            book,
            "Interventions",
            {
                "Intervention": numbers,
                "Account": work["customer_id"].astype(str),
                "Kind": work["kind"].astype(str).str.replace("_", " "),
                "Assigned": _local(work["assigned_at"]),
                "Delivered": _local(work["delivered_at"]),
                "Arm": work["arm"].astype(str),
                "Health score": work["trigger_score"],
            },
            "yyyy-mm-dd hh:mm",
        )
        total = _write_sheet(
            book,
            "Costs",
            {
                "Team": costs["team"],
                "Kind": costs["kind"],
                "Month": costs["month"],
                "Amount": costs["amount"],
                "Currency": costs["currency"],
            },
            "yyyy-mm-dd",
        )
        _write_sheet(
            book,
            "Prices",
            {"Currency": prices["currency"], "Month": prices["month"], "Index": prices["index_value"]},
            "yyyy-mm-dd",
        )
        sheet = book.get_worksheet_by_name("Costs")
        sheet.write_string(total, 0, "Total")
        sheet.write_number(total, 3, round(float(costs["amount"].sum()), 2))
    return {"interventions": len(work), "cost_lines": len(costs), "total_rows": 1, "price_lines": len(prices)}
