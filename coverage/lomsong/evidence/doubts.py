"""Doubt about recorded masts: those that samples taken beside them hardly heard may be off the air or stand elsewhere."""

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from lomsong.evidence.calibration import Fit
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.quality.ages import years_before
from lomsong.settings import EvidenceSettings

#: How strongly one report may speak against a mast, since the phone may have lain in a cellar, and all of them together.
#: [natural logarithm of a likelihood ratio]
MOST_OF_ONE, MOST_OF_ALL = 2.0, 4.0
#: From this chance on a mast is named.
NAMED_FROM = 0.2


def doubt_masts(
    fit: Fit | None, sectors: pd.DataFrame, newest: pd.Timestamp | None, settings: EvidenceSettings
) -> pd.Series:
    """
    Chance that each mast is not where it is recorded, after the reports that it should have served best.

    Reports that fit do not lower it: they show that a mast is there, not that its record is right in all directions. Those
    from before its last sign of life count half, as it may not have stood then.

    Parameters
    ----------
    fit : Fit or None
        What was learned from the samples.
    sectors : DataFrame
        Contract `SECTORS`.
    newest : Timestamp or None
        Day from which the ages of samples count.
    settings : EvidenceSettings
        The chance before the samples.

    Returns
    -------
    Series
        Index ``site_id``; masts without such reports are left out.
    """
    if fit is None or settings.wrong_record_part == 0:
        return pd.Series(dtype=float)
    heard = fit.bins[fit.bins["error"].notna()]
    signs = years_before(sectors.drop_duplicates("site_id")["on_air"], newest).to_numpy()
    before = heard["age_years"].to_numpy() > signs[heard["mast"]]
    told = heard["presence"].clip(-MOST_OF_ONE, MOST_OF_ONE) * heard["weight"] * np.where(before, 0.5, 1.0)
    ratio = told.groupby(heard["mast"], sort=True).sum().clip(-MOST_OF_ALL, 0.0)
    chance = expit(logit(settings.wrong_record_part) - ratio.to_numpy())
    return pd.Series(chance, index=fit.design.masts.names[ratio.index])


def say_doubts(doubts: pd.Series) -> list[Finding]:
    """Name the masts that samples speak against, the most doubtful first."""
    doubted = doubts[doubts >= NAMED_FROM].sort_values(ascending=False, kind="stable")
    if not len(doubted):
        return []
    named = name_rows(f"{name} ({100 * chance:.0f} %)" for name, chance in doubted.items())
    message = (
        f"{count_rows(len(doubted), 'recorded mast')} may be off the air or elsewhere, since samples nearby are far weaker than "
        f"predicted: {named}; ask the operator"
    )
    rows = tuple(doubted.index.astype(str))
    return [
        Finding(
            layer="masts", word="correct", severity="warning", message=message, count=len(doubted), rows=rows
        )
    ]
