"""ANFR's full tables on a made-up archive of their layout, and Mozilla's list of cells, which has OpenCelliD's columns."""

import zipfile
from pathlib import Path

import pytest

from lomsong.errors import SourceError
from lomsong.settings import MastSource
from lomsong.sources.masts import read_masts

TABLES = {
    "SUP_STATION.txt": "STA_NM_ANFR;ADM_ID;DEM_NM_COMSIS;DTE_EN_SERVICE\n001;23;9;01/01/2010\n002;240;9;\n003;99;9;\n",
    "SUP_SUPPORT.txt": (
        "SUP_ID;STA_NM_ANFR;NAT_ID;COR_NB_DG_LAT;COR_NB_MN_LAT;COR_NB_SC_LAT;COR_CD_NS_LAT;COR_NB_DG_LON;COR_NB_MN_LON;"
        "COR_NB_SC_LON;COR_CD_EW_LON;SUP_NM_HAUT;ADR_LB_LIEU\n"
        "77;001;12;44;30;36;N;1;15;0;E;40,5;Chêne\n77;002;12;44;30;36;N;1;15;0;E;40,5;Chêne\n88;003;12;14;6;0;S;61;0;18;W;;Île\n"
    ),
    "SUP_ANTENNE.txt": (
        "STA_NM_ANFR;AER_ID;TAE_ID;AER_NB_AZIMUT;AER_NB_ALT_BAS;SUP_ID\n"
        "001;1;1;120,0;35,2;77\n001;2;1;240,0;35,2;77\n002;3;1;0,0;;77\n003;4;1;;12,0;88\n"
    ),
    "SUP_EMETTEUR.txt": (
        "EMR_ID;EMR_LB_SYSTEME;STA_NM_ANFR;AER_ID;EMR_DT_SERVICE\n"
        "e1;LTE 800;001;1;05/03/2018\ne2;LTE 800;001;2;05/03/2018\ne3;5G NR 3500;002;3;01/12/2021\n"
        "e4;UMTS 900;002;3;\ne5;FH;001;1;01/01/2001\ne6;GSM R;001;1;01/01/2001\ne7;GSM 900;003;4;01/02/2003\n"
    ),
}


def archive(path: Path, **changes: str | None) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, text in TABLES.items():
            content = changes.get(name.split(".")[0], text)
            if content is not None:
                file.writestr(f"export/{name}", content.encode("latin-1"))
    return path


def test_the_tables_are_joined_by_station_antenna_and_support(tmp_path: Path) -> None:
    frame, findings = read_masts(MastSource(path=archive(tmp_path / "20240101-export-etalab-data.zip")))
    # a sector is called after its emitter and band
    rows = frame.set_index(frame["sector_id"].str.split(" ").str[0])
    assert sorted(rows.index) == ["e1", "e2", "e3", "e7"]
    assert rows["operator"].to_dict() == {"e1": "Orange", "e2": "Orange", "e3": "Free Mobile", "e7": "99"}
    assert rows["technology"].to_dict() == {"e1": "4g", "e2": "4g", "e3": "5g", "e7": "2g"}
    assert rows["frequency_mhz"].to_dict() == {"e1": 800, "e2": 800, "e3": 3500, "e7": 900}
    assert rows.loc[["e1", "e2", "e3"], "site_id"].tolist() == ["77"] * 3
    assert rows.loc["e1", ["azimuth_deg", "antenna_height_m"]].tolist() == [120, 35.2]
    # an antenna without a height hangs on the support
    assert rows.loc["e3", "antenna_height_m"] == 40.5
    assert (rows.geometry["e1"].x, rows.geometry["e1"].y) == pytest.approx((1.25, 44.51))
    assert (rows.geometry["e7"].x, rows.geometry["e7"].y) == pytest.approx((-61.005, -14.1))
    assert str(rows.loc["e1", "on_air"]).startswith("2018-03-05")
    told = " ".join(finding.message for finding in findings)
    assert "2 emitters" in told
    assert "1 emitter " in told


def test_operators_are_named_by_their_table(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(
            "SUP_EXPLOITANT.txt",
            "ADM_ID;ADM_LB_NOM\n23;ORANGE SERVICES\n99;Réseau d'essai\n".encode("latin-1"),
        )
    frame, _ = read_masts(MastSource(path=path, format="anfr"))
    # the four known ones keep the names that other French lists use
    assert set(frame["operator"]) == {"Orange", "Free Mobile", "Réseau d'essai"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"SUP_ANTENNE": None}, "lacks the tables SUP_ANTENNE"),
        ({"SUP_STATION": "STA_NM_ANFR;X\n001;1\n"}, "lacks ADM_ID"),
        ({"SUP_EMETTEUR": TABLES["SUP_EMETTEUR.txt"].split("\n")[0] + "\n"}, "no mast of use"),
        ({"SUP_EMETTEUR": TABLES["SUP_EMETTEUR.txt"] + '"'}, "readable table"),
    ],
)
def test_an_archive_that_lacks_something_is_told_in_one_sentence(
    tmp_path: Path, changes: dict[str, str | None], said: str
) -> None:
    with pytest.raises(SourceError, match=said):
        read_masts(MastSource(path=archive(tmp_path / "a.zip", **changes)))


def test_a_broken_archive_is_told(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip")
    content = bytearray(path.read_bytes())
    content[60:120] = b"\0" * 60
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"a\.zip"):
        read_masts(MastSource(path=path))


def test_mozillas_cells_are_read_as_opencellids(tmp_path: Path) -> None:
    path = tmp_path / "MLS-full-cell-export-final.csv"
    path.write_text(
        "radio,mcc,net,area,cell,unit,lon,lat,range,samples,changeable,created,updated,averageSignal\n"
        "LTE,452,4,123,4567809,,104.5,22.5,1500,12,1,1459813819,1459813819,\n"
        "GSM,452,1,12,3456,,104.6,22.6,2500,3,1,1459813819,1459813819,\n"
    )
    frame, _ = read_masts(MastSource(path=path, operators={"452-04": "Viettel"}))
    assert sorted(frame["technology"]) == ["2g", "4g"]
    assert "Viettel" in set(frame["operator"])
