"""A plan as a value: every file with its address, its terms and its size."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lomsong.sources.remote.areas import Area
from lomsong.sources.remote.catalogue import Catalogue, Format

State = Literal["there", "new", "begun", "missing", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """
    One file of a plan.

    Attributes
    ----------
    layer, path, url, format
        What it is, where it goes (relative), where it comes from (never with a secret), what it must be.
    licence, licence_url, attribution, terms, note
        On what terms.
    may_miss : bool
        That the server has none is normal, as for tiles of the sea.
    checksum_url : str or None
        Where its MD5 is published.
    size : int or None
        As the server says; None where it does not. [bytes]
    have : int
        What is there already. [bytes]
    state : str
        'there', 'new', 'begun', 'missing' (normal), or 'failed' with a `problem`.
    """

    layer: str
    path: str
    url: str
    format: Format
    licence: str
    attribution: str
    licence_url: str = ""
    terms: tuple[str, ...] = ()
    note: str = ""
    may_miss: bool = False
    checksum_url: str | None = None
    size: int | None = None
    hint: int = 0
    have: int = 0
    state: State = "new"
    problem: str = ""

    @property
    def wanted(self) -> bool:
        """Tell whether it is still to be fetched."""
        return self.state in ("new", "begun")

    @property
    def expected(self) -> int:
        """Return its size, or the catalogue's guess. [bytes]"""
        return self.hint if self.size is None else self.size


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a fetch will do."""

    area: Area
    folder: Path
    catalogue: Catalogue
    layers: tuple[str, ...]
    margin_m: float
    items: tuple[Item, ...]
    notes: tuple[str, ...]

    @property
    def bytes_to_fetch(self) -> int:
        """Return about how much is still to come. [bytes]"""
        return sum(max(item.expected - item.have, 0) for item in self.items if item.wanted)


def terms_of(licence: str) -> tuple[str, ...]:
    """
    Read restrictions out of the name of a licence.

    Examples
    --------
    >>> terms_of("CC BY-NC-SA 4.0"), terms_of("Open Data Commons Open Database License 1.0"), terms_of("CC BY 4.0")
    (('non_commercial', 'share_alike'), ('share_alike',), ())
    """
    words = licence.casefold().replace("-", " ").replace("_", " ").split()
    text = " ".join(words)
    terms = []
    if "nc" in words or "noncommercial" in words or "non commercial" in text:
        terms.append("non_commercial")
    if {"sa", "sharealike", "odbl"} & set(words) or "share alike" in text or "open database" in text:
        terms.append("share_alike")
    return tuple(terms)
