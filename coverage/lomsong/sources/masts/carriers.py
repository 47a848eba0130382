"""Rows of a mast list → carriers: one row a technology, a band or a flag; ids that tell them apart."""

import re

import pandas as pd

from lomsong.contracts import problem_list
from lomsong.errors import TableError
from lomsong.findings import Finding, count_rows, name_rows
from lomsong.sources.fields import set_aside, to_text

LAYER = "masts"
#: What operators, regulators and OpenCelliD call a radio generation.
GENERATIONS = {
    "2g": "2g", "gsm": "2g", "edge": "2g", "gprs": "2g",
    "3g": "3g", "umts": "3g", "wcdma": "3g", "hspa": "3g", "hspa+": "3g", "hsdpa": "3g", "hsupa": "3g", "hspap": "3g",
    "4g": "4g", "lte": "4g", "lte-a": "4g", "lte+": "4g", "lte_ca": "4g",
    "5g": "5g", "nr": "5g", "5g nr": "5g", "nr5g": "5g", "5g_nsa": "5g", "5g_sa": "5g",
}  # fmt: skip
#: What stands between the bands or technologies of one mast.
_PARTED = r"[;,|/&]|\+\s*(?=\w)"
_BAND = re.compile(r"^\s*([A-Za-z][A-Za-z-]*|[2-5][gG])\s*[-_ ]?\s*(\d{3,4})\s*$")


def split_carriers(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    """Give each row its technology; a row that lists bands becomes one row a band."""
    findings: list[Finding] = []
    frame = raw
    if "bands" in raw:
        frame, findings = _split_bands(raw)
    elif "technology" in raw and (listed := _lists_bands(raw["technology"])).any():
        # a cell such as 3G/4G or LTE1800: several carriers, or one with its band
        parted, findings = _split_bands(
            raw[listed].assign(bands=raw.loc[listed, "technology"]).drop(columns="technology")
        )
        frame = pd.concat([raw[~listed], parted]).reset_index(drop=True)
    if "technology" not in frame:
        raise TableError(
            problem_list(
                LAYER,
                [
                    "column 'technology' is missing (radio generation: 2g, 3g, 4g, 5g); map it, or map 'bands' "
                    "(such as 'WCDMA850;LTE700'), under inputs.masts columns"
                ],
            )
        )
    words = to_text(frame["technology"])
    generation = words.str.casefold().map(GENERATIONS)
    odd = generation.isna()
    frame = frame.assign(technology=generation)
    frame, found = set_aside(
        frame, odd, layer=LAYER, word="correct", key="sector_id",
        why=f"technology is none of 2g to 5g (found: {name_rows(words[odd].dropna().unique())})",
    )  # fmt: skip
    return frame, findings + found


def _lists_bands(technology: pd.Series) -> "pd.Series[bool]":
    """Return which cells are no plain technology but name at least one, such as 3G/4G or LTE1800."""
    words = to_text(technology)
    named = {}
    for word in words.dropna().unique():
        pieces = [piece.strip() for piece in re.split(_PARTED, word)]
        stems = [found[1] if (found := _BAND.match(piece)) else piece for piece in pieces]
        named[word] = word.casefold() not in GENERATIONS and any(
            stem.casefold() in GENERATIONS for stem in stems
        )
    return words.map(named).fillna(value=False).astype(bool)


def tell_apart(frame: pd.DataFrame) -> pd.DataFrame:
    """Lengthen sector ids that a list uses again for every mast, or for every carrier of a sector."""
    frame = frame.copy()
    for column in ("site_id", "technology", "frequency_mhz"):
        again = frame["sector_id"].duplicated(keep=False)
        if column in frame and again.any():
            more = to_text(frame[column]).fillna("")
            longer = (
                more + " " + frame["sector_id"] if column == "site_id" else frame["sector_id"] + " " + more
            )
            frame["sector_id"] = frame["sector_id"].where(~again, longer.str.strip())
    return frame


def _split_bands(raw: pd.DataFrame) -> tuple[pd.DataFrame, list[Finding]]:
    tokens = to_text(raw["bands"]).fillna("").str.split(_PARTED, regex=True)
    split = raw.assign(band=tokens, alone=tokens.map(len) == 1).explode("band", ignore_index=True)
    split = split[split["band"].str.strip() != ""]
    parts = split["band"].str.extract(_BAND)
    # a technology alone is a carrier whose band is not known
    alone = split["band"].str.strip().where(split["band"].str.strip().str.casefold().isin(GENERATIONS))
    parts[0] = parts[0].fillna(alone)
    known = parts[0].str.casefold().isin(GENERATIONS)
    split, findings = set_aside(
        split, ~known, layer=LAYER, word="correct", key="sector_id",
        why=f"bands not understood (found: {name_rows(split.loc[~known, 'band'].unique())})",
    )  # fmt: skip
    lost = set(raw["sector_id"]) - set(split["sector_id"])
    if lost:
        findings.append(
            Finding(
                layer=LAYER,
                word="sufficient",
                severity="warning",
                message=f"{count_rows(len(lost), 'mast')} without a usable band left out: {name_rows(sorted(lost))}",
                count=len(lost),
                rows=tuple(sorted(lost)),
            )
        )
    site = split["site_id"] if "site_id" in split else pd.Series(pd.NA, index=split.index)
    frequency = parts.loc[split.index, 1]
    if "frequency_mhz" in split:
        # a column of its own says the band of the only carrier
        frequency = frequency.fillna(split["frequency_mhz"].where(split["alone"]))
    return split.assign(
        technology=parts.loc[split.index, 0],
        frequency_mhz=frequency,
        # the row was the mast: its bands share one site
        site_id=to_text(site).fillna(split["sector_id"]),
        sector_id=split["sector_id"] + " " + split["band"].str.strip(),
    ).drop(columns=["band", "bands", "alone"]), findings
