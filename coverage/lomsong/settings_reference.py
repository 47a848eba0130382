"""The settings reference: every key with its default, unit, meaning and source, made from the models."""

from collections.abc import Iterator

from pydantic import BaseModel

from lomsong.settings import CARRIERS, CarrierDefaults, Settings, StrictModel
from lomsong.settings_file import model_in


class SettingLine(StrictModel):
    """One line of the settings reference."""

    key: str
    default: str
    unit: str
    meaning: str
    source: str


def describe_settings(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[SettingLine]:
    """Yield every setting with its default, unit, meaning and source, nested ones after their parent."""
    for name, info in model.model_fields.items():
        extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        nested = model_in(info.annotation)
        many = nested is not None and getattr(info.annotation, "__origin__", None) in (tuple, dict)
        shown = "required" if info.is_required() else _shown(info.default)
        yield SettingLine(
            key=prefix + name,
            default="" if nested and not info.is_required() else shown,
            unit=str(extra.get("unit", "")),
            meaning=info.description or "",
            source=str(extra.get("source", "")),
        )
        if name == "carriers":
            for technology, carrier in CARRIERS.items():
                yield from _describe_carrier(f"{prefix}{name}.{technology}.", carrier)
        elif nested is not None:
            yield from describe_settings(nested, f"{prefix}{name}{'[]' if many else ''}.")


def _describe_carrier(prefix: str, carrier: CarrierDefaults) -> Iterator[SettingLine]:
    for name, info in CarrierDefaults.model_fields.items():
        if name != "source":
            yield SettingLine(
                key=prefix + name,
                default="by band" if getattr(carrier, name) is None else _shown(getattr(carrier, name)),
                unit="",
                meaning=info.description or "",
                source=carrier.source if info.is_required() else "carriers by band",
            )


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return "none" if value in (None, "", {}) else str(value)
