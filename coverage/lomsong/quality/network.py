"""Quality of the mast records: what had to be assumed, where they stand, and how old they are."""

import numpy as np
import pandas as pd

from lomsong.inputs import Inputs
from lomsong.quality.ages import years_before
from lomsong.quality.measures import Measure, measure_share
from lomsong.quality.surfaces import off_terrain

#: What a complete record says of a sector.
WANTED = (
    "frequency_mhz", "bandwidth_mhz", "eirp_dbm", "antenna_height_m", "azimuth_deg", "beamwidth_deg", "downtilt_deg",
)  # fmt: skip
#: Two carriers alike in these are one, recorded twice; without an azimuth they may be two beams.
_SAME = ["site_id", "operator", "technology", "frequency_mhz", "azimuth_deg"]
#: What readers write where no operator is named.
UNKNOWN_OPERATOR = "unknown"


def measure_masts(
    inputs: Inputs, villages_of_masts: "pd.Series", newest: "pd.Timestamp | None"
) -> list[Measure]:
    """
    Measure the sector table.

    Parameters
    ----------
    inputs : Inputs
        From `read`.
    villages_of_masts : Series of bool, index of the sectors
        Whether the mast stands in a village.
    newest : Timestamp or None
        The day that ages are counted from.
    """
    sectors = inputs.sectors
    ids = sectors["sector_id"]
    twin = sectors[_SAME].astype("string").duplicated(keep="first") & sectors["azimuth_deg"].notna()
    measures = [
        _assumed(sectors),
        measure_share("mast_operator", sectors["operator"].eq(UNKNOWN_OPERATOR), ids),
        measure_share("mast_terrain", off_terrain(inputs, inputs.sectors), ids),
        measure_share("mast_village", ~villages_of_masts, ids),
        measure_share("mast_twin", twin, ids),
        measure_share("mast_undated", sectors["on_air"].isna(), ids),
    ]
    if "position_sigma_m" in sectors and sectors["position_sigma_m"].notna().any():
        measures.append(
            Measure(key="mast_position", value=float(sectors["position_sigma_m"].median()), of=len(sectors))
        )
    ages = years_before(sectors["on_air"], newest)
    if ages.notna().any():
        measures.append(Measure(key="mast_age", value=float(ages.median()), of=int(ages.notna().sum())))
    return measures


def _assumed(sectors: pd.DataFrame) -> Measure:
    """Count every value of a sector that is a default; the rows are the sectors that have one."""
    named = sectors["assumed"].fillna("").astype(str).str.split(r",\s*", regex=True)
    counts = named.map(lambda names: sum(name in WANTED for name in names))
    total = len(sectors) * len(WANTED)
    return Measure(
        key="mast_assumed",
        value=100 * float(counts.sum()) / total if total else np.nan,
        count=int(counts.sum()),
        of=total,
        rows=tuple(sectors.loc[counts > 0, "sector_id"].astype(str)),
    )
