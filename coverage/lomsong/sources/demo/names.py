"""Made-up names in the manner of Vietnamese mountain villages; none is meant to be a real place."""

import numpy as np

DISTRICT_NAME = "Huyện Sương Giăng"
PROVINCE_NAME = "Tỉnh Mù Khơi"
#: Code and name of each commune; the codes start with zeros on purpose.
COMMUNES = (("00991", "Xã Mây Ngàn"), ("00992", "Xã Suối Lạnh"), ("00993", "Xã Đèo Gió"))
#: Network code (test network, mobile country code 1) and name of the operators.
OPERATORS = (("1-01", "Sóng Xanh"), ("1-02", "Mạng Núi"), ("1-03", "Viễn Thông Mây"))

_KINDS = ("Thôn", "Bản")
_THINGS = (
    "Suối", "Khe", "Đồi", "Thung", "Đá", "Rừng", "Hồ", "Sương", "Mây", "Nắng", "Trăng", "Gió", "Đèo", "Vực", "Ngõ",
)  # fmt: skip
_MANNERS = (
    "Ngủ", "Biếc", "Mơ", "Cong", "Trầm", "Tím", "Ngân", "Khói", "Lau", "Vắng", "Ươm", "Chếch", "Thẳm", "Đợi", "Quên",
)  # fmt: skip


def draw_village_names(rng: np.random.Generator, count: int) -> list[str]:
    """
    Draw different names.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    count : int
        How many, up to 225.

    Examples
    --------
    >>> draw_village_names(np.random.default_rng(1), 225)[0].split()[0] in ("Thôn", "Bản")
    True
    """
    pairs = rng.permutation(len(_THINGS) * len(_MANNERS))[:count]
    kinds = rng.choice(len(_KINDS), size=count, p=(0.6, 0.4))
    return [
        f"{_KINDS[kind]} {_THINGS[pair // len(_MANNERS)]} {_MANNERS[pair % len(_MANNERS)]}"
        for kind, pair in zip(kinds, pairs, strict=True)
    ]
