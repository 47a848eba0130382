"""What an area needs: every file with its address, its terms and its size, before anything large is fetched."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import shapely

from lomsong.contracts import problem_list
from lomsong.errors import LomsongError, OutputError, SettingsError, SourceError
from lomsong.sources.remote.areas import (
    Area,
    Country,
    country_values,
    find_country,
    parse_area,
    tile_values,
    tiles,
    widen,
)
from lomsong.sources.remote.catalogue import Catalogue, Layer, fill, parse_quarter
from lomsong.sources.remote.download import ask_size
from lomsong.sources.remote.indexes import Indexes
from lomsong.sources.remote.items import Item, Plan, terms_of
from lomsong.sources.remote.listings import checked_address, codes_in, countries_of, text_of
from lomsong.sources.remote.manifest import Manifest
from lomsong.sources.remote.partial import partial_bytes
from lomsong.sources.remote.web import Web, token_host

#: Requests under way at once: small, out of politeness.
WORKERS = 3
#: Sizes of more files are not asked for one by one but taken from the catalogue's hint.
MOST_PROBES = 200


@dataclass(slots=True)
class Planner:
    """
    Finds the files of an area.

    Attributes
    ----------
    web, catalogue, folder, manifest
        How to ask, what there is, where it goes, and what lies there.
    indexes : Indexes
        What servers say there is.
    quarter : str or None
        Of the layers that come by quarter.
    margin_m : float
        How far around the area terrain and masts are needed. [m]
    """

    web: Web
    catalogue: Catalogue
    folder: Path
    manifest: Manifest
    indexes: Indexes
    quarter: str | None
    margin_m: float
    notes: list[str] = field(default_factory=list)

    def plan(self, area_text: str, *, country: str | None, layers: Sequence[str] | None) -> Plan:
        """
        Find every file, and ask for its size.

        Raises
        ------
        LomsongError
            The area, a layer or the quarter cannot be, or a server that says what files there are does not answer.
        """
        names = self._choose(layers)
        area = self._area(area_text, country, names)
        wide = widen(area.shape, self.margin_m)
        items: list[Item] = []
        for name in names:
            items += self._items(name, area, wide, explicit=layers is not None)
        self._refuse_strangers(items)
        return Plan(
            area,
            self.folder,
            self.catalogue,
            names,
            self.margin_m,
            tuple(self._sizes(items)),
            tuple(self.notes),
        )

    def _choose(self, layers: Sequence[str] | None) -> tuple[str, ...]:
        if layers is None:
            return self.catalogue.default_layers()
        wrong = [name for name in layers if name not in self.catalogue.layers]
        if wrong or not layers:
            raise SettingsError(
                f"there is no layer '{', '.join(wrong)}'; there are {', '.join(self.catalogue.layers)}"
            )
        return tuple(dict.fromkeys(layers))

    def _area(self, text: str, country: str | None, names: Sequence[str]) -> Area:
        stated = None if country is None else find_country(country)
        found = parse_area(text, country=stated)
        if isinstance(found, Country):
            if stated is not None and stated != found:
                raise SettingsError(
                    f"the area is {found.iso3} and --country says {stated.iso3}; leave one out"
                )
            return Area(found.iso3, self.indexes.outline(found), found, whole_country=True)
        methods = {self.catalogue.layers[name].method for name in names}
        if found.country is None and methods & {"country", "geoboundaries", "geofabrik", "mcc"}:
            return replace(found, country=self.indexes.country_of(found.shape))
        return found

    def _items(self, name: str, area: Area, wide: shapely.Geometry, *, explicit: bool) -> list[Item]:
        layer = self.catalogue.layers[name]
        match layer.method:
            case "tiles":
                size = layer.tile_deg or 1
                return [
                    self._item(name, layer.url(**tile_values(left, low)), folder=name, may_miss=True)
                    for left, low in tiles(wide if layer.wide else area.shape, size)
                ]
            case "country":
                return [self._item(name, layer.url(**country_values(self._known(area))), folder=name)]
            case "quarter":
                return [self._by_quarter(name, layer)]
            case "mcc":
                return self._cells(name, layer, self._known(area), explicit=explicit)
            case "geoboundaries":
                return self._boundaries(name, self._known(area))
            case "geofabrik":
                return [self._extract(name, self._known(area))]
            case "overpass":
                return self._overpass(name, layer, wide if layer.wide else area.shape, explicit=explicit)

    def _item(self, name: str, url: str, *, folder: str, file: str | None = None, **more: Any) -> Item:
        layer = self.catalogue.layers[name]
        file = file or urlsplit(url).path.rsplit("/", 1)[-1]
        texts = {"licence": layer.licence, "attribution": layer.attribution, "terms": layer.terms, **more}
        return Item(
            layer=name,
            path=f"{folder}/{file}",
            url=url,
            format=layer.format,
            licence_url=layer.licence_url,
            hint=int(layer.size_hint_mb * 1e6),
            **texts,
        )

    @staticmethod
    def _known(area: Area) -> Country:
        if area.country is None:
            raise SourceError("the country of the area is not known; say it with --country")
        return area.country

    def _by_quarter(self, name: str, layer: Layer) -> Item:
        try:
            year, quarter = parse_quarter(self.quarter or layer.quarter or "")
            first = parse_quarter(layer.first_quarter or "1900Q1")
        except ValueError as error:
            raise SettingsError(str(error)) from None
        if (year, quarter) < first:
            raise SettingsError(f"{name} begins with {layer.first_quarter}; choose a later --quarter")
        values = {"year": str(year), "quarter": str(quarter), "month": f"{3 * quarter - 2:02d}"}
        named = f"{layer.attribution}, {year} Q{quarter}"
        return self._item(name, layer.url(**values), folder=name, attribution=named)

    def _cells(self, name: str, layer: Layer, country: Country, *, explicit: bool) -> list[Item]:
        if token_host(layer.base_url) not in self.web.tokens:
            advice = (
                f"{name} needs your own free token from {layer.base_url} in the environment variable "
                f"{layer.token_variable}"
            )
            if explicit:
                raise SettingsError(advice)
            self.notes.append(f"{advice}: left out")
            return []
        self.notes.append(
            f"{name}: your {layer.token_variable} is sent to {token_host(layer.base_url)} and written nowhere"
        )
        if not country.mcc:
            self.notes.append(f"{name}: {country.iso3} has no mobile country code of its own: left out")
        return [
            self._item(name, layer.url(mcc=code), folder=name, file=f"{code}.csv.gz") for code in country.mcc
        ]

    def _boundaries(self, name: str, country: Country) -> list[Item]:
        items = []
        for row in self.indexes.levels(country):
            url, level = row.get("gjDownloadURL"), row["boundaryType"]
            if not isinstance(url, str) or not (
                level.startswith("ADM") and level[3:].isdecimal() and len(level) == 4
            ):
                continue
            licence = text_of(row, "boundaryLicense") or "not stated by geoBoundaries"
            year, source = text_of(row, "boundaryYearRepresented"), text_of(row, "boundarySource")
            items.append(
                self._item(
                    name,
                    checked_address(url),
                    folder=name,
                    file=f"{country.iso3}-{level}.geojson",
                    licence=licence,
                    terms=terms_of(licence),
                    attribution=f"geoBoundaries {country.iso3} {level} ({year}): {source}",
                    note=f"{text_of(row, 'admUnitCount')} units; {text_of(row, 'boundaryCanonical')}".strip(
                        "; "
                    ),
                )
            )
        if not items:
            raise SourceError(f"geoBoundaries has no boundaries of {country.iso3}")
        return sorted(items, key=lambda item: item.path)

    def _extract(self, name: str, country: Country) -> Item:
        layer = self.catalogue.layers[name]
        found = [
            feature["properties"]
            for feature in self.indexes.extracts()
            if country.iso2 in countries_of(feature) and isinstance(feature["properties"].get("urls"), dict)
        ]
        # a country can stand in its own extract and in one with its neighbours
        found.sort(key=lambda row: (len(codes_in(row)), str(row.get("id"))))
        url = found[0]["urls"].get("pbf") if found else None
        if not isinstance(url, str):
            raise SourceError(
                f"Geofabrik has no extract of {country.iso3}; use the osm_ layers for a smaller area"
            )
        beside = f"{checked_address(url)}.md5" if layer.checksum == "md5_beside" else None
        return self._item(name, url, folder=name, file=f"{country.iso3}.osm.pbf", checksum_url=beside)

    def _overpass(self, name: str, layer: Layer, shape: shapely.Geometry, *, explicit: bool) -> list[Item]:
        west, south, east, north = shape.bounds
        size = (east - west) * (north - south)
        if layer.most_deg2 is not None and size > layer.most_deg2:
            advice = (
                f"{name}: {size:.0f} square degrees are too much to ask Overpass for (at most {layer.most_deg2:g}); "
                "take osm_extract, or a smaller area"
            )
            if explicit:
                raise SettingsError(advice)
            self.notes.append(f"{advice}: left out")
            return []
        query = fill(layer.query or "", {"bbox": f"{south:.6f},{west:.6f},{north:.6f},{east:.6f}"})
        geometry = "geom" if name in ("osm_roads", "osm_power") else "center"
        text = f"[out:json][timeout:180];({query});out tags {geometry};".replace(";;", ";")
        url = f"{layer.url()}?data={quote(text, safe='')}"
        return [self._item(name, url, folder=name, file=f"{name}.json")]

    def _refuse_strangers(self, items: Iterable[Item]) -> None:
        strangers = [
            item.path
            for item in items
            if item.path not in self.manifest.records and (self.folder / item.path).exists()
        ]
        if strangers:
            raise OutputError(
                problem_list(
                    f"{self.folder} holds files of the same names that lomsong did not fetch; move them away",
                    strangers[:10],
                )
            )

    def _sizes(self, items: list[Item]) -> list[Item]:
        known = [self._look(item) for item in items]
        ask = [item for item in known if item.wanted and item.format != "overpass"]
        if len(ask) > MOST_PROBES:
            self.notes.append(f"{len(ask)} files: sizes are guessed, not asked for")
            return known
        answers = dict(zip([item.path for item in ask], run_all(self.web, self._probe, ask), strict=True))
        return [answers.get(item.path, item) for item in known]

    def _look(self, item: Item) -> Item:
        if self.manifest.holds(item.path, url=item.url):
            size = self.manifest.records[item.path].size
            return replace(item, state="there", size=size, have=size)
        have = partial_bytes(self.folder / item.path)
        return replace(item, state="begun", have=have) if have else item

    def _probe(self, item: Item) -> Item:
        try:
            return replace(item, size=ask_size(self.web, item.url))
        except LomsongError as error:
            if item.may_miss and getattr(error, "status", 0) == 404:
                return replace(item, state="missing")
            return replace(item, state="failed", problem=str(error))


def run_all(web: Web, task: Callable[[Item], Item], items: Sequence[Item]) -> list[Item]:
    """
    Do a task for every item, a few at a time; an interruption stops them all and is passed on.

    Returns
    -------
    list of Item
        In the order of the items.
    """
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="fetch") as pool:
        waiting = [pool.submit(task, item) for item in items]
        try:
            return [each.result() for each in waiting]
        except BaseException:
            web.stop.set()
            pool.shutdown(cancel_futures=True)
            raise
