"""The settings of a run that rest on nothing but an assumption or a placeholder, and those that a user has set."""

from dataclasses import dataclass
from typing import Any

from lomsong.settings import Settings
from lomsong.settings_reference import describe_settings

#: Words in the source of a default that is no measurement and no standard.
_UNSURE = ("assumption", "placeholder")
#: Sections that say where the data is, not how it is judged.
_ELSEWHERE = ("inputs", "name", "synthetic")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedSetting:
    """One setting: its key, the value of the run, the default, and what it means, in which unit and from where."""

    key: str
    value: str
    default: str
    unit: str
    meaning: str
    source: str
    own: bool


def list_settings(settings: Settings) -> tuple[list[UsedSetting], list[UsedSetting]]:
    """
    List what was assumed and what was set.

    Returns
    -------
    assumed : list of UsedSetting
        Those whose default is an assumption or a placeholder and stands.
    own : list of UsedSetting
        Those that differ from their default.
    """
    given = settings.model_dump(mode="json")
    assumed, own = [], []
    for line in describe_settings():
        section = line.key.split(".")[0]
        if section in _ELSEWHERE or "[]" in line.key:
            continue
        value = _find(given, line.key.split("."))
        if isinstance(value, dict) or (
            isinstance(value, list) and any(isinstance(each, dict) for each in value)
        ):
            continue  # its parts are lines of their own, or lists that the user wrote
        shown = _shown(value)
        changed = line.default not in ("by band", "required") and not _same(shown, line.default)
        used = UsedSetting(
            key=line.key,
            value=line.default if value is None and line.default == "by band" else shown,
            default=line.default,
            unit=line.unit,
            meaning=line.meaning,
            source=line.source,
            own=changed,
        )
        if changed:
            own.append(used)
        elif any(word in line.source for word in _UNSURE):
            assumed.append(used)
    return assumed, own


def _find(values: Any, keys: list[str]) -> Any:
    for key in keys:
        if not isinstance(values, dict) or key not in values:
            return None
        values = values[key]
    return values


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(each) for each in value) or "none"
    if isinstance(value, float):
        return f"{value:.10g}"
    return "none" if value in (None, "") else str(value)


def _same(one: str, other: str) -> bool:
    try:
        return float(one) == float(other)
    except ValueError:
        return (one or "none") == (other or "none")
