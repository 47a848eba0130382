"""Codes that a spreadsheet spoilt: recognised, counted, and mended where only one reading is left."""

import pandas as pd

from lomsong.findings import Finding, count_rows, name_rows


def mend_codes(
    codes: "pd.Series[str]", known: "pd.Index | None" = None, *, layer: str, column: str
) -> tuple["pd.Series[str]", list[Finding]]:
    """
    Recognise codes that a spreadsheet spoilt: a decimal point that came, leading zeros that went.

    "1234.0" loses its ".0" where that makes no two codes equal. Zeros are put back only where the padded code is
    among the known ones and the bare one is not; else they are counted.

    Parameters
    ----------
    codes : Series of str
        Texts, missing allowed.
    known : Index of str, optional
        Codes that exist.
    layer, column : str
        For the findings.

    Returns
    -------
    codes : Series of str
        A copy.
    findings : list of Finding
        What was mended, and what looks spoilt and was left.
    """
    mended = codes.astype("string").copy()
    findings: list[Finding] = []
    decimal = mended.str.fullmatch(r"\d+\.0+").fillna(value=False).astype(bool)
    bare = mended.where(~decimal, mended.str.replace(r"\.0+$", "", regex=True))
    if decimal.any() and bare.nunique() == mended.nunique():
        findings.append(_spoilt(layer, column, mended[decimal], "had become decimal numbers; '.0' taken off"))
        mended = bare
    scientific = mended.str.fullmatch(r"\d(\.\d+)?[eE]\+?\d+").fillna(value=False).astype(bool)
    if scientific.any():
        words = "are numbers in scientific form, whose last digits may be lost; export the column as text"
        findings.append(_spoilt(layer, column, mended[scientific], words))
    digits = mended.str.fullmatch(r"\d+").fillna(value=False).astype(bool)
    if known is not None:
        width = known.astype(str).str.len().max()
        padded = mended.str.zfill(int(width)) if len(known) else mended
        short = digits & ~mended.isin(known) & padded.isin(known)
        if short.any():
            findings.append(_spoilt(layer, column, mended[short], "had lost leading zeros; put back"))
            mended = mended.where(~short, padded)
    elif _look_shortened(mended[digits]):
        short = digits & (mended.str.len() < mended[digits].str.len().max())
        words = "are a digit shorter than the others: leading zeros may be lost; export the column as text"
        findings.append(_spoilt(layer, column, mended[short], words))
    return mended, findings


def _look_shortened(digits: "pd.Series[str]") -> bool:
    """Tell whether numbers of two widths are codes without their zeros rather than running numbers."""
    widths = digits.str.len()
    if (
        digits.empty
        or widths.max() < 5
        or widths.min() != widths.max() - 1
        or digits.str.startswith("0").any()
    ):
        return False
    numbers = digits.astype("int64") if widths.max() < 18 else pd.Series([0, 1 << 60])
    return bool(numbers.max() - numbers.min() + 1 > 2 * numbers.nunique())


def _spoilt(layer: str, column: str, cells: "pd.Series[str]", words: str) -> Finding:
    rows = tuple(cells.astype(str))
    message = f"{column}: {count_rows(len(rows), 'code')} {words} ({name_rows(rows)})"
    return Finding(layer=layer, word="clean", severity="warning", message=message, count=len(rows), rows=rows)
