"""The path between a village and a mast: geometry by hand, levels as the run has them, and names that stay text."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from pyproj import CRS, Geod, Transformer
from worlds import CRS_METRIC, ridged_terrain

from lomsong.errors import LomsongError, MissingSourceError, OutputError, SourceError, TableError
from lomsong.grid import Raster
from lomsong.inputs import Inputs
from lomsong.path import PathExplanation, explain_path, explain_run_path, parse_paths, paths_as_json
from lomsong.prediction import predict
from lomsong.propagation.clutter import ClutterLayer
from lomsong.report import drawing
from lomsong.report.path_picture import draw_path, save_path_picture
from lomsong.report.path_terms import list_terms
from lomsong.report.path_words import PATH_WORDS

World = Callable[..., Inputs]
SPEED = 299_792_458.0
#: Earth radius with the refraction of the settings' 45 N-units/km, P.1812 (6) and (7a).
EARTH_M = 6_371_000 * 157 / (157 - 45)
HOSTILE = '</text><script>alert(1)</script>&$\\frac{1}{0}$ "\x00\x1b[31m\u202egnihsihp\ud800\n{{x}} %s'


def ridge(world: World, height_m: float = 150.0, **changes: object) -> Inputs:
    return world({"V": (18, 9)}, {"M": (2, 9)}, terrain=ridged_terrain(height_m), **changes)


def parse(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own file; whether it is well-formed is the question


def texts(svg: str) -> list[str]:
    return [node.text or "" for node in parse(svg).iter("{http://www.w3.org/2000/svg}text")]


def centre_of(path: PathExplanation) -> tuple[float, float]:
    return float(path.profile.longitude_deg[-1]), float(path.profile.latitude_deg[-1])


# --- the numbers ------------------------------------------------------------------------------------------------


def test_distance_and_bearing_are_the_geodesic_ones(world: World) -> None:
    inputs = ridge(world)
    path = explain_path(inputs, village_id="V")
    mast = inputs.sectors.geometry.iloc[0]
    start = Transformer.from_crs(CRS_METRIC, 4326, always_xy=True).transform(mast.x, mast.y)
    bearing, _, length = Geod(ellps="WGS84").inv(*start, *centre_of(path))
    assert path.length_m == pytest.approx(length, abs=1e-5)
    assert float(path.profile.bearing_deg) == pytest.approx(bearing, abs=1e-6)


def test_a_wall_is_the_dominant_obstacle_where_trigonometry_has_it(world: World) -> None:
    path = explain_path(ridge(world), village_id="V")
    obstacle = path.obstacle
    assert obstacle is not None
    assert obstacle.blocks
    assert path.line_of_sight is False
    d, d1 = path.length_m, obstacle.distance_m
    assert d1 == pytest.approx(8000, abs=150)
    assert d1 + obstacle.from_village_m == pytest.approx(d)
    line = 130 + (101.5 - 130) * d1 / d
    bulge = d1 * (d - d1) / (2 * EARTH_M)
    assert obstacle.over_line_m == pytest.approx(250 + bulge - line, abs=0.01)
    wave = SPEED / 1800e6
    assert obstacle.nu == pytest.approx(
        obstacle.over_line_m * np.sqrt(2 * d / (wave * d1 * (d - d1))), rel=1e-6
    )


def test_bulge_and_fresnel_zone_are_largest_half_way_with_their_textbook_values(world: World) -> None:
    path = explain_path(ridge(world, 0.0), village_id="V")
    d = path.length_m
    assert path.bulge_m.max() == pytest.approx(d**2 / (8 * EARTH_M), rel=1e-3)
    assert path.fresnel_m.max() == pytest.approx(0.5 * np.sqrt(SPEED / 1800e6 * d), rel=1e-3)
    assert path.bulge_m[[0, -1]].tolist() == path.fresnel_m[[0, -1]].tolist() == [0.0, 0.0]
    assert path.line_m[[0, -1]] == pytest.approx([130.0, 101.5])


def test_the_terms_add_up_to_the_level(world: World) -> None:
    beam = {"azimuth_deg": 120.0, "vertical_beamwidth_deg": 180.0, "downtilt_deg": 0.0}
    inputs = ridge(world, mast_columns=beam)
    budget = explain_path(inputs, village_id="V").budget
    free = 20 * np.log10(4 * np.pi * 16_000 * 1800e6 / SPEED)
    assert budget.free_space_db == pytest.approx(free, abs=0.01)
    assert budget.antenna_attenuation_db == pytest.approx(12 * (30 / 65) ** 2, abs=0.1)
    assert budget.reference_offset_db == pytest.approx(-10 * np.log10(1200))
    assert budget.path_loss_db == pytest.approx(
        budget.free_space_db + budget.diffraction_db + budget.other_db
    )
    level = budget.eirp_dbm - budget.antenna_attenuation_db - budget.path_loss_db + budget.reference_offset_db
    assert budget.level_dbm == pytest.approx(level)
    assert budget.margin_db == pytest.approx(level + 105)


@pytest.mark.parametrize("model", ["p1812", "p526"])
def test_the_default_mast_and_its_level_are_those_of_the_run(world: World, model: str) -> None:
    inputs = world(
        {"V": (18, 9), "W": (9, 20), "X": (25, 25)},
        {"M1": (2, 9), "M2": (24, 14), "M3": (12, 28)},
        terrain=ridged_terrain(120.0),
        radio={"model": model},
    )
    prediction = predict(inputs)
    centres = prediction.demand[prediction.demand["is_centre"]]
    for demand_id, village_id in zip(centres["demand_id"], centres["village_id"], strict=True):
        path = explain_path(inputs, village_id=village_id)
        row = prediction.signal[prediction.signal["demand_id"] == demand_id].iloc[0]
        assert path.site_id == row["site_id"]
        assert path.budget.level_dbm == pytest.approx(row["level_dbm"], abs=0.3)
        assert path.length_m == pytest.approx(row["distance_m"], rel=1e-3)


def test_the_best_sector_of_a_mast_is_the_one_that_points_there(world: World) -> None:
    inputs = world(
        {"V": (18, 9)},
        {"west": (2, 9), "east": (2, 9)},
        mast_columns={"site_id": "M", "azimuth_deg": [270.0, 90.0]},
    )
    assert explain_path(inputs, village_id="V", site_id="M").sector_id == "east"


def test_a_technology_that_does_not_count_is_explained_only_on_request(world: World) -> None:
    inputs = world({"V": (6, 9)}, {"near": (5, 9), "far": (2, 9)}, mast_columns={"technology": ["2g", "4g"]})
    assert explain_path(inputs, village_id="V").technology == "4g"
    assert explain_path(inputs, village_id="V", technology="2g").site_id == "near"
    with pytest.raises(TableError, match=r"site near has no 4g sector; there are A 2g"):
        explain_path(inputs, village_id="V", site_id="near", technology="4g")
    with pytest.raises(TableError, match=r"no B sector"):
        explain_path(inputs, village_id="V", operator="B")


def test_clutter_on_the_way_costs_and_is_told_apart_from_the_ground(world: World) -> None:
    inputs = ridge(world, 20.0)
    codes = np.full((400, 400), 30, dtype=np.float32)
    codes[:, 100:180] = 10
    raster = Raster(codes, inputs.terrain.transform, CRS.from_user_input(CRS_METRIC))
    bare = explain_path(inputs, village_id="V")
    wooded = explain_path(inputs, village_id="V", clutter=ClutterLayer(raster))
    assert wooded.budget.level_dbm < bare.budget.level_dbm - 1
    assert wooded.obstacle is not None
    assert wooded.obstacle.clutter_m == 15.0
    np.testing.assert_array_equal(wooded.profile.ground_m, bare.profile.ground_m)
    surface = explain_path(inputs, village_id="V", clutter=ClutterLayer(raster, surface="surface"))
    assert surface.budget == bare.budget
    assert any("surface model" in note for note in surface.notes)


# --- what is not known ------------------------------------------------------------------------------------------


def test_missing_terrain_makes_the_level_unknown_not_better(world: World, tmp_path: Path) -> None:
    inputs = ridge(world)
    inputs.terrain.values[:, 100:103] = np.nan
    path = explain_path(inputs, village_id="V")
    assert np.isnan([path.budget.level_dbm, path.budget.margin_db, path.budget.diffraction_db]).all()
    assert np.isfinite(path.budget.free_space_db)
    assert path.line_of_sight is None
    assert path.obstacle is None
    assert "have no terrain height" in path.notes[0]
    content = json.loads(json.dumps(path.as_dict(), allow_nan=False))
    assert content["budget"]["level_dbm"] is None
    assert content["missing_heights"] == content["profile"]["ground_m"].count(None) > 0
    svg = save_path_picture(path, tmp_path / "gap.svg").read_text(encoding="utf-8")
    assert "not known" in texts(svg)
    assert "no height known" in texts(svg)
    assert "nan" not in svg


def test_a_mast_off_the_raster_is_explained_as_unknown_and_loses_against_one_that_is_not(
    world: World,
) -> None:
    inputs = world({"V": (3, 9)}, {"off": (-3, 9), "on": (30, 9)})
    assert explain_path(inputs, village_id="V").site_id == "on"
    path = explain_path(inputs, village_id="V", site_id="off")
    assert np.isnan(path.line_m).all()
    assert np.isnan(path.budget.level_dbm)
    assert "not known" in texts(draw_path(path).as_svg())


def test_a_village_off_the_raster_is_one_clear_error(world: World) -> None:
    with pytest.raises(SourceError, match="terrain"):
        explain_path(world({"V": (90, 9)}, {"M": (80, 9)}), village_id="V")


def test_a_mast_in_the_village_itself_has_no_path_and_no_obstacle(world: World, tmp_path: Path) -> None:
    inputs = world({"V": (9, 9)}, {"M": (9, 9)})
    path = explain_path(inputs, village_id="V")
    centre = inputs.sectors.geometry.iloc[0]
    moved = inputs.sectors.set_geometry(inputs.sectors.geometry.translate(0.0, 0.0))
    assert path.length_m < 1000
    x, y = Transformer.from_crs(4326, CRS_METRIC, always_xy=True).transform(*centre_of(path))
    at_centre = moved.set_geometry(moved.geometry.translate(x - centre.x, y - centre.y))
    same = explain_path(replace(inputs, sectors=at_centre), village_id="V")
    assert same.length_m < 0.01
    assert same.obstacle is None
    assert same.line_of_sight is True
    assert same.budget.diffraction_db == 0.0
    assert same.budget.free_space_db == pytest.approx(
        20 * np.log10(4 * np.pi * 10 * 1800e6 / SPEED), abs=0.01
    )
    svg = save_path_picture(same, tmp_path / "here.svg").read_text(encoding="utf-8")
    assert "nan" not in svg
    assert any("in one place" in text for text in texts(svg))


def test_unknown_ids_name_the_nearest(world: World) -> None:
    inputs = world({"0042": (9, 9), "0043": (12, 9)}, {"mast-7": (5, 9)})
    with pytest.raises(TableError, match=r"no village_id '42' among 2; the nearest are 0042"):
        explain_path(inputs, village_id="42")
    with pytest.raises(TableError, match=r"no site_id 'mast7' among 1; the nearest are mast-7"):
        explain_path(inputs, village_id="0042", site_id="mast7")


def test_out_of_reach_of_every_mast_says_so(world: World) -> None:
    inputs = world({"V": (33, 9)}, {"M": (2, 9)}, radio={"maximum_radius_m": 5000})
    with pytest.raises(TableError, match="within 5 km there is no sector"):
        explain_path(inputs, village_id="V")
    assert explain_path(inputs, village_id="V", site_id="M").length_m > 30_000


# --- the picture ------------------------------------------------------------------------------------------------


def test_hostile_names_are_text_and_nothing_else(world: World, tmp_path: Path) -> None:
    path = replace(
        explain_path(ridge(world), village_id="V"),
        village_name=HOSTILE, site_id=HOSTILE, operator=HOSTILE, area=HOSTILE, village_id=HOSTILE,
    )  # fmt: skip
    svg = save_path_picture(path, tmp_path / "hostile.svg").read_text(encoding="utf-8")
    root = parse(svg)
    names = {node.tag.removeprefix("{http://www.w3.org/2000/svg}") for node in root.iter()}
    assert names == {"svg", "title", "desc", "rect", "polygon", "polyline", "text"}
    attributes = {key for node in root.iter() for key in node.attrib}
    assert not any(key.startswith("on") or "href" in key or key == "style" for key in attributes)
    shown = texts(svg)[0]
    assert shown.startswith("</text><script>alert(1)</script>&$\\frac{1}{0}$")
    assert "\u202e" not in svg
    assert "\x1b" not in svg
    json.dumps(path.as_dict(), allow_nan=False)


def test_a_png_shows_dollars_and_tex_as_they_are(world: World, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = replace(
        explain_path(ridge(world), village_id="V"),
        village_name=HOSTILE,
        site_id="$\\undefined{$ 村\U0001f4a9",
    )
    first = save_path_picture(path, tmp_path / "a.png").read_bytes()
    assert first.startswith(b"\x89PNG")
    assert save_path_picture(path, tmp_path / "b.png").read_bytes() == first


def test_the_same_path_gives_the_same_bytes(world: World) -> None:
    pictures = {draw_path(explain_path(ridge(world), village_id="V")).as_svg() for _ in range(2)}
    assert len(pictures) == 1


def test_made_up_data_are_labelled_and_real_ones_are_not(world: World) -> None:
    path = explain_path(ridge(world), village_id="V")
    assert "SYNTHETIC DATA" in texts(draw_path(path).as_svg())
    assert "SYNTHETIC DATA" not in texts(draw_path(replace(path, synthetic=False)).as_svg())


def test_the_picture_shows_the_numbers_of_the_path(world: World) -> None:
    path = explain_path(ridge(world), village_id="V")
    shown = texts(draw_path(path).as_svg())
    for value, unit in (
        (path.budget.level_dbm, "dBm"), (path.budget.margin_db, "dB"), (path.budget.path_loss_db, "dB"),
        (-path.budget.free_space_db, "dB"), (path.budget.threshold_dbm, "dBm"),
    ):  # fmt: skip
        assert f"{value:.1f} {unit}".replace("-", "\u2212") in shown
    assert path.obstacle is not None
    assert f"{path.obstacle.distance_m / 1000:.2f} km, 250 m" in shown


def test_the_terms_in_words_are_those_of_the_picture(world: World) -> None:
    path = explain_path(ridge(world), village_id="V")
    terms = dict(list_terms(path))
    assert {terms["RSRP level"], terms["margin"], terms["free space"]} <= set(texts(draw_path(path).as_svg()))
    assert terms["distance"] == "16.00 km"
    assert terms["terrain"].startswith("line of sight blocked")


def test_the_vietnamese_picture_has_the_same_numbers_and_no_english_word(world: World) -> None:
    path = explain_path(ridge(world), village_id="V")
    english, vietnamese = (texts(draw_path(path, language).as_svg()) for language in ("en", "vi"))
    assert f"{path.budget.level_dbm:.1f} dBm".replace("-", "\u2212").replace(".", ",") in vietnamese
    for one, other in PATH_WORDS.values():
        assert one == other or one not in vietnamese
    assert len(english) == len(vietnamese)


def test_a_path_read_back_draws_the_same_picture(world: World) -> None:
    for path in (explain_path(ridge(world), village_id="V"), explain_path(ridge(world, 0.0), village_id="V")):
        text = paths_as_json([path])
        back = parse_paths(text, subject="t")["V"]
        assert paths_as_json([back]) == text
        shown, again = (texts(draw_path(each).as_svg()) for each in (path, back))
        assert shown == again


@pytest.mark.parametrize(
    "text", ["{", "[1]", "[{}]", '{"a": 1}', "null", '[{"profile": {"distance_m": [1]}}]']
)
def test_a_broken_file_of_paths_is_one_message(text: str) -> None:
    with pytest.raises(SourceError, match="run it again"):
        parse_paths(text, subject="paths.json")


def test_everything_is_drawn_within_the_sheet(world: World) -> None:
    codes = np.full((400, 400), 10, dtype=np.float32)
    inputs = ridge(world, 900.0)
    layer = ClutterLayer(Raster(codes, inputs.terrain.transform, CRS.from_user_input(CRS_METRIC)))
    picture = draw_path(explain_path(inputs, village_id="V", clutter=layer))
    for shape in picture.shapes:
        points = [(shape.x, shape.y)] if isinstance(shape, drawing.Words) else shape.points
        assert all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in points)


def test_without_matplotlib_a_png_says_what_to_do(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "find_spec", lambda _: None)
    path = explain_path(ridge(world), village_id="V")
    with pytest.raises(OutputError, match=r"lomsong\[notebook\]"):
        save_path_picture(path, tmp_path / "a.png")
    with pytest.raises(OutputError, match=r"must end in \.svg or \.png"):
        save_path_picture(path, tmp_path / "a.pdf")
    with pytest.raises(OutputError, match="cannot write"):
        save_path_picture(path, tmp_path / "nowhere" / "a.svg")
    assert list(tmp_path.iterdir()) == []


# --- a finished run ---------------------------------------------------------------------------------------------


def test_a_folder_without_a_whole_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match=r"no finished run"):
        explain_run_path(tmp_path, village_id="V")
    for content in ("{", "[]", '{"settings": 3}', '{"settings": {}}'):
        (tmp_path / "run.json").write_text(content)
        with pytest.raises(LomsongError, match=r"run\.json"):
            explain_run_path(tmp_path, village_id="V")


def test_a_finished_run_is_explained_and_a_changed_input_is_told(tmp_path: Path) -> None:
    from lomsong.pipeline import run  # noqa: PLC0415 - slow to load, used once
    from lomsong.settings_file import load_settings  # noqa: PLC0415
    from lomsong.sources.demo import write_demo  # noqa: PLC0415

    config = write_demo(tmp_path / "district", seed=2023)
    done = run(load_settings(config), tmp_path / "run")
    village_id = str(done.villages["village_id"].iloc[0])
    path = explain_run_path(tmp_path / "run", village_id=village_id)
    assert path.synthetic
    assert not any("changed" in note for note in path.notes)
    cells = next((tmp_path / "district").glob("cells*.csv"))
    cells.write_text(cells.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    changed = explain_run_path(tmp_path / "run", village_id=village_id)
    assert changed.notes[-1] == f"changed since the run, so its results may differ: {cells.name}"
