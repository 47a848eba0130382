"""The self-test as a section of the report and as a page of its own."""

from importlib.resources import files

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from lomsong.report.drawing import Drawing
from lomsong.report.fonts import font_faces
from lomsong.report.plan_words import name_plan, say_plan
from lomsong.report.self_test import SelfTest
from lomsong.report.self_test_pictures import draw_coverage, draw_drivers, draw_reliability
from lomsong.report.village_words import say_village
from lomsong.report.words import say
from lomsong.wording import Language, label, write_number

_TEMPLATES = ("report", "evidence", "self_test", "style", "villages", "plan", "closing")


def report_environment(language: Language) -> Environment:
    """Return templates that know the words, labels and numbers of a language; every text is escaped."""
    folder = files("lomsong.report")
    sources = {name: folder.joinpath(f"{name}.html.j2").read_text("utf-8") for name in _TEMPLATES}
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

    def village_words(key: str, **values: object) -> str:
        return say_village(key, language, **values)

    def plan_words(key: str, **values: object) -> str:
        return say_plan(key, language, **values)

    def plan_name(word: str | None) -> str:
        return "" if word is None else name_plan(word, language)

    environment.globals.update(
        t=words, v=village_words, p=plan_words, plan_name=plan_name, label=name, language=language
    )
    environment.globals["fonts"] = Markup(font_faces())  # noqa: S704 - our own rules
    return environment


def draw_self_test(test: SelfTest, language: Language) -> dict[str, Drawing]:
    """Return the pictures that the self-test has something for, by name."""
    drawings = {}
    if test.reliability:
        drawings["reliability"] = draw_reliability(test, language)
    if test.coverage:
        drawings["coverage"] = draw_coverage(test, language)
    if test.drivers:
        drawings["drivers"] = draw_drivers(test, language)
    return drawings


def show(drawing: Drawing) -> Markup:
    """Return a picture as a part of a page; every text in it is escaped."""
    return Markup(drawing.as_svg())  # noqa: S704 - drawn by us


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
    drawings = draw_self_test(test, language)
    return template.render(
        test=test, pictures=list(map(show, drawings.values())), name=name, synthetic=synthetic
    )
