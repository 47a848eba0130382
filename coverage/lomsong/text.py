"""Names and codes as text: one Unicode form, folding for search, and bytes of unknown encoding."""

import re
import unicodedata
from dataclasses import dataclass

from lomsong.errors import SourceError

#: Spellings of "no value" seen in real files, compared without case. GADM writes "NA", drive tests "-".
MISSING_WORDS = frozenset({"", "na", "n/a", "nan", "null", "none", "-", "<na>", "\\n"})

#: Names of the Vietnamese font encoding of the 1990s (TCVN 5712 as in .VnTime fonts), which Python lacks.
_TCVN3_NAMES = frozenset({"tcvn3", "tcvn", "tcvn5712", "tcvn-5712", "tcvn 5712", "abc"})
#: Its letters as they look when read as Latin-1, and what they stand for; capitals with a tone had a font of their own.
_TCVN3 = str.maketrans(
    "µ¸¶·¹¨»¾¼½Æ©ÇÊÈÉË®ÌÐÎÏÑªÒÕÓÔÖ×ÝØÜÞßãáâä«åèæçé¬êíëìîïóñòô\xadõøö÷ùúýûüþ¡¢§£¤¥¦",
    "àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵĂÂĐÊÔƠƯ",
)


#: Those of its letters that Latin-1 has signs for: à, ả, đ, ư and so on.
_TCVN3_SIGNS = frozenset("¡¢£¤¥¦§¨©ª«¬\xad®µ¶·¸¹»¼½¾")
#: A Vietnamese syllable without its diacritics.
_SYLLABLE = re.compile(
    r"(?:b|c|ch|d|g|gh|gi|h|k|kh|l|m|n|ng|ngh|nh|p|ph|qu|r|s|t|th|tr|v|x)?[aeiouy]{1,3}(?:c|ch|m|n|ng|nh|p|t)?"
)
#: Tone marks of Windows code page 1258: grave, hook, tilde, acute, dot below.
_CP1258_TONES = b"\xcc\xd2\xde\xec\xf2"
#: Letters of Vietnamese with diacritics, and what else stands in its texts.
_VIETNAMESE = frozenset("àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ")
_PUNCTUATION = frozenset("\u00a0°²–—‘’“”…•\ufeff")
#: What no picture can hold and no terminal should obey: control characters, marks that reorder the text around them, halves
#: of a pair of code units, and what Unicode says is no character.
UNSHOWN = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
    + "".join(chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF))
    + "]"
)
#: What stands for a character that cannot be shown.
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


def normalise(name: str) -> str:
    r"""
    Return a name in Unicode form NFC without surrounding blanks; nothing else changes.

    Examples
    --------
    >>> normalise(" Ba\u0309n ") == "B\u1ea3n"
    True
    """
    return unicodedata.normalize("NFC", name).strip()


def fold(name: str) -> str:
    """
    Return a name for comparison: lower case, without diacritics; the Vietnamese đ becomes d.

    Examples
    --------
    >>> fold("Đèo Gió")
    'deo gio'
    """
    bare = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return re.sub(r"\s+", " ", bare.replace("đ", "d").replace("Đ", "D")).strip().casefold()


#: A cell that begins so is a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guard_cell(text: str) -> str:
    """
    Return a text that no spreadsheet takes for a formula: an apostrophe goes before one that looks like it.

    Examples
    --------
    >>> guard_cell("=1+1"), guard_cell("Bản Hồ")
    ("'=1+1", 'Bản Hồ')
    """
    return "'" + text if text.startswith(_FORMULA) else text


def unguard_cell(text: str) -> str:
    """
    Return a text as it was before `guard_cell`.

    Examples
    --------
    >>> unguard_cell(guard_cell("=1+1")), unguard_cell("'s-Hertogenbosch")
    ('=1+1', "'s-Hertogenbosch")
    """
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


@dataclass(frozen=True, slots=True)
class Decoded:
    """Text, the encoding it was read with, and whether that encoding was detected rather than known."""

    text: str
    encoding: str
    detected: bool


def decode(content: bytes, *, declared: str | None, name: str) -> Decoded:
    """
    Decode the bytes of a file.

    Parameters
    ----------
    content : bytes
        The whole file.
    declared : str or None
        The encoding the settings give, a name that Python knows or ``tcvn3``. None tries UTF-8 and then detects.
    name : str
        The file's name, for the message.

    Raises
    ------
    SourceError
        The declared encoding is unknown or does not fit, or nothing fits.
    """
    if declared is not None and declared.casefold() in _TCVN3_NAMES:
        return Decoded(recode(content, "tcvn3"), "tcvn3", detected=False)
    if declared is not None:
        try:
            return Decoded(content.decode(declared), declared, detected=False)
        except LookupError:
            raise SourceError(
                f"{name}: '{declared}' is not an encoding; try 'utf-8', 'cp1258' or 'tcvn3'"
            ) from None
        except UnicodeDecodeError as error:
            raise SourceError(
                f"{name}: byte {error.start:,} is not valid {declared}; correct the encoding in the settings "
                "or leave it out to have it detected"
            ) from None
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        # the mark at its beginning names the encoding
        return Decoded(content.decode("utf-16", errors="replace"), "utf-16", detected=False)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _detect(content, name)
    if "\x00" in text[:1000]:
        raise SourceError(
            f"{name}: this does not look like text; if it is UTF-16 without a mark, set encoding: utf-16-le"
        )
    return Decoded(text, "utf-8", detected=False)


def recode(content: bytes, encoding: str) -> str:
    """Return a part of a text whose encoding `decode` found; what does not fit it becomes a mark."""
    if encoding == "tcvn3":
        return content.decode("latin-1").translate(_TCVN3)
    return content.decode(encoding, "replace")


def _is_vietnamese(content: bytes) -> bool:
    """
    Tell whether bytes are Vietnamese in Windows code page 1258, which detectors of encodings take for Chinese.

    That page writes tones as marks of their own after the letter. Nothing else puts them together to letters of the
    Vietnamese alphabet and to no other.
    """
    try:
        text = unicodedata.normalize("NFC", content.decode("cp1258"))
    except UnicodeDecodeError:
        return False
    toned = any(byte in content for byte in _CP1258_TONES)
    return toned and all(c.isascii() or c.casefold() in _VIETNAMESE or c in _PUNCTUATION for c in text)


def _is_tcvn3(content: bytes) -> bool:
    """
    Tell whether bytes are Vietnamese in a font of the 1990s: every word with a letter beyond ASCII is then a syllable.

    Words of other languages are none, and few of them are spelled with what Latin-1 has for signs.
    """
    plain = content.decode("latin-1")
    words = [word for word in re.split(r"[\x00-@\[-`{-\x7f]+", plain) if not word.isascii()]
    signs = sum(character in _TCVN3_SIGNS for word in words for character in word)
    letters = sum(not character.isascii() for word in words for character in word)
    return signs * 5 >= letters > 0 and all(
        _SYLLABLE.fullmatch(fold(word.translate(_TCVN3))) for word in words
    )


def _detect(content: bytes, name: str) -> Decoded:
    if _is_vietnamese(content):
        return Decoded(content.decode("cp1258"), "cp1258", detected=True)
    if _is_tcvn3(content):
        return Decoded(recode(content, "tcvn3"), "tcvn3", detected=True)
    from charset_normalizer import from_bytes  # noqa: PLC0415 - slow to load, seldom needed

    best = from_bytes(content).best()
    if best is None or "\x00" in str(best)[:1000]:
        raise SourceError(f"{name}: this does not look like text; is it the right file?")
    return Decoded(str(best), best.encoding, detected=True)


def clean(text: str) -> str:
    r"""
    Return a name on one line, with a sign instead of what no picture can hold and no terminal should obey.

    Examples
    --------
    >>> clean("Bản\x1b[31m <b>\n") == "Bản\ufffd[31m <b> "
    True
    """
    return UNSHOWN.sub(_REPLACEMENT, re.sub(r"[\t\r\n]", " ", text))
