"""The files of a run: what each is for, its checksum, and whom to name for it."""

from dataclasses import dataclass
from pathlib import Path

from lomsong.findings import Finding
from lomsong.settings import InputSettings, LayerSource, RasterSource
from lomsong.sources.files import checksum
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
    records, findings = [], []
    for layer, source in layers:
        if source is None:
            continue
        attribution, licence = source.attribution, source.licence
        credit = WELL_KNOWN.get(layouts.get(Path(source.path), ""))
        if credit is not None and not (attribution and licence):
            message = f"{Path(source.path).name} is named as {credit.attribution} ({credit.licence}), as its layout says"
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
                path=Path(source.path).name,
                sha256=checksum(Path(source.path)),
                attribution=attribution,
                licence=licence,
            )
        )
    return records, findings + flag_terms((record.path, record.licence) for record in records)
