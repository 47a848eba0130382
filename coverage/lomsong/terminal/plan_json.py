"""`lomsong plan --json`: a plan and a list of one's own as JSON."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import geopandas as gpd
import pandas as pd

from lomsong.planning.alternatives import Alternative, CoverAll
from lomsong.planning.evaluation import Evaluation
from lomsong.planning.investment import Plan
from lomsong.planning.programmes import sum_by
from lomsong.planning.robustness import Robustness


def plan_as_json(
    plan: Plan,
    robust: Robustness | None,
    others: Sequence[Alternative] | None = None,
    whole: CoverAll | None = None,
) -> str:
    """Return the plan as JSON; other plans and the cost of everything where they were asked for."""
    found = plan.solution
    content = {
        "people": found.value,
        "cost": found.spent,
        "bound": found.bound,
        "gap": None if found.gap == float("inf") else found.gap,
        "proven": found.proven,
        "method": found.method,
        "stop": found.stop,
        "years": {
            "limits": plan.years.limits.tolist(),
            "person_years": plan.years.person_years,
            "in_order": plan.years.in_order,
            "bound": plan.years.bound,
        },
        "by_year": sum_by(plan.sites, "phase").to_dict("records"),
        "by_programme": sum_by(plan.sites, "programme").to_dict("records"),
        "sites": sites_as_records(plan.sites),
        "villages": json.loads(plan.villages.to_json(orient="records")),
        "findings": [finding.as_dict() for finding in plan.findings],
    }
    if others is not None:
        content["alternatives"] = [_plain(one) for one in others]
    if whole is not None:
        cost = None if math.isnan(whole.cost) else whole.cost
        content["cover_everything"] = {**_plain(whole), "cost": cost, "gap": whole.gap}
    if robust is not None:
        content["robustness"] = {
            "expected_people": robust.expected_people,
            "low_people": robust.low_people,
            "over_budget": robust.over_budget,
            "sites": json.loads(robust.sites.to_json(orient="records")),
            "checks": json.loads(robust.checks.to_json(orient="records")),
        }
    return json.dumps(content, ensure_ascii=False, indent=2)


def sites_as_records(sites: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table of sites for JSON, with their places in degrees."""
    there = sites.to_crs("EPSG:4326").geometry
    flat = pd.DataFrame(sites.drop(columns=["geometry", "backhaul"])).assign(
        longitude_deg=there.x.round(6), latitude_deg=there.y.round(6)
    )
    records: list[dict[str, Any]] = json.loads(flat.to_json(orient="records"))
    return records


def _plain(found: Alternative | CoverAll) -> dict[str, Any]:
    return {name: value for name, value in asdict(found).items() if name != "chosen"}


def evaluation_as_json(done: Evaluation) -> str:
    """Return an evaluation as JSON."""
    content = {
        "people": done.people,
        "cost": done.cost,
        "best_people": done.best_people,
        "bound": done.bound,
        "short": done.short,
        "sites": sites_as_records(done.sites),
        "masts": json.loads(done.masts.to_json(orient="records")),
        "missed": json.loads(done.missed.to_json(orient="records")),
        "findings": [finding.as_dict() for finding in done.findings],
    }
    return json.dumps(content, ensure_ascii=False, indent=2)
