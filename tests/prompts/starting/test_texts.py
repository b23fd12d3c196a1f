"""Every text that there is, with every way of answering that changes which lines stand in it."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from prompts import models
from prompts.advice import LONG_GREETING, advise
from prompts.render import beginning_of
from prompts.starting.compose import GREETING_LIMIT, TEXT_LIMIT, Answers, Composed, compose
from prompts.starting.filling import CONDITIONS
from prompts.starting.library import TEXTS, industries, template
from prompts.starting.questions import ONE_OF, TASKS, WORDS
from tests.prompts.starting.answers import DIRECTIONS, LANGUAGES, OPTIONAL, few, many

EVERY_TEXT = [
    pytest.param(*which, id="-".join(which))
    for which in itertools.product(industries(), DIRECTIONS, LANGUAGES)
]
SCRIPT = {"he": "HEBREW", "en": "LATIN", "ar": "ARABIC"}

every_text = pytest.mark.parametrize(("industry", "direction", "language"), EVERY_TEXT)


def every_way(language: str) -> Iterator[Answers]:
    """With and without each optional answer and each task, in every tone and for both genders."""
    for tone, speaks_as in itertools.product(ONE_OF["tone"], ONE_OF["speaks_as"]):
        yield few(language, tone=tone, speaks_as=speaks_as)
        yield many(language, tone=tone, speaks_as=speaks_as)
    for name, answer in OPTIONAL[language].items():
        yield few(language, **{name: str(answer)})
        yield many(language, **{name: ""})
    for task in TASKS:
        yield few(language, tasks=[task])


def advice_on(composed: Composed) -> list[str]:
    found = advise(text=composed.text, greeting=composed.greeting, other_direction_published=True)
    return [finding.code for finding in found]


def script_of(text: str) -> str:
    letters = [unicodedata.name(c).split()[0] for c in text if c.isalpha()]
    return max(set(letters), key=letters.count) if letters else ""


def headings_alone(text: str) -> list[str]:
    return [block for block in text.split("\n\n") if block.endswith(":") or not block.strip()]


def test_there_are_many_industries_and_each_is_whole() -> None:
    assert len(industries()) >= 10
    for key in industries():
        assert {path.name for path in (TEXTS / key).iterdir()} == {
            "industry.toml",
            *(f"{d}.{language}.txt" for d in DIRECTIONS for language in LANGUAGES),
        }


def test_no_folder_is_without_its_name() -> None:
    assert {path.name for path in TEXTS.iterdir() if path.is_dir()} == set(industries())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_name_of_an_industry_is_in_each_language_and_its_own(language: str) -> None:
    names = [industry.names[language] for industry in industries().values()]
    assert len(set(names)) == len(names)
    for shown in (*names, *(i.services[language] for i in industries().values())):
        assert script_of(shown) == SCRIPT[language]


@every_text
def test_advice_has_nothing_to_say(industry: str, direction: str, language: str) -> None:
    for answers in every_way(language):
        assert advice_on(compose(industry, direction, language, answers)) == []


@every_text
def test_nothing_is_left_open(industry: str, direction: str, language: str) -> None:
    for answers in every_way(language):
        composed = compose(industry, direction, language, answers)
        assert not re.search(r"[{}\[\]]", composed.text + composed.greeting)
        assert headings_alone(composed.text) == []
        assert composed.greeting.strip()
        assert composed.text == composed.text.strip()


@every_text
def test_every_answer_has_its_place(industry: str, direction: str, language: str) -> None:
    answers = many(language)
    composed = compose(industry, direction, language, answers)
    for name in WORDS:
        outbound_only = name in {"purpose", "success"}
        there = str(answers[name]) in composed.text
        assert there == (direction == "outbound" or not outbound_only), name


@every_text
def test_every_choice_changes_something(industry: str, direction: str, language: str) -> None:
    for choices in (
        [compose(industry, direction, language, few(language, tasks=[task])) for task in TASKS],
        *(
            [compose(industry, direction, language, few(language, **{name: c})) for c in offered]
            for name, offered in ONE_OF.items()
        ),
    ):
        assert len({composed.text for composed in choices}) == len(choices)


@every_text
def test_every_choice_has_lines_of_its_own(industry: str, direction: str, language: str) -> None:
    found = template(industry, direction, language)
    conditions = {line.condition for block in found.paragraphs for line in block}
    assert conditions == {"", *CONDITIONS}


@every_text
def test_the_text_is_in_its_language(industry: str, direction: str, language: str) -> None:
    composed = compose(industry, direction, language, many(language))
    for line in [*composed.text.splitlines(), composed.greeting]:
        letters = [c for c in line if c.isalpha()]
        own = sum(unicodedata.name(c).startswith(SCRIPT[language]) for c in letters)
        assert own == len(letters), line


@every_text
def test_the_greeting_says_who_is_speaking(industry: str, direction: str, language: str) -> None:
    nameless = compose(industry, direction, language, few(language)).greeting
    named = compose(industry, direction, language, many(language)).greeting
    assert str(few(language)["business"]) in nameless
    assert str(many(language)["business"]) in named
    assert str(many(language)["agent"]) in named
    digital = {"he": "דיגיטלי", "en": "digital assistant", "ar": "الرقمي"}[language]
    alternatives = {digital, "الرقمية"}
    assert any(word in nameless for word in alternatives)
    assert any(word in named for word in alternatives)


@pytest.mark.parametrize("language", ["he", "ar"])
@pytest.mark.parametrize("industry", industries())
def test_a_man_does_not_speak_as_a_woman(industry: str, language: str) -> None:
    feminine = {"he": r"העוזרת|מדברת|מתקשרת|(?<!\w)את העוזר", "ar": "المساعِدة الرقمية|أنتِ|تتصلين"}
    masculine = {"he": r"העוזר(?!ת)|מדבר(?!ת|ים)|מתקשר(?!ת)|אתה", "ar": "المساعد الرقمي|أنتَ"}
    for direction in DIRECTIONS:
        man = compose(industry, direction, language, many(language, speaks_as="man"))
        woman = compose(industry, direction, language, many(language, speaks_as="woman"))
        opening = man.greeting + man.text.split("\n\n")[0]
        assert not re.search(feminine[language], opening)
        opening = woman.greeting + woman.text.split("\n\n")[0]
        assert not re.search(masculine[language], opening)


@every_text
def test_the_longest_answers_fit(industry: str, direction: str, language: str) -> None:
    longest = {name: "א" * words.limit for name, words in WORDS.items()}
    composed = compose(industry, direction, language, many(language, **longest))
    assert len(composed.text) <= TEXT_LIMIT
    assert len(composed.greeting) <= LONG_GREETING


def test_the_caps_are_those_of_the_rows() -> None:
    assert (TEXT_LIMIT, GREETING_LIMIT) == (models.TEXT_LIMIT, models.GREETING_LIMIT)


@every_text
def test_the_first_words_of_a_call_know_the_business(
    industry: str, direction: str, language: str
) -> None:
    opening = beginning_of(compose(industry, direction, language, many(language)).text)
    assert str(many(language)["business"]) in opening
    reason = "purpose" if direction == "outbound" else "services"
    assert str(many(language)[reason]) in opening


@every_text
def test_a_text_names_no_business_and_no_number(
    industry: str, direction: str, language: str
) -> None:
    lines = (line for block in template(industry, direction, language).paragraphs for line in block)
    assert not [line.text for line in lines if re.search(r"\d", line.text)]


@pytest.mark.parametrize("path", sorted(TEXTS.rglob("*.txt")), ids=lambda path: path.parent.name)
def test_a_file_has_no_hidden_characters_and_no_loose_ends(path: Path) -> None:
    content = path.read_text(encoding="utf-8")
    assert content == unicodedata.normalize("NFC", content)
    assert not [c for c in content if unicodedata.category(c) in {"Cf", "Cc"} and c != "\n"]
    assert content.endswith("\n")
    assert not re.search(r"[ \t]\n|\n\n\n|\n\n\Z|  ", content)
