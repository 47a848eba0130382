"""Tables that map the administrative codes of an old system to those of a new one."""

from pathlib import Path

import pandas as pd

from lomsong.admin_codes import CODE_MAPPING, CodeMapping, build_mapping
from lomsong.findings import Finding
from lomsong.settings import LayerSource
from lomsong.sources.fields import apply_contract, rename_columns
from lomsong.sources.files import require_file
from lomsong.sources.tables import read_table

LAYER = "code_mapping"
#: A published layout has keys made of names, unique only together with those of the units above.
_KEYS = {
    "old_code": ("old_province_key", "old_district_key", "old_ward_key"),
    "new_code": ("new_province_key", "new_ward_key"),
}
_KEY_NAMES = {
    "old_name": "old_ward_key",
    "new_name": "new_ward_key",
    "old_parent": "old_province_key",
    "new_parent": "new_province_key",
}
#: The keys begin with the kind of unit.
_JOINED_KIND = r"^(phuong|xa|thitran|thixa|thanhpho|dackhu|tinh)(.+)$"


def read_code_mapping(source: LayerSource) -> tuple[CodeMapping, list[Finding]]:
    """
    Read a mapping; its columns are those of `CODE_MAPPING`, or of the published layout of keys made of names.

    Raises
    ------
    MissingSourceError, SourceError, TableError
        One message that says what to do.
    """
    path = require_file(Path(source.path), layer=LAYER)
    raw, findings = read_table(path, layer=LAYER, encoding=source.encoding, sheet=source.layer)
    named = rename_columns(raw, source.columns, layer=LAYER, known=CODE_MAPPING.names())
    for ours, parts in _KEYS.items():
        if ours not in named and set(parts) <= set(named.columns):
            named[ours] = named[list(parts)].agg("/".join, axis=1)
    for ours, theirs in _KEY_NAMES.items():
        if ours not in named and theirs in named and theirs not in source.columns.values():
            named[ours] = named[theirs].str.replace(_JOINED_KIND, r"\1 \2", regex=True)
    table, found = apply_contract(pd.DataFrame(named), CODE_MAPPING, layer=LAYER)
    if "kind" in table:
        table["kind"] = table["kind"].str.casefold()
    return build_mapping(table), findings + found
