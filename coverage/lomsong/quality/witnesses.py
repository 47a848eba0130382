"""Quality of the measurements: where they lie, whether they repeat, and how old they are."""

import numpy as np
import pandas as pd

from lomsong.inputs import Inputs
from lomsong.quality.ages import years_before
from lomsong.quality.measures import Measure, measure_share


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
        measure_share("test_terrain", _off_terrain(inputs), ids),
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
    points = table["geometry"]
    same = pd.DataFrame(
        {
            "x": points.x.round(1),
            "y": points.y.round(1),
            "time": table["time"].astype("string"),
            "kind": table["kind"].astype("string"),
            "network": table["network"].astype("string"),
            "operator": table["operator"].astype("string").fillna(""),
            "technology": table["technology"].astype("string").fillna(""),
        }
    )
    return same.duplicated(keep="first") & same["time"].notna()


def _off_terrain(inputs: Inputs) -> pd.Series:
    points = inputs.measurements.geometry
    to_terrain = inputs.terrain.transformer_from(inputs.crs)
    ground = inputs.terrain.sample(*to_terrain.transform(points.x.to_numpy(), points.y.to_numpy()))
    return pd.Series(~np.isfinite(ground), index=inputs.measurements.index)
