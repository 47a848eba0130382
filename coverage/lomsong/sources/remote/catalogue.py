"""The catalogue of open layers: a packaged data file, and one of the user's that overrides any part of it."""

import re
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lomsong.contracts import problem_list
from lomsong.errors import MissingSourceError, SettingsError

Method = Literal["tiles", "country", "quarter", "geoboundaries", "geofabrik", "overpass", "mcc"]
Format = Literal["geotiff", "parquet", "geojson", "gzip", "pbf", "overpass", "json"]
Feed = Literal[
    "villages",
    "masts",
    "terrain",
    "land_cover",
    "population",
    "speed_tests",
    "roads",
    "power",
    "services",
    "none",
]
Term = Literal["non_commercial", "share_alike"]

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_QUARTER = re.compile(r"(\d{4})Q([1-4])")
#: No catalogue is larger; a file of another kind given by mistake is. [bytes]
_LARGEST = 1 << 20


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Layer(_Strict):
    """One open layer: where its files are, on what terms, and what they are for."""

    title: str = Field(min_length=1)
    method: Method
    base_url: str
    path: str
    format: Format
    feeds: Feed
    licence: str = Field(min_length=1)
    licence_url: str = ""
    attribution: str = Field(min_length=1)
    terms: tuple[Term, ...] = ()
    size_hint_mb: Annotated[float, Field(gt=0, le=1e6)]
    checked: str
    default: bool = False
    #: Taken for the area and as far around it as masts reach.
    wide: bool = False
    checksum: Literal["none", "md5_beside"] = "none"
    tile_deg: Annotated[int, Field(ge=1, le=30)] | None = None
    quarter: str | None = None
    first_quarter: str | None = None
    network: Literal["mobile", "fixed"] | None = None
    surface: Literal["bare_earth", "surface"] | None = None
    token_variable: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")] | None = None
    query: str | None = None
    most_deg2: Annotated[float, Field(gt=0)] | None = None

    @field_validator("base_url")
    @classmethod
    def _web_address(cls, given: str) -> str:
        try:
            parts = urlsplit(given)
            whole = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        except ValueError:
            whole = False
        if not whole or "@" in given or any(letter.isspace() for letter in given):
            raise ValueError("needs an http or https address without a user name")
        return given.rstrip("/")

    @field_validator("quarter", "first_quarter")
    @classmethod
    def _quarter(cls, given: str | None) -> str | None:
        if given is not None:
            parse_quarter(given)
        return given

    @model_validator(mode="after")
    def _whole(self) -> "Layer":
        needs = {"tiles": "tile_deg", "quarter": "quarter", "overpass": "query", "mcc": "token_variable"}
        lacking = needs.get(self.method)
        if lacking is not None and getattr(self, lacking) is None:
            raise ValueError(f"method '{self.method}' needs '{lacking}'")
        return self

    def url(self, **values: str) -> str:
        """
        Return the address of a file; `{token}` stays as it is, so that it can be shown and written down.

        Raises
        ------
        SettingsError
            The pattern names something that this kind of layer does not have.
        """
        return f"{self.base_url}/{fill(self.path, values)}"


class Catalogue(_Strict):
    """Every layer by its name."""

    layers: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Layer] = Field(min_length=1)

    def default_layers(self) -> tuple[str, ...]:
        """Return the names of the layers that are taken when none is named."""
        return tuple(name for name, layer in self.layers.items() if layer.default)


def fill(pattern: str, values: dict[str, str]) -> str:
    """
    Put values into the placeholders of a pattern.

    Raises
    ------
    SettingsError
        A placeholder has no value.

    Examples
    --------
    >>> fill("{ISO3}/{token}", {"ISO3": "VNM"})
    'VNM/{token}'
    """

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name == "token":
            return match[0]
        if name not in values:
            raise SettingsError(
                f"catalogue: the pattern {pattern} names {{{name}}}; there are {', '.join(sorted(values))}"
            )
        return values[name]

    return _PLACEHOLDER.sub(value, pattern)


def parse_quarter(text: str) -> tuple[int, int]:
    """
    Return year and quarter of a text such as 2025Q4.

    Raises
    ------
    ValueError
        It is no quarter.
    """
    found = _QUARTER.fullmatch(text.strip().upper())
    if found is None:
        raise ValueError(f"'{text}' is no quarter; write for example 2025Q4")
    return int(found[1]), int(found[2])


def load_catalogue(override: Path | None = None) -> Catalogue:
    """
    Read the packaged catalogue, and a file of the user's over it.

    Parameters
    ----------
    override : Path, optional
        YAML in the packaged file's layout; it names only what differs, or whole layers of its own.

    Raises
    ------
    MissingSourceError
        The file is not there.
    SettingsError
        It is not YAML, or has an unknown key or a value that cannot be; every problem is named.
    """
    packaged = resources.files("lomsong.sources.remote").joinpath("catalogue.yml").read_text("utf-8")
    content = yaml.safe_load(packaged)
    name = "catalogue"
    if override is not None:
        name = override.name
        content = {"layers": _merge(content["layers"], _read(override))}
    try:
        return Catalogue.model_validate(content)
    except ValidationError as error:
        problems = [f"'{'.'.join(map(str, each['loc']))}': {each['msg'].lower()}" for each in error.errors()]
        raise SettingsError(problem_list(name, problems)) from None


def _read(path: Path) -> dict[Any, Any]:
    if not path.is_file():
        raise MissingSourceError(f"catalogue: there is no file {path}")
    try:
        if path.stat().st_size > _LARGEST:
            raise SettingsError(f"{path.name}: too large for a catalogue")
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path.name}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(
            f"{path.name}: not readable as YAML: {' '.join(str(error).split())[:300]}"
        ) from None
    layers = content.get("layers") if isinstance(content, dict) else None
    if not isinstance(layers, dict) or set(content) != {"layers"}:
        raise SettingsError(f"{path.name}: a catalogue is one key 'layers:' with a layer under each name")
    return layers


def _merge(packaged: dict[str, Any], given: dict[Any, Any]) -> dict[Any, Any]:
    merged: dict[Any, Any] = dict(packaged)
    for name, layer in given.items():
        known = packaged.get(name) if isinstance(name, str) else None
        merged[name] = {**known, **layer} if known is not None and isinstance(layer, dict) else layer
    return merged
