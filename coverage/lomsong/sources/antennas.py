"""Antenna patterns in the layout of Planet: one `.msi` file, one antenna on one frequency at one electrical tilt."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lomsong.antenna_pattern import TILT_TOLERANCE_DEG, Cut, Pattern
from lomsong.contracts import problem_list
from lomsong.errors import MissingSourceError, SourceError
from lomsong.findings import Finding, Severity, Word, count_rows
from lomsong.sources.files import read_text, require_file
from lomsong.text import normalise

_LAYER = "antennas"
#: Gain of a half-wave dipole, which dBd counts from. [dBi]
DIPOLE_GAIN_DBI = 2.15
#: Files of a folder that count as antennas.
ENDINGS = (".msi", ".pln")
#: A wider gap between two points of a cut is not filled. [deg]
WIDEST_GAP_DEG = 30.0
#: Attenuations beyond this are no measurement. [dB]
MOST_ATTENUATION_DB = 200.0
#: Cuts that differ more than this where they cross are worth a word. [dB]
CROSSING_TOLERANCE_DB = 3.0

_FREQUENCY_LIMITS_MHZ = (30.0, 100_000.0)
_GAIN_LIMITS_DBI = (-30.0, 50.0)
_TO_MHZ = {"hz": 1e-6, "khz": 1e-3, "": 1.0, "mhz": 1.0, "ghz": 1e3}
_KEYWORDS = frozenset(
    {"NAME", "MAKE", "FREQUENCY", "GAIN", "TILT", "ELECTRICAL_TILT", "POLARIZATION", "COMMENT"}
    | {"H_WIDTH", "V_WIDTH", "FRONT_TO_BACK"}
)
_SPELLINGS = {"POLARISATION": "POLARIZATION", "COMMENTS": "COMMENT"}
#: What a line without content is made of; DOS ended its files with the last.
_BLANKS = " \t;,\x1a"

_NUMBER = r"[+-]?[0-9]{1,12}(?:[.,][0-9]{0,12})?"
_POINT = re.compile(rf"\s*({_NUMBER})[\s;]+({_NUMBER})[\s;]*")
_MEASURE = re.compile(rf"\s*({_NUMBER})\s*([A-Za-z]*)\s*")
_RANGE = re.compile(rf"\s*({_NUMBER})\s*(?:-|–|to|\.\.\.?)\s*({_NUMBER})\s*([A-Za-z]*)\s*")
_HEADING = re.compile(r"\s*(HORIZONTAL|VERTICAL)[\s:=]*+([0-9]{0,6})\s*", re.IGNORECASE)


def find_antennas(given: Path | Mapping[str, Path]) -> dict[str, Path]:
    """
    Find the files of antennas by name.

    Parameters
    ----------
    given : path or mapping
        A folder, whose files are called after the antennas, or the file of each name.

    Returns
    -------
    dict
        In the order of the names.

    Raises
    ------
    MissingSourceError
        There is no such folder.
    SourceError
        Two files of the folder are called alike.
    """
    if isinstance(given, Mapping):
        return {normalise(name): Path(path) for name, path in sorted(given.items())}
    if not given.is_dir():
        raise MissingSourceError(
            f"{_LAYER}: there is no folder {given}; radio.antennas is one, or 'name: file' lines"
        )
    found: dict[str, Path] = {}
    for path in sorted(given.iterdir()):
        if path.suffix.casefold() not in ENDINGS or not path.is_file():
            continue
        name = normalise(path.stem)
        if name in found:
            raise SourceError(f"{_LAYER}: {found[name].name} and {path.name} are called alike; rename one")
        found[name] = path
    return found


def read_antenna(path: Path, *, encoding: str | None = None) -> tuple[Pattern, list[Finding]]:
    """
    Read one antenna pattern.

    A gain without a unit is in dBd, as Planet has it. Missing points are interpolated. Angles of the vertical cut
    run from the horizon downwards; where the stated electrical tilt shows that they run upwards they are mirrored.

    Parameters
    ----------
    path : Path
        The `.msi` (also `.pln`, `.txt`) file.
    encoding : str, optional
        Its text encoding, where it is not UTF-8; detected if not given.

    Returns
    -------
    pattern : Pattern
        Gain in dBi, frequency in MHz, attenuations in dB.
    findings : list of Finding
        What was repaired or assumed.

    Raises
    ------
    MissingSourceError
        There is no such file.
    SourceError
        It holds no usable pattern; every problem at once.

    References
    ----------
    .. [1] Layout and the unit of the gain: radiomobile.pe1mew.nl, "MSI" (Planet's own definition is not public).
    """
    decoded, findings = read_text(require_file(path, layer=_LAYER), layer=_LAYER, encoding=encoding)
    notes = _Notes(path.name, findings, [])
    file = _split(decoded.text, notes)
    frequency, gain = _frequency_mhz(file.header.get("FREQUENCY", ""), notes), _gain_dbi(file, notes)
    horizontal, vertical = _cut(file, "HORIZONTAL", notes), _cut(file, "VERTICAL", notes)
    if notes.problems or frequency is None or gain is None or horizontal is None or vertical is None:
        raise SourceError(problem_list(f"{_LAYER}: {path.name}", notes.problems))
    pattern = Pattern(
        name=file.header.get("NAME") or path.stem,
        frequency_mhz=frequency,
        gain_dbi=gain,
        horizontal=horizontal,
        vertical=vertical,
        electrical_tilt_deg=_tilt_deg(file),
        make=file.header.get("MAKE", ""),
        polarization=file.header.get("POLARIZATION", ""),
        comment=file.header.get("COMMENT", ""),
    )
    pattern = _face_down(pattern, notes)
    if (gap := pattern.crossing_gap_db) > CROSSING_TOLERANCE_DB:
        notes.add(
            "note",
            f"the two cuts differ by {gap:.1f} dB where they cross; between them the pattern is a compromise",
        )
    return pattern, notes.findings


@dataclass(frozen=True, slots=True)
class _Notes:
    """What is noticed about one file on the way."""

    name: str
    findings: list[Finding]
    problems: list[str]

    def add(
        self,
        severity: Severity,
        message: str,
        *,
        word: Word = "correct",
        rows: tuple[str, ...] = (),
        count: int = 1,
        source: str = "",
    ) -> None:
        """Add a finding about this file."""
        self.findings.append(
            Finding(
                layer=_LAYER,
                word=word,
                severity=severity,
                message=f"{self.name}: {message}",
                count=count,
                rows=rows,
                source=source,
            )
        )


@dataclass(frozen=True, slots=True)
class _File:
    """A file's lines by what they belong to: keywords, points of each cut, how many its heading promises."""

    header: dict[str, str]
    points: dict[str, list[tuple[float, float]]]
    promised: dict[str, int]


def _split(text: str, notes: _Notes) -> _File:
    """Sort the lines into header and cuts; those of a cut that are no point are counted."""
    file = _File({}, {}, {})
    part: str | None = None
    strange = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip(_BLANKS):
            continue
        if heading := _HEADING.fullmatch(line):
            part = heading[1].upper()
            if part in file.points:
                notes.problems.append(f"line {number} opens a second {part}; keep one antenna in a file")
            file.points[part] = []
            file.promised[part] = int(heading[2] or 360)
        elif entry := _entry(line, first=part is None and not file.header):
            key, value = entry
            before = file.header.get(key)
            if before is None or key == "COMMENT":
                file.header[key] = value if before is None else f"{before}\n{value}"
        elif part is not None:
            if point := _point(line):
                file.points[part].append(point)
            else:
                strange.append(f"line {number}")
    if strange:
        notes.add(
            "warning",
            f"left out {count_rows(len(strange), 'line')} of the cuts without an angle and an attenuation",
            word="clean",
            count=len(strange),
            rows=tuple(strange),
        )
    return file


def _entry(line: str, *, first: bool) -> tuple[str, str] | None:
    """Return keyword and text of a header line; the first may be the name without its keyword."""
    key, *rest = re.split(r"[\s:=]+", line.strip(), maxsplit=1)
    key = _SPELLINGS.get(key.upper(), key.upper())
    if key in _KEYWORDS:
        return key, _one_line("".join(rest))
    return ("NAME", _one_line(line)) if first else None


def _point(line: str) -> tuple[float, float] | None:
    """Return the angle, within one turn, and the value of a line of a cut."""
    found = _POINT.fullmatch(line)
    if found is None:
        return None
    angle, value = _number(found[1]), _number(found[2])
    if abs(angle) > 360.0 or abs(value) > MOST_ATTENUATION_DB:
        return None
    return angle % 360.0, value


def _frequency_mhz(text: str, notes: _Notes) -> float | None:
    """Return the frequency, the middle of a range; None with a problem."""
    low, high = _FREQUENCY_LIMITS_MHZ
    if (band := _RANGE.fullmatch(text)) and band[3].casefold() in _TO_MHZ:
        value = (_number(band[1]) + _number(band[2])) / 2.0 * _TO_MHZ[band[3].casefold()]
        notes.add("note", f"FREQUENCY is the range {text}; its middle, {value:g} MHz, stands for it")
    elif (one := _MEASURE.fullmatch(text)) and one[2].casefold() in _TO_MHZ:
        value = _number(one[1]) * _TO_MHZ[one[2].casefold()]
    else:
        notes.problems.append(_unreadable("FREQUENCY", text, "FREQUENCY 1800"))
        return None
    if not low <= value <= high:
        notes.problems.append(
            f"FREQUENCY {text} is outside [{low:g}, {high:g}] MHz; correct it or add its unit"
        )
        return None
    return value


def _gain_dbi(file: _File, notes: _Notes) -> float | None:
    """Return the gain over an isotropic antenna; None with a problem."""
    text = file.header.get("GAIN", "")
    found = _MEASURE.fullmatch(text)
    unit = found[2].casefold() if found else ""
    if found is None or unit not in {"", "dbd", "dbi"}:
        notes.problems.append(_unreadable("GAIN", text, "GAIN 17.5 dBi"))
        return None
    gain = _number(found[1]) + (0.0 if unit == "dbi" else DIPOLE_GAIN_DBI)
    low, high = _GAIN_LIMITS_DBI
    if not low <= gain <= high:
        notes.problems.append(f"GAIN {text} is outside [{low:g}, {high:g}] dBi; correct it")
        return None
    if not unit:
        notes.add(
            "assumption",
            f"GAIN {text} has no unit and is taken in dBd ({gain:.2f} dBi); write the unit if that is wrong",
            source="Planet's layout: dBd unless the file says dBi",
        )
    return gain


def _tilt_deg(file: _File) -> float | None:
    """Return the electrical tilt that the file states, downwards; None where it states none in figures."""
    for key in ("ELECTRICAL_TILT", "TILT"):
        found = _MEASURE.fullmatch(file.header.get(key, ""))
        if found and found[2].casefold() in {"", "deg", "t", "degrees"} and abs(_number(found[1])) <= 90.0:
            return _number(found[1])
    return None


def _cut(file: _File, part: str, notes: _Notes) -> Cut | None:
    """Return one cut, its missing points left to interpolation; None with a problem."""
    if not file.points.get(part):
        notes.problems.append(
            f"there are no points of {part}; write '{part} 360' and below it an angle and an attenuation a line"
        )
        return None
    angles, values = np.array(file.points[part]).T
    if (values < 0.0).any() and (values > 0.0).any():
        notes.problems.append(f"{part} has values above and below zero; give attenuations, all of one sign")
        return None
    if minus := int((values < 0.0).sum()):
        notes.add("note", f"{part} is written with minus signs; they are dropped", count=minus)
    values = np.abs(values)
    kept, first, same = np.unique(angles, return_index=True, return_inverse=True)
    if twice := int((values != values[first][same]).sum()):
        notes.add("warning", f"{part} gives an angle twice and differently; the first counts", count=twice)
    gap = float(np.diff([*kept, kept[0] + 360.0]).max())
    if gap > WIDEST_GAP_DEG:
        notes.problems.append(
            f"{part} has a gap of {gap:g} degrees in {count_rows(len(kept), 'point')}; "
            f"give points all around, at most {WIDEST_GAP_DEG:g} degrees apart"
        )
        return None
    if (missing := file.promised[part] - len(kept)) > 0:
        notes.add(
            "warning",
            f"{part} says {file.promised[part]:,} points and gives {len(kept):,}; the others are interpolated",
            word="sufficient",
            count=missing,
        )
    return Cut(tuple(kept), tuple(values[first]))


def _face_down(pattern: Pattern, notes: _Notes) -> Pattern:
    """Return the pattern with a vertical cut that runs downwards, told by the stated tilt."""
    tilt, beam = pattern.electrical_tilt_deg, -pattern.peak_elevation_deg
    if tilt is None or abs(beam - tilt) <= TILT_TOLERANCE_DEG:
        return pattern
    stated = f"the vertical cut is strongest {beam:g} degrees below the horizon, the file states {tilt:g}"
    if abs(beam + tilt) > TILT_TOLERANCE_DEG:
        notes.add("warning", f"{stated}; the cut counts")
        return pattern
    notes.add("warning", f"{stated}; the cut is taken to run upwards and was mirrored")
    return replace(pattern, vertical=pattern.vertical.mirrored())


def _one_line(text: str) -> str:
    """Return a text as we keep names, single blanks between its words."""
    return " ".join(normalise(text).split())


def _number(text: str) -> float:
    """Read a number that matched `_NUMBER`; a comma is a decimal comma."""
    return float(text.replace(",", "."))


def _unreadable(key: str, text: str, example: str) -> str:
    if not text:
        return f"there is no {key}; add a line such as '{example}'"
    return f"{key} '{text[:40]}' cannot be read; write it like '{example}'"
