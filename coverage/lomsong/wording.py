"""What is said of a village, in English and in Vietnamese: phrases, labels and numbers as each language writes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

#: English and Vietnamese.
Language = Literal["en", "vi"]
LANGUAGES: tuple[Language, ...] = ("en", "vi")


@dataclass(frozen=True, slots=True)
class Named:
    """A value of a column that has a label in both languages."""

    subject: str
    word: str


#: A text, a number with its decimals, a day, or a value with a label.
Value = str | tuple[float, int] | date | Named
#: Decimal mark and mark between thousands.
_MARKS: dict[Language, tuple[str, str]] = {"en": (".", ","), "vi": (",", ".")}


@dataclass(frozen=True, slots=True)
class Phrase:
    """
    One part of an explanation, in no language yet.

    Attributes
    ----------
    key : str
        Of `PHRASES`.
    values : mapping
        By the names in its braces.
    """

    key: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def say(self, language: Language) -> str:
        """Return the phrase in words and numbers."""
        given = {name: _write(value, language) for name, value in self.values.items()}
        return PHRASES[self.key][LANGUAGES.index(language)].format(**given)


def _write(value: Value, language: Language) -> str:
    if isinstance(value, tuple):
        return write_number(value[0], value[1], language)
    if isinstance(value, Named):
        return label(value.subject, value.word, language)
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}" if language == "vi" else value.isoformat()
    return value


def write_number(value: float, decimals: int, language: Language) -> str:
    """
    Write a number with the marks of a language and a true minus sign.

    Examples
    --------
    >>> write_number(-1234.56, 1, "en"), write_number(-1234.56, 1, "vi")
    ('−1,234.6', '−1.234,6')
    """
    point, thousands = _MARKS[language]
    # no negative zero
    written = f"{round(value, decimals) + 0.0:,.{decimals}f}"
    return written.translate(str.maketrans(",.-", f"{thousands}{point}−"))


def label(subject: str, word: str, language: Language) -> str:
    """
    Return what a language calls a value of a column; the value itself where it has no label.

    Examples
    --------
    >>> label("status", "white", "vi")
    'trắng sóng'
    """
    return LABELS.get(subject, {}).get(word, (word, word))[LANGUAGES.index(language)]


#: English, Vietnamese.
PHRASES: dict[str, tuple[str, str]] = {
    "override": (
        "set to {status} by hand on {date} by {who} ({why}), computed as {computed}",
        "được đặt thủ công là {status} ngày {date} bởi {who} ({why}), kết quả tính toán: {computed}",
    ),
    "no_shape": (
        "the village has no usable shape, so nothing could be computed",
        "thôn không có ranh giới hay vị trí dùng được nên không tính được gì",
    ),
    "nearest": (
        "nearest recorded mast {distance_km} km ({operator})",
        "trạm BTS gần nhất trong danh sách cách {distance_km} km ({operator})",
    ),
    "no_server": ("no server above the floor", "không trạm BTS nào đạt mức thu tối thiểu"),
    "server_over": (
        "best server {operator} {technology} at {distance_km} km: {level} dBm, {margin} dB over the threshold",
        "trạm tốt nhất {operator} {technology} cách {distance_km} km: {level} dBm, cao hơn ngưỡng {margin} dB",
    ),
    "server_under": (
        "best server {operator} {technology} at {distance_km} km: {level} dBm, {margin} dB under the threshold",
        "trạm tốt nhất {operator} {technology} cách {distance_km} km: {level} dBm, thấp hơn ngưỡng {margin} dB",
    ),
    "clear_path": ("clear path", "đường truyền thông thoáng"),
    "blocked": (
        "terrain {obstacle_km} km away blocks {loss} dB",
        "địa hình cách {obstacle_km} km chắn sóng, suy hao nhiễu xạ {loss} dB",
    ),
    "grazed": (
        "terrain close to the path takes {loss} dB",
        "địa hình sát đường truyền gây suy hao nhiễu xạ {loss} dB",
    ),
    "second": ("a second mast reaches {level} dBm", "trạm thứ hai đạt mức thu {level} dBm"),
    "outside": (
        "{share} % of its people lie outside the terrain model",
        "{share} % số dân nằm ngoài mô hình địa hình",
    ),
    "unseen_mast": (
        "a mast within reach lies beyond the terrain model and could serve it",
        "có trạm BTS trong tầm phủ nằm ngoài mô hình địa hình và có thể phục vụ thôn",
    ),
    "dark_cluster": (
        "a cluster of {households} households is probably dark",
        "một cụm dân cư {households} hộ có lẽ không có sóng",
    ),
    "covered_share": ("{share} % of people covered", "{share} % số dân có sóng"),
    "only_2g": ("2G alone reaches it (p = {p})", "chỉ có sóng 2G (p = {p})"),
    "one_test": (
        "1 mobile test within {near_km} km of the centre",
        "1 lượt đo di động trong vòng {near_km} km quanh trung tâm",
    ),
    "tests": (
        "{count} mobile tests within {near_km} km of the centre",
        "{count} lượt đo di động trong vòng {near_km} km quanh trung tâm",
    ),
    "none_of_expected": ("0 of {expected} expected tests", "0 trên {expected} lượt đo dự kiến"),
    "expected": (
        "{expected} tests expected if it had signal",
        "dự kiến {expected} lượt đo nếu có sóng",
    ),
    "sampled": (
        "levels measured within {near_km} km of the centre: {count}, usable: {usable}",
        "mức thu đo được trong vòng {near_km} km quanh trung tâm: {count}, dùng được: {usable}",
    ),
    "denied": ("no service reported", "có phản ánh mất sóng"),
    "checked_signal": ("a field check found signal", "kiểm tra thực địa: có sóng"),
    "checked_none": ("a field check found no signal", "kiểm tra thực địa: không có sóng"),
    "no_test": (
        "no mobile test within {near_km} km of the centre",
        "không có lượt đo di động nào trong vòng {near_km} km quanh trung tâm",
    ),
    "contradiction": (
        "the tests contradict the prediction",
        "kết quả đo mâu thuẫn với dự báo",
    ),
    "download": (
        "median download {middle} Mbit/s ({low} to {high})",
        "tốc độ tải xuống trung vị {middle} Mbit/s (từ {low} đến {high})",
    ),
    "p": ("p = {p}", "p = {p}"),
}

#: By column and value: English, Vietnamese.
LABELS: dict[str, dict[str, tuple[str, str]]] = {
    "status": {
        "white": ("white", "trắng sóng"),
        "hollow": ("hollow", "lõm sóng"),
        "underserved": ("underserved", "sóng kém"),
        "served": ("served", "đạt yêu cầu"),
        "covered": ("covered", "có sóng"),
        "verify": ("verify", "cần kiểm tra"),
    },
    "status_meaning": {
        "white": ("no signal at the centre", "trung tâm thôn không có sóng"),
        "hollow": (
            "signal at the centre, none for a cluster of people or for too many of them",
            "trung tâm có sóng, nhưng một cụm dân cư hoặc quá nhiều người dân không có sóng",
        ),
        "underserved": ("signal, but slower than the target", "có sóng nhưng tốc độ thấp hơn mục tiêu"),
        "served": ("signal, and as fast as the target", "có sóng và tốc độ đạt mục tiêu"),
        "covered": ("signal; speed not known well enough", "có sóng; chưa biết đủ rõ tốc độ"),
        "verify": (
            "the evidence is missing, weak or contradicts itself: check in the field",
            "bằng chứng thiếu, yếu hoặc mâu thuẫn: cần kiểm tra thực địa",
        ),
    },
    "verify_cause": {
        "contradiction": ("contradiction", "bằng chứng mâu thuẫn"),
        "weak evidence": ("weak evidence", "bằng chứng còn yếu"),
        "missing input": ("missing input", "thiếu dữ liệu đầu vào"),
    },
    "evidence": {
        "measured": ("measured", "đo thực tế"),
        "predicted": ("predicted", "chỉ có dự báo"),
        "both": ("both", "dự báo và đo thực tế"),
        "none": ("none", "không có"),
    },
    "fixed_line": {
        "present": ("present", "có"),
        "absent": ("absent", "không có"),
        "unknown": ("unknown", "chưa rõ"),
    },
    "connection": {
        "mobile and fixed": ("mobile and fixed", "có cả sóng di động và mạng cố định"),
        "mobile only": ("mobile only", "chỉ có sóng di động"),
        "mobile": ("mobile, fixed line unknown", "có sóng di động, mạng cố định chưa rõ"),
        "fixed": ("fixed line, no sure signal", "có mạng cố định, sóng di động không có hoặc chưa rõ"),
        "neither": ("neither signal nor fixed line", "không có sóng di động lẫn mạng cố định"),
        "no mobile": ("no signal, fixed line unknown", "không có sóng di động, mạng cố định chưa rõ"),
        "unknown": ("unknown", "chưa rõ"),
    },
    "change": {
        "newly covered": ("newly covered", "mới có sóng"),
        "newly dark": ("newly dark", "mới mất sóng"),
        "still dark": ("still dark", "vẫn không có sóng"),
        "other change": ("other change", "thay đổi khác"),
        "same": ("same", "như cũ"),
        "appeared": ("appeared", "mới xuất hiện"),
        "vanished": ("vanished", "không còn"),
    },
}
