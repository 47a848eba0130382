"""What a map can show besides the villages, and how it shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import pandas as pd

from lomsong.findings import Finding
from lomsong.grid import Raster
from lomsong.inputs import Inputs
from lomsong.maps.tiles import OnlineTiles


@dataclass(frozen=True, slots=True)
class Labels:
    """
    The words around the map.

    Attributes
    ----------
    name : str
        What the map is called.
    synthetic : bool
        The data are made up, and the map must say so.
    attributions : tuple of str
        Whom to name for the data.
    """

    name: str
    synthetic: bool
    attributions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapParts:
    """
    The other tables of a map; each may be missing.

    Attributes
    ----------
    labels : Labels or None
        None takes ``villages.attrs["lomsong"]`` (``name``, ``synthetic``, ``attributions``).
    sectors : GeoDataFrame or None
        Contract `SECTORS`: the masts.
    measurements : GeoDataFrame or None
        Contract `MEASUREMENTS`: shown as hexagons, never as single places.
    terrain : Raster or None
        Ground height, for the relief.
    roads, water : GeoDataFrame or None
        Lines and areas with what they are in ``kind``, as in ``inputs.context``.
    service : DataFrame or None
        Contract `SERVICE`: lets the page filter by operator and technology.
    plan : GeoDataFrame or None
        Contract `plan_contents.MAP_PLAN`: the sites to build, in order.
    rasters : sequence of Path
        ``signal_*.tif`` of `write_raster`.
    findings : sequence of Finding
        Those about the layer ``villages`` mark their rows.
    pictures : mapping
        SVG texts by village id, shown in popups: terrain profiles.
    minimum_tests : int
        Hexagons with fewer mobile tests say only that.
    """

    labels: Labels | None = None
    sectors: gpd.GeoDataFrame | None = None
    measurements: gpd.GeoDataFrame | None = None
    terrain: Raster | None = None
    roads: gpd.GeoDataFrame | None = None
    water: gpd.GeoDataFrame | None = None
    service: pd.DataFrame | None = None
    plan: gpd.GeoDataFrame | None = None
    rasters: Sequence[Path] = ()
    findings: Sequence[Finding] = ()
    pictures: Mapping[str, str] = field(default_factory=dict)
    minimum_tests: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOptions:
    """
    How a map is shown.

    Attributes
    ----------
    language : {'en', 'vi'}
        Language in which the page opens; it has a switch.
    masts : {'exact', 'blurred', 'hidden'}
        What the file tells about where masts are. Anything but *exact* also leaves out what gives them away: site
        names and directions, signal rasters, profile pictures, and distances finer than `blur_m` or 5 km.
    blur_m : float
        Side of the squares in whose middle blurred masts are shown. [m]
    online_tiles : OnlineTiles or None
        A map from the network beneath all else, on pages only; None asks the network for nothing.
    hosted : bool
        Outlines and signal rasters become tile archives beside the page, which reads from a web server only what
        somebody looks at; for `save_map_folder`.
    """

    language: Literal["en", "vi"] = "en"
    masts: Literal["exact", "blurred", "hidden"] = "exact"
    blur_m: float = 2000.0
    online_tiles: OnlineTiles | None = None
    hosted: bool = False


def parts_of(inputs: Inputs, **others: Any) -> MapParts:
    """Return what was read as parts of a map; `others` are further attributes of `MapParts`."""
    credits_ = [
        f"{record.attribution} ({record.licence})" if record.licence else record.attribution
        for record in inputs.records
        if record.attribution
    ]
    labels = Labels(inputs.settings.name, inputs.settings.synthetic, tuple(dict.fromkeys(credits_)))
    return MapParts(
        labels=labels,
        sectors=inputs.sectors,
        measurements=inputs.measurements,
        terrain=inputs.terrain,
        roads=inputs.context.get("roads"),
        water=inputs.context.get("water"),
        findings=inputs.findings,
        minimum_tests=inputs.settings.privacy.minimum_devices,
        **others,
    )


def find_labels(villages: gpd.GeoDataFrame, parts: MapParts) -> Labels:
    """Return the labels of the parts, else those in ``villages.attrs["lomsong"]``."""
    if parts.labels is not None:
        return parts.labels
    told: Mapping[str, Any] = villages.attrs.get("lomsong", {})
    return Labels(
        name=str(told.get("name", "Mobile coverage")),
        synthetic=bool(told.get("synthetic", False)),
        attributions=tuple(dict.fromkeys(str(text) for text in told.get("attributions", ()) if text)),
    )
