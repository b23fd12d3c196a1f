from __future__ import annotations

import pytest
from django.utils.translation import override

from prompts.advice import LONG_TEXT, Code, Severity, advise
from prompts.advice_texts import TEXTS, sentence

GOOD = {
    "he": "את עונה בחנות פרחים. דברי רק על פרחים. בסוף השיחה אמרי להתראות.",
    "en": "You answer for a flower shop. Speak only about flowers. Then say goodbye.",
    "ar": "أنت ترد في محل زهور. تحدثي فقط عن الزهور. في النهاية قولي مع السلامة.",
}


def codes(
    text: str, greeting: str = "Hello, flowers.", other_direction_published: bool = True
) -> list[Code]:
    found = advise(
        text=text, greeting=greeting, other_direction_published=other_direction_published
    )
    return [finding.code for finding in found]


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_a_good_prompt_needs_no_advice(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "You answer for a flower shop. Then say goodbye.",
        "את עונה בחנות פרחים. בסוף השיחה אמרי להתראות.",
        "أنت ترد في محل زهور. في النهاية قولي مع السلامة.",
    ],
)
def test_a_boundary_that_nobody_stated_is_missed(text: str) -> None:
    assert codes(text) == [Code.SCOPE_MISSING]


@pytest.mark.parametrize(
    "boundary",
    [
        "Never talk about politics.",
        "Do not discuss prices.",
        "Don't give medical advice.",
        "Refuse anything off-topic.",
        "אסור לדבר על מחירים.",
        "אל תעני על שאלות אחרות.",
        "לא לענות על נושאים אחרים.",
        "לא תתייחסי לנושאים מחוץ לחנות.",
        "لا تتحدثي عن السياسة.",
        "ممنوع الحديث عن الأسعار.",
    ],
)
def test_a_boundary_is_recognised(boundary: str) -> None:
    assert Code.SCOPE_MISSING not in codes(f"Shop. {boundary} Goodbye.")


@pytest.mark.parametrize(
    "text",
    [
        "Speak only about flowers.",
        "דברי רק על פרחים.",
        "تحدثي فقط عن الزهور.",
    ],
)
def test_an_ending_that_nobody_stated_is_missed(text: str) -> None:
    assert codes(text) == [Code.CLOSING_MISSING]


@pytest.mark.parametrize(
    "closing",
    [
        "End every call warmly.",
        "Close the conversation with thanks.",
        "Then hang up.",
        "בסיום השיחה סכמי.",
        "איחולי יום טוב.",
        "ثم أنهِ المكالمة.",
        "قولي شكرا.",
    ],
)
def test_an_ending_is_recognised(closing: str) -> None:
    assert Code.CLOSING_MISSING not in codes(f"Speak only about flowers. {closing}")


@pytest.mark.parametrize(
    "placeholder",
    [
        "[NAME]",
        "[BUSINESS NAME]",
        "{{city}}",
        "{{ opening hours }}",
        "{name}",
        "<address>",
        "<שם העסק>",
        "[שם העסק]",
        "[اسم المحل]",
        "TODO",
        "XXX",
        "TBD",
        "_____",
    ],
)
def test_something_still_to_be_filled_in_is_noticed(placeholder: str) -> None:
    (finding,) = advise(
        text=f"{GOOD['en']} Name: {placeholder}.", greeting="Hi", other_direction_published=True
    )
    assert (finding.code, finding.args) == (Code.PLACEHOLDER, {"placeholder": placeholder})


def test_a_placeholder_in_the_greeting_is_noticed() -> None:
    assert codes(GOOD["en"], greeting="Hello [NAME]") == [Code.PLACEHOLDER]


def test_the_same_placeholder_is_told_once() -> None:
    assert codes(f"{GOOD['en']} [NAME] [NAME] [CITY]") == [Code.PLACEHOLDER, Code.PLACEHOLDER]


@pytest.mark.parametrize(
    "text", ["Prices: 3 < 5 and 7 > 2.", "Say it (softly).", "a_b_c", "[1]", "xxx large size"]
)
def test_ordinary_text_is_no_placeholder(text: str) -> None:
    assert Code.PLACEHOLDER not in codes(f"{GOOD['en']} {text}")


def test_a_long_text_is_told_its_length() -> None:
    text = GOOD["en"] + "x" * LONG_TEXT
    (finding,) = advise(text=text, greeting="Hi", other_direction_published=True)
    assert finding.severity is Severity.WARNING
    assert finding.args == {"length": len(text), "limit": LONG_TEXT}


def test_a_text_of_exactly_the_limit_is_not_long() -> None:
    assert codes(GOOD["en"].ljust(LONG_TEXT, "x")) == []


@pytest.mark.parametrize("text", ["", " \n\t"])
def test_an_empty_text_is_all_there_is_to_say(text: str) -> None:
    assert codes(text) == [Code.TEXT_EMPTY]


def test_a_missing_greeting_and_a_long_one_are_noticed() -> None:
    assert codes(GOOD["en"], greeting=" ") == [Code.GREETING_MISSING]
    assert codes(GOOD["en"], greeting="x" * 201) == [Code.GREETING_LONG]


def test_a_direction_without_a_prompt_is_noticed() -> None:
    assert codes(GOOD["en"], other_direction_published=False) == [Code.OTHER_DIRECTION_MISSING]


def test_every_finding_has_a_sentence() -> None:
    assert set(TEXTS) == set(Code)


def test_a_sentence_carries_its_figures() -> None:
    (finding,) = advise(
        text=GOOD["en"] + " [NAME]", greeting="Hello", other_direction_published=True
    )
    with override("en"):
        assert sentence(finding).endswith("[NAME]")
