"""The formulas behind a report, in one table: what is computed, how, and where the formula comes from."""

from lomsong.wording import LANGUAGES, Language

#: English, Vietnamese, formula, source.
_FORMULAS: tuple[tuple[str, str, str, str], ...] = (
    (
        "Level at a place [dBm]",
        "Mức thu tại một điểm [dBm]",
        "level = EIRP − A(azimuth, tilt) − L_free − L_terrain + Δ_reference",
        "ITU-R P.1812-8 (loss, unless another model is named above); 3GPP TR 36.814 table A.2.1.1-2 (antenna pattern A)",
    ),
    (
        "Free-space loss [dB]",
        "Suy hao không gian tự do [dB]",
        "L_free = 32.4 + 20 log₁₀ f[MHz] + 20 log₁₀ d[km]",
        "ITU-R P.525-4",
    ),
    (
        "Chance of signal from one mast",
        "Xác suất có sóng từ một trạm",
        "p = Φ((level − threshold) / σ)",
        "log-normal shadowing; σ grows with the loss over the terrain (settings radio.sigma_*)",
    ),
    (
        "Chance of signal from any mast",
        "Xác suất có sóng từ bất kỳ trạm nào",
        "p_any = P(max over masts of (level + shadowing − threshold) > 0), shadowing correlated by ρ",
        "radio.site_correlation",
    ),
    (
        "People expected without signal",
        "Số dân dự kiến không có sóng",
        "Σ people · (1 − p) over the demand points of the village",
        "expectation",
    ),
    (
        "Need",
        "Mức cần",
        "need = Σ w · percentile rank / Σ w over unserved people, severity, isolation, social facts",
        "settings ranking.weight_*",
    ),
    (
        "Present value of a site",
        "Giá trị hiện tại của một trạm",
        "capital − subsidy + running cost · (1 − (1 + r)⁻ⁿ) / r",
        "annuity; settings costs.discount_rate (r), costs.horizon_years (n)",
    ),
    (
        "Choice of sites",
        "Lựa chọn trạm",
        "maximise Σ people reached subject to Σ cost ≤ budget, one way to build per site",
        "budgeted maximal covering location problem (Church & ReVelle 1974), bound by branch and bound",
    ),
)


def list_formulas(language: Language) -> list[dict[str, str]]:
    """Return the formulas with their names in a language."""
    place = LANGUAGES.index(language)
    return [{"what": row[place], "formula": row[2], "source": row[3]} for row in _FORMULAS]
