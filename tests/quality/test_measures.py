"""Measures: what is counted, and the grade that a figure earns."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import CRS
from shapely import Point, Polygon, box
from worlds import CRS_METRIC, X0, Y0, flat_terrain

from lomsong.findings import Finding, Severity, Word
from lomsong.grid import Raster
from lomsong.inputs import Inputs, no_measurements
from lomsong.quality import QualityReport, check
from lomsong.quality.advice import REMEDIES
from lomsong.quality.ages import newest_day, years_before
from lomsong.quality.measures import KINDS, Measure, measure_share
from lomsong.settings import BoundarySource
from lomsong.sources.boundaries import read_villages
from lomsong.sources.remote.catalogue import load_catalogue

World = Callable[..., Inputs]


def measured(report: QualityReport) -> dict[str, Measure]:
    return {measure.key: measure for measure in report.measures}


def witness_table(places: list[tuple[float, float]], **columns: object) -> gpd.GeoDataFrame:
    empty = no_measurements(CRS.from_user_input(CRS_METRIC))
    rows = pd.DataFrame({"measurement_id": [f"m{i}" for i in range(len(places))]})
    rows = rows.assign(network="mobile", kind="speed", download_mbps=20.0, tests=1.0, **columns)
    points = [Point(X0 + x * 1000, Y0 + y * 1000) for x, y in places]
    table = gpd.GeoDataFrame(rows, geometry=points, crs=CRS_METRIC)
    for column in empty.columns.difference(table.columns):
        table[column] = pd.Series(dtype=empty[column].dtype).reindex(table.index)
    return table[empty.columns]


@pytest.mark.parametrize(
    ("share", "grade"), [(0, "A"), (1, "A"), (2, "B"), (5, "B"), (6, "C"), (20, "C"), (21, "D")]
)
def test_a_grade_falls_at_each_limit(share: int, grade: str) -> None:
    bad = np.arange(100) < share
    assert KINDS["village_population"].limits == (1, 5, 20)
    assert measure_share("village_population", bad, range(100)).grade == grade


def test_nothing_to_look_at_earns_no_grade() -> None:
    measure = measure_share("test_away", np.zeros(0, dtype=bool), [])
    assert measure.grade is None
    assert measure.as_dict()["value"] is None
    assert "not known" in measure.rule


def test_the_rule_names_figure_and_limits() -> None:
    measure = measure_share("village_population", np.arange(10) < 3, range(10))
    assert measure.rule == (
        "villages without a population: 30 % (3 of 10) (A up to 1 %, B up to 5 %, C up to 20 %)"
    )
    assert measure.rows == ("0", "1", "2")


def test_limits_rise_and_every_kind_has_an_iso_element() -> None:
    for key, kind in KINDS.items():
        assert list(kind.limits) == sorted(kind.limits), key
        assert len(kind.limits) in (0, 3), key
        assert ":" in kind.element, key


def test_an_outline_that_is_not_the_published_area_is_found(world: World) -> None:
    # the villages of the world are squares of 1 km in UTM, whose scale is within 0.1 % of true there
    inputs = world(
        {"a": (5, 5), "b": (8, 8), "c": (11, 8), "d": (14, 8)}, {"m": (6, 6)},
        village_columns={"area_km2": [1.0, 1.04, 1.07, np.nan]},
    )  # fmt: skip
    measure = measured(check(inputs))["village_size"]
    assert (measure.rows, measure.of) == (("c",), 4)
    communes = gpd.GeoDataFrame(
        {"commune_code": ["x"], "area_km2": [90.0]},
        geometry=[box(X0, Y0, X0 + 1e4, Y0 + 1e4)],
        crs=CRS_METRIC,
    )
    assert measured(check(replace(inputs, communes=communes)))["commune_size"].rows == ("x",)


def test_no_published_area_is_no_measure(world: World) -> None:
    assert "village_size" not in measured(check(world({"a": (5, 5)}, {"m": (6, 6)})))


def test_the_real_communes_of_other_areas_are_found(real: Path, world: World) -> None:
    columns = {"village_id": "code", "area_km2": "areaKm2"}
    path = real / "vn-northwest" / "communes_2025.gpkg"
    villages, _ = read_villages(BoundarySource(path=path, layer="communes", columns=columns))
    inputs = replace(world({"a": (5, 5)}, {"m": (6, 6)}), villages=villages.to_crs(CRS_METRIC))
    assert measured(check(inputs))["village_size"].count == 13


def test_a_layer_has_the_grade_of_its_worst_measure(world: World) -> None:
    inputs = world({"a": (5, 5), "b": (8, 8)}, {"m": (6, 6)}, village_columns={"population": [100.0, np.nan]})
    grades = {grade.layer: grade for grade in check(inputs).grades()}
    assert grades["villages"].grade == "D"
    assert grades["villages"].words["sufficient"] == "D"
    assert grades["villages"].words["clean"] == "A"
    assert "villages without a population: 50 % (1 of 2)" in grades["villages"].rule or (
        "villages without a commune" in grades["villages"].rule
    )


def test_a_sliver_between_neighbours_is_a_gap_and_a_valley_is_not(world: World) -> None:
    inputs = world({"a": (5, 5), "b": (6, 5), "c": (12, 12)}, {"m": (6, 6)})
    left, right = box(X0, Y0, X0 + 1000, Y0 + 1000), box(X0 + 1000, Y0, X0 + 2000, Y0 + 1000)
    apart = box(X0 + 1010, Y0, X0 + 2000, Y0 + 1000)
    far = box(X0 + 9000, Y0, X0 + 10_000, Y0 + 1000)
    inputs.villages.geometry = [left, right, far]
    assert measured(check(inputs))["village_gap"].count == 0
    # a sliver of 10 m that is closed by a third village at one end
    inputs.villages.geometry = [left, apart, box(X0, Y0 + 1000, X0 + 2000, Y0 + 2000)]
    found = measured(check(inputs))["village_gap"]
    assert set(found.rows) >= {"a", "b"}


def test_overlapping_villages_are_counted_with_their_ids(world: World) -> None:
    inputs = world({"a": (5, 5), "b": (5.5, 5), "c": (12, 12)}, {"m": (6, 6)})
    found = measured(check(inputs))["village_overlap"]
    assert found.rows == ("a", "b")
    assert found.value == pytest.approx(200 / 3)


def test_a_centre_outside_its_village_is_counted(world: World) -> None:
    inputs = world({"a": (5, 5), "b": (8, 8)}, {"m": (6, 6)})
    inside = inputs.villages.geometry.centroid.to_crs("EPSG:4326")
    inputs.villages["centre_longitude_deg"] = (inside.x + np.array([0.0, 0.1])).to_numpy()
    inputs.villages["centre_latitude_deg"] = inside.y.to_numpy()
    assert measured(check(inputs))["village_centre"].rows == ("b",)


def test_twins_share_a_name_in_one_commune(world: World) -> None:
    names = {"village_name": ["Ban Mo", "Ban Mo", "Ban Mo"], "commune_name": ["x", "x", "y"]}
    inputs = world({"a": (5, 5), "b": (8, 8), "c": (12, 12)}, {"m": (6, 6)}, village_columns=names)
    assert measured(check(inputs))["village_twin"].rows == ("a", "b")


def test_defaults_of_sectors_are_counted_value_by_value(world: World) -> None:
    full = {
        "frequency_mhz": 1800.0, "bandwidth_mhz": 20.0, "eirp_dbm": 60.0, "antenna_height_m": 30.0,
        "azimuth_deg": 10.0, "beamwidth_deg": 65.0, "vertical_beamwidth_deg": 8.0, "downtilt_deg": 3.0,
    }  # fmt: skip
    assert measured(check(world({"a": (5, 5)}, {"m": (6, 6)}, mast_columns=full)))["mast_assumed"].value == 0
    bare = measured(check(world({"a": (5, 5)}, {"m": (6, 6)})))["mast_assumed"]
    assert bare.grade == "D"
    assert bare.rows == ("m",)


def test_a_mast_off_the_terrain_and_one_in_no_village(world: World) -> None:
    report = measured(check(world({"a": (5, 5)}, {"in": (5, 5), "off": (-3, 5)})))
    assert report["mast_terrain"].rows == ("off",)
    assert report["mast_village"].rows == ("off",)
    assert report["mast_village"].grade is None


def test_tests_outside_repeated_and_undated_are_counted(world: World) -> None:
    day = ["2023-05-01", "2023-05-01", None, "2022-05-01"]
    table = witness_table([(5, 5), (5, 5), (5, 5), (20, 20)], time=pd.array(day, dtype="string"))
    report = measured(check(world({"a": (5, 5), "b": (9, 9)}, {"m": (6, 6)}, tests=table)))
    assert report["test_twin"].rows == ("m1",)
    assert report["test_away"].rows == ("m3",)
    assert report["test_undated"].rows == ("m2",)
    assert report["test_none"].rows == ("b",)
    # the middle of 0, 0 and one year
    assert report["test_age"].value == 0.0


def test_age_counts_from_the_newest_record_and_not_from_today() -> None:
    dates = pd.Series(["2020-01-01", "2022-01-01", None, "nonsense"])
    ages = years_before(dates, newest_day(dates))
    assert ages[0] == pytest.approx(731 / 365.25)
    assert ages[1] == 0
    assert ages[2:].isna().all()
    assert newest_day(pd.Series(["never"])) is None


def test_a_spike_and_a_void_in_the_terrain_are_counted(world: World) -> None:
    terrain = flat_terrain()
    terrain.values[50, 50] = 4000.0
    terrain.values[60, 60] = np.nan
    report = measured(check(world({"a": (5, 5)}, {"m": (6, 6)}, terrain=terrain)))
    assert report["terrain_spike"].count == 1
    assert report["terrain_void"].count == 1


def test_a_cliff_is_no_spike(world: World) -> None:
    terrain = flat_terrain()
    terrain.values[:, 100:] += 1500.0
    assert measured(check(world({"a": (5, 5)}, {"m": (6, 6)}, terrain=terrain)))["terrain_spike"].count == 0


def test_people_of_the_raster_are_held_against_the_stated_ones(world: World) -> None:
    inputs = world({"a": (5, 5), "b": (8, 8), "c": (20, 20)}, {"m": (6, 6)})
    # one person a hectare: 100 in each square kilometre, and nobody beyond 15 km
    people = flat_terrain(0.81)
    people.values[:, 167:] = 0.0
    report = measured(check(replace(inputs, population=people)))
    assert report["people_empty"].rows == ("c",)
    assert report["people_total"].value == pytest.approx(100 / 3, abs=1e-4)
    assert report["people_total"].grade == "D"


def test_mended_villages_come_from_the_findings(world: World) -> None:
    inputs = world({"a": (5, 5), "b": (8, 8)}, {"m": (6, 6)})
    mended = Finding(
        layer="villages",
        word="clean",
        severity="warning",
        message="mended",
        count=1,
        rows=("b",),
        action="repaired",
    )
    inputs = replace(inputs, findings=(*inputs.findings, mended))
    assert measured(check(inputs))["village_mended"].rows == ("b",)


def test_advice_puts_the_gap_that_touches_most_villages_first(world: World) -> None:
    places = {f"v{i}": (5 + i, 5) for i in range(10)}
    population = [np.nan] * 3 + [50.0] * 7
    report = check(world(places, {"m": (6, 6)}, village_columns={"population": population}))
    touched = [advice.villages for advice in report.advice]
    assert touched == sorted(touched, reverse=True)
    by_layer = {advice.message.split(":")[0]: advice.villages for advice in report.advice}
    assert by_layer["residents of each village, or a population raster"] == 3


def test_advice_names_only_layers_that_fetch_knows() -> None:
    layers = {layer for _, layer in REMEDIES.values() if layer}
    assert layers <= set(load_catalogue().layers)


def test_check_changes_nothing_that_it_is_given(world: World) -> None:
    inputs = world({"a": (5, 5)}, {"m": (6, 6)}, tests=witness_table([(5, 5)]))
    before = [inputs.villages.copy(), inputs.sectors.copy(), inputs.measurements.copy()]
    check(inputs)
    for old, new in zip(before, (inputs.villages, inputs.sectors, inputs.measurements), strict=True):
        pd.testing.assert_frame_equal(pd.DataFrame(old), pd.DataFrame(new))


def test_a_village_with_a_hole_and_one_as_a_point_are_measured(world: World) -> None:
    inputs = world({"a": (5, 5), "b": (8, 8)}, {"m": (6, 6)})
    ring = Polygon(
        box(X0, Y0, X0 + 900, Y0 + 900).exterior, [box(X0 + 300, Y0 + 300, X0 + 600, Y0 + 600).exterior]
    )
    inputs.villages.geometry = [ring, Point(X0 + 5000, Y0 + 5000)]
    assert measured(check(inputs))["village_area"].rows == ("b",)


def test_no_terrain_at_all_is_a_figure_and_no_crash(world: World) -> None:
    nothing = Raster(
        np.full((40, 40), np.nan, dtype=np.float32), flat_terrain().transform, flat_terrain().crs
    )
    report = measured(check(world({"a": (5, 5)}, {"m": (6, 6)}, terrain=nothing)))
    assert report["terrain_void"].value == 100
    assert report["terrain_spike"].count == 0


def test_areas_that_know_no_communes_at_all_may_be_communes_and_earn_no_grade(world: World) -> None:
    inputs = world({"v1": (5, 5), "v2": (9, 5)}, {"m": (6, 5)})
    assert measured(check(inputs))["village_code"].grade is None
    named = replace(inputs, villages=inputs.villages.assign(commune_name=["A", None]))
    assert measured(check(named))["village_code"].count == 1


def test_on_the_screen_warnings_come_first_and_the_assumptions_of_a_layer_are_one_line() -> None:
    def about(
        layer: str, severity: Severity, message: str, count: int = 1, word: Word = "sufficient"
    ) -> Finding:
        return Finding(layer=layer, word=word, severity=severity, message=message, count=count)

    many = [
        about("masts", "assumption", "sigma of 90 sectors", 90, "correct"),
        about("masts", "assumption", "beamwidth of 2 sectors", 2),
        about("masts", "assumption", "power of 60 sectors", 60),
        about("masts", "assumption", "height of 70 sectors", 70),
        about("population", "assumption", "per cell"),
        about("villages", "note", "a note"),
        about("licence", "warning", "a warning"),
    ]
    report = QualityReport({}, tuple(many))
    brief = report.in_brief()
    assert [each.layer for each in brief] == ["licence", "villages", "masts", "population"]
    assert brief[2].message == (
        "4 assumptions stand in for what was not given, among them: height of 70 sectors; power of 60 sectors; "
        "beamwidth of 2 sectors"
    )
    assert report.as_dict()["findings"] == [each.as_dict() for each in many]
