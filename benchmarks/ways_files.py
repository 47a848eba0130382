"""The masts of the demo and of fr-lot written as other files: for `ways.py`, which runs them and compares."""

import gzip
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from openpyxl import Workbook


def own_list(settings: dict[str, Any]) -> tuple[dict[str, Any], pd.DataFrame]:
    """Return the operator's own list of the demo: its source and its rows as text."""
    source = next(each for each in settings["inputs"]["masts"] if each.get("format") == "sites")
    return source, pd.read_csv(source["path"], dtype=str, keep_default_na=False)


def as_points(table: pd.DataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        table, geometry=gpd.points_from_xy(table["LON"].astype(float), table["LAT"].astype(float)), crs=4326
    )


def as_vector(ending: str) -> Callable[[dict[str, Any], Path], Any]:
    @contextmanager
    def way(settings: dict[str, Any], folder: Path) -> Iterator[None]:
        source, table = own_list(settings)
        path = folder / f"sites.{ending}"
        points = as_points(table)
        if ending in {"kml", "kmz"}:
            points.to_file(path.with_suffix(".kml"), driver="LIBKML")
            if ending == "kmz":
                with zipfile.ZipFile(path, "w") as archive:
                    archive.write(path.with_suffix(".kml"), "doc.kml")
        else:
            points.to_file(
                path,
                driver="MapInfo File",
                dataset_options={"FORMAT": "MIF"} if ending == "mif" else {},
                encoding="UTF-8",
            )
        source["path"] = str(path)
        for name in ("longitude_deg", "latitude_deg"):
            source["columns"].pop(name)
        source.pop("crs")
        yield

    return way


@contextmanager
def as_workbook(settings: dict[str, Any], folder: Path) -> Iterator[None]:
    """Write the headings over two rows, with merged cells, under a title."""
    source, table = own_list(settings)
    book = Workbook()
    sheet = book.active
    sheet.append(["DANH SÁCH TRẠM"])
    groups = {"LAT": "Vị trí", "LON": "Vị trí"}
    names = list(table.columns)
    sheet.append([groups.get(name, name) for name in names])
    sheet.append([name if name in groups else None for name in names])
    for number, name in enumerate(names, start=1):
        if name not in groups:
            sheet.merge_cells(start_row=2, end_row=3, start_column=number, end_column=number)
    place = names.index("LAT") + 1
    sheet.merge_cells(start_row=2, end_row=2, start_column=place, end_column=place + 1)
    for row in table.itertuples(index=False):
        sheet.append(list(row))
    source["path"] = str(folder / "sites.xlsx")
    book.save(source["path"])
    source["columns"].update(latitude_deg="Vị trí LAT", longitude_deg="Vị trí LON")
    yield


@contextmanager
def as_survey(settings: dict[str, Any], folder: Path) -> Iterator[None]:
    """Write metres of UTM, with the zone of each row beside them."""
    source, table = own_list(settings)
    points = as_points(table)
    metres = points.to_crs(points.estimate_utm_crs()).geometry
    zone = str(points.estimate_utm_crs().name).rsplit(" ", 1)[1]
    table.assign(X=metres.x.round(3), Y=metres.y.round(3), MUI=zone).drop(columns=["LAT", "LON"]).to_csv(
        folder / "survey.csv", index=False
    )
    source["path"] = str(folder / "survey.csv")
    for name in ("longitude_deg", "latitude_deg"):
        source["columns"].pop(name)
    source["columns"].update(x_m="X", y_m="Y", zone="MUI")
    yield


@contextmanager
def as_anfr(settings: dict[str, Any], folder: Path) -> Iterator[None]:
    """Write ARCEP's rows as ANFR's tables: one station and support a row, one emitter a technology."""
    source = settings["inputs"]["masts"][0]
    sites = pd.read_csv(source["path"])
    tables: dict[str, list[str]] = {
        "SUP_STATION": ["STA_NM_ANFR;ADM_ID;DEM_NM_COMSIS;DTE_IMPLANTATION;DTE_MODIF;DTE_EN_SERVICE"],
        "SUP_SUPPORT": [
            "SUP_ID;STA_NM_ANFR;NAT_ID;COR_NB_DG_LAT;COR_NB_MN_LAT;COR_NB_SC_LAT;COR_CD_NS_LAT;COR_NB_DG_LON;COR_NB_MN_LON;"
            "COR_NB_SC_LON;COR_CD_EW_LON;SUP_NM_HAUT;TPO_ID;ADR_LB_LIEU;ADR_LB_ADD1;ADR_LB_ADD2;ADR_LB_ADD3;ADR_NM_CP;COM_CD_INSEE"
        ],
        "SUP_ANTENNE": [
            "STA_NM_ANFR;AER_ID;TAE_ID;AER_NB_DIMENSION;AER_FG_RAYON;AER_NB_AZIMUT;AER_NB_ALT_BAS;SUP_ID"
        ],
        "SUP_EMETTEUR": ["EMR_ID;EMR_LB_SYSTEME;STA_NM_ANFR;AER_ID;EMR_DT_SERVICE"],
        "SUP_EXPLOITANT": ["ADM_ID;ADM_LB_NOM"],
    }
    operators = {
        name: str(number) for number, name in enumerate(sorted(sites["operator"].unique()), start=900)
    }
    tables["SUP_EXPLOITANT"] += [f"{number};{name}" for name, number in operators.items()]
    for number, site in enumerate(sites.to_dict("records")):
        station = f"{460000000 + number:010d}"
        place = []
        for degrees, sides in ((site["lat"], "NS"), (site["lon"], "EW")):
            seconds = round(abs(degrees) * 3600, 4)
            place.append(
                f"{int(seconds // 3600)};{int(seconds % 3600 // 60)};{seconds % 60:.4f};{sides[degrees < 0]}".replace(
                    ".", ","
                )
            )
        tables["SUP_STATION"].append(f"{station};{operators[site['operator']]};;;;")
        tables["SUP_SUPPORT"].append(f"{number};{station};;{';'.join(place)};;;;;;;;")
        tables["SUP_ANTENNE"].append(f"{station};{number};;;;;;{number}")
        for system, flag in (("GSM", "2G"), ("UMTS", "3G"), ("LTE", "4G")):
            if site[flag] == 1:
                tables["SUP_EMETTEUR"].append(f"{number}{flag[0]};{system};{station};{number};01/01/2017")
    path = folder / "anfr.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, lines in tables.items():
            archive.writestr(f"{name}.txt", "\n".join(lines).encode("latin-1"))
    source.update(path=str(path), format="anfr")
    yield


@contextmanager
def as_bakom(settings: dict[str, Any], folder: Path) -> Iterator[None]:
    """Write ARCEP's rows of three operators as BAKOM's stations, all of the class medium; powers are others then."""
    source = settings["inputs"]["masts"][0]
    sites = pd.read_csv(source["path"])
    names = dict(zip(sorted(sites["operator"].unique()), ("Swisscom", "Sunrise", "Salt"), strict=False))
    sites = sites[sites["operator"].isin(list(names))]
    points = gpd.GeoSeries.from_xy(sites["lon"], sites["lat"], crs=4326).to_crs(2056).round(1)
    flags = [[name for name in ("2G", "3G", "4G") if site[name] == 1] for site in sites.to_dict("records")]
    stations = gpd.GeoDataFrame(
        {
            "station": [f"{names[operator]} LOT{number}" for number, operator in enumerate(sites["operator"])],
            "typ_en": "Outdoor > 6 Werp", "power_en": "Power class : medium (up to 5'000 W)",
            "techno_en": [f"Technology {','.join(each)}" for each in flags], "adaptiv_en": "", "bewilligung_en": "Site data sheet 2018-01-01",
        },
        geometry=list(points), crs=2056,
    )  # fmt: skip
    path = folder / "standorte-mobilfunkanlagen_2056.json"
    stations.to_file(path, driver="GeoJSON")
    source.update(path=str(path), format="bakom")
    yield


@contextmanager
def as_mozilla(settings: dict[str, Any], folder: Path) -> Iterator[None]:
    """Pack the cells of the demo as Mozilla's exports were."""
    source = settings["inputs"]["masts"][0]
    path = folder / "MLS-full-cell-export.csv.gz"
    path.write_bytes(gzip.compress(Path(source["path"]).read_bytes(), mtime=0))
    source.update(path=str(path))
    source.pop("format")
    yield


@contextmanager
def as_spelt(settings: dict[str, Any], folder: Path) -> Iterator[None]:
    """Write villages as a table with a column of well-known text."""
    source = settings["inputs"]["villages"]
    shapes = gpd.read_file(source["path"], layer=source.pop("layer", None))
    texts = shapely.to_wkt(shapes.geometry.to_numpy(), rounding_precision=-1)
    path = folder / "villages.csv"
    pd.DataFrame(shapes.drop(columns="geometry")).assign(wkt=texts).to_csv(path, index=False)
    source.update(path=str(path), crs="EPSG:4326")
    yield
