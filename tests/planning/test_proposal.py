"""The planner's own list: what it may hold, and how it is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pyproj import Transformer
from worlds import CRS_METRIC, X0, Y0

from lomsong.errors import MissingSourceError, SourceError
from lomsong.inputs import Inputs
from lomsong.planning.proposal import read_proposal

World = Callable[..., Inputs]
LOW = {"name": "low", "technology": "4g", "antenna_height_m": 20}
HIGH = {"name": "high", "technology": "4g", "antenna_height_m": 45}
#: A place on the terrain, and one a kilometre beside the mast.
LON, LAT = Transformer.from_crs(CRS_METRIC, 4326, always_xy=True).transform(X0 + 5000, Y0 + 30_000)
MAST_LON, MAST_LAT = Transformer.from_crs(CRS_METRIC, 4326, always_xy=True).transform(
    X0 + 15_000, Y0 + 18_000
)
HEAD = "site_id,longitude_deg,latitude_deg"


@pytest.fixture
def inputs(world: World) -> Inputs:
    return world({"far": (2.0, 18.0)}, {"M": (15.0, 18.0)}, planning={"configurations": [LOW, HIGH]})


def listed(folder: Path, text: str) -> Path:
    (folder / "list.csv").write_text(text, encoding="utf-8")
    return folder / "list.csv"


def test_a_list_keeps_its_order_codes_and_names(inputs: Inputs, tmp_path: Path) -> None:
    text = (
        f" Site_ID ;Longitude_deg;LATITUDE_deg;Configuration\n007;{LON};{LAT};high\nTrạm Bản;{LON};{LAT};\n"
    )
    table, findings = read_proposal(listed(tmp_path, text), inputs, inputs.settings.planning)
    assert table["site_id"].tolist() == ["007", "Trạm Bản"]
    assert table["configuration"].tolist() == [1, 0]
    assert table["origin"].tolist() == ["proposed"] * 2
    assert (table.geometry.x - (X0 + 5000)).abs().max() < 0.01
    assert findings == ()


def test_a_standing_mast_is_known_by_name_and_place_together(inputs: Inputs, tmp_path: Path) -> None:
    text = f"{HEAD}\nM,{MAST_LON},{MAST_LAT}\nbeside,{MAST_LON},{MAST_LAT}\n"
    table, _ = read_proposal(listed(tmp_path, text), inputs, inputs.settings.planning)
    assert table["origin"].tolist() == ["existing mast", "proposed"]
    assert table["mast_height_m"].notna().tolist() == [True, False]
    elsewhere, (finding,) = read_proposal(
        listed(tmp_path, f"{HEAD}\nM,{LON},{LAT}\n"), inputs, inputs.settings.planning
    )
    assert elsewhere["origin"].tolist() == ["proposed"]
    assert finding.message == "1 site named as a mast that stands elsewhere, taken as new: M"


def test_of_columns_that_differ_in_capitals_alone_the_first_counts(inputs: Inputs, tmp_path: Path) -> None:
    text = f"{HEAD},SITE_ID,Latitude_deg\na,{LON},{LAT},b,1\n"
    table, (finding,) = read_proposal(listed(tmp_path, text), inputs, inputs.settings.planning)
    assert table["site_id"].tolist() == ["a"]
    assert table.geometry.y[0] == pytest.approx(Y0 + 30_000, abs=0.01)
    assert "site_id.1, latitude_deg.1" in finding.message


def test_what_does_not_count_is_counted(inputs: Inputs, tmp_path: Path) -> None:
    text = f"{HEAD},antenna_height_m\na,{LON},{LAT},-5\nfar,{LON + 9},{LAT + 9},30\n"
    table, findings = read_proposal(listed(tmp_path, text), inputs, inputs.settings.planning)
    assert len(table) == 2
    unused, beyond = findings
    assert "antenna_height_m" in unused.message
    assert "low, high" in unused.message
    assert "1 site beyond the terrain" in beyond.message
    assert beyond.message.endswith(": far")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("site_id,lon,lat\na,1,2\n", "lacks longitude_deg, latitude_deg.*has site_id, lon, lat"),
        (f"{HEAD}\n", "header but no rows"),
        (f"{HEAD}\na,{LON},{LAT}\na,{LON},{LAT}\n", "more than once: a"),
        (f"{HEAD}\n,{LON},{LAT}\nb,,{LAT}\n", r"'site_id' is missing in 1 row.*: 1\n.*'longitude_deg'.* 2"),
        (f"{HEAD}\na,{LAT},{LON}\n", "exchanged"),
        (f"{HEAD}\na,{X0},{Y0}\n", "metres of a projected system"),
        (f"{HEAD}\na,1.5,44.5\n", "no site of the list lies on the terrain"),
        (f"{HEAD},configuration\na,{LON},{LAT},huge\n", "none of low, high in 1 row"),
    ],
)
def test_a_list_that_cannot_be_is_refused_with_all_its_problems(
    inputs: Inputs, tmp_path: Path, text: str, word: str
) -> None:
    with pytest.raises(SourceError, match=f"(?s){word}"):
        read_proposal(listed(tmp_path, text), inputs, inputs.settings.planning)


def test_a_list_that_is_not_there_is_named(inputs: Inputs, tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match=r"none\.csv; give a CSV with site_id"):
        read_proposal(tmp_path / "none.csv", inputs, inputs.settings.planning)
