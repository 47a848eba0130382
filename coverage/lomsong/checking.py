"""Where to measure next: what one field check of a village is worth."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray


def check_value(
    p_signal: ArrayLike,
    stake: ArrayLike,
    *,
    reliability: float,
    covered_from: float = 0.5,
) -> NDArray[np.float64]:
    """
    Expected loss that one field check spares.

    Calling a dark village covered costs 2t, and a covered one white 2 (1 - t), times the stake, where t is the chance from
    which a village counts as covered: these costs make t the best limit. The check moves the chance by Bayes' rule, and
    is worth something only where its answer could change the decision.

    Parameters
    ----------
    p_signal : array_like, shape (n,)
        Chance of signal now; NaN gives NaN.
    stake : array_like, shape (n,)
        What a wrong decision costs, in people or in any unit.
    reliability : float
        Chance that the check is right.
    covered_from : float
        t.

    Returns
    -------
    ndarray, shape (n,)
        In the unit of the stake, never negative.

    References
    ----------
    .. [1] Raiffa and Schlaifer 1961, "Applied Statistical Decision Theory": the expected value of sample information.

    Examples
    --------
    >>> check_value([0.5, 0.99], [100.0, 100.0], reliability=1.0).round(6).tolist()
    [50.0, 1.0]
    """
    p = np.asarray(p_signal, dtype=np.float64)
    dark_called_covered, covered_called_white = 2 * covered_from, 2 * (1 - covered_from)

    def least_loss(covered: NDArray[np.float64], dark: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.minimum(covered * covered_called_white, dark * dark_called_covered)

    before = least_loss(p, 1 - p)
    after = least_loss(p * reliability, (1 - p) * (1 - reliability))
    after += least_loss(p * (1 - reliability), (1 - p) * reliability)
    return np.asarray(np.maximum(before - after, 0.0) * np.asarray(stake, dtype=np.float64))


def rank_checks(
    villages: pd.DataFrame,
    *,
    reliability: float,
    covered_from: float = 0.5,
    values: pd.Series | None = None,
) -> pd.DataFrame:
    """
    Order the villages by what a field check of each is worth.

    Parameters
    ----------
    villages : DataFrame
        Contract `ASSESSMENT`, with ``population`` where it is known.
    reliability, covered_from
        As in `check_value`.
    values : Series, optional
        What a wrong decision costs, by ``village_id``: a plan gives the benefit that hangs on each village. People if not
        given, the median where unknown. Villages that it does not name cost nothing.

    Returns
    -------
    DataFrame
        `villages` with ``check_order`` from 1 and ``check_value``, the best first; those where no answer could change
        anything, or where a person has decided, are left out. Nothing computed, or evidence that contradicts itself, is as
        good as even odds.
    """
    even = villages["p_signal"].isna() | villages["verify_cause"].isin(["missing input", "contradiction"])
    p = villages["p_signal"].astype("float64").mask(even, covered_from)
    worth = check_value(p, _stakes(villages, values), covered_from=covered_from, reliability=reliability)
    table = villages.assign(check_value=worth)
    decided = villages["override"].notna() if "override" in villages else False
    table = table[(worth > 0) & ~np.asarray(decided, dtype=bool)]
    table = table.sort_values(["check_value", "village_id"], ascending=[False, True], kind="stable")
    ordered: pd.DataFrame = table.assign(check_order=np.arange(1, len(table) + 1))
    return ordered.reset_index(drop=True)


def _stakes(villages: pd.DataFrame, values: pd.Series | None) -> NDArray[np.float64]:
    if values is not None:
        return np.asarray(values.reindex(villages["village_id"]).fillna(0.0), dtype=np.float64)
    if "population" not in villages or villages["population"].isna().all():
        return np.ones(len(villages))
    people = villages["population"].astype("float64")
    return np.asarray(people.fillna(people.median()), dtype=np.float64)
