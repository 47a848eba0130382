"""Antenna files: read as written, repaired with a word, or refused with what to do."""

from pathlib import Path

import numpy as np
import pytest

from lomsong.antenna_pattern import Pattern
from lomsong.errors import LomsongError, MissingSourceError, SourceError
from lomsong.findings import Finding
from lomsong.sources.antennas import read_antenna

HEADER = (
    "NAME LS-65-18",
    "MAKE Made Up",
    "FREQUENCY 1850",
    "GAIN 17.5 dBi",
    "TILT ELECTRICAL",
    "ELECTRICAL_TILT 4",
    "POLARIZATION +45",
    "COMMENT synthetic, for tests",
)
#: What a damaged file may hold where a number should be.
NASTY = [
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"1e400",
    b"nan",
    b"\r",
    b"-",
    b",",
    b"99999999999999",
    b"HORIZONTAL",
]


def horizontal(step: int = 1) -> list[str]:
    return [f"{a} {min(12 * (min(a, 360 - a) / 65) ** 2, 25):.2f}" for a in range(0, 360, step)]


def vertical(tilt: int = 4) -> list[str]:
    off = [(angle - tilt + 180) % 360 - 180 for angle in range(360)]
    return [f"{angle} {min(12 * (off[angle] / 7) ** 2, 25):.2f}" for angle in range(360)]


def antenna(
    header: tuple[str, ...] = HEADER,
    around: list[str] | None = None,
    down: list[str] | None = None,
    end: str = "\n",
) -> str:
    around = horizontal() if around is None else around
    down = vertical() if down is None else down
    return end.join([*header, "HORIZONTAL 360", *around, "VERTICAL 360", *down, ""])


def changed(**values: str | None) -> tuple[str, ...]:
    """Return the header with keywords replaced, or left out for None."""
    lines = {line.split()[0]: line for line in HEADER} | {
        key: f"{key} {value}" for key, value in values.items() if value is not None
    }
    return tuple(line for key, line in lines.items() if values.get(key, "") is not None)


def read(folder: Path, content: str | bytes, encoding: str | None = None) -> tuple[Pattern, list[Finding]]:
    path = folder / "panel.msi"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_antenna(path, encoding=encoding)


def same_cuts(one: Pattern, other: Pattern) -> bool:
    return one.horizontal == other.horizontal and one.vertical == other.vertical


# --- as written -------------------------------------------------------------------------------------------------


def test_a_file_is_read_as_written(tmp_path: Path) -> None:
    pattern, findings = read(tmp_path, antenna())
    assert findings == []
    assert pattern.name == "LS-65-18"
    assert pattern.make == "Made Up"
    assert pattern.frequency_mhz == 1850.0
    assert pattern.gain_dbi == 17.5
    assert pattern.electrical_tilt_deg == 4.0
    assert pattern.polarization == "+45"
    assert pattern.comment == "synthetic, for tests"
    assert pattern.peak_elevation_deg == -4.0


def test_every_point_of_the_file_comes_back_from_the_pattern(tmp_path: Path) -> None:
    pattern, _ = read(tmp_path, antenna())
    for line in horizontal():
        angle, value = map(float, line.split())
        assert pattern.attenuation(angle, -4.0) == value
    for line in vertical()[:91]:
        angle, value = map(float, line.split())
        assert pattern.attenuation(0.0, -angle) == value


@pytest.mark.parametrize(
    ("change", "content"),
    [
        ("line ends of DOS", antenna(end="\r\n")),
        ("a DOS end of file", antenna() + "\x1a"),
        ("a byte order mark", "\ufeff" + antenna()),
        ("tabs", antenna(around=[line.replace(" ", "\t") for line in horizontal()])),
        ("semicolons", antenna(around=[line.replace(" ", ";") for line in horizontal()])),
        ("decimal commas", antenna(around=[line.replace(".", ",") for line in horizontal()])),
        ("blank lines", antenna(around=[each for line in horizontal() for each in (line, "", "  ")])),
        ("points in any order", antenna(down=vertical()[::-1])),
        ("angles below zero", antenna(around=horizontal()[:180] + [f"{int(i) - 360} {v}" for i, v in map(str.split, horizontal()[180:])])),
        ("a full turn at the end", antenna(around=[*horizontal(), "360 0.00"])),
        ("keywords in small letters", antenna(header=tuple(line.replace("GAIN", "gain") for line in HEADER))),
        ("headings without a number", antenna().replace("HORIZONTAL 360", "HORIZONTAL")),
        ("the name without its keyword", antenna(header=("LS-65-18", *HEADER[1:]))),
        ("keywords after the cuts", antenna(header=HEADER[:3]) + "\n".join(HEADER[3:])),
    ],
    ids=lambda value: value if len(value) < 40 else "",
)  # fmt: skip
def test_the_same_antenna_written_differently_is_the_same(tmp_path: Path, change: str, content: str) -> None:
    plain, _ = read(tmp_path, antenna())
    other, findings = read(tmp_path, content)
    assert findings == [], change
    assert other == plain


@pytest.mark.parametrize(
    ("gain", "dbi"),
    [("17.5 dBi", 17.5), ("17,5dbi", 17.5), ("15.35 dBd", 17.5), ("15.35 DBD", 17.5), ("-2 dBi", -2.0)],
)
def test_a_dipole_has_two_point_one_five_dbi(tmp_path: Path, gain: str, dbi: float) -> None:
    pattern, findings = read(tmp_path, antenna(changed(GAIN=gain)))
    assert pattern.gain_dbi == pytest.approx(dbi)
    assert findings == []


def test_a_gain_without_unit_is_in_dbd_and_says_so(tmp_path: Path) -> None:
    pattern, findings = read(tmp_path, antenna(changed(GAIN="15.35")))
    assert pattern.gain_dbi == pytest.approx(17.5)
    assert [finding.severity for finding in findings] == ["assumption"]
    assert findings[0].source


@pytest.mark.parametrize(
    ("text", "mhz"),
    [
        ("1850 MHz", 1850.0),
        ("1.85 GHz", 1850.0),
        ("1,85GHz", 1850.0),
        ("1850000 kHz", 1850.0),
        ("942.5", 942.5),
    ],
)
def test_frequencies_are_in_mhz_unless_they_say_otherwise(tmp_path: Path, text: str, mhz: float) -> None:
    pattern, findings = read(tmp_path, antenna(changed(FREQUENCY=text)))
    assert pattern.frequency_mhz == pytest.approx(mhz)
    assert findings == []


@pytest.mark.parametrize("text", ["1710-2170", "1710 - 2170 MHz", "1.71-2.17 GHz"])
def test_the_middle_of_a_frequency_range_stands_for_it(tmp_path: Path, text: str) -> None:
    pattern, findings = read(tmp_path, antenna(changed(FREQUENCY=text)))
    assert pattern.frequency_mhz == pytest.approx(1940.0)
    assert "its middle" in findings[0].message


@pytest.mark.parametrize(
    ("header", "tilt"),
    [
        (changed(ELECTRICAL_TILT=None, TILT="4"), 4.0),
        (changed(ELECTRICAL_TILT="4T"), 4.0),
        (changed(ELECTRICAL_TILT=None), None),
        (changed(ELECTRICAL_TILT="variable", TILT=None), None),
    ],
)
def test_the_stated_tilt_is_a_figure_or_unknown(
    tmp_path: Path, header: tuple[str, ...], tilt: float | None
) -> None:
    pattern, findings = read(tmp_path, antenna(header))
    assert pattern.electrical_tilt_deg == tilt
    assert findings == []


def test_a_file_without_a_name_is_called_after_its_file(tmp_path: Path) -> None:
    pattern, _ = read(tmp_path, antenna(changed(NAME=None)))
    assert pattern.name == "panel"


def test_an_omni_is_as_strong_all_around(tmp_path: Path) -> None:
    pattern, _ = read(tmp_path, antenna(around=[f"{angle} 0" for angle in range(360)], down=vertical(0)))
    assert np.ptp(pattern.horizontal.at(np.arange(0, 360, 0.25))) == 0.0


# --- repaired, with a word --------------------------------------------------------------------------------------


def test_missing_points_lie_on_the_line_between_their_neighbours_and_are_counted(tmp_path: Path) -> None:
    pattern, findings = read(tmp_path, antenna(around=horizontal(step=10)))
    around = pattern.horizontal
    assert around.at(15) == pytest.approx((around.at(10) + around.at(20)) / 2)
    assert [(finding.count, finding.word) for finding in findings] == [(324, "sufficient")]


def test_lines_that_are_no_points_are_left_out_and_named(tmp_path: Path) -> None:
    lines = horizontal()
    lines[100], lines[200], lines[300] = "100 x", "2OO 25.00", "300 1e5"
    _, findings = read(tmp_path, antenna(around=lines))
    assert findings[0].count == 3
    assert findings[0].rows == ("line 110", "line 210", "line 310")
    assert findings[1].count == 3


def test_the_first_of_two_values_for_an_angle_counts(tmp_path: Path) -> None:
    pattern, findings = read(tmp_path, antenna(around=[*horizontal(), "90 1.00", "91 2.00"]))
    assert pattern.horizontal.at(90) == pytest.approx(12 * (90 / 65) ** 2, abs=0.01)
    assert findings[0].count == 2


def test_gains_below_the_main_beam_are_attenuations_with_a_minus_sign(tmp_path: Path) -> None:
    minus = [line.replace(" ", " -") for line in horizontal()]
    plain, _ = read(tmp_path, antenna())
    pattern, findings = read(tmp_path, antenna(around=minus))
    assert same_cuts(pattern, plain)
    assert "minus" in findings[0].message


def test_a_vertical_cut_that_runs_upwards_is_mirrored_when_the_tilt_shows_it(tmp_path: Path) -> None:
    plain, _ = read(tmp_path, antenna())
    pattern, findings = read(tmp_path, antenna(down=vertical(-4)))
    assert pattern.peak_elevation_deg == -4.0
    assert same_cuts(pattern, plain)
    assert "mirrored" in findings[0].message
    assert findings[0].severity == "warning"


def test_a_stated_tilt_that_the_cut_contradicts_is_told_and_the_cut_counts(tmp_path: Path) -> None:
    pattern, findings = read(tmp_path, antenna(down=vertical(9)))
    assert pattern.peak_elevation_deg == -9.0
    assert "the cut counts" in findings[0].message


def test_cuts_that_contradict_each_other_behind_are_told(tmp_path: Path) -> None:
    weak = [
        f"{line.split()[0]} 40.00" if 170 <= int(line.split()[0]) <= 190 else line for line in horizontal()
    ]
    _, findings = read(tmp_path, antenna(around=weak))
    assert "15.0 dB" in findings[0].message


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
def test_a_file_that_is_not_utf8_is_read_and_says_so(tmp_path: Path, encoding: str) -> None:
    content = antenna(changed(MAKE="Münchner Funk", COMMENT="±45°, größer als üblich")).encode(encoding)
    plain, _ = read(tmp_path, antenna())
    pattern, findings = read(tmp_path, content)
    assert same_cuts(pattern, plain)
    assert "not UTF-8" in findings[0].message
    told, silent = read(tmp_path, content, encoding=encoding)
    assert told.make == "Münchner Funk"
    assert silent == []


# --- refused, with what to do -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("", "is empty"),
        (antenna(changed(GAIN=None)), "there is no GAIN; add a line"),
        (antenna(changed(GAIN="high")), "GAIN 'high' cannot be read; write it like"),
        (antenna(changed(GAIN="17 dBm")), "GAIN '17 dBm' cannot be read"),
        (antenna(changed(GAIN="175 dBi")), "outside"),
        (antenna(changed(FREQUENCY=None)), "there is no FREQUENCY; add a line"),
        (antenna(changed(FREQUENCY="1.85")), "add its unit"),
        (antenna(changed(FREQUENCY="L-band")), "cannot be read"),
        (antenna(around=[]), "no points of HORIZONTAL"),
        (antenna().split("VERTICAL 360", maxsplit=1)[0], "no points of VERTICAL"),
        (antenna(down=vertical()[:181]), "gap of 180 degrees in 181 points; give points all around"),
        (antenna(around=[*horizontal()[:-1], "359 -1"]), "above and below zero"),
        (antenna() + antenna(), "a second HORIZONTAL; keep one antenna in a file"),
        ("just a letter\nwith two lines\n", "4 problems"),
    ],
)
def test_an_unusable_file_is_refused_with_what_to_do(tmp_path: Path, content: str, word: str) -> None:
    with pytest.raises(SourceError, match=word):
        read(tmp_path, content)


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="3 problems") as caught:
        read(tmp_path, antenna(changed(GAIN=None, FREQUENCY=None), down=[]))
    assert str(caught.value).startswith("antennas: panel.msi: 3 problems\n  - ")


def test_a_file_that_is_not_there_is_told_with_its_neighbours(tmp_path: Path) -> None:
    read(tmp_path, antenna())
    with pytest.raises(MissingSourceError, match=r"that folder holds panel\.msi"):
        read_antenna(tmp_path / "pannel.msi")


def test_very_long_lines_are_answered_at_once(tmp_path: Path) -> None:
    blanks = " " * 200_000
    with pytest.raises(SourceError, match="cannot be read"):
        read(tmp_path, antenna((*changed(GAIN=f"1{blanks}?"), f"HORIZONTAL{blanks}x")))


@pytest.mark.parametrize("seed", range(8))
def test_mutated_files_end_in_patterns_or_in_our_errors(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    good = antenna(changed(MAKE="Đèo Gió", GAIN="15"), around=horizontal(5)).encode()
    refused = []
    for _ in range(25):
        data = bytearray(good)
        for _ in range(int(rng.integers(1, 8))):
            at = (
                int(rng.integers(0, len(data)))
                if rng.random() < 0.6
                else int(rng.integers(0, min(200, len(data))))
            )
            match int(rng.integers(0, 4)):
                case 0:
                    data[at] = int(rng.integers(0, 256))
                case 1:
                    data[at:at] = NASTY[int(rng.integers(0, len(NASTY)))]
                case 2:
                    data[at:at] = data[at : at + int(rng.integers(1, 300))]
                case _:
                    del data[at : at + int(rng.integers(1, 100))]
        try:
            pattern, findings = read(tmp_path, bytes(data))
        except LomsongError as error:
            refused.append(str(error))
        else:
            assert (pattern.attenuation(rng.uniform(-180, 180, 50), rng.uniform(-90, 90, 50), 3.0) >= 0).all()
            assert all(finding.count > 0 for finding in findings)
    assert 0 < len(refused) < 25
    assert all(message.startswith("antennas: ") for message in refused)
