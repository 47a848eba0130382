"""Settings files: YAML in, checked settings out, every problem named at once."""

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from lomsong.addresses import hide_login
from lomsong.contracts import problem_list
from lomsong.errors import MissingSourceError, SettingsError
from lomsong.settings import InputSettings, LayerSource, RasterSource, Settings


def load_settings(path: str | Path) -> Settings:
    """
    Read and check a settings file.

    Parameters
    ----------
    path : str or Path
        YAML file. Paths inside it are relative to its folder.

    Returns
    -------
    Settings
        With absolute paths.

    Raises
    ------
    MissingSourceError
        There is no such file.
    SettingsError
        The file is not YAML, has an unknown key or a value that cannot be; every problem is named.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingSourceError(
            f"settings: there is no file {path}; `lomsong demo` writes one to start from"
        )
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise SettingsError(f"{path.name}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        raise SettingsError(
            f"{path.name}: byte {error.start + 1:,} is not UTF-8; settings are text: save the file as UTF-8"
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise SettingsError(
            f"{path.name}: not readable as YAML: {hide_login(' '.join(str(error).split()))}"
        ) from None
    if not isinstance(content, dict):
        raise SettingsError(
            f"{path.name}: settings must be 'key: value' lines, starting with name: and inputs:"
        )
    return _absolute(parse_settings(content, subject=path.name), path.resolve().parent)


def parse_settings(content: dict[str, Any], *, subject: str = "settings") -> Settings:
    """
    Check settings given as nested dictionaries.

    Raises
    ------
    SettingsError
        Names every unknown key with the nearest valid one, and every value that cannot be.
    """
    try:
        return Settings.model_validate(content)
    except ValidationError as error:
        raise SettingsError(problem_list(subject, list(_problems(error)))) from None


def _problems(error: ValidationError) -> Iterator[str]:
    details = error.errors()
    for detail in details:
        if detail["type"] == "too_short" and any(_inside(other["loc"], detail["loc"]) for other in details):
            continue  # its rows are there but broken, which is said below
        where = ".".join(str(part) for part in detail["loc"])
        if detail["type"] == "extra_forbidden":
            valid = list(_model_at(detail["loc"][:-1]).model_fields)
            key = str(detail["loc"][-1])
            nearest = difflib.get_close_matches(key, valid, n=1, cutoff=0.0)[0]
            yield f"unknown key '{where}'; the nearest valid key is '{nearest}' (valid: {', '.join(valid)})"
        elif detail["type"] == "missing":
            yield f"key '{where}' is missing"
        else:
            shown = hide_login(repr(detail["input"]))
            message = detail["msg"].removeprefix("Value error, ")
            yield f"'{where}': {message[:1].lower()}{message[1:]}, not {shown if len(shown) < 60 else shown[:57] + '...'}"


def _inside(location: tuple[int | str, ...], other: tuple[int | str, ...]) -> bool:
    return len(location) > len(other) and location[: len(other)] == other


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    model: type[BaseModel] = Settings
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            model = model_in(model.model_fields[part].annotation) or model
    return model


def model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the settings model inside a type annotation such as ``tuple[Model, ...]``, if there is one."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (model_in(inner) for inner in getattr(annotation, "__args__", ()))
    return next((model for model in found if model is not None), None)


def _absolute(settings: Settings, folder: Path) -> Settings:
    def place(source: Any) -> Any:
        if isinstance(source, RasterSource):
            placed = tuple(folder / each for each in source.paths)
            return source.model_copy(update={"path": placed[0] if len(placed) == 1 else placed})
        return (
            source.model_copy(update={"path": folder / source.path})
            if isinstance(source, LayerSource)
            else source
        )

    inputs = settings.inputs
    update = {
        name: tuple(place(each) for each in value) if isinstance(value, tuple) else place(value)
        for name, value in ((name, getattr(inputs, name)) for name in InputSettings.model_fields)
    }
    antennas = settings.radio.antennas
    placed = (
        {name: folder / path for name, path in antennas.items()}
        if isinstance(antennas, dict)
        else folder / antennas
    )
    radio = settings.radio.model_copy(update={"antennas": placed}) if antennas else settings.radio
    return settings.model_copy(update={"inputs": inputs.model_copy(update=update), "radio": radio})


class _StrictLoader(yaml.SafeLoader):
    """YAML without its silent trap: a key given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, str) and key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key '{key}' is given twice", key_node.start_mark
                )
            if isinstance(key, str):
                seen.add(key)
        return super().construct_mapping(node, deep=deep)
