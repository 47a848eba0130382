"""What servers say there is: small answers, asked for once and kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shapely

from lomsong.errors import SettingsError, SourceError
from lomsong.sources.remote.areas import Country, country_values, find_country
from lomsong.sources.remote.catalogue import Catalogue, Format, Layer
from lomsong.sources.remote.download import download
from lomsong.sources.remote.formats import read_json
from lomsong.sources.remote.listings import checked_address, countries_of, features, outline_of
from lomsong.sources.remote.manifest import Manifest, Record
from lomsong.sources.remote.partial import place
from lomsong.sources.remote.web import Web, WebError

#: An area that fills this share of two countries' extracts lies in either.
_CLEARLY_INSIDE = 0.95


@dataclass(slots=True)
class Indexes:
    """
    The countries' outlines and the lists of their files.

    Attributes
    ----------
    web, catalogue, folder, manifest
        How to ask, what there is, where it goes, and what lies there.
    scratch : Path
        Where the answers go: the folder itself, or another for a dry run.
    """

    web: Web
    catalogue: Catalogue
    folder: Path
    manifest: Manifest
    scratch: Path

    def outline(self, country: Country) -> shapely.Geometry:
        """Return the outline of a country, as geoBoundaries has it."""
        level = next((row for row in self.levels(country) if row["boundaryType"] == "ADM0"), None)
        url = None if level is None else level.get("simplifiedGeometryGeoJSON")
        if not isinstance(url, str):
            raise SourceError(
                f"geoBoundaries has no outline of {country.iso3}; give a box west,south,east,north"
            )
        content = self._index(
            f"index/{country.iso3}-outline.geojson", checked_address(url), "geojson", "boundaries"
        )
        shapes = [found for found in map(outline_of, features(content)) if found is not None]
        if not shapes:
            raise SourceError(
                f"the outline of {country.iso3} holds no polygon; give a box west,south,east,north"
            )
        return shapely.union_all(shapes)

    def levels(self, country: Country) -> list[dict[str, Any]]:
        """Return what geoBoundaries says of each level of a country's boundaries."""
        layer = self._layer_of("geoboundaries")
        url = layer.url(**country_values(country))
        path = f"index/{country.iso3}-levels.json"
        try:
            answer = self._index(path, url, "json", "boundaries")
        except WebError as error:
            if error.status == 404:
                raise SourceError(f"geoBoundaries has no boundaries of {country.iso3} (404)") from None
            raise
        rows = answer if isinstance(answer, list) else [answer]
        return [row for row in rows if isinstance(row, dict) and isinstance(row.get("boundaryType"), str)]

    def extracts(self) -> list[dict[str, Any]]:
        """Return the extracts of OpenStreetMap that Geofabrik has, with their outlines."""
        layer = self._layer_of("geofabrik")
        return features(self._index("index/geofabrik.json", layer.url(), "json", "osm_extract"))

    def country_of(self, area: shapely.Geometry) -> Country:
        """Find the country of a box in the index of extracts, whose outlines reach a little over the borders."""
        shares: dict[str, float] = {}
        for feature in self.extracts():
            outline = outline_of(feature)
            if outline is None or not outline.intersects(area):
                continue
            share = outline.intersection(area).area / area.area
            for code in countries_of(feature):
                shares[code] = max(shares.get(code, 0.0), share)
        inside = sorted(code for code, share in shares.items() if share >= _CLEARLY_INSIDE)
        if len(inside) == 1:
            return find_country(inside[0])
        touched = ", ".join(sorted(shares, key=lambda code: (-shares[code], code))[:6]) or "no country"
        raise SourceError(
            f"the area cannot be told to lie in one country (it touches {touched}); say which with --country, for "
            "example --country VN"
        )

    def _layer_of(self, method: str) -> Layer:
        found = next((layer for layer in self.catalogue.layers.values() if layer.method == method), None)
        if found is None:
            raise SettingsError(f"the catalogue has no layer of method '{method}', which is needed here")
        return found

    def _index(self, path: str, url: str, format_: Format, layer: str) -> Any:
        """Return a small answer, kept so that it is not asked for again."""
        if self.manifest.holds(path, url=url):
            return read_json(self.folder / path)
        target = self.scratch / path
        arrived = download(self.web, url, target, format_)
        licence = self.catalogue.layers.get(layer)
        if self.scratch == self.folder:
            self.manifest.add(
                Record(
                    path=path,
                    layer=layer,
                    url=url,
                    sha256=arrived.sha256,
                    size=arrived.size,
                    licence=licence.licence if licence else "",
                    attribution=licence.attribution if licence else "",
                    licence_url=licence.licence_url if licence else "",
                    terms=licence.terms if licence else (),
                    note="read to know what files there are",
                    etag=arrived.etag,
                    last_modified=arrived.last_modified,
                )
            )
        place(target)
        return read_json(target)
