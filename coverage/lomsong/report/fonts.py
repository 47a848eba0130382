"""The font of the report, inside the page: Noto Sans for Latin and Vietnamese letters, so that no diacritic breaks anywhere."""

import base64
from functools import cache
from importlib.resources import files

#: Each file is a family of its own: WeasyPrint mixes up the glyphs of two files of one family.
_FAMILIES = {"vietnamese": "Noto Sans Vietnamese", "latin": "Noto Sans"}
#: Letters of each file, as its makers declare them (Fontsource 5.3.0, SIL Open Font License 1.1).
_RANGES = {
    "vietnamese": "U+0102-0103,U+0110-0111,U+0128-0129,U+0168-0169,U+01A0-01A1,U+01AF-01B0,U+0300-0301,U+0303-0304,U+0308-0309,"
    "U+0323,U+0329,U+1EA0-1EF9,U+20AB",
    "latin": "U+0000-00FF,U+0131,U+0152-0153,U+02BB-02BC,U+02C6,U+02DA,U+02DC,U+0304,U+0308,U+0329,U+2000-206F,U+20AC,U+2122,"
    "U+2191,U+2193,U+2212,U+2215,U+FEFF,U+FFFD",
}
_WEIGHTS = (400, 700)


@cache
def font_faces() -> str:
    """Return the style rules that bring the font, with its files in them."""
    folder = files("lomsong.report").joinpath("assets")
    rules = []
    for name, letters in _RANGES.items():
        for weight in _WEIGHTS:
            content = folder.joinpath(f"noto-sans-{name}-{weight}-normal.woff2").read_bytes()
            rules.append(
                f"@font-face {{ font-family: '{_FAMILIES[name]}'; font-weight: {weight}; unicode-range: {letters}; "
                f"src: url(data:font/woff2;base64,{base64.b64encode(content).decode('ascii')}) format('woff2'); }}"
            )
    return "\n".join(rules)
