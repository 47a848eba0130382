"""ANFR's full tables of radio installations (France): a zip of tables that belong together by station, antenna and support."""

import io
import zipfile
import zlib
from pathlib import Path

import pandas as pd

from lomsong.errors import SourceError
from lomsong.findings import Finding, count_rows
from lomsong.sources.fields import to_text
from lomsong.sources.files import LARGEST_TEXT
from lomsong.sources.numerals import to_decimal
from lomsong.text import decode

LAYER = "masts"
#: What is read of each table; SUP_EXPLOITANT names the operators and may be missing.
_TABLES = {
    "SUP_STATION": ("STA_NM_ANFR", "ADM_ID"),
    "SUP_SUPPORT": (
        "SUP_ID", "STA_NM_ANFR", "COR_NB_DG_LAT", "COR_NB_MN_LAT", "COR_NB_SC_LAT", "COR_CD_NS_LAT", "COR_NB_DG_LON",
        "COR_NB_MN_LON", "COR_NB_SC_LON", "COR_CD_EW_LON", "SUP_NM_HAUT",
    ),
    "SUP_ANTENNE": ("STA_NM_ANFR", "AER_ID", "SUP_ID", "AER_NB_AZIMUT", "AER_NB_ALT_BAS"),
    "SUP_EMETTEUR": ("EMR_ID", "EMR_LB_SYSTEME", "STA_NM_ANFR", "AER_ID", "EMR_DT_SERVICE"),
}  # fmt: skip
_OPERATORS = "SUP_EXPLOITANT"
#: The public networks of metropolitan France by ANFR's number, where the table of operators is not in the archive.
_FRENCH = {"6": "Bouygues Telecom", "23": "Orange", "137": "SFR", "240": "Free Mobile"}
#: Systems of public mobile networks; GSM R is the railways'.
_MOBILE = r"(?i)^(?:GSM(?!\s*-?\s*R\b)|UMTS|LTE|5G)"


def is_anfr(path: Path) -> bool:
    """Return whether a file is an archive of these tables."""
    try:
        with zipfile.ZipFile(path) as archive:
            return {"SUP_SUPPORT", "SUP_EMETTEUR"} <= set(_members(archive))
    except (OSError, zipfile.BadZipFile, ValueError):
        return False


def read_anfr(path: Path, *, encoding: str | None) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Read the tables and join them: one row an emitter of a public mobile network that is on the air.

    Parameters
    ----------
    path : Path
        The archive; names of tables and columns are ANFR's.
    encoding : str or None
        Of the texts, where it is not to be detected.

    Returns
    -------
    frame : DataFrame
        ANFR's columns of emitter, antenna, support and station.
    findings : list of Finding
        What is no mobile network or not on the air yet.

    Raises
    ------
    SourceError
        A table or column is missing, or the archive is broken or too large.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive)
            lacking = [name for name in _TABLES if name not in members]
            if lacking:
                raise SourceError(f"{LAYER}: {path.name} lacks the tables {', '.join(lacking)}")
            tables = {
                name: _read(archive, members[name], columns, path.name, encoding)
                for name, columns in _TABLES.items()
            }
            names = dict(_FRENCH)
            if _OPERATORS in members:
                known = _read(archive, members[_OPERATORS], ("ADM_ID", "ADM_LB_NOM"), path.name, encoding)
                names = dict(zip(known["ADM_ID"], known["ADM_LB_NOM"], strict=True)) | names
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise SourceError(f"{LAYER}: {path.name} cannot be unpacked: {error}") from None
    emitters = tables["SUP_EMETTEUR"]
    mobile = emitters["EMR_LB_SYSTEME"].str.contains(_MOBILE, regex=True)
    live = mobile & (emitters["EMR_DT_SERVICE"] != "")
    findings = _left_out(int((~mobile).sum()), int((mobile & ~live).sum()), path.name)
    frame = emitters[live]
    for name, keys in (
        ("SUP_ANTENNE", ["STA_NM_ANFR", "AER_ID"]),
        ("SUP_SUPPORT", ["STA_NM_ANFR", "SUP_ID"]),
        ("SUP_STATION", ["STA_NM_ANFR"]),
    ):
        frame = frame.merge(tables[name].drop_duplicates(keys), on=keys, how="left")
    operator = frame["ADM_ID"].map(names).fillna(frame["ADM_ID"])
    # a column called SUP_ID would be taken for the identity of a telephone
    return frame.assign(operator=operator).rename(columns={"SUP_ID": "SUPPORT"}).reset_index(
        drop=True
    ), findings


def recognise(columns: frozenset[str]) -> bool:
    """Return whether the column names (lower case) are those of the joined tables."""
    return {"emr_lb_systeme", "cor_nb_dg_lat"} <= columns


def shape(raw: pd.DataFrame) -> pd.DataFrame:
    """Return emitters with the place and height of their antenna; the site is the support, which operators share."""
    system = to_text(raw["EMR_LB_SYSTEME"]).str.replace(r"(?i)^5G\s+NR", "NR", regex=True)
    frame = pd.DataFrame(
        {
            "sector_id": to_text(raw["EMR_ID"]),
            "site_id": to_text(raw["SUPPORT"]).fillna(to_text(raw["STA_NM_ANFR"])),
            "operator": raw["operator"],
            "bands": system,
            "azimuth_deg": to_text(raw["AER_NB_AZIMUT"]),
            "antenna_height_m": to_text(raw["AER_NB_ALT_BAS"]),
            "structure_height_m": to_text(raw["SUP_NM_HAUT"]),
            "on_air": pd.to_datetime(raw["EMR_DT_SERVICE"], format="%d/%m/%Y", errors="coerce").dt.strftime(
                "%Y-%m-%d"
            ),
        },
        index=raw.index,
    )
    frame["latitude_deg"] = _degrees(raw, "LAT", "COR_CD_NS_LAT", "S")
    frame["longitude_deg"] = _degrees(raw, "LON", "COR_CD_EW_LON", "WO")
    return frame


def _degrees(raw: pd.DataFrame, axis: str, side: str, negative: str) -> pd.Series:
    whole, minutes, seconds = (
        pd.to_numeric(to_decimal(raw[f"COR_NB_{part}_{axis}"]), errors="coerce")
        for part in ("DG", "MN", "SC")
    )
    size = whole + minutes.fillna(0) / 60 + seconds.fillna(0) / 3600
    return size.mask(to_text(raw[side]).str.upper().isin(list(negative)).fillna(value=False), -size)


def _members(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the files of an archive by the name of their table."""
    return {Path(name).stem.upper(): name for name in archive.namelist() if not name.endswith("/")}


def _read(
    archive: zipfile.ZipFile, member: str, columns: tuple[str, ...], name: str, encoding: str | None
) -> pd.DataFrame:
    with archive.open(member) as stream:
        content = stream.read(LARGEST_TEXT + 1)
    if len(content) > LARGEST_TEXT:
        raise SourceError(
            f"{LAYER}: {member} in {name} holds more than {LARGEST_TEXT // 2**20} MiB; cut the area out first"
        )
    text = decode(content, declared=encoding, name=f"{LAYER}: {name}/{member}").text
    header = [cell.strip().strip('"').upper() for cell in text.split("\n", 1)[0].split(";")]
    lacking = [column for column in columns if column not in header]
    if lacking:
        raise SourceError(f"{LAYER}: {member} in {name} lacks {', '.join(lacking)}")
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=";",
            dtype=str,
            keep_default_na=False,
            header=0,
            names=header,
            usecols=list(columns),
        )
    except (pd.errors.ParserError, ValueError) as error:
        raise SourceError(
            f"{LAYER}: {member} in {name} is not a readable table: {' '.join(str(error).split())}"
        ) from None
    return frame.assign(**{name: frame[name].str.strip() for name in frame.columns})


def _left_out(foreign: int, planned: int, name: str) -> list[Finding]:
    parts = (
        (foreign, "is of no public mobile network"),
        (planned, "has no date of service, so is not on the air"),
    )
    return [
        Finding(layer=LAYER, word="correct", severity="note", count=count, action="dropped",
                message=f"{count_rows(count, 'emitter')} of {name} left out: each {why}")
        for count, why in parts if count
    ]  # fmt: skip
