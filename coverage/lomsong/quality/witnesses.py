"""Quality of the measurements: where they lie, whether they repeat, and how old they are."""

import numpy as np
import pandas as pd

from lomsong.inputs import Inputs
from lomsong.points import coordinates
from lomsong.quality.ages import years_before
from lomsong.quality.measures import Measure, measure_share
from lomsong.quality.surfaces import off_terrain


def measure_measurements(
    inputs: Inputs, village_of: "pd.Series", newest: "pd.Timestamp | None"
) -> list[Measure]:
    """
    Measure the measurement table.

    Parameters
    ----------
    inputs : Inputs
        From `read`.
    village_of : Series of int, index of the measurements
        Row of the village that each lies in; -1 for none.
    newest : Timestamp or None
        The day that ages are counted from.
    """
    table = inputs.measurements
    villages = inputs.villages
    mobile = table["network"].eq("mobile").to_numpy(dtype=bool)
    tested = np.zeros(len(villages), dtype=bool)
    tested[village_of.to_numpy()[mobile & (village_of.to_numpy() >= 0)]] = True
    measures = [measure_share("test_none", ~tested, villages["village_id"])]
    if table.empty:
        return measures
    ids = table["measurement_id"]
    speed = table["kind"].eq("speed")
    measures += [
        measure_share("test_away", village_of < 0, ids),
        measure_share("test_terrain", off_terrain(inputs, inputs.measurements), ids),
        measure_share("test_twin", _repeated(table), ids),
        measure_share("test_idle", (speed & table["download_mbps"].isna())[speed], ids[speed]),
        measure_share("test_undated", table["time"].isna(), ids),
    ]
    ages = years_before(table["time"], newest)
    if ages.notna().any():
        measures.append(Measure(key="test_age", value=float(ages.median()), of=int(ages.notna().sum())))
    return measures


def _repeated(table: pd.DataFrame) -> pd.Series:
    """Tell the second and later rows of one place, instant and content; without an instant nothing repeats."""
    dated = np.flatnonzero(table["time"].notna())
    x, y = coordinates(table.geometry)
    # one number stands for all the words of a row: there are few different ones, and rows may be millions
    words = np.zeros(len(dated), dtype=np.int64)
    for name in ("time", "kind", "network", "operator", "technology"):
        code, different = pd.factorize(table[name].iloc[dated])
        words = pd.factorize(words * (len(different) + 1) + code + 1)[0]
    x, y = (np.nan_to_num(axis[dated].round(1), nan=np.inf) for axis in (x, y))
    # sorted, equal rows lie together and in their own order; hash tables of three columns would take more memory
    order = np.lexsort((y, x, words))
    again = np.ones(max(len(order) - 1, 0), dtype=bool)
    for column in (words, x, y):
        again &= column[order[1:]] == column[order[:-1]]
    repeated = np.zeros(len(table), dtype=bool)
    repeated[dated[order[1:][again]]] = True
    return pd.Series(repeated, index=table.index)
