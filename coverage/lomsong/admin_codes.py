"""
Codes and names of administrative units in two systems that live side by side, joined by a dated mapping.

A unit of the old system goes whole into one of the new, or is split among several. Nothing is guessed: a split unit
maps to all its heirs, an unknown code to none, and both are said.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from lomsong.contracts import Column, Table, problem_list
from lomsong.errors import TableError
from lomsong.findings import Finding, count_rows, name_rows

System = Literal["old", "new"]
#: Shares of a split unit must add up to one within this.
SHARE_TOLERANCE = 0.01
CODE_MAPPING = Table(
    name="code_mapping",
    meaning="one row a pair of an old unit and a new one that took over it or a part of it",
    key="old_code",
    geometry="none",
    columns=(
        Column(name="old_code", kind="text", meaning="code in the old system, kept as text", required=True),
        Column(name="new_code", kind="text", meaning="code in the new system, kept as text", required=True),
        Column(
            name="kind",
            kind="text",
            meaning="the whole old unit went into the new one, or only a part",
            choices=("whole", "split"),
            required=True,
        ),
        Column(
            name="share",
            kind="number",
            minimum=0,
            maximum=1,
            meaning="part of the old unit's people that went into the new one; missing where it is not known",
        ),
        Column(name="date", kind="date", meaning="day from which the new code holds, ISO 8601"),
        Column(name="old_name", kind="text", meaning="names in the old system; several parted by | ; or /"),
        Column(name="new_name", kind="text", meaning="names in the new system; several parted by | ; or /"),
        Column(name="old_parent", kind="text", meaning="name or code of the unit above, old system"),
        Column(name="new_parent", kind="text", meaning="name or code of the unit above, new system"),
    ),
)


@dataclass(frozen=True, slots=True)
class CodeMapping:
    """
    A mapping between two systems of administrative codes.

    Attributes
    ----------
    table : DataFrame
        Contract `CODE_MAPPING`; build it with `build_mapping`, which checks that it holds together.
    """

    table: pd.DataFrame

    def codes(self, system: System) -> list[str]:
        """Return every code of one system, sorted."""
        return sorted(set(self.table[f"{system}_code"]))

    def translate(
        self, codes: "pd.Series[str]", *, to: System, layer: str = "code_mapping"
    ) -> tuple[pd.DataFrame, list[Finding]]:
        """
        Say what each code is in the other system.

        Parameters
        ----------
        codes : Series of str
            Codes of the system that is not `to`; missing ones map to nothing and are not counted as unknown.
        to : {'new', 'old'}
            The system wanted.
        layer : str
            For the findings.

        Returns
        -------
        pairs : DataFrame
            One row a code and each unit it maps to: ``row`` (label in `codes`), ``code``, ``other``, ``kind``
            ('whole' or 'split', as seen from the old unit), ``share`` (of the old unit), ``alone`` (the only pair of
            this row). In the order of `codes`. A row that maps to nothing is absent.
        findings : list of Finding
            Codes that the mapping does not know, and those that map to several.
        """
        mine, other = ("old_code", "new_code") if to == "new" else ("new_code", "old_code")
        wanted = pd.DataFrame({"row": codes.index, "code": codes.astype("string").to_numpy()}).dropna()
        table = self.table[[mine, other, "kind", "share"]].rename(columns={mine: "code", other: "other"})
        pairs = wanted.merge(table, on="code", how="left", sort=False)
        unknown = pairs["other"].isna()
        found = pairs[~unknown].reset_index(drop=True)
        found["alone"] = ~found["row"].duplicated(keep=False)
        findings = []
        if unknown.any():
            findings.append(_unknown_finding(pairs.loc[unknown, "code"], to, layer))
        many = found.loc[~found["alone"], "code"].unique()
        if len(many):
            findings.append(_several_finding(many, to, layer))
        return found, findings


def build_mapping(table: pd.DataFrame) -> CodeMapping:
    """
    Check a table of old and new codes and return it as a mapping.

    Raises
    ------
    TableError
        A row repeats, a whole unit has several heirs, a split one only one, or known shares do not add up to one.
    """
    table = table.reset_index(drop=True)
    for column in CODE_MAPPING.columns:
        if column.name not in table and not column.required:
            table[column.name] = pd.Series(np.nan if column.kind == "number" else pd.NA, index=table.index)
    CODE_MAPPING.check(table)
    problems = []
    repeated = table.duplicated(["old_code", "new_code"])
    if repeated.any():
        problems.append(f"the same pair stands twice: {name_rows(table.loc[repeated, 'old_code'])}")
    by_old = table[~repeated].groupby("old_code")
    heirs, kinds = by_old["new_code"].nunique(), by_old["kind"].agg(lambda kind: "/".join(sorted(set(kind))))
    if (wrong := (kinds == "whole") & (heirs > 1)).any():
        problems.append(
            f"'whole' with several new codes: {name_rows(heirs.index[wrong])}; call such rows 'split'"
        )
    if (wrong := kinds.str.contains("split") & (heirs == 1)).any():
        problems.append(
            f"'split' with one new code: {name_rows(heirs.index[wrong])}; the other parts are missing"
        )
    if (wrong := kinds.str.contains("/")).any():
        problems.append(f"both 'whole' and 'split': {name_rows(heirs.index[wrong])}")
    shares = by_old["share"].agg(lambda share: share.sum(min_count=len(share)))
    if (wrong := (shares - 1).abs() > SHARE_TOLERANCE).any():
        problems.append(f"shares do not add up to one: {name_rows(heirs.index[wrong])}")
    if problems:
        raise TableError(problem_list("code_mapping", problems))
    return CodeMapping(table[CODE_MAPPING.names()])


def _unknown_finding(codes: "pd.Series[str]", to: str, layer: str) -> Finding:
    every = tuple(dict.fromkeys(codes))
    message = (
        f"{count_rows(len(every), 'code')} of {count_rows(len(codes))} unknown to the code mapping "
        f"({name_rows(every)}): no {to} code is given to them"
    )
    return Finding(
        layer=layer, word="clean", severity="warning", message=message, count=len(every), rows=every
    )


def _several_finding(codes: Iterable[object], to: str, layer: str) -> Finding:
    rows = tuple(str(code) for code in codes)
    why = "split among several new ones" if to == "new" else "made of several old ones"
    message = f"{count_rows(len(rows), 'unit')} {why}; none is chosen ({name_rows(rows)})"
    return Finding(layer=layer, word="correct", severity="note", message=message, count=len(rows), rows=rows)
