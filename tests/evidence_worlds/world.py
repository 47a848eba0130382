"""One made-up world: what a reader would hand over, and the truth."""

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from evidence_worlds.ground import CELL_M, CELLS, HALF_M, X0, Y0, Ground, make_ground
from evidence_worlds.kinds import KINDS, Kind, jitter
from evidence_worlds.network import (
    SENSITIVITY_DBM,
    SERVICE,
    THRESHOLD_DBM,
    Network,
    build_network,
    record_masts,
    site_errors,
)
from evidence_worlds.witnesses import VISIT_M, check_fields, draw_tests, drive, report_no_service
from pyproj import CRS
from scipy import ndimage
from scipy.spatial import cKDTree
from shapely import box
from worlds import CRS_METRIC, small_settings

from lomsong.grid import Raster
from lomsong.inputs import Inputs, no_measurements
from lomsong.schemas import MEASUREMENTS
from lomsong.sites import build_sectors

#: Cells of the population raster. [m]
PEOPLE_CELL_M = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """
    A world and its answers.

    Attributes
    ----------
    kind : Kind
        Its parameters as drawn.
    inputs : Inputs
        What the package is given.
    truth : DataFrame
        ``village_id``, ``has_signal`` at the centre (3G or later, any operator), ``visited`` by the drive test.
    levels : DataFrame
        ``village_id``, ``operator``, ``technology``, true ``level_dbm``, and ``fate`` of the serving mast's record.
    serving : DataFrame
        Index ``measurement_id`` of each signal sample: ``fate`` of the record of the mast that served it, and ``site_error_db``,
        what that record alone (power, height, position, direction) does to the level there.
    noise_db : float
        Shadowing and site error together at the centres: what the world's own physics is off by, given the records, where
        the serving mast is heard and recorded at its place. [dB]
    """

    kind: Kind
    inputs: Inputs
    truth: pd.DataFrame
    levels: pd.DataFrame
    serving: pd.DataFrame
    noise_db: float


def make_world(name: str, seed: int, *, coverage: float = 0.3) -> World:
    """
    Draw a world.

    Parameters
    ----------
    name : str
        One of `KINDS`.
    seed : int
        Any seed is a fresh world of that kind; the coverage changes nothing but the drive test.
    coverage : float
        Share of villages that the drive test passes.
    """
    number = list(KINDS).index(name)
    streams = np.random.default_rng([number, seed]).spawn(8)
    kind = jitter(KINDS[name], streams[0])
    ground = make_ground(kind, streams[1])
    network = build_network(kind, ground, streams[2])
    truth, levels = _judge(network)
    lit = truth["has_signal"].to_numpy()
    samples = drive(network, coverage, streams[4])
    tables = [
        samples,
        draw_tests(network, streams[5]),
        report_no_service(network, lit, streams[6]),
        check_fields(network, lit, streams[7]),
    ]
    truth["visited"] = _visited(ground, samples)
    records = record_masts(network, streams[3])
    inputs = _inputs(kind, network, records, tables, streams[3])
    heard = levels["level_dbm"] >= levels["technology"].map(SENSITIVITY_DBM)
    # beyond the reach of the waves there is no level to be off from
    off = site_errors(network, records, levels, ground.villages[["x", "y"]].to_numpy())[
        heard & (levels["fate"] == "near")
    ]
    return World(
        kind=kind,
        inputs=inputs,
        truth=truth,
        levels=levels,
        serving=_serving(network, records, samples, inputs.measurements["measurement_id"]),
        noise_db=float(np.hypot(kind.shadow_db, np.sqrt(np.mean(off[np.isfinite(off)] ** 2)))),
    )


def _serving(
    network: Network, records: pd.DataFrame, samples: pd.DataFrame, names: pd.Series
) -> pd.DataFrame:
    """Return fate and error of the record behind each sample."""
    if samples.empty:
        return pd.DataFrame({"fate": [], "site_error_db": []})
    told = samples.drop(columns="level_dbm").rename(columns={"true_dbm": "level_dbm"})
    told = told.assign(place=np.arange(len(told)))
    return pd.DataFrame(
        {
            "fate": network.sites["fate"].to_numpy()[told["site"]],
            "site_error_db": site_errors(network, records, told, told[["x", "y"]].to_numpy()),
        },
        index=names.iloc[: len(told)],
    )


def without_measurements(world: World, *kinds: str) -> Inputs:
    """Return the inputs without the measurements of the given kinds, or without any."""
    table = world.inputs.measurements
    kept = table[~table["kind"].isin(kinds)] if kinds else table.iloc[:0]
    return replace(world.inputs, measurements=kept.reset_index(drop=True))


def _judge(network: Network) -> tuple[pd.DataFrame, pd.DataFrame]:
    villages = network.ground.villages
    levels = network.levels(villages[["x", "y"]].to_numpy())
    levels["fate"] = network.sites["fate"].to_numpy()[levels["site"]]
    levels["village_id"] = _names(len(villages))[levels["place"]]
    fine = levels["level_dbm"] >= levels["technology"].map(THRESHOLD_DBM)
    served = levels.loc[fine & levels["technology"].isin(SERVICE), "place"].unique()
    lit = np.isin(np.arange(len(villages)), served)
    return pd.DataFrame({"village_id": _names(len(villages)), "has_signal": lit}), levels


def _names(count: int) -> np.ndarray:
    return np.array([f"v{number:03d}" for number in range(count)], dtype=object)


def _visited(ground: Ground, samples: pd.DataFrame) -> np.ndarray:
    if samples.empty:
        return np.zeros(len(ground.villages), dtype=bool)
    away, _ = cKDTree(samples[["x", "y"]].to_numpy()).query(ground.villages[["x", "y"]].to_numpy())
    return away <= VISIT_M


def _inputs(
    kind: Kind, network: Network, raw: pd.DataFrame, tables: list[pd.DataFrame], rng: np.random.Generator
) -> Inputs:
    ground = network.ground
    settings = small_settings(name=f"made-up world '{kind.name}'")
    masts = gpd.GeoDataFrame(
        raw.drop(columns=["x", "y"]), geometry=gpd.points_from_xy(raw["x"], raw["y"]), crs=CRS_METRIC
    )
    sectors, findings = build_sectors(masts, settings.radio)
    crs = CRS.from_user_input(CRS_METRIC)
    corner = (X0, CELL_M, Y0 + CELLS * CELL_M, -CELL_M)
    clutter = None
    if kind.clutter_known:
        # a map of the trees' height; the loss in the truth is another thing
        clutter = Raster(np.where(ground.forest, 12.0, 0.0).astype(np.float32), corner, crs)
    return Inputs(
        settings=settings,
        villages=_villages(ground),
        sectors=sectors,
        measurements=_measurements(tables),
        terrain=Raster(np.rint(ground.height).astype(np.float32), corner, crs),
        clutter=clutter,
        population=_population(ground, rng),
        findings=tuple(findings),
    )


def _villages(ground: Ground) -> gpd.GeoDataFrame:
    villages = ground.villages
    longitude_latitude = gpd.GeoSeries(
        gpd.points_from_xy(villages["x"], villages["y"]), crs=CRS_METRIC
    ).to_crs("EPSG:4326")
    shapes = [
        box(row.x - HALF_M, row.y - HALF_M, row.x + HALF_M, row.y + HALF_M) for row in villages.itertuples()
    ]
    names = _names(len(villages)).astype(str)
    table = pd.DataFrame(
        {
            "village_id": names,
            "village_name": names,
            "population": villages["population"],
            "centre_longitude_deg": longitude_latitude.x,
            "centre_latitude_deg": longitude_latitude.y,
        }
    )
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS_METRIC)


def _population(ground: Ground, rng: np.random.Generator) -> Raster:
    count = round(CELLS * CELL_M / PEOPLE_CELL_M)
    people = np.zeros((count, count))
    homes = ground.homes
    row = ((Y0 + CELLS * CELL_M - homes["y"]) / PEOPLE_CELL_M).astype(int)
    column = ((homes["x"] - X0) / PEOPLE_CELL_M).astype(int)
    np.add.at(people, (row, column), homes["people"] * rng.lognormal(0, 0.2, len(homes)))
    # houses stand around the middle of each hamlet
    spread = ndimage.uniform_filter(people, 3)
    values = np.where(spread > 0, spread, np.nan).astype(np.float32)
    corner = (X0, PEOPLE_CELL_M, Y0 + CELLS * CELL_M, -PEOPLE_CELL_M)
    return Raster(values, corner, CRS.from_user_input(CRS_METRIC))


def _measurements(tables: list[pd.DataFrame]) -> gpd.GeoDataFrame:
    empty = no_measurements(CRS.from_user_input(CRS_METRIC))
    rows = pd.concat([table for table in tables if len(table)], ignore_index=True)
    rows["measurement_id"] = [f"m{number}" for number in range(len(rows))]
    rows["network"] = "mobile"
    frame = pd.DataFrame({name: rows.get(name, pd.Series(index=rows.index)) for name in MEASUREMENTS.names()})
    frame = frame.astype({name: empty[name].dtype for name in MEASUREMENTS.names()})
    table = gpd.GeoDataFrame(frame, geometry=gpd.points_from_xy(rows["x"], rows["y"]), crs=CRS_METRIC)
    MEASUREMENTS.check(table)
    return table
