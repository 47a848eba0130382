"""How a result compares with the truth behind a synthetic district."""

from dataclasses import asdict, dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class TruthComparison:
    """
    How well the chance of signal tells dark villages.

    Attributes
    ----------
    villages : int
        Villages whose truth is known.
    dark, found : int
        Villages truly without signal at the centre, and those of them with p < 0.5.
    alarms : int
        Villages with p < 0.5, rightly or wrongly.
    missed : tuple of str
        Dark villages that the prediction calls lit.
    """

    villages: int
    dark: int
    found: int
    alarms: int
    missed: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """Return plain values for JSON."""
        return asdict(self)

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
    Compare the chances with the truth; p < 0.5 is taken before 'verify' takes precedence.

    Parameters
    ----------
    ranked : DataFrame
        Villages with ``p_signal``.
    truth : DataFrame
        ``village_id`` and ``has_signal``, a service technology of any operator at the centre.
    """
    both = ranked[["village_id", "p_signal"]].merge(truth, on="village_id")
    dark, low = ~both["has_signal"].astype(bool), both["p_signal"] < 0.5
    return TruthComparison(
        villages=len(both),
        dark=int(dark.sum()),
        found=int((dark & low).sum()),
        alarms=int(low.sum()),
        missed=tuple(both.loc[dark & ~low, "village_id"].astype(str)),
    )
