"""What tells who somebody is leaves a table before anything else looks at it."""

import re

import pandas as pd

from lomsong.findings import Finding, count_rows
from lomsong.text import fold

#: Column names, without case, accents and punctuation, that hold the identity of a person or of a device.
_NAMES = re.compile(
    r"^(imsi|imei|imeisv|meid|iccid|msisdn|supi|suci|tmsi|ssn|cccd|cmnd)"
    r"|^(device|user|subscriber|client|install|installation|android|advertising|ad|vendor|phone|handset|terminal)"
    r"(id|uuid|guid|identifier|serial|serialnumber|number|name|key)$"
    r"|^(uuid|guid|udid|gaid|idfa|aaid|uid|userid|testuuid|clientuuid)$"
    r"|(macaddress|ipaddress|ipaddr|ipv4|ipv6|emailaddress|phonenumber|mobilenumber|serialnumber)"
    r"|^(ip|mac|bssid|ssid|wifissid|wifibssid|email|mail|msisdn|phone|phoneno|tel|telephone|sdt|sodienthoai|dienthoai|hoten|hovaten"
    r"|fullname|firstname|lastname|username|contact|contactname|reporter|reportername|nguoibao|nguoibaocao|clientip|serverip"
    r"|localip|publicip|externalip|internalip|remoteip|sourceip|nguoidung|diachiip|tenthuebao|sothuebao)$"
)
#: A mobile country code begins with 2 to 7; a quadkey of 15 digits holds none above 3.
_IMSI = re.compile(r"^(?=\d*[4-9])[2-7]\d{14}$")
_IPV4 = re.compile(r"^(?:\d{1,3}\.){3}\d{1,3}$")
_IPV6 = re.compile(r"^(?=.*::|(?:[^:]*:){7})[0-9A-Fa-f:]{3,39}$")
_MAC = re.compile(r"^(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$")
_EMAIL = re.compile(r"^[^@\s]{1,64}@[^@\s]{1,255}\.[A-Za-z]{2,}$")
_UUID = re.compile(r"^[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}$")
#: This many cells are looked at, and this part of those filled must look like identities.
_LOOKED_AT = 200
_ENOUGH = 0.8


def drop_identities(frame: pd.DataFrame, *, layer: str) -> tuple[pd.DataFrame, list[Finding]]:
    """
    Drop the columns that hold IMSIs, phone numbers, addresses and the like, by their name or by their cells.

    Parameters
    ----------
    frame : DataFrame
        As read.
    layer : str
        For the finding.

    Returns
    -------
    frame : DataFrame
        Without those columns.
    findings : list of Finding
        Their names, never their contents.
    """
    gone = [
        column
        for column in frame.columns
        if column != "geometry" and (_NAMES.search(_bare(str(column))) or _holds_identities(frame[column]))
    ]
    if not gone:
        return frame, []
    message = f"{count_rows(len(gone), 'column')} dropped at reading: {', '.join(map(str, gone))} can tell who somebody is"
    finding = Finding(
        layer=layer,
        word="clean",
        severity="note",
        message=message,
        count=len(gone),
        rows=tuple(map(str, gone)),
    )
    return frame.drop(columns=gone), [finding]


def _bare(name: str) -> str:
    """Return a column's name as plain letters: that of its last part where it is a path such as client.IP."""
    return re.sub(r"[^a-z0-9]", "", fold(name.rsplit(".", 1)[-1]))


def _holds_identities(values: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(values):
        return False
    seen = [str(cell).strip() for cell in values.dropna().iloc[:_LOOKED_AT]]
    seen = [cell for cell in seen if cell not in ("", "-")]
    if not seen:
        return False
    return any(
        sum(bool(pattern.match(cell)) for cell in seen) >= _ENOUGH * len(seen)
        for pattern in (_IMSI, _IPV4, _IPV6, _MAC, _EMAIL, _UUID)
    )
