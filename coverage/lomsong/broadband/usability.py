"""What people can use: which villages have neither signal nor a line, and who cannot use online public services."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lomsong.broadband.lines import Lines
from lomsong.broadband.speeds import Network, Speeds
from lomsong.inputs import Inputs


def judge_broadband(facts: pd.DataFrame, speeds: Speeds, lines: Lines, inputs: Inputs) -> pd.DataFrame:
    """
    Put signal, speed and lines together.

    Parameters
    ----------
    facts : DataFrame
        ``status`` and ``covered_share`` of every village, in the order of the inputs.
    speeds, lines
        From `measure_speeds` and `find_lines`.
    inputs : Inputs
        Population and what online public services need.

    Returns
    -------
    DataFrame, index of `facts`
        ``connection``, ``unready_people`` and ``unready_basis`` as `ASSESSMENT` says.
    """
    settings = inputs.settings.broadband
    # a line counts where it is known to be there
    wired = lines.verdict == "present"
    fast_line, line_known = _fast_enough(
        speeds, "fixed", settings.services_download_mbps, settings.services_upload_mbps
    )
    fast_mobile, mobile_known = _fast_enough(
        speeds, "mobile", settings.services_download_mbps, settings.services_upload_mbps
    )
    share = facts["covered_share"].to_numpy(dtype=np.float64)
    lacking = (1 - share * fast_mobile) * (1 - np.where(wired, fast_line, 0.0))
    people = (
        inputs.villages["population"].to_numpy(np.float64, na_value=np.nan)
        if "population" in inputs.villages
        else np.full(len(facts), np.nan)
    )
    known = mobile_known & (line_known | ~wired)
    basis = np.where(known, "signal and speed", "signal alone").astype(object)
    unready = people * lacking
    basis[~np.isfinite(unready)] = None
    return pd.DataFrame(
        {
            "connection": _connection(facts["status"].to_numpy(), lines),
            "unready_people": unready,
            "unready_basis": basis,
        },
        index=facts.index,
    )


def _fast_enough(
    speeds: Speeds, network: Network, download_mbps: float, upload_mbps: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the chance that the median speeds are enough, one where nobody ever tested, and where somebody did."""
    down = speeds.medians[network, "download_mbps"].estimate.chance_above(np.log(download_mbps))
    up = speeds.medians[network, "upload_mbps"].estimate.chance_above(np.log(upload_mbps))
    known = np.isfinite(down)
    # fast down is mostly fast up: together they are as likely as the less likely of them
    return np.where(known, np.fmin(down, up), 1.0), known


def _connection(status: NDArray[np.object_], lines: Lines) -> NDArray[np.object_]:
    signal = np.select([status == "verify", status == "white"], ["unknown", "no"], default="yes")
    return np.select(
        [
            (signal == "yes") & (lines.verdict == "present"),
            (signal == "yes") & (lines.verdict == "absent"),
            signal == "yes",
            lines.verdict == "present",
            (signal == "no") & (lines.verdict == "absent"),
            signal == "no",
        ],
        ["mobile and fixed", "mobile only", "mobile", "fixed", "neither", "no mobile"],
        default="unknown",
    ).astype(object)
