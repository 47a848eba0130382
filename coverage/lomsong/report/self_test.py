"""How well the result can be trusted: held against the truth where it is known, else against samples that were held out."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from lomsong.errors import SourceError

#: Bins of the reliability diagram, of equal width.
BINS = 10
#: Intervals whose coverage is counted.
NOMINAL = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
#: Two-sided probability of the bars in the diagrams.
BAR = 0.9
Source = Literal["truth", "held-out samples", "none"]


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Villages with a chance in one range: the mean of it, how often there was signal, and a 90 % interval of that."""

    villages: int
    predicted: float
    found: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CoveragePoint:
    """How often a level lay inside the interval that should hold it with a probability."""

    nominal: float
    found: float


@dataclass(frozen=True, slots=True)
class Driver:
    """One group of villages: how large its part of all squared errors is beside its part of all villages."""

    subject: str
    group: str
    villages: int
    mean_error: float
    part_of_error: float
    part_of_villages: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """
    The self-test of a run.

    Attributes
    ----------
    source : {'truth', 'held-out samples', 'none'}
        What the result is held against.
    villages, samples : int
        How many of either.
    brier, calibration_error : float
        Mean squared error of the chance, and the mean distance between chance and frequency over the bins; NaN
        without truth.
    reliability : tuple of ReliabilityBin
        Bins that hold a village.
    confusion : dict
        Villages by status, and by ``signal`` or ``no signal`` in truth.
    coverage : tuple of CoveragePoint
        Of the intervals of level, at samples on land that the calibration had not seen.
    rmse_db : float
        Of those levels; NaN without samples. [dB]
    drivers : tuple of Driver
        The groups that the errors come from, the largest excess first.
    """

    source: Source
    villages: int
    samples: int
    brier: float
    calibration_error: float
    reliability: tuple[ReliabilityBin, ...]
    confusion: dict[str, dict[str, int]]
    coverage: tuple[CoveragePoint, ...]
    rmse_db: float
    drivers: tuple[Driver, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; missing numbers are null."""
        return {key: _plain(value) for key, value in asdict(self).items()}


def make_self_test(
    villages: pd.DataFrame, truth: pd.DataFrame | None, held_out: pd.DataFrame | None = None
) -> SelfTest:
    """
    Hold a result against what is known.

    Parameters
    ----------
    villages : DataFrame
        Contract `ASSESSMENT`.
    truth : DataFrame or None
        ``village_id`` and ``has_signal``.
    held_out : DataFrame, optional
        One row a sample that the calibration had not seen: ``level_dbm``, ``expected_dbm`` and ``rank``, the predicted
        probability of a level at or below.

    Returns
    -------
    SelfTest
        With the truth where there is one; samples tell of levels, never of the places without signal.
    """
    both = pd.DataFrame() if truth is None else villages.merge(truth, on="village_id")
    if len(both):
        both = both[both["p_signal"].notna()]
    p = both["p_signal"].to_numpy(dtype=np.float64) if len(both) else np.zeros(0)
    lit = both["has_signal"].to_numpy(dtype=bool) if len(both) else np.zeros(0, dtype=bool)
    bins = reliability_bins(p, lit)
    have = held_out is not None and len(held_out) > 0
    rank = held_out["rank"].to_numpy(dtype=np.float64) if held_out is not None and have else np.zeros(0)
    rmse = float("nan")
    if held_out is not None and have:
        rmse = float(np.sqrt(((held_out["level_dbm"] - held_out["expected_dbm"]) ** 2).mean()))
    test = SelfTest(
        source="truth" if len(both) else "held-out samples" if have else "none",
        villages=len(both),
        samples=len(rank),
        brier=float(((p - lit) ** 2).mean()) if len(p) else float("nan"),
        calibration_error=calibration_error(bins),
        reliability=bins,
        confusion=_confusion(villages, truth),
        coverage=interval_coverage(rank),
        rmse_db=rmse,
        drivers=find_drivers(both, (p - lit) ** 2) if len(p) else (),
    )
    # as it is written to the run, so that the report is the same when it is drawn again
    return parse_self_test(test.as_dict())


def reliability_bins(p: ArrayLike, happened: ArrayLike) -> tuple[ReliabilityBin, ...]:
    """
    Sort chances into bins and count how often it happened.

    Parameters
    ----------
    p : array_like, shape (n,)
        Chances in [0, 1].
    happened : array_like of bool, shape (n,)
        What came true.

    Returns
    -------
    tuple of ReliabilityBin
        Bins that hold something; the interval of each frequency is Jeffreys'.
    """
    chance, came = np.asarray(p, dtype=np.float64), np.asarray(happened, dtype=bool)
    number = np.minimum((chance * BINS).astype(np.int64), BINS - 1)
    found = []
    for each in range(BINS):
        here = number == each
        count, hits = int(here.sum()), int(came[here].sum())
        if count:
            low, high = (
                float(betaincinv(hits + 0.5, count - hits + 0.5, level))
                for level in ((1 - BAR) / 2, (1 + BAR) / 2)
            )
            found.append(ReliabilityBin(count, float(chance[here].mean()), hits / count, low, high))
    return tuple(found)


def calibration_error(bins: tuple[ReliabilityBin, ...]) -> float:
    """Return the mean distance between predicted chance and frequency, weighted by villages; NaN without bins."""
    total = sum(each.villages for each in bins)
    if not total:
        return float("nan")
    return sum(each.villages * abs(each.predicted - each.found) for each in bins) / total


def interval_coverage(rank: ArrayLike) -> tuple[CoveragePoint, ...]:
    """
    Count how many ranks lie inside each central interval.

    Parameters
    ----------
    rank : array_like, shape (n,)
        Predicted probability of a value at or below the one that was found; evenly spread if the prediction is right.
    """
    off = np.abs(np.asarray(rank, dtype=np.float64) - 0.5)
    off = off[np.isfinite(off)]
    if not len(off):
        return ()
    return tuple(CoveragePoint(each, float((off <= each / 2).mean())) for each in NOMINAL)


def find_drivers(villages: pd.DataFrame, error: ArrayLike) -> tuple[Driver, ...]:
    """
    Say which groups of villages the squared errors come from.

    Parameters
    ----------
    villages : DataFrame
        Contract `ASSESSMENT`.
    error : array_like, shape (len(villages),)
        Squared error of each chance.
    """
    square = np.asarray(error, dtype=np.float64)
    found = []
    for subject, groups in _groups(villages):
        for name, here in groups:
            if here.any():
                part = square[here].sum() / square.sum() if square.sum() > 0 else 0.0
                found.append(
                    Driver(
                        subject,
                        name,
                        int(here.sum()),
                        float(square[here].mean()),
                        float(part),
                        float(here.mean()),
                    )
                )
    return tuple(
        sorted(found, key=lambda each: (each.part_of_villages - each.part_of_error, each.subject, each.group))
    )


def _groups(villages: pd.DataFrame) -> Iterator[tuple[str, list[tuple[str, NDArray[np.bool_]]]]]:
    distance = villages["nearest_site_m"].to_numpy(dtype=np.float64) / 1000
    edges = (0.0, 1.0, 3.0, 8.0, np.inf)
    names = ("< 1 km", "1–3 km", "3–8 km", "> 8 km")
    yield (
        "distance",
        [
            (name, (distance >= low) & (distance < high))
            for name, low, high in zip(names, edges[:-1], edges[1:], strict=True)
        ],
    )
    evidence = villages["evidence"].to_numpy()
    yield "evidence", [(str(name), evidence == name) for name in sorted(set(evidence))]
    status = villages["status"].to_numpy()
    yield "status", [(str(name), status == name) for name in sorted(set(status))]


def _confusion(villages: pd.DataFrame, truth: pd.DataFrame | None) -> dict[str, dict[str, int]]:
    if truth is None:
        return {}
    both = villages[["village_id", "status"]].merge(truth, on="village_id")
    return {
        str(status): {"no signal": int((~part["has_signal"]).sum()), "signal": int(part["has_signal"].sum())}
        for status, part in both.groupby("status", sort=True)
    }


def parse_self_test(content: dict[str, Any]) -> SelfTest:
    """
    Return the self-test that a run has written.

    Raises
    ------
    SourceError
        The content is not one.
    """
    try:
        known = {key: _whole(value) for key, value in content.items()}
        return SelfTest(
            **{
                **known,
                "reliability": tuple(ReliabilityBin(**each) for each in content["reliability"]),
                "coverage": tuple(CoveragePoint(**each) for each in content["coverage"]),
                "drivers": tuple(Driver(**each) for each in content["drivers"]),
            }
        )
    except (KeyError, TypeError) as error:
        raise SourceError(
            f"evidence.json does not hold what a run writes there ({error}); run it again"
        ) from None


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value


def _whole(value: Any) -> Any:
    return float("nan") if value is None else value
