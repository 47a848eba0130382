"""The report to read: one self-contained page, every text escaped."""

from collections.abc import Sequence
from importlib.resources import files

import pandas as pd
from jinja2 import Environment, StrictUndefined

from lomsong.inputs import SourceRecord
from lomsong.propagation.models import MODELS
from lomsong.quality import QualityReport
from lomsong.report.truth import TruthComparison
from lomsong.schemas import STATUSES
from lomsong.settings import Settings

#: Villages in the table of the report; the files have them all.
SHOWN_VILLAGES = 30

_SHOWN_COLUMNS = [
    "rank", "village_id", "village_name", "commune_name", "status", "verify_cause", "need", "population",
    "unserved_people", "reasons",
]  # fmt: skip
STATUS_MEANING = {
    "white": "no signal at the centre",
    "hollow": "signal at the centre, none for a cluster of people or for too many of them",
    "underserved": "signal, but slower than the target",
    "served": "signal, and as fast as the target",
    "covered": "signal; speed not known well enough",
    "verify": "the evidence is missing, weak or contradicts itself: check in the field",
}


def render_report(
    ranked: pd.DataFrame,
    *,
    settings: Settings,
    quality: QualityReport,
    records: Sequence[SourceRecord],
    truth: TruthComparison | None,
    version: str,
) -> str:
    """
    Render the report as HTML.

    Parameters
    ----------
    ranked : DataFrame
        Villages with verdict and rank, in order.
    settings, quality, records, truth, version
        What the report says about where the result comes from.

    Returns
    -------
    str
        A whole page without any outside resource.
    """
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["number"] = _number
    template = environment.from_string(files("lomsong.report").joinpath("report.html.j2").read_text("utf-8"))
    people = ranked["population"] if "population" in ranked else pd.Series(0.0, index=ranked.index)
    statuses = [
        {
            "status": status,
            "meaning": STATUS_MEANING[status],
            "villages": int((ranked["status"] == status).sum()),
            "people": float(people[ranked["status"] == status].sum()),
        }
        for status in STATUSES
    ]
    top = ranked.head(SHOWN_VILLAGES)
    # optional columns may be absent: the page shows a dash
    shown = pd.DataFrame(top).reindex(columns=_SHOWN_COLUMNS).astype(object)
    rows = shown.where(shown.notna(), None).to_dict("records")
    return template.render(
        settings=settings,
        model=MODELS[settings.radio.model].heading,
        statuses=statuses,
        causes=ranked["verify_cause"].value_counts().to_dict(),
        villages=rows,
        total=len(ranked),
        quality=quality,
        records=records,
        truth=truth,
        version=version,
    )


def _number(value: object, decimals: int = 0, missing: str = "–") -> str:
    if value is None or value != value:  # noqa: PLR0124 - NaN is not itself
        return missing
    return f"{float(str(value)):,.{decimals}f}"
