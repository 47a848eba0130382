"""From the files of a fetch to the sources of a run: cut to the area, made once, each with its record."""

from collections.abc import Callable, Sequence
from pathlib import Path

import shapely

from lomsong.errors import SourceError
from lomsong.sources.files import checksum
from lomsong.sources.remote.area_file import Source
from lomsong.sources.remote.areas import widen
from lomsong.sources.remote.catalogue import Layer
from lomsong.sources.remote.conversions import convert_overpass, write_vrt
from lomsong.sources.remote.cuttings import cut_cells, cut_speed_tests, cut_villages
from lomsong.sources.remote.items import Item, Plan
from lomsong.sources.remote.manifest import Manifest, Record


def cut_to_area(plan: Plan, items: Sequence[Item], manifest: Manifest) -> tuple[list[Source], list[str]]:
    """
    Make the sources of a run out of what was fetched.

    Parameters
    ----------
    plan : Plan
        What was wanted.
    items : sequence of Item
        What became of it.
    manifest : Manifest
        Takes in what is made here.

    Returns
    -------
    sources : list of Source
        For the settings file.
    notes : list of str
        What is missing or assumed.

    Raises
    ------
    OutputError
        The folder cannot be written to.
    """
    sources: list[Source] = []
    notes: list[str] = []
    for name in plan.layers:
        mine = [item for item in items if item.layer == name and item.state == "there"]
        gone = sum(item.state == "missing" for item in items if item.layer == name)
        if gone:
            notes.append(f"{name}: {gone} tiles are not there; over the sea that is normal")
        if not mine:
            continue
        try:
            found = _Cutter(plan, manifest, notes).cut(name, plan.catalogue.layers[name], mine)
        except SourceError as error:
            notes.append(f"{name}: {error}")
            continue
        sources += found
    return _one_kind_of_masts(sources, notes), notes


def _one_kind_of_masts(sources: list[Source], notes: list[str]) -> list[Source]:
    """Leave OpenStreetMap's masts out where cells came: they are the same sites, without operator or technology."""
    drawn = [source for source in sources if source.feeds == "masts" and ("format", "osm") in source.more]
    if len(drawn) < sum(source.feeds == "masts" for source in sources):
        return [source for source in sources if source not in drawn]
    if drawn:
        notes.append(
            "masts are OpenStreetMap's: far from all, and without operator or technology; add a list of operators' "
            "sites or of cells under inputs.masts before trusting a result"
        )
    return sources


#: What a run takes from schools, clinics and houses of culture in one file.
SERVICES = ("schools", "clinics", "community_centres")


class _Cutter:
    """Makes one source of a run out of the files of one layer."""

    def __init__(self, plan: Plan, manifest: Manifest, notes: list[str]) -> None:
        self.plan, self.manifest, self.notes = plan, manifest, notes
        self.wide: shapely.Geometry = widen(plan.area.shape, plan.margin_m)

    def cut(self, name: str, layer: Layer, items: Sequence[Item]) -> list[Source]:
        if layer.format == "overpass":
            return self._openstreetmap(name, layer, items[0])
        found = self._one(name, layer, items)
        return [] if found is None else [found]

    def _openstreetmap(self, name: str, layer: Layer, item: Item) -> list[Source]:
        file, answer = f"{name}.geojson", self.plan.folder / item.path
        if not self._make(file, [item], lambda to: convert_overpass(answer, to)):
            return []
        match layer.feeds:
            case "masts":
                return [self._source("masts", file, item, format="osm")]
            case "roads" | "power":
                return [self._source(layer.feeds, file, item)]
            case "services":
                # each picks its own by the tags
                return [self._source(key, file, item) for key in SERVICES]
            case _:
                return []

    def _one(self, name: str, layer: Layer, items: Sequence[Item]) -> Source | None:
        folder = self.plan.folder
        paths = [folder / item.path for item in items]
        match layer.feeds:
            case "terrain":
                return self._source("terrain", name if len(items) > 1 else items[0].path, items[0])
            case "land_cover":
                if len(items) == 1:
                    return self._source("land_cover", items[0].path, items[0])
                self._make(f"{name}.vrt", items, lambda to: write_vrt(paths, to))
                return self._source("land_cover", f"{name}.vrt", items[0])
            case "population":
                return self._source("population", items[0].path, items[0])
            case "villages":
                return self._villages(items)
            case "masts":
                file = f"{name}.csv"
                rows = self._make(file, items, lambda to: cut_cells(paths, to, self._wide_bounds()))
                return self._source("masts", file, items[0], format="opencellid") if rows else None
            case "speed_tests":
                file = f"{name}.parquet"
                rows = self._make(file, items, lambda to: cut_speed_tests(paths[0], to, self._wide_bounds()))
                return self._source("speed_tests", file, items[0], network=layer.network) if rows else None
            case _:
                return None

    def _villages(self, items: Sequence[Item]) -> Source | None:
        finest = max(items, key=lambda item: item.path)
        columns = {"village_id": "shapeID", "village_name": "shapeName"}
        level = Path(finest.path).stem
        self.notes.append(
            f"villages are the polygons of {level}, the finest level of geoBoundaries; replace them by true village "
            "boundaries where you have them"
        )
        if self.plan.area.whole_country:
            return self._source("villages", finest.path, finest, columns=columns)
        area, path = self.plan.area.shape, self.plan.folder / finest.path
        rows = self._make("villages.geojson", [finest], lambda to: cut_villages(path, to, area))
        return self._source("villages", "villages.geojson", finest, columns=columns) if rows else None

    def _wide_bounds(self) -> tuple[float, float, float, float]:
        west, south, east, north = self.wide.bounds
        return west, south, east, north

    def _source(self, feeds: str, path: str, item: Item, **more: object) -> Source:
        return Source(
            feeds=feeds,
            path=path,
            attribution=item.attribution,
            licence=item.licence,
            more=tuple((key, value) for key, value in more.items() if value is not None),
        )

    def _make(self, file: str, items: Sequence[Item], make: Callable[[Path], int]) -> bool:
        """Make a file once; tell whether there is anything in it."""
        shas = ", ".join(f"{item.path} ({self.manifest.records[item.path].sha256[:12]})" for item in items)
        bounds = ",".join(f"{edge:.6f}" for edge in self.plan.area.bounds)
        origin = f"made here from {shas} for {bounds}"
        if self.manifest.holds(file, url=origin):
            return self.manifest.records[file].note != "0 rows"
        target = self.plan.folder / file
        if target.exists() and file not in self.manifest.records:
            raise SourceError(f"{target} is there and lomsong did not write it; move it away and fetch again")
        rows = make(target)
        if not rows:
            self.notes.append(f"{file.split('.', maxsplit=1)[0]}: nothing of it lies in the area")
        if not target.exists():
            return False
        first = items[0]
        self.manifest.add(
            Record(
                path=file,
                layer=first.layer,
                url=origin,
                sha256=checksum(target),
                size=target.stat().st_size,
                licence=first.licence,
                attribution=first.attribution,
                licence_url=first.licence_url,
                terms=first.terms,
                note=f"{rows:,} rows",
            )
        )
        return rows > 0
