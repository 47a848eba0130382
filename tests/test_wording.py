"""Two languages that say the same: every phrase, label and number."""

import string
import unicodedata

import pytest

from lomsong.schemas import ASSESSMENT
from lomsong.text import fold
from lomsong.wording import LABELS, PHRASES, Phrase, label, write_number


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_both_languages_name_the_same_values() -> None:
    for key, (english, vietnamese) in PHRASES.items():
        assert fields(english) == fields(vietnamese), key


def test_the_vietnamese_is_composed_and_has_its_diacritics() -> None:
    texts = [pair[1] for pair in PHRASES.values()]
    texts += [pair[1] for words in LABELS.values() for pair in words.values()]
    for text in texts:
        assert unicodedata.normalize("NFC", text) == text
        assert fold(text) != text.casefold() or text == "p = {p}", text


def test_every_verdict_has_a_label_in_both_languages() -> None:
    for name in ("status", "verify_cause", "evidence", "fixed_line", "connection"):
        for word in ASSESSMENT.column(name).choices:
            assert word in LABELS[name]
            assert label(name, word, "vi") != word


def test_an_unknown_word_stays_as_it_is() -> None:
    assert label("status", "new", "vi") == "new"


@pytest.mark.parametrize(
    ("value", "decimals", "english", "vietnamese"),
    [
        (3.44, 1, "3.4", "3,4"),
        (-118.2, 0, "−118", "−118"),
        (1234567.0, 0, "1,234,567", "1.234.567"),
        (-0.001, 2, "0.00", "0,00"),
    ],
)
def test_numbers_follow_the_language(value: float, decimals: int, english: str, vietnamese: str) -> None:
    assert write_number(value, decimals, "en") == english
    assert write_number(value, decimals, "vi") == vietnamese


def test_a_name_with_braces_is_data_and_no_template() -> None:
    phrase = Phrase("nearest", {"distance_km": (3.4, 1), "operator": "{p} <b>"})
    assert phrase.say("vi") == "trạm BTS gần nhất trong danh sách cách 3,4 km ({p} <b>)"
