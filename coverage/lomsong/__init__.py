"""
Find the villages a mobile network leaves out, say how sure that is, and rank them.

Names are loaded when they are first used, so that the import is instant.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lomsong.assessment import assess
    from lomsong.evidence.core import calibrate
    from lomsong.inputs import Inputs, read
    from lomsong.maps import village_map
    from lomsong.path import explain_path
    from lomsong.pipeline import run
    from lomsong.planning.investment import plan
    from lomsong.prediction import predict
    from lomsong.quality import check
    from lomsong.ranking import rank
    from lomsong.settings_file import load_settings, parse_settings

_HOME = {
    "Inputs": "inputs",
    "assess": "assessment",
    "calibrate": "evidence.core",
    "check": "quality",
    "explain_path": "path",
    "load_settings": "settings_file",
    "parse_settings": "settings_file",
    "plan": "planning.investment",
    "predict": "prediction",
    "rank": "ranking",
    "read": "inputs",
    "run": "pipeline",
    "village_map": "maps",
}

__all__ = [
    "Inputs",
    "assess",
    "calibrate",
    "check",
    "explain_path",
    "load_settings",
    "parse_settings",
    "plan",
    "predict",
    "rank",
    "read",
    "run",
    "village_map",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(importlib.import_module(f"lomsong.{_HOME[name]}"), name)
    raise AttributeError(f"lomsong has no '{name}'; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
