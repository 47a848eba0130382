"""The report to read: one self-contained page, every text escaped."""

from collections.abc import Sequence

import pandas as pd

from lomsong.inputs import SourceRecord
from lomsong.propagation.models import MODELS
from lomsong.quality import QualityReport
from lomsong.report.evidence_page import report_environment, self_test_pictures
from lomsong.report.self_test import SelfTest
from lomsong.report.truth import TruthComparison
from lomsong.schemas import CONNECTIONS, STATUSES
from lomsong.settings import Settings
from lomsong.wording import Language, write_number

#: Villages in the table of the report; the files have them all.
SHOWN_VILLAGES = 30

_SHOWN_COLUMNS = [
    "rank", "village_id", "village_name", "commune_name", "status", "verify_cause", "need", "people",
    "unserved_people", "reasons", "override",
]  # fmt: skip


def render_report(
    ranked: pd.DataFrame,
    *,
    settings: Settings,
    quality: QualityReport,
    records: Sequence[SourceRecord],
    truth: TruthComparison | None,
    self_test: SelfTest,
    version: str,
    language: Language = "en",
) -> str:
    """
    Render the report as HTML.

    Parameters
    ----------
    ranked : DataFrame
        Villages with verdict and rank, in order.
    settings, quality, records, truth, self_test, version
        What the report says about where the result comes from and how far to trust it.
    language : {'en', 'vi'}
        Of words and numbers; findings about the data are in English.

    Returns
    -------
    str
        A whole page without any outside resource.
    """
    template = report_environment(language).get_template("report")
    nobody = pd.Series(0.0, index=ranked.index)
    people = ranked.get("people", ranked.get("population", nobody))  # runs of before knew no 'people'
    statuses = [
        {
            "status": status,
            "villages": int((ranked["status"] == status).sum()),
            "people": float(people[ranked["status"] == status].sum()),
        }
        for status in STATUSES
    ]
    top = ranked.head(SHOWN_VILLAGES)
    # optional columns may be absent: the page shows a dash
    shown = pd.DataFrame(top).reindex(columns=_SHOWN_COLUMNS).astype(object)
    if language == "vi":
        shown["reasons"] = top["reasons_vi"]
    rows = shown.where(shown.notna(), None).to_dict("records")
    return template.render(
        settings=settings,
        model=MODELS[settings.radio.model].heading,
        statuses=statuses,
        causes=ranked["verify_cause"].value_counts().to_dict(),
        villages=rows,
        total=len(ranked),
        by_hand=int(ranked["override"].notna().sum()),
        unready=_unready(ranked),
        connections=_connections(ranked, people),
        thresholds=_thresholds(settings, language),
        test=self_test,
        pictures=self_test_pictures(self_test, language),
        quality=quality,
        records=records,
        truth=truth,
        version=version,
    )


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
