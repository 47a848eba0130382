"""Points held as coordinates are, in all that is done to tables, the points that shapely makes."""

import pickle
from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal

from lomsong.points import PointArray, coordinates

RNG = np.random.default_rng(5)
X, Y = RNG.uniform(102, 108, 50), RNG.uniform(9, 23, 50)


def table(*, lean: bool) -> gpd.GeoDataFrame:
    points = PointArray(X, Y, "EPSG:4326") if lean else shapely.points(X, Y)
    return gpd.GeoDataFrame({"row": range(50), "odd": [i % 2 for i in range(50)]}, geometry=points, crs=4326)


DONE = {
    "rows": lambda frame: frame[frame["odd"] == 1],
    "a slice": lambda frame: frame.iloc[3:30:4],
    "another CRS": lambda frame: frame.to_crs(32648),
    "the same CRS": lambda frame: frame.to_crs("EPSG:4326"),
    "another order": lambda frame: frame.sort_values("row", ascending=False).reset_index(drop=True),
    "twice": lambda frame: pd.concat([frame, frame], ignore_index=True),
    "with others": lambda frame: pd.concat([frame, table(lean=False)], ignore_index=True),
    "behind others": lambda frame: pd.concat([table(lean=False), frame], ignore_index=True),
    "rows that are not there": lambda frame: frame.reindex([1, 70, 2]),
    "a copy": lambda frame: frame.copy().assign(more=1),
    "by pickle": lambda frame: pickle.loads(pickle.dumps(frame)),  # noqa: S301 - made above
    "within": lambda frame: frame.sjoin(gpd.GeoDataFrame(geometry=[shapely.box(104, 12, 106, 20)], crs=4326)),
    "buffers": lambda frame: frame.to_crs(32648).assign(geometry=lambda own: own.geometry.buffer(9.0)),
}


@pytest.mark.parametrize("what", DONE)
def test_a_table_of_coordinates_does_what_a_table_of_points_does(what: str) -> None:
    done: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame] = DONE[what]
    assert_geodataframe_equal(done(table(lean=True)), done(table(lean=False)))


@pytest.mark.parametrize("what", ["rows", "a slice", "another CRS", "another order", "twice", "by pickle"])
def test_and_no_point_is_made_for_it(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = table(lean=True)
    monkeypatch.setattr(shapely, "points", None)
    held = DONE[what](frame).geometry
    assert isinstance(held.array, PointArray)
    assert held.array.nbytes == 16 * len(held)
    assert len(coordinates(held)[0]) == len(held)


def test_they_are_written_like_any_other(tmp_path: Path) -> None:
    table(lean=True).to_parquet(tmp_path / "lean.parquet")
    assert_geodataframe_equal(gpd.read_parquet(tmp_path / "lean.parquet"), table(lean=False))


def test_coordinates_of_either_kind_are_the_same() -> None:
    for lean in (True, False):
        x, y = coordinates(table(lean=lean).geometry)
        assert np.array_equal(x, X)
        assert np.array_equal(y, Y)


def test_a_point_cannot_be_changed_behind_the_back_of_others() -> None:
    held = PointArray(X, Y)
    with pytest.raises(TypeError, match="cannot be changed"):
        held[0] = shapely.Point(0, 0)
    with pytest.raises(ValueError, match="read-only"):
        held.x[0] = 0.0
    with pytest.raises(ValueError, match="CRS"):
        held.to_crs(4326)
