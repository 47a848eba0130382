import html
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from geopandas.testing import assert_geodataframe_equal
from map_pages import SentPack, as_shown, sent, sent_columns, sent_json
from PIL import Image
from pyproj import CRS, Transformer

from lomsong.errors import CrsError, OutputError, TableError
from lomsong.grid import Raster
from lomsong.inputs import Inputs
from lomsong.maps import village_map
from lomsong.maps.contents import mast_contents, village_contents
from lomsong.maps.detail import vertex_zooms
from lomsong.maps.frame import WebFrame, find_frame
from lomsong.maps.layer import DataLayer
from lomsong.maps.offline import head_elements
from lomsong.maps.relief import hillshade, shade_relief
from lomsong.maps.shapes import build_shapes

MakeVillages = Callable[..., gpd.GeoDataFrame]


def render(drawn: folium.Map) -> str:
    return str(drawn.get_root().render())


def shapes_of(villages: gpd.GeoDataFrame) -> SentPack:
    return SentPack(village_contents(villages, find_frame(villages.geometry)).first)


# ---------- what is drawn ----------


def test_every_column_reaches_the_page_under_its_own_name(villages: gpd.GeoDataFrame) -> None:
    columns = sent_columns(render(village_map(villages)), "villages")
    assert columns["village_id"] == villages["village_id"].tolist()
    assert columns["village_name"] == villages["village_name"].tolist()
    assert columns["status"] == villages["status"].tolist()
    assert columns["p_signal"] == pytest.approx(villages["p_signal"], abs=5e-4)
    assert columns["nearest_site_m"] == pytest.approx(villages["nearest_site_m"], abs=0.51)
    assert columns["grid_power"] == villages["grid_power"].tolist()
    assert columns["fund_eligible"][:3] == [True, False, None]
    assert columns["rank"] == villages["rank"].tolist()


def test_status_alone_is_enough(make_villages: MakeVillages) -> None:
    villages = make_villages(5)[["village_id", "status", "geometry"]]
    assert set(sent_columns(render(village_map(villages)), "villages")) == {"village_id", "status"}


def test_optional_columns_may_be_empty_in_any_way(make_villages: MakeVillages) -> None:
    villages = make_villages(6).astype({"population": "Float64"})
    villages["population"] = pd.array([None, 10, np.inf, 30.5, None, 5], dtype="Float64")
    villages["p_signal"] = np.nan
    villages["reasons"] = pd.array([None, "a", pd.NA, "", None, "b"], dtype="string")
    villages["rank"] = pd.array([1, None, 3, None, None, None], dtype="Int64")
    villages["commune_name"] = None
    columns = sent_columns(render(village_map(villages)), "villages")
    assert columns["population"] == [None, 10, None, 30, None, 5]
    assert columns["reasons"] == [None, "a", None, "", None, "b"]
    assert columns["rank"] == [1, None, 3, None, None, None]
    assert "p_signal" not in columns
    assert "commune_name" not in columns


def test_missing_status_is_an_error_that_names_it(make_villages: MakeVillages) -> None:
    with pytest.raises(TableError, match="'status' is missing"):
        village_map(make_villages(3).drop(columns="status"))


def test_empty_and_unknown_status_are_errors_that_name_the_rows(make_villages: MakeVillages) -> None:
    villages = make_villages(4)
    villages.loc[2, "status"] = None
    with pytest.raises(TableError, match="00002"):
        village_map(villages)
    villages.loc[2, "status"] = "grey"
    with pytest.raises(TableError, match="00002"):
        village_map(villages)


def test_no_rows_and_no_crs_are_errors(make_villages: MakeVillages) -> None:
    with pytest.raises(TableError, match="empty"):
        village_map(make_villages(3).iloc[:0])
    with pytest.raises(CrsError, match="no CRS"):
        village_map(make_villages(3).set_crs(None, allow_override=True))


def test_the_input_is_not_changed(make_villages: MakeVillages, inputs: Inputs) -> None:
    villages = make_villages(8)
    before, terrain = villages.copy(deep=True), inputs.terrain.values.copy()
    village_map(villages, inputs=inputs)
    assert_geodataframe_equal(villages, before)
    np.testing.assert_array_equal(inputs.terrain.values, terrain)


def test_labels_come_from_the_inputs_or_from_the_table(villages: gpd.GeoDataFrame, inputs: Inputs) -> None:
    text = render(village_map(villages, inputs=inputs))
    assert "<title>Made-up district of Sơn Giả</title>" in text
    labels = sent_json(text, "panel")
    assert labels["synthetic"] is True
    assert labels["attributions"] == ["Lomsong demo (CC0)", "Mast register <b>&"]

    named = villages.copy()
    named.attrs["lomsong"] = {"name": "Xã Yên Hoa", "synthetic": False, "attributions": ["A", "B", "A"]}
    labels = sent_json(render(village_map(named)), "panel")
    assert labels.pop("phrases")
    assert labels == {
        "name": "Xã Yên Hoa",
        "synthetic": False,
        "attributions": ["A", "B"],
        "language": "en",
    }


def test_relief_and_masts_come_with_the_inputs(villages: gpd.GeoDataFrame, inputs: Inputs) -> None:
    names = [layer.layer_name for layer in village_map(villages, inputs=inputs)._children.values()]
    assert names == ["Relief", "Villages", "Communes", "Masts"]
    bare = villages.drop(columns="commune_name")
    assert [layer.layer_name for layer in village_map(bare)._children.values()] == ["Villages"]


def test_no_terrain_and_no_masts_leave_their_layers_out(villages: gpd.GeoDataFrame, inputs: Inputs) -> None:
    nothing = replace(inputs.terrain, values=np.full((4, 4), np.nan, dtype=np.float32))
    bare = replace(inputs, terrain=nothing, sectors=inputs.sectors.iloc[:0])
    names = [layer.layer_name for layer in village_map(villages, inputs=bare)._children.values()]
    assert names == ["Villages", "Communes"]


def test_the_same_input_gives_the_same_page(make_villages: MakeVillages, inputs: Inputs) -> None:
    first = render(village_map(make_villages(20), inputs=inputs))
    assert render(village_map(make_villages(20), inputs=inputs)) == first


def test_another_process_gives_the_same_page(make_villages: MakeVillages, tmp_path: Any) -> None:
    villages = make_villages(12)
    villages.to_parquet(tmp_path / "villages.parquet")
    program = (
        "import sys, hashlib, geopandas as gpd; from lomsong.maps import village_map;"
        "text = village_map(gpd.read_parquet(sys.argv[1])).get_root().render();"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    hashes = {
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "villages.parquet")],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(hashes) == 1


def test_a_notebook_shows_the_whole_page(villages: gpd.GeoDataFrame) -> None:
    drawn = village_map(villages)
    frame = drawn._repr_html_()
    assert html.escape(render(drawn)) in frame
    assert 'src="http' not in html.unescape(frame)


def test_a_notebook_gets_a_large_map_reduced(
    make_villages: MakeVillages, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = village_map(make_villages(300, corners=20))
    whole = drawn._repr_html_()
    # the function of the same name hides the module
    monkeypatch.setattr(sys.modules["lomsong.maps.village_map"], "MOST_NOTEBOOK_BYTES", 300_000)
    reduced = drawn._repr_html_()
    assert "as points" in reduced
    assert len(reduced) < 0.9 * len(whole)
    page = html.unescape(reduced[reduced.index("srcdoc=") :])
    assert sent(page, "villages").outlines() == [None] * 300
    assert "reasons" not in sent(page, "villages", "later").meta["columns"]


def test_a_thousand_villages_stay_a_small_file(make_villages: MakeVillages) -> None:
    text = render(village_map(make_villages(1000, corners=12)))
    assert len(text.encode()) < 500_000


# ---------- folium's own layers and maps ----------


def test_layers_added_later_are_in_the_layer_control(villages: gpd.GeoDataFrame) -> None:
    drawn = village_map(villages)
    folium.FeatureGroup(name="Later").add_to(drawn)
    text = render(drawn)
    control = re.search(r"lomsong\.layerControl\(.*\);", text)
    assert control is not None
    assert '"Later"' in control.group()
    assert text.index("L.featureGroup(") < control.start()


def test_a_layer_control_of_the_user_replaces_ours(villages: gpd.GeoDataFrame) -> None:
    drawn = village_map(villages)
    folium.LayerControl().add_to(drawn)
    assert "lomsong.layerControl(map" not in render(drawn)


def test_our_layer_goes_onto_any_folium_map(villages: gpd.GeoDataFrame) -> None:
    layer = DataLayer("villages", village_contents(villages, WebFrame()), name="Villages")
    plain = folium.Map()
    layer.add_to(plain)
    folium.LayerControl().add_to(plain)
    text = render(plain)
    assert "window.lomsong=" in text
    assert f'"Villages" : {layer.get_name()}' in text
    south, west, north, east = villages.to_crs(4326).total_bounds[[1, 0, 3, 2]]
    assert np.allclose(plain.get_bounds(), [[south, west], [north, east]], atol=1e-4)


def test_a_layer_without_a_map_says_so(villages: gpd.GeoDataFrame) -> None:
    with pytest.raises(OutputError, match="add it to one first"):
        DataLayer("villages", village_contents(villages, WebFrame()), name="Villages").render()


# ---------- hostile text ----------


def test_hostile_text_in_every_field_reaches_the_page_letter_by_letter(
    hostile_villages: gpd.GeoDataFrame, hostile: list[str]
) -> None:
    text = render(village_map(hostile_villages))
    columns = sent_columns(text, "villages")
    for name in (
        "village_id",
        "village_name",
        "commune_name",
        "district_name",
        "province_name",
        "reasons",
        "evidence",
    ):
        assert columns[name] == [as_shown(cell) for cell in hostile_villages[name]]
    assert len(set(hostile)) >= 200
    assert "1337" not in text
    assert "hahaha" not in text
    text.encode("utf-8", "strict")


def test_hostile_titles_and_attributions_stay_text(villages: gpd.GeoDataFrame, hostile: list[str]) -> None:
    for name in hostile:
        title = head_elements(name)["lomsong_title"].render()
        assert not re.search("[<>\"']", title.removeprefix("<title>").removesuffix("</title>\n")), name
        title.encode("utf-8")
    named = villages.iloc[:2].copy()
    for name in hostile[:3]:
        named.attrs["lomsong"] = {"name": name, "attributions": hostile}
        text = render(village_map(named))
        labels = sent_json(text, "panel")
        assert (labels["name"], labels["attributions"]) == (name, [one for one in hostile if one])
        assert "1337" not in text
        assert text.count("<title>") == 1


def test_hostile_masts_stay_text(villages: gpd.GeoDataFrame, inputs: Inputs, hostile: list[str]) -> None:
    count = len(hostile)
    names = pd.Series(hostile, dtype=object)
    sectors = gpd.GeoDataFrame(
        {"sector_id": names, "site_id": names, "operator": names, "technology": names},
        geometry=gpd.points_from_xy(np.linspace(104, 105, count), np.full(count, 22.0)),
        crs=4326,
    )
    masts = sent_columns(render(village_map(villages, inputs=replace(inputs, sectors=sectors))), "masts")
    assert (
        masts["site_id"] == masts["operator"] == masts["technology"] == [as_shown(name) for name in hostile]
    )


# ---------- shapes ----------


def test_neighbours_keep_one_border(make_villages: MakeVillages) -> None:
    polygons = shapes_of(make_villages(30, corners=40)).outlines()
    together = shapely.union_all(polygons)
    assert shapely.area(polygons).sum() == pytest.approx(together.area, rel=1e-6)


def test_simplified_shapes_lie_within_metres_of_the_true_ones(make_villages: MakeVillages) -> None:
    villages = make_villages(20, corners=300)
    before = villages.geometry.count_coordinates().sum()
    drawn = gpd.GeoSeries(shapes_of(villages).outlines(), crs=4326).to_crs(villages.crs)
    assert drawn.count_coordinates().sum() < 0.7 * before
    assert shapely.hausdorff_distance(drawn.boundary, villages.boundary).max() < 10


def test_every_zoom_stays_within_a_pixel_of_the_true_border(make_villages: MakeVillages) -> None:
    """The promise of the zoom of a vertex, checked against the lines themselves."""
    villages = make_villages(12, corners=200)
    frame = find_frame(villages.geometry)
    line = villages.boundary.iloc[4]
    x, y, _ = frame.steps(shapely.get_coordinates(line), CRS.from_user_input(villages.crs))
    starts = np.array([0, len(x)])
    zooms = vertex_zooms(x.astype(float), y.astype(float), starts)
    true = shapely.LineString(np.stack([x, y], axis=1))
    for zoom in (6, 9, 11, 13):
        drawn = shapely.LineString(np.stack([x, y], axis=1)[zooms <= zoom])
        assert shapely.hausdorff_distance(true, drawn) <= 2.0 ** (16 - zoom)
    assert (zooms <= 9).sum() < (zooms <= 11).sum() < (zooms <= 13).sum()


def test_points_are_sent_as_points(make_villages: MakeVillages) -> None:
    villages = make_villages(7)
    truth = villages.geometry.centroid.to_crs(4326)
    pack = shapes_of(villages.set_geometry(villages.geometry.centroid))
    assert np.allclose(pack.places(), shapely.get_coordinates(truth), atol=1.1e-5)
    assert pack.outlines() == [None] * 7


def test_one_village_that_is_a_point_is_enough(make_villages: MakeVillages) -> None:
    one = make_villages(5).iloc[[2]]
    drawn = village_map(one.set_geometry(one.geometry.centroid))
    assert len(sent(render(drawn), "villages").places()) == 1


def test_holes_and_parts_survive(make_villages: MakeVillages) -> None:
    middle = shapely.Point(400_000, 2_500_000)
    inner = middle.buffer(1000)
    islands = shapely.MultiPolygon(
        [middle.buffer(3000).difference(inner), shapely.box(410_000, 2_500_000, 412_000, 2_503_000)]
    )
    villages = make_villages(5).iloc[:2].set_geometry(gpd.GeoSeries([islands, inner], crs="EPSG:32648"))
    pack = shapes_of(villages)
    assert pack.varints("place_rings") == [3, 1]
    # the hole of one is the outline of the other: one arc
    assert len(pack.varints("arc_sizes")) == 3
    drawn = gpd.GeoSeries(pack.outlines(), crs=4326).to_crs("EPSG:32648")
    assert drawn.area.tolist() == pytest.approx([islands.area, inner.area], rel=0.01)


def test_broken_and_missing_shapes_do_not_stop_the_map(make_villages: MakeVillages) -> None:
    villages = make_villages(6)
    bow = shapely.Polygon([(0, 0), (4000, 4000), (4000, 0), (0, 4000)])
    flat = shapely.Polygon([(0, 0), (4000, 0), (2000, 0)])
    line = shapely.LineString([(0, 0), (900, 900)])
    shift = shapely.affinity.translate
    villages.geometry = gpd.GeoSeries(
        [
            *(shift(shape, 410_000, 2_510_000) for shape in (bow, flat, line)),
            None,
            shapely.Polygon(),
            villages.geometry[5],
        ],
        crs="EPSG:32648",
    )
    pack = shapes_of(villages)
    assert [place is None for place in pack.places()] == [False, False, False, True, True, False]
    assert pack.varints("place_rings")[0] == 1
    render(village_map(villages))


def test_the_recorded_centre_comes_before_a_computed_one(make_villages: MakeVillages) -> None:
    villages = make_villages(3)
    villages["centre_longitude_deg"], villages["centre_latitude_deg"] = (
        [104.5, np.nan, 104.7],
        [22.5, 22.6, np.nan],
    )
    centres = shapes_of(villages).places()
    assert centres[0] == pytest.approx((104.5, 22.5), abs=1.1e-5)
    inside = gpd.GeoSeries([shapely.Point(xy) for xy in centres[1:]], crs=4326)
    assert inside.to_crs(villages.crs).within(villages.geometry.iloc[1:].reset_index(drop=True)).all()


def test_any_crs_draws_the_same_places(make_villages: MakeVillages) -> None:
    villages = make_villages(9)
    each = [villages.to_crs(crs) for crs in ("EPSG:32648", "EPSG:4326", "EPSG:3857")]
    bounds = [build_shapes(one, find_frame(one.geometry)).bounds(WebFrame()) for one in each]
    assert np.allclose(bounds, bounds[0], atol=4e-5)
    # the point within a polygon depends on the projection a little, its place on the map must not
    there = [shapes_of(one).places() for one in each]
    assert np.allclose(there, there[0], atol=0.02)


@pytest.mark.parametrize("crs", ["EPSG:3460", "EPSG:4326"])
def test_villages_on_both_sides_of_the_antimeridian_stay_together(
    make_villages: MakeVillages, crs: str
) -> None:
    """Fiji: one island left of 180 degrees, one right of it, one across, cut in two as atlases do."""
    boxes = [
        shapely.box(179.2, -17, 179.6, -16.6),
        shapely.box(-179.8, -17, -179.4, -16.6),
        shapely.MultiPolygon([shapely.box(179.7, -16, 180, -15.8), shapely.box(-180, -16, -179.9, -15.8)]),
    ]
    villages = make_villages(3).set_geometry(gpd.GeoSeries(boxes, crs=4326).to_crs(crs))
    frame = find_frame(villages.geometry)
    assert frame == WebFrame(180.0)
    shapes = build_shapes(villages, frame)
    south, west, north, east = shapes.bounds(frame)
    assert (south, north) == pytest.approx((-17, -15.8), abs=1e-3)
    assert (west, east) == pytest.approx((179.2, 180.6), abs=1e-3)
    outlines = shapes_of(villages).outlines()
    assert [shape.bounds[0] for shape in outlines] == pytest.approx([179.2, 180.2, 179.7], abs=1e-3)
    assert [shape.bounds[2] for shape in outlines] == pytest.approx([179.6, 180.6, 180.1], abs=1e-3)


# ---------- masts ----------


def test_sectors_at_one_place_are_one_mast() -> None:
    sectors = gpd.GeoDataFrame(
        {
            "sector_id": list("abcde"),
            "site_id": ["S1", "S1", "S2", "S3", "S4"],
            "operator": ["B", "A", "B", "A", "A"],
            "technology": ["4g", "5g", "2g", "4g", "4g"],
            "azimuth_deg": [0.0, 120.0, np.nan, 359.6, 10.0],
        },
        geometry=gpd.GeoSeries.from_wkt(["POINT (104 22)"] * 3 + ["POINT (105 22)", "POINT EMPTY"], crs=4326),
    )
    contents = mast_contents(sectors, WebFrame())
    assert contents is not None
    first, later = SentPack(contents.first), SentPack(contents.later or b"")
    assert np.allclose(first.places(), [(104, 22), (105, 22)], atol=1.1e-5)
    assert first.varints("place_rows") == [3, 1]
    assert later.column("site_id") == ["S1", "S1", "S2", "S3"]
    assert first.column("operator") == ["B", "A", "B", "A"]
    assert first.column("azimuth_deg") == [0, 120, None, 360]


# ---------- relief ----------


def test_level_ground_has_the_brightness_of_the_light_height() -> None:
    assert hillshade(np.full((4, 5), 300.0), np.full(4, 90.0)) == pytest.approx(np.sin(np.radians(45)))


def test_slopes_towards_the_light_are_brighter() -> None:
    rows, columns = np.mgrid[0:9, 0:9]
    falling_north_west = (rows + columns) * 30.0
    light = hillshade(falling_north_west, np.full(9, 90.0))[4, 4]
    dark = hillshade(-falling_north_west, np.full(9, 90.0))[4, 4]
    assert dark < np.sin(np.radians(45)) < light


def test_missing_terrain_stays_missing_and_does_not_spread() -> None:
    heights = np.full((5, 5), 100.0)
    heights[2, 2] = np.nan
    assert np.isnan(hillshade(heights, np.full(5, 90.0))).sum() == 1


def test_a_summit_stands_where_leaflet_draws_it() -> None:
    """A national raster in degrees, shown unwarped, would put its middle 15 km off."""
    values = np.zeros((600, 600), dtype=np.float32)
    values[298:302, 298:302] = np.nan
    relief = shade_relief(Raster(values, (102.0, 0.02, 24.0, -0.02), CRS(4326)), WebFrame())
    assert relief is not None
    clear = np.asarray(Image.open(io.BytesIO(relief.png)))[:, :, 1] == 0
    rows, columns = np.nonzero(clear)
    height, width = clear.shape
    south, west, north, east = relief.bounds
    to_mercator = Transformer.from_crs(4326, 3857, always_xy=True)
    (left, right), (bottom, top) = to_mercator.transform([west, east], [south, north])
    x = left + (columns.mean() + 0.5) / width * (right - left)
    y = top - (rows.mean() + 0.5) / height * (top - bottom)
    truth_x, truth_y = to_mercator.transform(108.0, 18.0)
    pixel = (right - left) / width
    assert abs(x - truth_x) < pixel
    assert abs(y - truth_y) < pixel


def test_relief_is_bounded_in_size_and_clear_outside_the_terrain(inputs: Inputs) -> None:
    relief = shade_relief(inputs.terrain, WebFrame(), longest_px=200)
    assert relief is not None
    picture = np.asarray(Image.open(io.BytesIO(relief.png)))
    assert max(picture.shape[:2]) == 200
    assert picture.shape[2] == 2
    assert (picture[100, :, 1] == 255).mean() > 0.9
    assert picture[0, 0, 1] == 0 or picture[-1, 0, 1] == 0


def test_relief_of_nothing_is_nothing() -> None:
    nothing = Raster(np.full((3, 3), np.nan, dtype=np.float32), (0, 1, 0, -1), CRS(32648))
    assert shade_relief(nothing, WebFrame()) is None
