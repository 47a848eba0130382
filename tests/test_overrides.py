"""Verdicts set by hand: applied, dated, shown, and refused where they cannot be."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from lomsong.assessment import Assessment, assess, assess_service
from lomsong.errors import TableError
from lomsong.inputs import Inputs
from lomsong.prediction import predict
from lomsong.ranking import add_rank_uncertainty, rank
from lomsong.settings import LayerSource, Override, RankingSettings
from lomsong.sources.overrides import read_overrides

World = Callable[..., Inputs]
IDS = pd.Series(["v", "w"], dtype="string")


def by_hand(village_id: str = "v", day: str = "2026-11-20", status: str = "white") -> Override:
    return Override.model_validate(
        {
            "village_id": village_id,
            "status": status,
            "date": date.fromisoformat(day),
            "who": "Sở TTTT",
            "why": "đã đo",
        }
    )


def test_an_override_replaces_the_status_and_is_shown_as_such(world: World) -> None:
    inputs = world({"v": (8, 15), "w": (9, 15)}, {"m": (4, 15)})
    overrides, _ = read_overrides([by_hand()], None, village_ids=inputs.villages["village_id"])
    inputs = replace(inputs, overrides=overrides)
    table = assess(predict(inputs), inputs).set_index("village_id")
    row = table.loc["v"]
    assert (row["status"], row["status_computed"]) == ("white", "covered")
    assert row["override"] == "2026-11-20, Sở TTTT: đã đo"
    assert row["reasons"].startswith(
        "set to white by hand on 2026-11-20 by Sở TTTT (đã đo), computed as covered; "
    )
    assert row["reasons_vi"].startswith("được đặt thủ công là trắng sóng ngày 20/11/2026")
    assert pd.isna(row["confidence"])
    assert row["p_signal"] > 0.9
    other = table.loc["w"]
    assert (other["status"], other["status_computed"]) == ("covered", "covered")
    assert pd.isna(other["override"])


def test_what_a_person_decided_changes_the_ranking_and_what_a_plan_goes_by(world: World) -> None:
    # both are covered as computed, "v" a little nearer to the mast
    inputs = world({"v": (8, 15), "w": (9, 15)}, {"m": (4, 15)})
    prediction = predict(inputs)
    settings = RankingSettings(draws=20)

    def judged(status: str) -> tuple[pd.DataFrame, Assessment]:
        table, _ = read_overrides([by_hand(status=status)], None, village_ids=inputs.villages["village_id"])
        found = assess_service(prediction, replace(inputs, overrides=table))
        ranked = add_rank_uncertainty(rank(found.villages, settings), settings, seed=1)
        return ranked.set_index("village_id"), found

    white, found = judged("white")
    assert white.index[0] == "v"
    assert white.loc["v", "unserved_people"] == pytest.approx(white.loc["v", "people"])
    assert white.loc["v", "p_top"] == 1
    mine = (prediction.demand["village_id"] == "v").to_numpy()
    assert (found.p_signal[mine] == 0).all()
    assert (found.p_signal[~mine] > 0.9).all()
    lit, found = judged("served")
    assert lit.index[0] == "w"
    assert lit.loc["v", "unserved_people"] == 0
    assert (found.p_signal[mine] == 1).all()


def test_the_youngest_override_of_a_village_counts() -> None:
    frame, findings = read_overrides(
        [by_hand(status="white"), by_hand(day="2026-11-21", status="served"), by_hand(day="2025-01-01")],
        None,
        village_ids=IDS,
    )
    assert frame["status"].tolist() == ["served"]
    assert findings[0].count == 1


def test_an_override_of_an_unknown_village_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "by_hand.csv"
    path.write_text("village_id,status,date,who,why\nv,Served,20/11/2026,A,seen\nx,white,2026-11-20,A,seen\n")
    frame, findings = read_overrides([], LayerSource(path=path), village_ids=IDS)
    assert frame[["village_id", "status", "date"]].to_numpy().tolist() == [["v", "served", "2026-11-20"]]
    assert findings[0].severity == "warning"
    assert findings[0].rows == ("x",)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("v,good,2026-11-20,A,seen", "'status' is not one of"),
        ("v,white,soon,A,seen", "'date' is empty or not readable in line 2"),
        ("v,white,2026-11-20,,seen", "'who' is empty"),
    ],
)
def test_an_override_that_does_not_say_who_when_and_what_is_refused(
    tmp_path: Path, line: str, words: str
) -> None:
    path = tmp_path / "by_hand.csv"
    path.write_text(f"village_id,status,date,who,why\n{line}\n")
    with pytest.raises(TableError, match=words):
        read_overrides([], LayerSource(path=path), village_ids=IDS)


def test_no_overrides_change_nothing() -> None:
    frame, findings = read_overrides([], None, village_ids=IDS)
    assert (len(frame), findings) == (0, [])
