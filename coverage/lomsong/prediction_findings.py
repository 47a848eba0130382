"""What a prediction assumed and could not compute, counted."""

import geopandas as gpd
import numpy as np
import pandas as pd

from lomsong.findings import Finding, Word, count_rows
from lomsong.inputs import Inputs
from lomsong.network import Network, antenna_names
from lomsong.settings import RadioSettings

#: A pattern serves frequencies within this part of its own: panels are sold for bands about as wide.
ANTENNA_BAND = 0.15


def find_model_limits(network: Network, outside: int, pairs: int) -> list[Finding]:
    """Say that the model is a baseline, and what it is extrapolated to."""
    model, said = network.model, []
    if model.label == "baseline":
        said.append(
            (
                f"radio.model is {model.heading}: it does not look at the terrain and is there to compare with; set "
                "radio.model to p1812 for a prediction to plan by",
                len(network.sectors),
            )
        )
    if outside and (distance := model.limit("distance_m")):
        said.append(
            (
                f"{model.title} was fitted to distances up to {distance.high / 1e3:g} km; {outside:,} of {pairs:,} pairs "
                "of a demand point and a sector are further apart, and it is extrapolated there",
                outside,
            )
        )
    heights = network.scene.sector_height_m, np.array([network.radio.receiver_height_m])
    for values, name, ours in zip(
        heights, ("base_height_m", "mobile_height_m"), ("antenna_height_m", "receiver_height_m"), strict=True
    ):
        limit = model.limit(name)
        if limit is None or not (beyond := int(((values < limit.low) | (values > limit.high)).sum())):
            continue
        what = count_rows(beyond, "sector") + " outside" if values.size > 1 else "outside"
        said.append(
            (
                f"{model.title} was fitted to {ours} in [{limit.low:g}, {limit.high:g}] m; {what}, and it is "
                "extrapolated there",
                beyond,
            )
        )
    return [
        Finding(layer="radio", word="correct", severity="warning", message=message, count=count)
        for message, count in said
    ]


def find_antenna_gaps(inputs: Inputs) -> list[Finding]:
    """Say which antennas have no file, and which are used far from the frequency of theirs."""
    names = pd.Series(
        antenna_names(inputs.sectors), index=inputs.sectors["sector_id"].astype(str), dtype=object
    )
    said: list[tuple[Word, str, tuple[str, ...]]] = []
    for name, mine in names.dropna().groupby(names.dropna(), sort=True):
        ids, pattern = tuple(mine.index), inputs.antennas.get(str(name))
        if pattern is None:
            message = (
                f"antenna '{name}' of {count_rows(len(ids), 'sector')} has no file under radio.antennas; the 3GPP "
                "pattern counts"
            )
            said.append(("sufficient", message, ids))
            continue
        frequency = inputs.sectors["frequency_mhz"].to_numpy(dtype=np.float64)[(names == name).to_numpy()]
        off = np.abs(frequency / pattern.frequency_mhz - 1.0) > ANTENNA_BAND
        if off.any():
            message = (
                f"antenna '{name}' was measured at {pattern.frequency_mhz:g} MHz; {count_rows(int(off.sum()), 'sector')} "
                f"on other bands, such as {frequency[off][0]:g} MHz, take its pattern all the same"
            )
            said.append(("correct", message, tuple(np.array(ids)[off])))
    return [
        Finding(layer="antennas", word=word, severity="warning", message=message, count=len(ids), rows=ids)
        for word, message, ids in said
    ]


def find_assumed_air(radio: RadioSettings) -> list[Finding]:
    """Say that the air is that of another place, where the settings do not give it."""
    silent = {"refractivity_gradient", "surface_refractivity"} - radio.model_fields_set
    if not silent:
        return []
    message = (
        f"air as over northern Vietnam: {radio.refractivity_gradient:g} N-units/km, {radio.surface_refractivity:g} "
        f"N-units at sea level; set {' and '.join(sorted('radio.' + name for name in silent))} for another place"
    )
    source = "ITU-R P.453 maps as quoted in the domain notes"
    return [
        Finding(layer="radio", word="correct", severity="assumption", message=message, count=1, source=source)
    ]


def find_terrain_gaps(demand: gpd.GeoDataFrame, signal: pd.DataFrame) -> list[Finding]:
    """Say which villages reach beyond the terrain, and how often a mast could not be computed."""
    findings = []
    outside = demand.loc[demand["ground_m"].isna(), "village_id"]
    if len(outside):
        ids = tuple(dict.fromkeys(outside.astype(str)))
        message = f"{count_rows(len(ids), 'village')} reach beyond the terrain model; they are 'verify'"
        findings.append(
            Finding(
                layer="terrain",
                word="sufficient",
                severity="warning",
                message=message,
                count=len(ids),
                rows=ids,
            )
        )
    unseen = int(signal["unseen_bound_dbm"].notna().sum())
    if unseen:
        findings.append(
            Finding(
                layer="terrain",
                word="sufficient",
                severity="warning",
                message=f"{unseen:,} times a mast within reach could not be computed because the path leaves the "
                "terrain model; where that mast alone could bring signal the village is 'verify'",
                count=unseen,
            )
        )
    return findings
