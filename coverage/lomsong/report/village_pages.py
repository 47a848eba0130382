"""A page for each of the first villages: why, how sure, what it costs, with a map and the terrain to its best mast."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from lomsong.path import PathExplanation
from lomsong.report.contents import ReportContents
from lomsong.report.drawing import Drawing
from lomsong.report.path_picture import draw_path
from lomsong.report.plan_section import PlanTables
from lomsong.report.plan_words import name_plan, say_plan
from lomsong.report.plane import mark_synthetic
from lomsong.report.village_picture import draw_village
from lomsong.report.village_words import say_village
from lomsong.wording import Language, label, write_number

#: Villages with a page of their own.
PAGED_VILLAGES = 10
_MISSING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class VillagePage:
    """
    One village of the report.

    Attributes
    ----------
    rank, village_id, name, where, status, reasons : str
        What stands at the top.
    cost : str
        What bringing signal costs, by the plan.
    sure, facts : list of (str, str)
        What is known and how firmly, as words and values.
    need : str
        The parts of its need.
    area, profile : Drawing or None
        Map and terrain; None where there is no place or no mast.
    """

    rank: str
    village_id: str
    name: str
    where: str
    status: str
    reasons: str
    cost: str
    sure: list[tuple[str, str]]
    facts: list[tuple[str, str]]
    need: str
    area: Drawing | None
    profile: Drawing | None


def make_pages(
    contents: ReportContents, language: Language, *, count: int = PAGED_VILLAGES
) -> list[VillagePage]:
    """Return the pages of the first villages of the ranking."""
    villages, sectors = contents.ranked.to_crs(4326), contents.sectors.to_crs(4326)
    return [
        _make_page(contents, villages.iloc[row], villages, sectors, language)
        for row in range(min(count, len(villages)))
    ]


def tell_cost(contents: ReportContents, village_id: str, language: Language) -> str:
    """Say what the plan does for a village and what that costs, or that there is no plan."""
    plan, money = contents.plan, contents.settings.costs.currency
    if plan is None:
        return say_plan("no_plan", language)
    site = plan.site_of(village_id)
    if site is not None:
        return _tell_site(site, money, language)
    mine = plan.villages[plan.villages["village_id"] == village_id]
    if mine.empty:
        return say_plan("village_none", language)
    told = say_plan("village_out", language, why=name_plan(str(mine["why"].iloc[0]), language))
    enough = mine["comes_in_at"].iloc[0]
    if pd.notna(enough):
        told += " " + say_plan(
            "village_in_at", language, cost=write_number(float(enough), 0, language), money=money
        )
    return told


def _tell_site(site: "pd.Series[Any]", money: str, language: Language) -> str:
    def number(name: str) -> str:
        value = site.get(name)
        return _MISSING if value is None or pd.isna(value) else write_number(float(value), 0, language)

    def word(name: str) -> str:
        value = site.get(name)
        return _MISSING if value is None or pd.isna(value) else name_plan(str(value), language)

    return say_plan(
        "village_site",
        language,
        site=site["site_id"],
        kind=f"{word('origin')}, {word('configuration')}",
        order=number("order"),
        year=number("phase"),
        cost=number("cost"),
        capital=number("cost_capital"),
        per_year=number("cost_per_year"),
        money=money,
        people=number("people"),
        backhaul=f"{word('backhaul_kind')} {word('connects_to') if pd.notna(site.get('connects_to')) else ''}".strip(),
        power=word("power"),
        payer=word("programme"),
    )


def _make_page(
    contents: ReportContents,
    village: "pd.Series[Any]",
    villages: gpd.GeoDataFrame,
    sectors: gpd.GeoDataFrame,
    language: Language,
) -> VillagePage:
    village_id = str(village["village_id"])
    path = contents.paths.get(village_id)
    plan: PlanTables | None = contents.plan
    reader = _Reader(village, language)
    status = label("status", str(village["status"]), language)
    site = None if plan is None else plan.site_of(village_id)
    area = draw_village(village, villages, sectors, language, path=path, site=site)
    if cause := reader.text("verify_cause"):
        status += f" ({label('verify_cause', cause, language)})"
    return VillagePage(
        rank=reader.number("rank"),
        village_id=village_id,
        name=reader.text("village_name") or village_id,
        where=", ".join(filter(None, map(reader.text, ("commune_name", "district_name", "province_name")))),
        status=f"{status}: {label('status_meaning', str(village['status']), language)}",
        reasons=reader.text("reasons_vi" if language == "vi" else "reasons"),
        cost=tell_cost(contents, village_id, language),
        sure=_sure(reader),
        facts=_facts(reader),
        need=_need(reader),
        area=area if area is None or not contents.settings.synthetic else mark_synthetic(area, language),
        profile=_profile(path, language),
    )


def _profile(path: PathExplanation | None, language: Language) -> Drawing | None:
    return None if path is None else draw_path(path, language)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads one village as words and numbers of a language; a column that is not there is a missing value."""

    village: "pd.Series[Any]"
    language: Language

    def text(self, name: str) -> str:
        value = self.village.get(name)
        return "" if value is None or pd.isna(value) else str(value)

    def number(self, name: str, decimals: int = 0, *, scale: float = 1.0) -> str:
        value = self.village.get(name)
        return (
            _MISSING
            if value is None or pd.isna(value)
            else write_number(float(value) * scale, decimals, self.language)
        )

    def flag(self, name: str) -> str:
        value = self.village.get(name)
        return self.say("unknown" if value is None or pd.isna(value) else "yes" if bool(value) else "no")

    def say(self, key: str, **values: str) -> str:
        return say_village(key, self.language, **values)


def _sure(reader: _Reader) -> list[tuple[str, str]]:
    evidence = reader.text("evidence")
    rows = [
        ("p_signal", reader.number("p_signal", 2)),
        ("confidence", reader.number("confidence", 2)),
        ("evidence", label("evidence", evidence, reader.language) if evidence else _MISSING),
        ("tests", reader.text("mobile_tests_shown") or _MISSING),
        ("rank_interval", f"{reader.number('rank_low')}–{reader.number('rank_high')}"),
        ("p_top", reader.number("p_top", 2)),
    ]
    return [(reader.say(key), value) for key, value in rows]


def _facts(reader: _Reader) -> list[tuple[str, str]]:
    fixed = reader.text("fixed_line")
    speed = f"{reader.number('download_mbps', 1)} ({reader.number('download_low_mbps', 1)}–{reader.number('download_high_mbps', 1)}) Mbit/s"
    rows = [
        ("people", reader.number("people")),
        ("unserved", reader.number("unserved_people")),
        ("covered_share", f"{reader.number('covered_share', scale=100)} %"),
        ("households", reader.number("households")),
        ("grid_power", reader.flag("grid_power")),
        ("fund_eligible", reader.flag("fund_eligible")),
        ("nearest", f"{reader.number('nearest_site_m', 1, scale=0.001)} km"),
        ("download", speed if reader.text("download_mbps") else reader.say("unknown")),
        ("fixed_line", label("fixed_line", fixed, reader.language) if fixed else reader.say("unknown")),
    ]
    return [(reader.say(key), value) for key, value in rows]


def _need(reader: _Reader) -> str:
    parts = {name: reader.number(f"need_{name}") for name in ("people", "severity", "isolation", "social")}
    return reader.say("need_parts", need=reader.number("need", 1), **parts)
