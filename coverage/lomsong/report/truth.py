"""How a result compares with the truth behind a synthetic district."""

from dataclasses import dataclass

import pandas as pd

from lomsong.findings import name_rows


@dataclass(frozen=True, slots=True)
class TruthComparison:
    """
    Verdicts counted against known answers.

    Attributes
    ----------
    villages : int
        Villages whose truth is known.
    dark, found : int
        Villages truly without signal at the centre, and those of them with p < 0.5.
    alarms : int
        Villages with p < 0.5, rightly or wrongly.
    table : DataFrame
        Counts: rows are verdicts, columns truth.
    missed : str
        Dark villages that the prediction calls lit.
    """

    villages: int
    dark: int
    found: int
    alarms: int
    table: pd.DataFrame
    missed: str

    @property
    def recall(self) -> float:
        """Share of dark villages with p < 0.5."""
        return self.found / self.dark if self.dark else float("nan")

    @property
    def precision(self) -> float:
        """Share of villages with p < 0.5 that are dark."""
        return self.found / self.alarms if self.alarms else float("nan")


def compare_truth(ranked: pd.DataFrame, truth: pd.DataFrame) -> TruthComparison:
    """
    Count verdicts against the truth; p < 0.5 is taken before 'verify' takes precedence.

    Parameters
    ----------
    ranked : DataFrame
        Villages with ``status`` and ``p_signal``.
    truth : DataFrame
        ``village_id`` and ``has_signal``, a service technology of any operator at the centre.
    """
    both = ranked[["village_id", "status", "p_signal"]].merge(truth, on="village_id")
    answers = both["has_signal"].map({True: "signal", False: "no signal"})
    table = pd.crosstab(both["status"], answers).reindex(columns=["no signal", "signal"], fill_value=0)
    dark, low = ~both["has_signal"].astype(bool), both["p_signal"] < 0.5
    return TruthComparison(
        villages=len(both),
        dark=int(dark.sum()),
        found=int((dark & low).sum()),
        alarms=int(low.sum()),
        table=table,
        missed=name_rows(both.loc[dark & ~low, "village_id"]),
    )
