"""The summary as the tables of a page: status by grid power and fund eligibility, and the areas where most people are without."""

from typing import Any

import pandas as pd

from lomsong.report.summary import UNNAMED
from lomsong.schemas import STATUSES

#: Areas of one level on the page; the file has them all.
SHOWN_AREAS = 15
_ANSWERS = ("yes", "no", "unknown")
LEVELS = ("province", "district", "commune")


def group_table(summary: pd.DataFrame) -> list[dict[str, Any]]:
    """Return one row for each grid power and fund eligibility that occur together, with villages and people by status."""
    whole = summary[summary["level"] == "all by group"]
    rows = []
    for grid in _ANSWERS:
        for fund in _ANSWERS:
            mine = whole[(whole["grid_power"] == grid) & (whole["fund_eligible"] == fund)].set_index("status")
            if len(mine):
                sums = mine[["villages", "people"]].reindex(list(STATUSES)).fillna(0.0)
                cells = sums.to_dict("records")
                rows.append({"grid_power": grid, "fund_eligible": fund, "cells": cells})
    return rows


def area_tables(summary: pd.DataFrame) -> list[dict[str, Any]]:
    """Return for each level with more than one area those with the most people without signal, the most first."""
    tables = []
    for level in LEVELS:
        mine = summary[summary["level"] == level]
        if len(mine) < 2 or (mine["area"].astype(str).str.split(" / ").str[-1] == UNNAMED).all():
            continue
        first = mine.sort_values(["unserved_people", "area"], ascending=[False, True], kind="stable").head(
            SHOWN_AREAS
        )
        share = (
            first["covered_share_any"]
            if "covered_share_any" in first
            else pd.Series(float("nan"), first.index)
        )
        rows = first.assign(covered=100 * share.astype("float64")).astype(object)
        tables.append(
            {"name": level, "total": len(mine), "rows": rows.where(rows.notna(), None).to_dict("records")}
        )
    return tables
