"""Features from web services, page by page: OGC API - Features and WFS, put together as one GeoJSON or not at all."""

import json
import os
import re
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from lomsong.addresses import TOKEN, service_kind
from lomsong.errors import SourceError
from lomsong.sources.files import LARGEST_TEXT
from lomsong.sources.remote.web import Web, WebError, token_host

#: Features asked for at once; a server may give fewer.
PAGE_ROWS = 1000
#: More pages than this are a mistake of somebody's.
_MOST_PAGES = 10_000
#: How a WFS of version 2 or 1.1 tells a number without features, and how early in its answer. [bytes]
_HITS = re.compile(rb'\snumber(?:Matched|OfFeatures)="(\d{1,18})"')
_HITS_WITHIN = 4096
#: What servers call GeoJSON.
_FORMATS = ("application/json", "geojson", "application/geo+json", "json")
_ANSWERS = {
    400: "the server does not understand the request (400); it may know no GeoJSON, call it otherwise or give fewer features at "
    "once: add to the address what its capabilities name, such as outputFormat=… or limit=100",
    404: "there is no such collection or service (404); check the address",
}
_ACCEPT = {"Accept": "application/geo+json, application/json;q=0.9"}


def read_service(address: str, *, layer: str, web: Web | None = None) -> bytes:
    """
    Read all features behind an address.

    Parameters
    ----------
    address : str
        ``https://…/collections/NAME/items`` or a WFS address with ``service=WFS`` and ``typeNames``; ``{token}`` in it stands
        for the secret in the environment variable `TOKEN`.
    layer : str
        For messages.
    web : Web, optional
        How to ask; a test gives its own.

    Returns
    -------
    bytes
        GeoJSON; the same features give the same bytes, in whatever order and pages they come.

    Raises
    ------
    SourceError
        The server refuses or fails for good, a page is no GeoJSON, or fewer features came than there are.
    """
    tokens = _tokens(address, layer)
    with web or Web(tokens=tokens) as asking:
        pages = _Pages(asking, address, layer)
        if service_kind(address) == "wfs":
            pages.read_wfs()
        else:
            pages.read_items()
    return pages.together()


def _tokens(address: str, layer: str) -> dict[str, str]:
    if "{token}" not in address:
        return {}
    secret = os.environ.get(TOKEN, "")
    if not secret:
        raise SourceError(
            f"{layer}: the address holds {{token}}; put the token into the environment variable {TOKEN}"
        )
    return {token_host(address): secret}


class _NoGeoJsonError(SourceError):
    """A service refuses what it is asked for, or answers with something else."""


class _Pages:
    """The pages of one service as they come."""

    def __init__(self, web: Web, address: str, layer: str) -> None:
        self.web, self.address, self.layer = web, address, layer
        self.features: list[str] = []
        self.keys: list[tuple[str | int, ...]] = []
        self.ids: set[str] = set()
        self.crs: Any = None
        self.bytes = 0

    def read_items(self) -> None:
        """Follow the links of OGC API - Features."""
        at: str | None = _with(self.address, {"limit": str(PAGE_ROWS)})
        seen: set[str] = set()
        expected: int | None = None
        while at is not None:
            if at in seen or len(seen) >= _MOST_PAGES:
                raise self.fault("its pages lead in a circle")
            seen.add(at)
            page = self.ask(at)
            self.take(page)
            expected = _count(page.get("numberMatched"), expected)
            at = self.next_of(page, at)
        self.require(expected)

    def read_wfs(self) -> None:
        """Count through a WFS."""
        usual = {"version": "2.0.0", "request": "GetFeature"}
        page, paged = self.begin({**usual, "count": str(PAGE_ROWS)})
        came = self.take(page)
        # a short page is no sign of the end: servers have limits of their own
        expected = _count(page.get("numberMatched", page.get("totalFeatures")), None)
        if expected is None:
            expected = self.count_hits(_with(self.address, {**usual, "resultType": "hits"}))
        for _ in range(_MOST_PAGES):
            begin = len(self.features)
            if not came or (expected is not None and begin >= expected):
                break
            came = self.take(self.ask(_with(self.address, {**paged, "startIndex": str(begin)})))
            if came and self.features[begin] == self.features[0]:
                raise self.fault(
                    "it gives the same page again and again: it cannot count through its features"
                )
        self.require(expected)

    def begin(self, paged: dict[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
        """Return the first page, and how the others are asked for, whatever a WFS calls GeoJSON."""
        named = any(name.casefold() == "outputformat" for name, _ in parse_qsl(urlsplit(self.address).query))
        refused: list[_NoGeoJsonError] = []
        for name in _FORMATS[: 1 if named else None]:
            asked = {**paged, "outputFormat": name}
            try:
                return self.ask(_with(self.address, {**asked, "startIndex": "0"})), asked
            except _NoGeoJsonError as error:
                refused.append(error)
        raise refused[0]

    def count_hits(self, url: str) -> int | None:
        """Return how many features a WFS says that it has, if it does."""
        try:
            found = _HITS.search(self.fetch(url)[:_HITS_WITHIN])
        except SourceError:
            return None
        return None if found is None else int(found[1])

    def ask(self, url: str) -> dict[str, Any]:
        """Return one page."""
        content = self.fetch(url)
        self.bytes += len(content)
        try:
            page = json.loads(content)
        except (ValueError, RecursionError):
            page = None
        if not isinstance(page, dict) or not isinstance(page.get("features"), list):
            said = " ".join(content[:200].decode("utf-8", "replace").split())
            raise _NoGeoJsonError(
                str(self.fault(f"it did not answer with GeoJSON but with: {self.web.hide(said)}"))
            )
        return page

    def fetch(self, url: str) -> bytearray:
        """Return one answer; passing faults are tried again."""
        content = bytearray()

        def task() -> bool:
            content.clear()
            with self.web.open(url, headers=_ACCEPT) as response:
                try:
                    for block in response.iter_content(1 << 16):
                        content.extend(block)
                        if self.bytes + len(content) > LARGEST_TEXT:
                            raise self.fault(
                                f"it holds more than {LARGEST_TEXT // 2**20} MiB; narrow it with bbox="
                            )
                except OSError as error:
                    raise self.web.fault(error, self.address) from None
            return True

        try:
            self.web.patiently(task, what=self.address)
        except WebError as error:
            if error.status in _ANSWERS:
                kind = _NoGeoJsonError if error.status == 400 else SourceError
                raise kind(str(self.fault(_ANSWERS[error.status]))) from None
            said = self.web.hide(str(error)).replace(self.web.hide(url), self.address)
            raise SourceError(f"{self.layer}: {said}") from None
        return content

    def take(self, page: dict[str, Any]) -> int:
        """Keep the features of a page; return how many."""
        if page.get("crs") is not None:
            if self.features and page["crs"] != self.crs:
                raise self.fault("its pages have several coordinate systems")
            self.crs = page["crs"]
        for each in page["features"]:
            name = each.get("id") if isinstance(each, dict) else None
            if name is not None:
                if str(name) in self.ids:
                    raise self.fault(
                        f"it gives the feature {str(name)[:80]!r} twice: its pages overlap or lead in a circle; try again later"
                    )
                self.ids.add(str(name))
            self.keys.append(() if name is None else _in_order(str(name)))
            self.features.append(json.dumps(each, sort_keys=True, ensure_ascii=False))
        return len(page["features"])

    def next_of(self, page: dict[str, Any], at: str) -> str | None:
        links = page.get("links")
        for link in links if isinstance(links, list) else []:
            if isinstance(link, dict) and link.get("rel") == "next" and isinstance(link.get("href"), str):
                found = urljoin(at, link["href"])
                here, there = urlsplit(at), urlsplit(found)
                if here.hostname != there.hostname:
                    raise self.fault(f"its next page would be on {there.hostname}; not followed")
                # servers behind a proxy do not know by which way they were asked
                return str(there._replace(scheme=here.scheme, netloc=here.netloc).geturl())
        return None

    def require(self, expected: int | None) -> None:
        """Refuse what is not whole."""
        if expected is not None and len(self.features) < expected:
            raise self.fault(f"it has {expected:,} features but gave {len(self.features):,}; try again later")
        if not self.features:
            raise self.fault("it has no features")

    def fault(self, what: str) -> SourceError:
        return SourceError(f"{self.layer}: {self.address}: {what}")

    def together(self) -> bytes:
        """Return one collection."""
        head = {"type": "FeatureCollection"} | ({} if self.crs is None else {"crs": self.crs})
        start = json.dumps(head, ensure_ascii=False)[:-1]
        rows = ",\n".join(text for _, text in sorted(zip(self.keys, self.features, strict=True)))
        # half of a pair of code units, which JSON can spell, is no text
        return f'{start}, "features": [\n{rows}\n]}}\n'.encode("utf-8", "replace")


def _in_order(name: str) -> tuple[str | int, ...]:
    """Return what puts thon.9 before thon.10, as the server's own table has them."""
    return tuple(int(part) if part.isdecimal() else part for part in re.split(r"(\d{1,18})", name))


def _with(address: str, usual: dict[str, str]) -> str:
    """Return an address with choices that it does not make itself."""
    parts = urlsplit(address)
    given = parse_qsl(parts.query, keep_blank_values=True)
    names = {name.casefold() for name, _ in given}
    query = given + [(name, value) for name, value in usual.items() if name.casefold() not in names]
    return parts._replace(query=urlencode(query, safe="{}:,/*'()")).geturl()


def _count(said: Any, before: int | None) -> int | None:
    return said if isinstance(said, int) and not isinstance(said, bool) and said >= 0 else before
