"""The words in the picture of a path, in English and in Vietnamese."""

from lomsong.wording import LANGUAGES, Language


def say_path(key: str, language: Language, **values: object) -> str:
    """
    Return a text of the picture of a path, with values for the names in braces.

    Examples
    --------
    >>> say_path("terrain", "vi")
    'địa hình'
    """
    return PATH_WORDS[key][LANGUAGES.index(language)].format(**values)


#: English, Vietnamese.
PATH_WORDS: dict[str, tuple[str, str]] = {
    "title": ("Terrain path from site {site} to {village}", "Mặt cắt địa hình từ trạm {site} đến {village}"),
    "described": (
        "{km} km from site {site} of {operator}, {technology} at {mhz} MHz.",
        "Cách trạm {site} của {operator} {km} km, {technology} tần số {mhz} MHz.",
    ),
    "described_level": ("{kind} {level}, margin {margin}.", "{kind} {level}, dự trữ {margin}."),
    "synthetic": ("SYNTHETIC DATA", "DỮ LIỆU MÔ PHỎNG"),
    "synthetic_data": ("Synthetic data.", "Dữ liệu mô phỏng."),
    "village_line": ("village {id}", "thôn {id}"),
    "one_place": ("mast and village centre stand in one place", "trạm và trung tâm thôn ở cùng một chỗ"),
    "height_axis": ("height above sea level [m]", "độ cao so với mực nước biển [m]"),
    "mast": ("mast {id}, antenna {height} m", "trạm {id}, anten {height} m"),
    "phone": (", phone {height} m", ", điện thoại {height} m"),
    "terrain": ("terrain", "địa hình"),
    "bulge": ("earth bulge {height} m (k = {factor})", "độ cong trái đất {height} m (k = {factor})"),
    "clutter": ("clutter", "cây và nhà"),
    "fresnel": ("first Fresnel zone", "đới Fresnel thứ nhất"),
    "no_height": ("no height known", "không rõ độ cao"),
    "sight": ("line of sight", "đường nhìn thẳng"),
    "total_loss": ("total path loss", "tổng suy hao"),
    "eirp": ("radiated power (EIRP)", "công suất bức xạ (EIRP)"),
    "pattern": ("antenna pattern", "giản đồ anten"),
    "free_space": ("free space", "không gian tự do"),
    "diffraction": ("diffraction", "nhiễu xạ"),
    "other": ("scatter and other", "tán xạ và khác"),
    "reference": ("reference signal share", "phần tín hiệu tham chiếu"),
    "level": ("{kind} level", "mức thu {kind}"),
    "threshold": ("threshold", "ngưỡng"),
    "margin": ("margin", "dự trữ"),
    "sigma": ("spread of reality (σ)", "độ phân tán thực (σ)"),
    "not_known": ("not known", "chưa rõ"),
    "gap_one": ("terrain missing on the way;", "thiếu địa hình trên đường truyền;"),
    "gap_two": ("line of sight not known", "chưa rõ có thông thoáng không"),
    "clear": ("line of sight, Fresnel zone clear", "nhìn thẳng, đới Fresnel thông thoáng"),
    "blocked": ("line of sight blocked;", "đường nhìn thẳng bị chắn;"),
    "touched": ("line of sight, zone touched;", "nhìn thẳng, đới Fresnel bị chạm;"),
    "worst": ("worst {km} km from the mast,", "nặng nhất cách trạm {km} km,"),
    "over": ("{metres} m over the line", "cao hơn đường nhìn {metres} m"),
    "under": ("{metres} m under the line", "thấp hơn đường nhìn {metres} m"),
}
