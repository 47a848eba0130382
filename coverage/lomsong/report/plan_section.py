"""The plan in the report: read from its files, its sites and costs as tables and pictures."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from lomsong.errors import SourceError
from lomsong.report.drawing import Area, Drawing, Line, Words, fit
from lomsong.report.plan_tables import NOTE_FILE, PLAN_FILE, mark_villages
from lomsong.report.plan_words import PLAN_WORDS, say_plan
from lomsong.report.plane import Shape, box
from lomsong.wording import Language, write_number

#: Okabe and Ito's colours.
_BLUE, _ORANGE, _GREEN, _INK, _PALE, _RULE = "#0072B2", "#D55E00", "#009E73", "#222222", "#555555", "#d9d9d9"
#: The plot of the curve: left, right, top and foot. [pixel]
_LEFT, _RIGHT, _TOP, _BASE = 78.0, 670.0, 44.0, 280.0
_PREFIX = "cost_"
_NO_PARTS = ("cost_total", "cost_capital", "cost_per_year")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanTables:
    """
    What a plan has written beside its run.

    Attributes
    ----------
    sites, villages, curve : DataFrame
        ``plan.csv``, ``plan_villages.csv`` and ``plan_curve.csv``.
    note : dict
        ``plan.json``: budget, people, bound, what was assumed.
    """

    sites: pd.DataFrame
    villages: pd.DataFrame
    curve: pd.DataFrame
    note: dict[str, Any]

    def site_of(self, village_id: str) -> "pd.Series[Any] | None":
        """Return the site of the plan that covers a village."""
        mine = self.villages[self.villages["village_id"] == village_id]
        if mine.empty or pd.isna(mine["order"].iloc[0]):
            return None
        sites = self.sites[self.sites["order"] == int(mine["order"].iloc[0])]
        return None if sites.empty else sites.iloc[0]

    def parts(self) -> "pd.Series[float]":
        """Return the capital of the whole plan by part, the largest first."""
        names = [each for each in self.sites if str(each).startswith(_PREFIX) and each not in _NO_PARTS]
        sums = self.sites[names].sum().sort_values(ascending=False, kind="stable")
        return sums[sums > 0].rename(index=lambda name: str(name).removeprefix(_PREFIX))


def read_plan_tables(folder: Path) -> PlanTables | None:
    """
    Read the plan of a finished run.

    Returns
    -------
    PlanTables or None
        None where no plan was made, or one of other results than those that lie there.

    Raises
    ------
    SourceError
        A file of the plan is broken or gone.
    """
    if not (folder / PLAN_FILE).is_file():
        return None
    text = {
        "village_id": str,
        "site_id": str,
        "village_ids": str,
        "connects_to": str,
        "runner_up": str,
        "configuration": str,
    }
    try:
        tables = [
            pd.read_csv(
                folder / name, dtype=text, keep_default_na=False, na_values=[""], encoding="utf-8-sig"
            )
            for name in (PLAN_FILE, "plan_villages.csv", "plan_curve.csv")
        ]
        note = json.loads((folder / NOTE_FILE).read_text(encoding="utf-8"))
        plan = PlanTables(sites=tables[0], villages=tables[1], curve=tables[2], note=dict(note))
        _refuse_gaps(plan)
    except (OSError, ValueError, TypeError) as error:
        raise SourceError(
            f"the plan in {folder} cannot be read: {error}; plan again with `lomsong plan`"
        ) from None
    return plan if plan.note["villages_sha256"] == mark_villages(folder) else None


def _refuse_gaps(plan: PlanTables) -> None:
    wanted: dict[str, tuple[Any, tuple[str, ...]]] = {
        PLAN_FILE: (
            plan.sites,
            ("order", "phase", "site_id", "people", "cost", "cost_total", "longitude_deg", "latitude_deg"),
        ),
        "plan_villages.csv": (plan.villages, ("village_id", "people", "order", "why", "comes_in_at")),
        "plan_curve.csv": (plan.curve, ("cost", "people", "knee")),
        NOTE_FILE: (
            plan.note,
            ("budget", "people", "reached", "spent", "bound", "proven", "assumed", "villages_sha256"),
        ),
    }
    for name, (content, keys) in wanted.items():
        lacking = [key for key in keys if key not in content]
        if lacking:
            raise ValueError(f"{name} lacks {', '.join(lacking)}")


@dataclass(frozen=True, slots=True)
class _Frame:
    """From money and people to pixels."""

    most_cost: float
    most_people: float

    def place(self, cost: float, people: float) -> tuple[float, float]:
        """Return where a point of the curve lies."""
        x = _LEFT + (_RIGHT - _LEFT) * cost / self.most_cost
        return x, _BASE - (_BASE - _TOP) * people / self.most_people


def draw_curve(plan: PlanTables, money: str, language: Language) -> Drawing:
    """Draw expected people reached against money spent, with the plan and the bend."""
    curve = plan.curve
    spent = float(plan.sites["cost_total"].max()) if len(plan.sites) else 0.0
    reached = float(plan.sites["people"].sum()) if len(plan.sites) else 0.0
    frame = _Frame(
        max(float(curve["cost"].max()), spent, 1.0) * 1.04,
        max(float(curve["people"].max()), reached, 1.0) * 1.08,
    )
    marks = [
        ("knee", float(row["cost"]), float(row["people"]), _ORANGE, 40)
        for _, row in curve[curve["knee"].astype(bool)].head(1).iterrows()
    ]
    if len(plan.sites):
        marks.append(("chosen", spent, reached, _GREEN, 18))
    title = say_plan("curve", language)
    shapes: list[Shape] = [
        Words(10, 20, title, 13, bold=True),
        *_axes(frame, language),
        *_steps(curve, frame),
    ]
    told = []
    for word, cost, people, colour, drop in marks:
        numbers = {"people": write_number(people, 0, language), "cost": write_number(cost, 0, language)}
        name, point = say_plan(word, language), say_plan("curve_point", language, money=money, **numbers)
        x, row = _LEFT + 66, _BASE - drop
        shapes += [
            _diamond(*frame.place(cost, people), colour),
            _diamond(x, row, colour),
            Words(x + 14, row + 4, fit(f"{name}: {point}", _RIGHT - _LEFT - 80, 10.5), 10.5),
        ]
        told.append(f"{name} {point}")
    shapes.append(Words(_LEFT, _TOP - 6, say_plan("people_axis", language), 10.5, _PALE))
    spent_axis = say_plan("spent_axis", language, money=money)
    shapes.append(Words((_LEFT + _RIGHT) / 2, _BASE + 38, spent_axis, 11, anchor="middle"))
    return Drawing(700, 340, title, say_plan("curve_alt", language, told="; ".join(told)), tuple(shapes))


def _axes(frame: _Frame, language: Language) -> list[Shape]:
    shapes: list[Shape] = []
    for tick in _round_ticks(frame.most_people):
        _, y = frame.place(0, tick)
        shapes += [
            Line([(_LEFT, y), (_RIGHT, y)], _RULE),
            Words(_LEFT - 6, y + 4, write_number(tick, 0, language), 10, _PALE, "end"),
        ]
    for tick in _round_ticks(frame.most_cost):
        x, _ = frame.place(tick, 0)
        shapes += [
            Line([(x, _BASE), (x, _BASE + 4)], _PALE),
            Words(x, _BASE + 17, write_number(tick, 0, language), 10, _PALE, "middle"),
        ]
    return [*shapes, Line([(_LEFT, _TOP), (_LEFT, _BASE), (_RIGHT, _BASE)], _PALE)]


def _steps(curve: pd.DataFrame, frame: _Frame) -> list[Shape]:
    corners: list[tuple[float, float]] = []
    for cost, people in zip(curve["cost"], curve["people"], strict=True):
        # nothing is reached before a site is paid for
        if corners:
            corners.append((frame.place(float(cost), 0)[0], corners[-1][1]))
        corners.append(frame.place(float(cost), float(people)))
    return [Line(corners, _BLUE, 2.2)] if len(corners) > 1 else []


def _diamond(x: float, y: float, colour: str) -> Area:
    return Area([(x - 6, y), (x, y - 6), (x + 6, y), (x, y + 6)], colour)


def draw_parts(plan: PlanTables, money: str, language: Language) -> Drawing:
    """Draw the capital of the plan by part, the largest first."""
    parts = plan.parts()
    title = f"{say_plan('parts', language)} [{money}]"
    left, room = 190.0, 330.0
    most, total = float(parts.max()) if len(parts) else 1.0, float(parts.sum()) or 1.0
    shapes: list[Shape] = [Words(10, 20, title, 13, bold=True)]
    told = []
    for number, (name, cost) in enumerate(parts.items()):
        y = 36.0 + 26 * number
        word = name_part(str(name), language)
        shapes.append(Words(left - 10, y + 13, fit(word, left - 20, 11), 11, anchor="end"))
        shapes.append(Area(box(left, y, left + room * float(cost) / most, y + 18), _BLUE))
        text = f"{write_number(float(cost), 0, language)} ({write_number(100 * float(cost) / total, 0, language)} %)"
        shapes.append(Words(left + room * float(cost) / most + 6, y + 13, text, 11))
        told.append(f"{word} {text}")
    described = say_plan("parts_alt", language, told="; ".join(told))
    return Drawing(700, int(46 + 26 * max(len(parts), 1)), title, described, tuple(shapes))


def name_part(part: str, language: Language) -> str:
    """Return what a language calls a part of the cost."""
    key = "backhaul_part" if part == "backhaul" else part
    return say_plan(key, language) if key in PLAN_WORDS else part


def _round_ticks(most: float) -> list[float]:
    rough = most / 5
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(power * next(factor for factor in (1, 2, 5, 10) if factor * power >= rough))
    return [n * step for n in range(int(most / step) + 1)]
