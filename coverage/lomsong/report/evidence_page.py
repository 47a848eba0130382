"""The self-test as a section of the report and as a page of its own."""

from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from lomsong.report.self_test import SelfTest
from lomsong.report.self_test_pictures import draw_coverage, draw_drivers, draw_reliability
from lomsong.report.words import say
from lomsong.wording import Language, label, write_number

_TEMPLATES = {"report": "report", "evidence": "evidence", "self_test": "self_test", "style": "style"}


def report_environment(language: Language) -> Environment:
    """Return templates that know the words, labels and numbers of a language; every text is escaped."""
    folder = files("lomsong.report")
    sources = {
        name: folder.joinpath(f"{stem}.html.j2").read_text("utf-8") for name, stem in _TEMPLATES.items()
    }
    environment = Environment(
        loader=DictLoader(sources),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def number(value: object, decimals: int = 0, missing: str = "–") -> str:
        if value is None or value != value:  # noqa: PLR0124 - NaN is not itself
            return missing
        return write_number(float(str(value)), decimals, language)

    def short(value: float) -> str:
        decimals = len(f"{value:g}".partition(".")[2])
        return write_number(value, decimals, language)

    def words(key: str, **values: object) -> str:
        return say(key, language, **values)

    def name(subject: str, word: str) -> str:
        return label(subject, word, language)

    environment.filters.update(number=number, short=short)
    environment.globals.update(t=words, label=name, language=language)
    return environment


def self_test_pictures(test: SelfTest, language: Language) -> list[Markup]:
    """Return the pictures that the self-test has something for."""
    drawings = []
    if test.reliability:
        drawings.append(draw_reliability(test, language))
    if test.coverage:
        drawings.append(draw_coverage(test, language))
    if test.drivers:
        drawings.append(draw_drivers(test, language))
    # drawn by us, every text in them escaped
    return [Markup(drawing.as_svg()) for drawing in drawings]  # noqa: S704


def render_self_test(test: SelfTest, *, name: str, synthetic: bool, language: Language = "en") -> str:
    """
    Render the self-test as a page.

    Parameters
    ----------
    test : SelfTest
        From `make_self_test`.
    name, synthetic
        Of the area.
    language : {'en', 'vi'}
        Of the words and numbers.

    Returns
    -------
    str
        A whole page without any outside resource or script.
    """
    template = report_environment(language).get_template("evidence")
    return template.render(
        test=test, pictures=self_test_pictures(test, language), name=name, synthetic=synthetic
    )
