"""Why a village hears a mast or does not: the terrain between them, and the terms of the loss."""

from lomsong.path.explanation import LinkBudget, Obstacle, PathExplanation
from lomsong.path.search import explain_path, explain_run_path

__all__ = ["LinkBudget", "Obstacle", "PathExplanation", "explain_path", "explain_run_path"]
