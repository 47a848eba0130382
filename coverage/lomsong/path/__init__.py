"""Why a village hears a mast or does not: the terrain between them, and the terms of the loss."""

from lomsong.path.explanation import LinkBudget, Obstacle, PathExplanation
from lomsong.path.search import explain_path, explain_run_path
from lomsong.path.stored import PATHS_FILE, parse_paths, paths_as_json, read_paths

__all__ = [
    "PATHS_FILE",
    "LinkBudget",
    "Obstacle",
    "PathExplanation",
    "explain_path",
    "explain_run_path",
    "parse_paths",
    "paths_as_json",
    "read_paths",
]
