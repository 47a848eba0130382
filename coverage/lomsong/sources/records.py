"""The files of a run: what each is for, its checksum, and whom to name for it."""

from dataclasses import dataclass
from pathlib import Path

from lomsong.errors import SourceError
from lomsong.findings import Finding
from lomsong.settings import InputSettings, LayerSource, RasterSource
from lomsong.sources.files import checksum, require_file
from lomsong.sources.licences import WELL_KNOWN, flag_terms
from lomsong.sources.surroundings import TAGS


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One input file: what it is for, its checksum, and whom to name for it."""

    layer: str
    path: str
    sha256: str
    attribution: str
    licence: str


def list_records(wanted: InputSettings, layouts: dict[Path, str]) -> tuple[list[SourceRecord], list[Finding]]:
    """Return what each file is and whom to name for it; well-known layouts bring their own terms."""
    records, findings = [], []
    for layer, source, path in _named_files(wanted):
        if not path.is_dir():
            require_file(path, layer=layer)  # some are only read much later
        attribution, licence = source.attribution, source.licence
        credit = WELL_KNOWN.get(layouts.get(path, ""))
        if credit is not None and not (attribution and licence):
            message = f"{path.name} is named as {credit.attribution} ({credit.licence}), as its layout says"
            if not licence:
                findings.append(
                    Finding(
                        layer="licence",
                        word="sufficient",
                        severity="assumption",
                        message=message,
                        source=credit.source,
                    )
                )
            attribution, licence = attribution or credit.attribution, licence or credit.licence
        records.append(
            SourceRecord(
                layer=layer,
                path=path.name,
                sha256=checksum(path),
                attribution=attribution,
                licence=licence,
            )
        )
    return records, findings + flag_terms((record.path, record.licence) for record in records)


#: Size and time of change of each file that was there, by layer.
Stamps = dict[tuple[str, Path], tuple[int, int] | None]


def stamp_files(wanted: InputSettings) -> Stamps:
    """Note the size and the time of change of every input, for `refuse_changed` later."""
    stamps: Stamps = {}
    for layer, _, path in _named_files(wanted):
        try:
            files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
        except OSError:
            files = [path]
        stamps |= {(layer, each): _stamp(each) for each in files}
    return stamps


def input_paths(wanted: InputSettings) -> list[Path]:
    """Return every file that the settings name, those in folders too."""
    return [path for _, path in stamp_files(wanted)]


def refuse_changed(before: Stamps, wanted: InputSettings) -> None:
    """
    Refuse results whose inputs were not the same from beginning to end.

    Raises
    ------
    SourceError
        A file has changed, come or gone since `before`; all of them are named.
    """
    now = stamp_files(wanted)
    odd = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    if odd:
        names = ", ".join(f"{path.name} ({layer})" for layer, path in odd[:5])
        raise SourceError(
            f"inputs: {names} changed while the run was at work, so its parts would not fit together; nothing was written. "
            "Run again once the files are at rest"
        )


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _named_files(wanted: InputSettings) -> list[tuple[str, LayerSource | RasterSource, Path]]:
    """List the files and folders that the settings name."""
    layers: list[tuple[str, LayerSource | RasterSource | None]] = [
        ("villages", wanted.villages),
        ("communes", wanted.communes),
        ("code_mapping", wanted.code_mapping),
        *(("masts", source) for source in wanted.masts),
        ("country", wanted.country),
        *(("speed_tests", source) for source in wanted.speed_tests),
        *(("signal_samples", source) for source in wanted.signal_samples),
        *(("no_service_reports", source) for source in wanted.no_service_reports),
        *(("field_checks", source) for source in wanted.field_checks),
        ("overrides", wanted.overrides),
        *(("fixed_availability", source) for source in wanted.fixed_availability),
        ("terrain", wanted.terrain),
        ("land_cover", wanted.land_cover),
        ("population", wanted.population),
        *((layer, getattr(wanted, layer)) for layer in TAGS),
        ("population_totals", wanted.population_totals),
        ("buildings", wanted.buildings),
        ("community_centres", wanted.community_centres),
        ("truth", wanted.truth),
    ]
    named = [(layer, source) for layer, source in layers if source is not None]
    return [
        (layer, source, Path(path))
        for layer, source in named
        for path in (source.paths if isinstance(source, RasterSource) else (source.path,))
    ]
