"""Columns known by their headings: Vietnamese and English names, with or without accents, units in brackets."""

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from lomsong.text import fold

#: Our name of each column of a measurement, and what files call it: folded, letters and digits only, without unit.
ALIASES: dict[str, tuple[str, ...]] = {
    "longitude_deg": ("longitude", "long", "lon", "lng", "kinhdo", "gpslongitude", "gpslong", "gpslon", "toadokinhdo"),
    "latitude_deg": ("latitude", "lat", "vido", "gpslatitude", "gpslat", "toadovido"),
    "time": (
        "time", "timestamp", "datetime", "date", "testtime", "testdate", "createdat", "measuredat", "measurementtime",
        "thoigian", "thoigiando", "thoidiem", "ngay", "ngaydo", "ngaygio", "ngaykiemtra", "checkdate", "visitdate", "day",
    ),
    "operator": (
        "operatorname", "operator", "carriername", "carrier", "provider", "isp", "ispname", "networkoperator", "mno",
        "nhamang", "tennhamang", "mang", "nhacungcap", "doanhnghiep", "networkname", "asname",
    ),
    "technology": (
        "technology", "networkmode", "networktype", "networktech", "nettype", "accesstechnology", "tech", "rat", "radio", "connectiontype", "accesstype",
        "congnghe", "loaimang", "loaiketnoi", "connection", "mobilenetworktype",
    ),
    "frequency_mhz": ("frequency", "freq", "carrierfrequency", "tanso"),
    "download_mbps": (
        "download", "downloadspeed", "downspeed", "dl", "dlspeed", "dlthroughput", "downloadthroughput", "tocdotaixuong",
        "tocdotaive", "taixuong", "taive", "tocdodownload", "downlink",
    ),
    "upload_mbps": (
        "upload", "uploadspeed", "upspeed", "ul", "ulspeed", "ulthroughput", "uploadthroughput", "tocdotailen", "tailen",
        "tocdoupload", "uplink",
    ),
    "latency_ms": ("latency", "ping", "rtt", "minrtt", "avgping", "dotre", "tre"),
    "level_dbm": (
        "level", "leveldbm", "signal", "signalstrength", "signallevel", "dbm", "cuongdo", "cuongdotinhieu", "mucthu", "muctinhieu",
    ),
    "tests": ("tests", "testcount", "numberoftests", "solando", "somau"),
    "devices": ("devices", "devicecount", "numberofdevices", "sothietbi"),
    "village_id": ("villageid", "villagecode", "mathon", "maban", "malang", "mathonban", "vilcode"),
    "has_signal": ("hassignal", "signalpresent", "cosong", "cotinhieu", "covered", "coverage", "result", "ketqua", "tinhtrangsong"),
}  # fmt: skip
#: Units that a heading may end with: what one is in ours.
_UNITS = {"kbps": 1e-3, "kbits": 1e-3, "kbit": 1e-3, "mbps": 1.0, "mbits": 1.0, "mbit": 1.0, "bps": 1e-6, "gbps": 1e3,
          "ms": 1.0, "msec": 1.0, "sec": 1e3, "dbm": 1.0, "mhz": 1.0, "ghz": 1e3, "deg": 1.0, "degrees": 1.0, "độ": 1.0}  # fmt: skip
_IN_BRACKETS = re.compile(r"[\(\[]([^)\]]{0,20})[\)\]]")


def name_columns(frame: pd.DataFrame, wanted: Iterable[str], *, taken: Mapping[str, str]) -> pd.DataFrame:
    """
    Return a copy with the columns that are known by their headings under our names, in our units.

    Parameters
    ----------
    frame : DataFrame
        As read, after the settings' column map.
    wanted : iterable of str
        Our names to look for; one that is there already stays.
    taken : mapping
        The settings' column map: its columns are not looked at again.

    Returns
    -------
    DataFrame
        A speed whose heading says kbit/s is divided by a thousand, and so on.
    """
    known: dict[str, tuple[str, float]] = {}
    used = set(taken.values())
    for heading in map(str, frame.columns):
        if heading not in used:
            known.setdefault(*_split_unit(heading, heading))
    found = frame.copy(deep=False)
    for ours in wanted:
        if ours in found:
            continue
        hits = [known[alias] for alias in ALIASES[ours] if alias in known]
        if ours == "time" and len(hits) > 1:
            # the hour may stand apart from the date, which is what counts
            hits = [hit for hit in hits if not _is_hour(frame[hit[0]])] or hits
        if not hits:
            continue
        heading, factor = hits[0]
        column = frame[heading]
        if factor != 1.0:
            column = pd.to_numeric(column.astype("string").str.replace(",", "."), errors="coerce") * factor
        found[ours] = column
    return found


def _is_hour(column: pd.Series) -> bool:
    """Tell whether a column holds times of day without a date."""
    text = column.astype("string").str.strip()
    text = text[text.fillna("") != ""]
    return bool(len(text)) and bool(
        text.str.fullmatch(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s?[AaPp][Mm])?").all()
    )


def number_repeats(titles: Iterable[str]) -> list[str]:
    """
    Number the headings that appear again, as pandas does for text tables.

    Examples
    --------
    >>> number_repeats(["a", "b", "a", "a"])
    ['a', 'b', 'a.1', 'a.2']
    """
    names: dict[str, None] = {}
    for title in titles:
        name, count = title, 0
        while name in names:
            count += 1
            name = f"{title}.{count}"
        names[name] = None
    return list(names)


def bare_heading(heading: str) -> str:
    """
    Return a heading folded, letters and digits only, without its unit.

    Examples
    --------
    >>> bare_heading("SS-RSRP (dBm)")
    'ssrsrp'
    """
    return _split_unit(heading, heading)[0]


def _split_unit(heading: str, original: str) -> tuple[str, tuple[str, float]]:
    """Return the bare heading, and its original with what one of its units is in ours."""
    factor = 1.0
    if found := _IN_BRACKETS.search(heading):
        factor = _UNITS.get(re.sub(r"[^a-z]", "", fold(found[1])), 1.0)
        heading = _IN_BRACKETS.sub("", heading)
    # a capital parts words, but not within a unit
    heading = re.sub("dBm|dB", lambda unit: unit[0].lower(), heading)
    words = re.split(r"[^a-z0-9]+", fold(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)))
    words = [word for word in words if word]
    if len(words) > 1 and words[-1] in _UNITS:
        factor = _UNITS[words.pop()]
    return "".join(words), (original, factor)
