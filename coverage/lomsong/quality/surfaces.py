"""Quality of the rasters: where the terrain has holes or spikes, and whether the people add up."""

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter

from lomsong.inputs import Inputs
from lomsong.points import coordinates
from lomsong.quality.measures import Measure, measure_share

#: A single cell this far above or below all its neighbours is no ground. The steepest cliffs reach about a
#: kilometre, but never alone on every side. [m per m of cell]
SPIKE_SLOPE = 5.0
#: So many points are looked up at a time.
_CHUNK = 1 << 18


def measure_terrain(inputs: Inputs) -> list[Measure]:
    """Measure the terrain model: voids, spikes, and the villages that reach beyond it."""
    terrain, cell_m, void, spikes = inputs.terrain, inputs.terrain.cell_size_m(), 0, 0
    size = terrain.values.size
    for first, band in terrain.bands():
        above = min(first, 1)  # with the rows on either side
        around = terrain.values[first - above : first + len(band) + 1]
        void += int(np.isnan(band).sum())
        spikes += int(_spikes(around, cell_m)[above : above + len(band)].sum())
    return [
        measure_share("terrain_village", _beyond(inputs), inputs.villages["village_id"]),
        Measure(key="terrain_void", value=100 * void / size, count=void, of=size),
        Measure(key="terrain_spike", value=100 * spikes / size, count=spikes, of=size),
    ]


def measure_people(inputs: Inputs, raster_people: NDArray[np.float64]) -> list[Measure]:
    """
    Hold the population raster against the villages' own figures.

    Parameters
    ----------
    inputs : Inputs
        From `read`.
    raster_people : ndarray, shape (villages,)
        People of the raster in each village. [persons]
    """
    villages = inputs.villages
    measures = [measure_share("people_empty", raster_people <= 0, villages["village_id"])]
    stated = villages["population"] if "population" in villages else pd.Series(np.nan, index=villages.index)
    known = stated.notna().to_numpy()
    total = float(stated[known].sum())
    if total > 0:
        error = 100 * abs(float(raster_people[known].sum()) - total) / total
        measures.insert(0, Measure(key="people_total", value=error))
    return measures


def _beyond(inputs: Inputs) -> NDArray[np.bool_]:
    west, south, east, north = inputs.terrain.bounds
    boxes = inputs.villages.geometry.to_crs(inputs.terrain.crs).bounds
    low = (boxes["minx"] < west) | (boxes["miny"] < south)
    return np.asarray(low | (boxes["maxx"] > east) | (boxes["maxy"] > north), dtype=bool)


def _spikes(values: NDArray[np.float32], cell_m: float) -> NDArray[np.bool_]:
    """Tell the cells that stand above or below all eight neighbours by more than ground can."""
    ring = np.ones((3, 3), dtype=bool)
    ring[1, 1] = False
    known = np.nan_to_num(values, nan=0.0)
    limit = SPIKE_SLOPE * cell_m
    above = known - maximum_filter(known, footprint=ring, mode="nearest") > limit
    below = minimum_filter(known, footprint=ring, mode="nearest") - known > limit
    return (above | below) & np.isfinite(values)


def off_terrain(inputs: Inputs, table: gpd.GeoDataFrame) -> pd.Series:
    """Return for each point of a table in the working CRS whether there is no terrain at it."""
    x, y = coordinates(table.geometry)
    to_terrain = inputs.terrain.transformer_from(inputs.crs)
    bare = np.empty(len(x), dtype=bool)
    for begin in range(0, len(x), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        bare[part] = ~np.isfinite(inputs.terrain.sample(*to_terrain.transform(x[part], y[part])))
    return pd.Series(bare, index=table.index)
