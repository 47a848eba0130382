"""
Errors that a caller can act on.

Each also derives from the built-in that fits, so ``except ValueError`` keeps working for people who have
never heard of this package. The command line prints any `LomsongError` as one message and exits with 1.
"""


class LomsongError(Exception):
    """Base of every error raised on purpose by this package."""


class SettingsError(LomsongError, ValueError):
    """A settings file has an unknown key, or a value that cannot be."""


class SourceError(LomsongError, ValueError):
    """A file cannot be read as what the settings say it is."""


class MissingSourceError(LomsongError, FileNotFoundError):
    """A file named in the settings is not there."""


class TableError(LomsongError, ValueError):
    """A table breaks its column contract."""


class CrsError(LomsongError, ValueError):
    """A layer has no CRS, or one that the step cannot work in."""


class RadioError(LomsongError, ValueError):
    """A radio quantity lies outside what the model is defined for."""


class PlanError(LomsongError, ValueError):
    """A plan is asked for that cannot be made: a cost or a weight is missing or negative, or a floor is out of reach."""


class OutputError(LomsongError, OSError):
    """A result cannot be written where it was asked for."""


class EngineError(LomsongError, RuntimeError):
    """The workers of a run die, or cannot be reached."""
