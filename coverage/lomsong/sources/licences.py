"""Licences of well-known sources, for users who name none, and what their terms ask of a user."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lomsong.findings import Finding, name_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """
    Whom to name, under which terms, and where that was read.

    Attributes
    ----------
    attribution, licence : str
        As they stand on maps and in reports.
    source : str
        Where the terms come from.
    """

    attribution: str
    licence: str
    source: str


#: By the name of the layout.
WELL_KNOWN: dict[str, Credit] = {
    "opencellid": Credit(
        attribution="OpenCelliD", licence="CC BY-SA 4.0", source="opencellid.org, terms of the database"
    ),
    "osm": Credit(
        attribution="© OpenStreetMap contributors", licence="ODbL 1.0", source="openstreetmap.org/copyright"
    ),
    "accc": Credit(
        attribution="Australian Competition and Consumer Commission, mobile infrastructure report",
        licence="CC BY",
        source="data.gov.au, record of the release",
    ),
    "arcep": Credit(
        attribution="ARCEP, sites mobiles",
        licence="Licence Ouverte",
        source="data.gouv.fr, record of the set",
    ),
    "anfr": Credit(
        attribution="ANFR, installations radioélectriques de plus de 5 watts",
        licence="Licence Ouverte",
        source="data.gouv.fr, record of the set",
    ),
    "bakom": Credit(
        attribution="Bundesamt für Kommunikation (BAKOM), Standorte der Mobilfunkanlagen",
        licence="opendata.swiss: open use, the source must be named",
        source="opendata.swiss, terms of use of the layer",
    ),
    "hifld": Credit(
        attribution="HIFLD cellular towers, Federal Communications Commission",
        licence="public domain (United States government work)",
        source="HIFLD open data, record of the set",
    ),
    "ookla": Credit(
        attribution="Speedtest by Ookla Global Performance Maps",
        licence="CC BY-NC-SA 4.0",
        source="Ookla open data, licence of the repository",
    ),
    "mlab": Credit(
        attribution="Measurement Lab, NDT", licence="CC0 1.0", source="measurementlab.net, data policy"
    ),
}
_NON_COMMERCIAL = re.compile(r"(?<![a-z])nc(?![a-z])|non[- ]?commercial", re.IGNORECASE)
_SHARE_ALIKE = re.compile(
    r"(?<![a-z])sa(?![a-z])|share[- ]?alike|odbl|open database licen[cs]e", re.IGNORECASE
)


def flag_terms(licences: Iterable[tuple[str, str]]) -> list[Finding]:
    """
    Warn of terms that bind what is made of the data.

    Parameters
    ----------
    licences : iterable of (str, str)
        File name and licence of each source.

    Examples
    --------
    >>> [finding.message for finding in flag_terms([("a.csv", "CC BY 4.0"), ("b.csv", "ODbL 1.0")])]
    ['share-alike terms: what is derived from b.csv (ODbL 1.0) must carry the same licence']
    """
    every = list(dict.fromkeys(licences))
    findings = []
    for pattern, text in (
        (_NON_COMMERCIAL, "non-commercial terms: results that rest on {} may not be used commercially"),
        (_SHARE_ALIKE, "share-alike terms: what is derived from {} must carry the same licence"),
    ):
        bound = [f"{name} ({licence})" for name, licence in every if pattern.search(licence)]
        if bound:
            findings.append(
                Finding(
                    layer="licence",
                    word="clean",
                    severity="warning",
                    message=text.format(name_rows(bound)),
                    count=len(bound),
                    rows=tuple(bound),
                )
            )
    return findings
