"""The commune of each village in the old and in the current system of codes."""

import geopandas as gpd
import pandas as pd

from lomsong.admin_codes import CodeMapping, System
from lomsong.admin_names import match_names
from lomsong.findings import Finding, count_rows, name_rows

LAYER = "villages"


def complete_codes(
    villages: gpd.GeoDataFrame, mapping: CodeMapping
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """
    Fill ``commune_code`` from ``commune_code_old`` and the other way round, where only one answer is possible.

    A file whose codes are all strange to the mapping is matched by the names of communes and provinces instead. A
    commune that was split, and one made of several, gives no answer; it is listed.

    Parameters
    ----------
    villages : GeoDataFrame
        Contract `VILLAGES`.
    mapping : CodeMapping
        Old and new codes.

    Returns
    -------
    villages : GeoDataFrame
        A copy with both columns.
    findings : list of Finding
        What is unknown to the mapping, ambiguous, contradictory, or was matched by name.
    """
    filled = villages.copy()
    for name in ("commune_code", "commune_code_old", "commune_name_old"):
        if name not in filled:
            filled[name] = pd.Series(pd.NA, index=filled.index, dtype="string")
    new, findings = _mapping_codes(filled, mapping, "new")
    old, found = _mapping_codes(filled, mapping, "old")
    findings += found
    findings += _contradictions(filled, old, new, mapping)
    forward, found = mapping.translate(old.where(filled["commune_code"].isna()), to="new", layer=LAYER)
    findings += found
    back, found = mapping.translate(new.where(old.isna()), to="old", layer=LAYER)
    findings += found
    filled["commune_code"] = filled["commune_code"].fillna(_only(forward))
    filled["commune_code_old"] = filled["commune_code_old"].fillna(_only(back))
    titles = mapping.table.drop_duplicates("old_code").set_index("old_code")["old_name"]
    known = filled["commune_code_old"].map(titles).astype("string")
    filled["commune_name_old"] = filled["commune_name_old"].fillna(known)
    return filled, findings


def _mapping_codes(
    villages: gpd.GeoDataFrame, mapping: CodeMapping, system: System
) -> tuple["pd.Series[str]", list[Finding]]:
    """Return the codes as the mapping writes them: the file's own, or those found by name where all are strange."""
    suffix = "_old" if system == "old" else ""
    codes, named = villages[f"commune_code{suffix}"], f"commune_name{suffix}"
    if codes.isin(mapping.codes(system)).any() or named not in villages or villages[named].isna().all():
        return codes, []
    parents = villages["province_name"] if system == "new" and "province_name" in villages else None
    titles = pd.DataFrame({"name": villages[named], "parent": pd.NA if parents is None else parents})
    units = titles.drop_duplicates()
    found, findings = match_names(
        units["name"],
        mapping,
        system=system,
        parents=None if parents is None else units["parent"],
        layer=LAYER,
    )
    units = units.assign(code=found)
    matched = titles.merge(units, on=["name", "parent"], how="left")["code"].set_axis(villages.index)
    if matched.notna().any():
        message = (
            f"{count_rows(int(matched.notna().sum()), 'village')} joined to the code mapping by the name of the commune: "
            f"its {system} codes are of another kind than the file's"
        )
        findings.append(Finding(layer=LAYER, word="correct", severity="note", message=message))
    return matched.astype("string"), findings


def _only(pairs: pd.DataFrame) -> "pd.Series[str]":
    alone = pairs[pairs["alone"]]
    return pd.Series(alone["other"].to_numpy(), index=alone["row"].to_numpy(), dtype="string")


def _contradictions(
    villages: gpd.GeoDataFrame, old: "pd.Series[str]", new: "pd.Series[str]", mapping: CodeMapping
) -> list[Finding]:
    pairs = set(zip(mapping.table["old_code"], mapping.table["new_code"], strict=True))
    both = old.isin(mapping.codes("old")) & new.isin(mapping.codes("new"))
    wrong = [
        str(name)
        for name, *pair in zip(villages.loc[both, "village_id"], old[both], new[both], strict=True)
        if tuple(pair) not in pairs
    ]
    if not wrong:
        return []
    message = (
        f"{count_rows(len(wrong), 'village')} with an old and a current commune that the code mapping does not join: "
        f"{name_rows(wrong)}"
    )
    return [
        Finding(
            layer=LAYER,
            word="correct",
            severity="warning",
            message=message,
            count=len(wrong),
            rows=tuple(wrong),
        )
    ]
