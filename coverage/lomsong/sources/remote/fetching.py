"""Carry a plan out: fetch, check, cut to the area, and write the settings that use it."""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from lomsong.errors import OutputError, SettingsError, SourceError
from lomsong.progress import SILENT, Progress, task
from lomsong.settings import RadioSettings
from lomsong.sources.files import checksum
from lomsong.sources.remote.area_file import AREA_FILE, missing_inputs, write_settings_text
from lomsong.sources.remote.catalogue import Catalogue, load_catalogue
from lomsong.sources.remote.download import download
from lomsong.sources.remote.indexes import Indexes
from lomsong.sources.remote.items import Item, Plan
from lomsong.sources.remote.manifest import Manifest, Record, read_manifest, replace_text
from lomsong.sources.remote.partial import place
from lomsong.sources.remote.plan import Planner, run_all
from lomsong.sources.remote.run_sources import cut_to_area
from lomsong.sources.remote.web import Web, WebError, token_host

#: Room that must stay free on the disk besides what is fetched. [bytes]
_SPARE = 200 << 20
_TERMS = {
    "non_commercial": "not for commercial use",
    "share_alike": "what is made of it must be shared alike",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a user asks for; see ``lomsong fetch --help``."""

    area: str
    out: Path
    layers: tuple[str, ...] | None = None
    quarter: str | None = None
    country: str | None = None
    catalogue: Path | None = None
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """
    What came of a fetch.

    Attributes
    ----------
    items : tuple of Item
        Every file, each 'there', 'missing' (normal) or 'failed'.
    settings : Path
        The settings file that was written.
    missing : tuple of str
        Inputs that a run needs and that were not fetched.
    notes : tuple of str
        What else to know.
    """

    items: tuple[Item, ...]
    settings: Path
    missing: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def failed(self) -> tuple[Item, ...]:
        """Return the files that could not be had."""
        return tuple(item for item in self.items if item.state == "failed")


def make_web(catalogue: Catalogue, environment: Mapping[str, str]) -> Web:
    """
    Return a way to ask servers that knows the user's tokens from the environment.

    Raises
    ------
    SettingsError
        A token holds blanks or control characters.
    """
    tokens = {}
    for layer in catalogue.layers.values():
        secret = environment.get(layer.token_variable or "", "").strip()
        if not secret:
            continue
        if not (secret.isascii() and secret.isprintable()) or " " in secret:
            raise SettingsError(f"{layer.token_variable} holds characters that no token has; copy it again")
        tokens[token_host(layer.base_url)] = secret
    return Web(tokens=tokens)


@contextmanager
def planned(
    order: Order, *, environment: Mapping[str, str] | None = None, web: Web | None = None
) -> Iterator[tuple[Plan, Web]]:
    """
    Find out what an order needs; the plan can be carried out inside the block.

    Parameters
    ----------
    order : Order
        What is asked for.
    environment : mapping, optional
        Where tokens are; the process's own if not given.
    web : Web, optional
        How to ask, instead of the usual way.

    Yields
    ------
    plan : Plan
        Nothing large is fetched yet; a dry run has written nothing into the folder.
    web : Web
        To carry it out with.

    Raises
    ------
    LomsongError
        What is wrong with the order, or which server does not answer.
    """
    catalogue = load_catalogue(order.catalogue)
    manifest = read_manifest(order.out)
    asking = web or make_web(catalogue, os.environ if environment is None else environment)
    margin = float(RadioSettings().maximum_radius_m)
    with tempfile.TemporaryDirectory(prefix="lomsong-") as scratch, asking:
        folder = Path(scratch) if order.dry_run else order.out
        indexes = Indexes(asking, catalogue, order.out, manifest, folder)
        planner = Planner(asking, catalogue, order.out, manifest, indexes, order.quarter, margin)
        yield planner.plan(order.area, country=order.country, layers=order.layers), asking


def carry_out(plan: Plan, web: Web, *, progress: Progress = SILENT) -> Fetched:
    """
    Fetch everything that is not there yet, cut it to the area, and write the settings file.

    Parameters
    ----------
    plan : Plan
        From `planned`.
    web : Web
        From `planned`.
    progress : Progress
        Told of every byte.

    Returns
    -------
    Fetched
        Some files may have failed; what came is there and can be used.

    Raises
    ------
    OutputError
        The folder cannot be written to, or the disk is too small.
    SourceError
        Nothing could be had at all.
    """
    manifest = read_manifest(plan.folder)
    _require_room(plan)
    items = _fetch(plan, web, manifest, progress)
    if items and all(item.state in ("failed", "missing") for item in items):
        problems = sorted({item.problem for item in items if item.problem}) or [
            "no server has a file of this area"
        ]
        raise SourceError(f"nothing could be fetched: {problems[0]}")
    sources, notes = cut_to_area(plan, items, manifest)
    surfaces = [
        plan.catalogue.layers[item.layer].surface for item in items if _feeds(plan, item) == "terrain"
    ]
    remarks = terms_remarks(items)
    text = write_settings_text(
        plan.area.name, sources, surface=next(iter(surfaces), None), remarks=[*remarks, *notes]
    )
    written, note = _write_settings(text, manifest)
    return Fetched(
        items=tuple(items),
        settings=written,
        missing=missing_inputs(sources),
        notes=(*plan.notes, *notes, *note),
    )


def terms_remarks(items: Sequence[Item]) -> list[str]:
    """Say which layers may not be used for everything, one line a layer."""
    found: dict[tuple[str, str], tuple[str, ...]] = {
        (item.layer, item.licence): item.terms for item in items if item.terms and item.state != "missing"
    }
    return [
        f"{layer}: {licence}: {' and '.join(_TERMS.get(term, term) for term in terms)}"
        for (layer, licence), terms in found.items()
    ]


def _require_room(plan: Plan) -> None:
    folder = plan.folder
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    # a copy cut to the area may be as large as what it is cut from
    need = plan.bytes_to_fetch * 5 // 4 + _SPARE
    if plan.bytes_to_fetch and free < need:
        raise OutputError(
            f"{plan.folder}: about {need / 1e9:.1f} GB are needed and {free / 1e9:.1f} GB are free; choose another --out, "
            "fewer --layers or a smaller area"
        )


def _fetch(plan: Plan, web: Web, manifest: Manifest, progress: Progress) -> list[Item]:
    wanted = [item for item in plan.items if item.wanted]
    total = sum(item.expected for item in wanted)
    lock = threading.Lock()
    with task(progress, "fetching", max(total, 1)):

        def tell(count: int) -> None:
            with lock:
                progress.advance(count)

        done = run_all(web, lambda item: _fetch_one(item, plan.folder, web, manifest, tell), wanted)
    arrived = {item.path: item for item in done}
    return [arrived.get(item.path, item) for item in plan.items]


def _fetch_one(item: Item, folder: Path, web: Web, manifest: Manifest, tell: Callable[[int], None]) -> Item:
    target = folder / item.path
    try:
        arrived = download(web, item.url, target, item.format, checksum_url=item.checksum_url, tell=tell)
    except WebError as error:
        if item.may_miss and error.status == 404:
            return replace(item, state="missing")
        return replace(item, state="failed", problem=str(error))
    manifest.add(
        Record(
            path=item.path,
            layer=item.layer,
            url=item.url,
            sha256=arrived.sha256,
            size=arrived.size,
            licence=item.licence,
            attribution=item.attribution,
            licence_url=item.licence_url,
            terms=item.terms,
            note=item.note,
            published=arrived.published,
            etag=arrived.etag,
            last_modified=arrived.last_modified,
        )
    )
    place(
        target
    )  # after its record: a kill in between costs one look at the server, never a file without licence
    return replace(item, state="there", size=arrived.size, have=arrived.size)


def _feeds(plan: Plan, item: Item) -> str:
    return plan.catalogue.layers[item.layer].feeds


def _write_settings(text: str, manifest: Manifest) -> tuple[Path, list[str]]:
    """Write the settings file, beside the user's own if they changed it."""
    path = manifest.folder / AREA_FILE
    record = manifest.records.get(AREA_FILE)
    untouched = not path.exists() or (record is not None and checksum(path) == record.sha256)
    notes = []
    if not untouched:
        path = path.with_name("area.new.yml")
        notes.append(f"{AREA_FILE} was changed by hand and stays; the new settings are in {path.name}")
    replace_text(path, text)
    if untouched:
        manifest.add(
            Record(
                path=AREA_FILE,
                layer="settings",
                url="made here",
                sha256=checksum(path),
                size=path.stat().st_size,
                licence="",
                attribution="",
            )
        )
    return path, notes
