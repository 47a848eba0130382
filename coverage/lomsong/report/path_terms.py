"""What a path costs and what stands in its way, as words and numbers for a picture, a page and a terminal."""

import numpy as np

from lomsong.path import PathExplanation
from lomsong.report.path_words import say_path
from lomsong.wording import Language, write_number


def list_terms(path: PathExplanation) -> list[tuple[str, str]]:
    """Return the ends, the terms of the loss and the obstacle as pairs of words, for a terminal or a page."""
    return [
        ("village", f"{path.village_name} ({path.village_id})" if path.village_name else path.village_id),
        ("mast", f"{path.site_id}, sector {path.sector_id}"),
        ("carrier", f"{path.operator} {path.technology.upper()} {path.frequency_mhz:g} MHz"),
        ("distance", f"{path.length_m / 1000:.2f} km"),
        ("model", path.model),
        (say_path("total_loss", "en"), say_number(path.budget.path_loss_db, "dB", "en")),
        *list_losses(path, "en"),
        ("terrain", " ".join(say_verdict(path, "en"))),
    ]


def list_losses(path: PathExplanation, language: Language) -> list[tuple[str, str]]:
    """Return what adds up to the level, gains positive and losses negative, and how it compares."""
    budget = path.budget
    rows = [
        ("eirp", budget.eirp_dbm, "dBm"),
        ("pattern", -budget.antenna_attenuation_db, "dB"),
        ("free_space", -budget.free_space_db, "dB"),
        ("diffraction", -budget.diffraction_db, "dB"),
    ]
    if abs(budget.other_db) >= 0.05:  # not where it is unknown
        rows.append(("other", -budget.other_db, "dB"))
    rows += [
        ("reference", budget.reference_offset_db, "dB"),
        ("level", budget.level_dbm, "dBm"),
        ("threshold", budget.threshold_dbm, "dBm"),
        ("margin", budget.margin_db, "dB"),
        ("sigma", budget.sigma_db, "dB"),
    ]
    return [
        (say_path(key, language, kind=path.level_kind.upper()), say_number(value, unit, language))
        for key, value, unit in rows
    ]


def name_level(path: PathExplanation, language: Language) -> str:
    """Return what the level is called, by the kind that it is."""
    return say_path("level", language, kind=path.level_kind.upper())


def say_verdict(path: PathExplanation, language: Language) -> list[str]:
    """Return in lines whether anything stands in the way, and by how much."""
    obstacle = path.obstacle
    if path.line_of_sight is None:
        return [say_path("gap_one", language), say_path("gap_two", language)]
    if obstacle is None:
        return [say_path("clear", language)]
    km = write_number(obstacle.distance_m / 1000, 2, language)
    metres = write_number(abs(obstacle.over_line_m), 0, language)
    return [
        say_path("touched" if path.line_of_sight else "blocked", language),
        say_path("worst", language, km=km),
        say_path("over" if obstacle.blocks else "under", language, metres=metres),
    ]


def describe_path(path: PathExplanation, language: Language) -> str:
    """Tell the picture to those who do not see it."""
    level, margin = path.budget.level_dbm, path.budget.margin_db
    words = [
        say_path(
            "described",
            language,
            km=write_number(path.length_m / 1000, 2, language),
            site=path.site_id,
            operator=path.operator,
            technology=path.technology.upper(),
            mhz=shorten(path.frequency_mhz, language),
        ),
        " ".join(say_verdict(path, language)) + ".",
        say_path(
            "described_level",
            language,
            kind=path.level_kind.upper(),
            level=say_number(level, "dBm", language),
            margin=say_number(margin, "dB", language),
        ),
        *([say_path("synthetic_data", language)] if path.synthetic else []),
    ]
    return " ".join(words)


def say_number(value: float, unit: str, language: Language) -> str:
    """Write a number with a true minus sign; words where it is not known."""
    if np.isnan(value):
        return say_path("not_known", language)
    return f"{write_number(value, 1, language)} {unit}"


def shorten(value: float, language: Language) -> str:
    """Write a number with as many decimals as it has."""
    return write_number(value, len(f"{value:g}".partition(".")[2]), language)
