"""By which rule each operator and technology was corrected, and the words for it."""

from dataclasses import dataclass

import pandas as pd

from lomsong.evidence.calibration import Fit
from lomsong.findings import Finding, count_rows
from lomsong.settings import EvidenceSettings

#: The rules, finest first, in words.
RULES = {
    "operator": "by its own samples",
    "technology": "by all operators' samples of its technology",
    "all": "by all samples together",
    "none": "not at all: the spread is that of the literature",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRule:
    """What the correction of one operator and technology was learned from."""

    operator: str
    technology: str
    rule: str


def choose_rules(signal: pd.DataFrame, fit: Fit | None, settings: EvidenceSettings) -> tuple[GroupRule, ...]:
    """
    Say for every operator and technology of the signal table what its correction rests on.

    The finest of operator, technology and all whose samples are worth enough independent ones.
    """
    groups = (
        signal[["operator", "technology"]]
        .drop_duplicates()
        .astype(str)
        .sort_values(["operator", "technology"])
    )
    if fit is None:
        return tuple(GroupRule(operator=o, technology=t, rule="none") for o, t in groups.to_numpy())
    known = fit.bins[fit.bins["error"].notna()]
    own = known.groupby(["operator", "technology"])["weight"].sum()
    shared = known.groupby("technology")["weight"].sum()
    rules = []
    for operator, technology in groups.to_numpy():
        rule = "all"
        if own.get((operator, technology), 0.0) >= settings.enough_samples:
            rule = "operator"
        elif shared.get(technology, 0.0) >= settings.enough_samples:
            rule = "technology"
        rules.append(GroupRule(operator=operator, technology=technology, rule=rule))
    return tuple(rules)


def say_rules(rules: tuple[GroupRule, ...], fit: Fit | None, bins: int) -> list[Finding]:
    """Put the rules, and what cross-validation found, in words."""
    if fit is None:
        why = (
            "no signal samples"
            if bins == 0
            else f"{count_rows(bins, 'bin')} of samples are too few or too close together"
        )
        message = f"{why}: predicted levels are not corrected, and their spread is that of the literature"
        return [
            Finding(
                layer="measurements", word="sufficient", severity="assumption", message=message,
                source="setting radio.sigma_clear_db and radio.sigma_blocked_db",
            )
        ]  # fmt: skip
    findings = []
    for rule, words in RULES.items():
        mine = [f"{r.operator} {r.technology.upper()}" for r in rules if r.rule == rule]
        if mine:
            message = f"predicted levels of {', '.join(mine)} are corrected {words}"
            findings.append(Finding(layer="measurements", word="correct", severity="note", message=message))
    if fit.validation is None:
        message = "the samples lie too close together to hold parts of the land out: the correction is one bias, untested"
        findings.append(
            Finding(layer="measurements", word="sufficient", severity="warning", message=message, count=bins)
        )
    else:
        row = fit.validation.candidates.loc[fit.validation.chosen]
        message = (
            f"on blocks of {fit.block_m / 1000:.1f} km that it had not seen the correction ('{fit.validation.chosen}') is "
            f"{row['rmse_db']:.1f} dB off; {100 * row['within_80']:.0f} % of samples lie within its 80 % interval"
        )
        findings.append(
            Finding(layer="measurements", word="correct", severity="note", message=message, count=bins)
        )
    return findings
