"""How good the data is, before anything is computed: correct, sufficient, clean, live."""

from lomsong.quality.assessment import check
from lomsong.quality.report import QualityReport

__all__ = ["QualityReport", "check"]
