"""The report to read: one self-contained page, every text escaped."""

from typing import Any

import numpy as np
import pandas as pd

from lomsong.propagation.models import MODELS
from lomsong.report.contents import ReportContents
from lomsong.report.drawing import Drawing
from lomsong.report.evidence_page import report_environment, show
from lomsong.report.figures import draw_figures
from lomsong.report.formulas import list_formulas
from lomsong.report.plan_section import name_part
from lomsong.report.settings_used import UsedSetting, list_settings
from lomsong.report.summary_tables import area_tables, group_table
from lomsong.report.village_pages import make_pages, tell_cost
from lomsong.schemas import CONNECTIONS, STATUSES
from lomsong.settings import Settings
from lomsong.wording import Language, label, write_number

#: Villages in the table of the report, and in those of what changed and what the plan leaves out; the files have them all.
SHOWN_VILLAGES = 30
#: Sites of the plan in its tables.
SHOWN_SITES = 100

_SHOWN_COLUMNS = [
    "rank", "village_id", "village_name", "commune_name", "status", "verify_cause", "need", "people",
    "unserved_people", "reasons", "override",
]  # fmt: skip


def render_report(contents: ReportContents, *, language: Language = "en") -> str:
    """
    Render the report as HTML.

    Parameters
    ----------
    contents : ReportContents
        What it tells.
    language : {'en', 'vi'}
        Of words and numbers; findings about the data are in English.

    Returns
    -------
    str
        A whole page without any outside resource.
    """
    return render_with_figures(contents, language=language)[0]


def render_with_figures(
    contents: ReportContents, *, language: Language = "en"
) -> tuple[str, dict[str, Drawing]]:
    """Render the report as HTML, and return its pictures by name beside it."""
    ranked, settings = contents.ranked, contents.settings
    environment = report_environment(language)
    environment.globals["show"] = show
    pages = make_pages(contents, language)
    figures = draw_figures(contents, pages, language)
    assumed, own = list_settings(settings)
    people = ranked.get("people", ranked.get("population", pd.Series(0.0, index=ranked.index)))
    page = environment.get_template("report").render(
        settings=settings,
        model=MODELS[settings.radio.model].heading,
        first=_first(contents, language),
        statuses=_statuses(ranked, people),
        status_names=STATUSES,
        groups=group_table(contents.summary),
        areas=area_tables(contents.summary),
        causes=ranked["verify_cause"].value_counts().to_dict(),
        villages=_village_rows(ranked, language),
        total=len(ranked),
        by_hand=int(ranked["override"].notna().sum()),
        unready=_unready(ranked),
        connections=_connections(ranked, people),
        thresholds=_thresholds(settings, language),
        test=contents.self_test,
        pictures=[show(figures[name]) for name in ("reliability", "coverage", "drivers") if name in figures],
        figures=figures,
        pages=pages,
        quality=contents.quality,
        grades=contents.grades,
        records=contents.records,
        truth=contents.truth,
        version=contents.version,
        since=_since(contents),
        formulas=list_formulas(language),
        assumed_settings=assumed,
        own_settings=own,
        **_plan(contents, [*assumed, *own], language),
    )
    return page, figures


def _first(contents: ReportContents, language: Language) -> dict[str, Any] | None:
    """Say which village comes first, why, how sure that is and what it costs."""
    if not len(contents.ranked):
        return None
    village = contents.ranked.iloc[0]
    places = [str(village[name]) for name in ("commune_name", "district_name") if pd.notna(village.get(name))]
    return {
        "name": village["village_name"] if pd.notna(village.get("village_name")) else village["village_id"],
        "where": f" ({', '.join(places)})" if places else "",
        "status": label("status", str(village["status"]), language),
        "reasons": village["reasons_vi" if language == "vi" else "reasons"],
        "p": village.get("p_signal"),
        "confidence": village["confidence"] if pd.notna(village.get("confidence")) else None,
        "low": village.get("rank_low"),
        "high": village.get("rank_high"),
        "cost": tell_cost(contents, str(village["village_id"]), language),
    }


def _statuses(ranked: pd.DataFrame, people: pd.Series) -> list[dict[str, object]]:
    return [
        {
            "status": status,
            "villages": int((ranked["status"] == status).sum()),
            "people": float(people[ranked["status"] == status].sum()),
        }
        for status in STATUSES
    ]


def _village_rows(ranked: pd.DataFrame, language: Language) -> list[dict[Any, Any]]:
    top = ranked.head(SHOWN_VILLAGES)
    # optional columns may be absent: the page shows a dash
    shown = pd.DataFrame(top).reindex(columns=_SHOWN_COLUMNS).astype(object)
    if language == "vi":
        shown["reasons"] = top["reasons_vi"]
    return _plain(shown)


def _plain(frame: pd.DataFrame) -> list[dict[Any, Any]]:
    values = frame.astype(object)
    return values.where(values.notna(), None).to_dict("records")


def _unready(ranked: pd.DataFrame) -> dict[str, object]:
    return {
        "people": float(ranked["unready_people"].sum()),
        "unknown": int(ranked["unready_people"].isna().sum()),
        "signal_alone": bool((ranked["unready_basis"] == "signal alone").any()),
    }


def _connections(ranked: pd.DataFrame, people: pd.Series) -> list[dict[str, object]]:
    rows = []
    for connection in CONNECTIONS:
        mine = ranked["connection"] == connection
        if mine.any():
            rows.append(
                {"connection": connection, "villages": int(mine.sum()), "people": float(people[mine].sum())}
            )
    return rows


def _thresholds(settings: Settings, language: Language) -> str:
    return ", ".join(
        f"{technology.upper()} {write_number(carrier.threshold_dbm, 0, language)} dBm"
        for technology, carrier in settings.radio.carriers.items()
    )


def _since(contents: ReportContents) -> dict[str, Any] | None:
    if contents.changes is None:
        return None
    progress, changes = (
        contents.changes.progress,
        pd.DataFrame(contents.changes.changes.drop(columns="geometry")),
    )
    counts = changes["change"].value_counts()
    moved = changes[~changes["change"].isin(["same", "still dark"])]
    order = {
        name: place for place, name in enumerate(("newly dark", "newly covered", "appeared", "vanished"))
    }
    moved = moved.assign(_order=moved["change"].map(order).fillna(len(order)))
    moved = moved.sort_values(["_order", "people"], ascending=[True, False], kind="stable").head(
        SHOWN_VILLAGES
    )
    return {
        "run": progress["run"].iloc[-2],
        "covered": int(counts.get("newly covered", 0)),
        "dark": int(counts.get("newly dark", 0)),
        "still": int(counts.get("still dark", 0)),
        "before": int(progress["white"].iloc[-2]),
        "after": int(progress["white"].iloc[-1]),
        "rows": _plain(moved),
    }


def _plan(contents: ReportContents, used: list[UsedSetting], language: Language) -> dict[str, Any]:
    plan = contents.plan
    if plan is None:
        prices = [each for each in used if each.key.startswith("costs.") and each.key != "costs.currency"]
        return {"plan": None, "prices": prices}
    names = contents.ranked.set_index("village_id").get("village_name", pd.Series(dtype=object)).dropna()
    out = plan.villages[plan.villages["why"].notna()].sort_values(
        ["people", "village_id"], ascending=[False, True], kind="stable"
    )
    out = out.head(SHOWN_VILLAGES)
    out = out.assign(name=[names.get(each, each) for each in out["village_id"]])
    wanted = ["order", "phase", "site_id", "origin", "configuration", "people", "cost", "cost_total", "cost_capital", "cost_per_year", "backhaul_kind", "connects_to", "programme", "runner_up", "village_ids", "lost_people", "silenced"]  # fmt: skip
    parts = [str(each) for each in plan.parts().index]
    sites = plan.sites.head(SHOWN_SITES).reindex(columns=[*wanted, *(f"cost_{part}" for part in parts)])
    covered = sites["village_ids"].astype("string").fillna("").str.split(";")
    sites = sites.assign(covers=[", ".join(names.get(each, each) for each in row if each) for row in covered])
    return {
        "plan": plan,
        "sites": _plain(sites),
        "parts": [{"key": part, "name": name_part(part, language)} for part in parts],
        "left_out": _plain(out.replace({np.nan: None})),
    }
