"""Addresses of what is no file here: databases, web services and object stores. They never hold a password."""

import hashlib
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

#: How an address of each kind begins.
DATABASE_SCHEMES = ("postgresql", "postgres")
SERVICE_SCHEMES = ("https", "http")
STORE_SCHEMES = ("s3",)
#: Environment variable of the secret that stands for {token} in the address of a service.
TOKEN = "LOMSONG_SERVICE_TOKEN"  # noqa: S105 - its name
#: Choices in an address that are secrets; a token in one is written {token}.
_SECRET_NAME = re.compile(r"(?i)(^|[-_]|api|access)(key|token|secret|password|passwd|auth|sig|signature)$")
_ADDRESS = re.compile(r"^(?P<scheme>[a-z][a-z0-9+.-]*)://", re.IGNORECASE)
#: Whatever stands before the host may be a secret, and may hold a slash or a blank; so may a password given as a choice.
_LOGIN = re.compile(r"(?<=://).*@", re.DOTALL)
_SECRET_CHOICE = re.compile(r"(?i)(pass\w*=)[^&\s'\"]+")
#: What the names of copies are made without.
_ODD = re.compile(r"[^\w.-]+")
#: Names of buckets, as every store knows them.
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")
#: Part of a name in SQL: as it stands, or in double quotes that are doubled inside.
_NAME_PART = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')
#: PostgreSQL cuts longer names off in silence. [bytes]
LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class Database:
    """
    A PostgreSQL database, and the table in it that is meant.

    Attributes
    ----------
    host, port, name : str, int or None, str
        An empty host is the socket on this machine; who logs in is known to the environment alone.
    table : tuple of str
        Schema and name, or the name alone; empty where the address names none.
    """

    host: str
    port: int | None
    name: str
    table: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the address without a table."""
        port = "" if self.port is None else f":{self.port}"
        return f"postgresql://{self.host}{port}/{self.name}"


def _has_scheme(text: str, schemes: tuple[str, ...]) -> bool:
    found = _ADDRESS.match(text)
    return found is not None and found["scheme"].lower() in schemes


def is_database(text: str) -> bool:
    """Return whether a text is an address of a database."""
    return _has_scheme(text, DATABASE_SCHEMES)


def is_store(text: str) -> bool:
    """Return whether a text is an address in an object store."""
    return _has_scheme(text, STORE_SCHEMES)


def is_address(text: str) -> bool:
    """Return whether a text is an address of a database, a web service or an object store."""
    return _has_scheme(text, (*DATABASE_SCHEMES, *SERVICE_SCHEMES, *STORE_SCHEMES))


def check_address(address: str) -> None:
    """
    Refuse an address that holds a secret or names nothing that can be read; a database's is looked at with its query.

    Raises
    ------
    ValueError
        What is wrong with it; the message repeats no secret.
    """
    if is_store(address):
        if not parse_store(address)[1]:
            raise ValueError(f"{address}: which object? s3://bucket/folder/file")
    elif not is_database(address):
        service_kind(address)


def parse_store(address: str) -> tuple[str, str]:
    """
    Return bucket and key of an address in an object store.

    Raises
    ------
    ValueError
        It holds a login, or cannot be understood; the message repeats no secret.
    """
    rest = address.partition("://")[2]
    if "@" in rest or ":" in rest.partition("/")[0]:
        raise ValueError(
            f"{hide_login(address)}: an address holds no key and no server, which would end up in results; set "
            "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, for another server than Amazon's, AWS_ENDPOINT_URL in the environment"
        )
    bucket, _, key = rest.partition("/")
    parts = key.strip("/").split("/")
    if not _BUCKET.fullmatch(bucket) or any(part in {".", ".."} or not part.isprintable() for part in parts):
        raise ValueError(f"{address[:200]!r}: not an address such as s3://bucket/folder/file")
    return bucket, key.strip("/")


def service_kind(address: str) -> Literal["items", "wfs"]:
    """
    Return what kind of web service an address names.

    Raises
    ------
    ValueError
        Neither the items of a collection nor the features of a WFS, or it holds a secret; the message repeats none.
    """
    shown = hide_login(address)
    try:
        parts = urlsplit(address)
    except ValueError:
        raise ValueError(f"{shown}: not an address such as https://host/collections/NAME/items") from None
    query = {
        name.casefold(): values for name, values in parse_qs(parts.query, keep_blank_values=True).items()
    }
    secret = [name for name, values in query.items() if _SECRET_NAME.search(name) and values != ["{token}"]]
    if "@" in parts.netloc or secret:
        raise ValueError(
            f"{address.partition('?')[0] if '@' not in address else shown}: an address holds no password and no key, which "
            f"would end up in results; write {{token}} in its place and put it into the environment variable {TOKEN}"
        )
    if parts.path.rstrip("/").endswith("/items"):
        return "items"
    if query.get("service", [""])[0].casefold() == "wfs" and ("typenames" in query or "typename" in query):
        return "wfs"
    raise ValueError(
        f"{shown}: neither the items of a collection (https://host/collections/NAME/items) nor a WFS "
        "(https://host/wfs?service=WFS&typeNames=NAME); a file is downloaded first"
    )


def hide_login(text: str) -> str:
    """Return a text without the logins of addresses in it."""
    return _SECRET_CHOICE.sub(r"\1***", _LOGIN.sub("***@", text))


def parse_database(address: str) -> Database:
    """
    Take an address of a database apart.

    Parameters
    ----------
    address : str
        ``postgresql://host:port/database``, with ``?table=schema.name`` where a table is meant. A dot, a quote or a
        space in a name is written as in SQL, ``"my schema"."odd.name"``; letters are taken as they stand.

    Raises
    ------
    ValueError
        It holds a login, or cannot be understood; the message repeats no secret.
    """
    shown = hide_login(address)
    if "@" in address.partition("?")[0]:
        raise ValueError(
            f"{shown}: an address holds no user and no password, which would end up in results; "
            "set PGUSER and PGPASSWORD (or PGPASSFILE) in the environment"
        )
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ValueError(f"{shown}: not an address such as postgresql://host:5432/database") from None
    query = parse_qs(parts.query, keep_blank_values=True)
    odd = sorted(query.keys() - {"table"})
    if odd:
        raise ValueError(
            f"{shown}: '{odd[0]}' is not known; only 'table' is. Other choices, such as PGSSLMODE, are read from the "
            "environment"
        )
    name = unquote(parts.path).strip("/")
    if not name:
        raise ValueError(f"{shown}: which database? postgresql://host/database?table=schema.name")
    host = parts.hostname or ""
    return Database(host, port, name, split_name(query["table"][-1]) if "table" in query else ())


def split_name(text: str) -> tuple[str, ...]:
    """
    Split the name of a table into schema and name.

    Raises
    ------
    ValueError
        It has more than two parts, an empty one or one that PostgreSQL would cut off.
    """
    parts, at = [], 0
    while found := _NAME_PART.match(text, at):
        parts.append((found[1] or "").replace('""', '"') or str(found[2]))
        at = found.end() + 1
        if text[found.end() : at] != ".":
            at = found.end()
            break
    if at != len(text) or text.endswith(".") or not 1 <= len(parts) <= 2:
        raise ValueError(
            f"table {text!r} is not schema.name; a name that holds a dot or a quote stands in double quotes"
        )
    for part in parts:
        require_name(part)
    return tuple(parts)


def require_name(name: str) -> str:
    """
    Return a name that PostgreSQL keeps as it is.

    Raises
    ------
    ValueError
        It is empty, too long or holds a character that no name can.
    """
    if not name or "\0" in name or len(name.encode()) > LONGEST_NAME:
        raise ValueError(f"{name[:80]!r} is no name for PostgreSQL: it has 1 to {LONGEST_NAME} bytes")
    return name


def copy_name(address: str, query: str | None) -> str:
    """Return the name of the file in which a copy of a table, of the features of a service or of an object is kept."""
    if is_store(address):
        stem, dot, ending = parse_store(address)[1].rpartition("/")[2].partition(".")
        digest = hashlib.sha256(address.encode()).hexdigest()[:8]
        # readers go by endings, also by two of them
        return f"{re.sub(_ODD, '_', stem)[:80]}-{digest}{dot}{re.sub(_ODD, '_', ending)[-40:]}"
    suffix = "parquet" if is_database(address) else "geojson"
    if is_database(address):
        name = ".".join(parse_database(address).table) or "query"
    else:
        parts = urlsplit(address)
        named = {key.casefold(): values[0] for key, values in parse_qs(parts.query).items()}
        name = named.get("typenames") or named.get("typename") or parts.path.rstrip("/").split("/")[-2]
    plain = re.sub(_ODD, "_", name)
    digest = hashlib.sha256(f"{address}\n{query or ''}".encode()).hexdigest()[:8]
    return f"{plain[:80]}-{digest}.{suffix}"
