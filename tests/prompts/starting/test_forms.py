from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override

from prompts.advice import advise
from prompts.starting.compose import compose
from prompts.starting.forms import QuestionnaireForm, StartingPointForm
from prompts.starting.library import industries
from prompts.starting.questions import ONE_OF, TASKS, WORDS
from tests.prompts.starting.answers import few, many


def asked(data: Any = None, direction: str = "inbound", **more: Any) -> QuestionnaireForm:
    return QuestionnaireForm(data, industry="shop", direction=direction, **more)


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
@pytest.mark.parametrize("language", ["he", "en", "ar"])
def test_alice_answers_and_has_a_prompt(direction: str, language: str) -> None:
    form = asked(many(language), direction)
    assert form.is_valid(), form.errors
    composed = compose("shop", direction, language, form.cleaned_data)
    assert str(many(language)["prices"]) in composed.text
    assert (
        advise(text=composed.text, greeting=composed.greeting, other_direction_published=True) == []
    )


def test_alice_answers_only_what_she_must() -> None:
    form = asked(few("he"))
    assert form.is_valid(), form.errors
    compose("shop", "inbound", "he", form.cleaned_data)


def test_only_outbound_is_asked_why_it_calls() -> None:
    assert set(asked(direction="outbound").fields) - set(asked().fields) == {"purpose", "success"}


def test_every_question_that_a_text_may_need_is_asked() -> None:
    assert set(asked(direction="outbound").fields) == {*WORDS, *ONE_OF, "tasks"}


def test_every_choice_is_offered() -> None:
    fields: dict[str, Any] = asked().fields
    assert [key for key, _label in fields["tasks"].choices] == list(TASKS)
    for name, choices in ONE_OF.items():
        assert [key for key, _label in fields[name].choices] == list(choices)


@pytest.mark.parametrize("direction", ["inbound", "outbound"])
def test_every_question_has_a_label_and_help_or_an_example(direction: str) -> None:
    for name, field in asked(direction=direction).fields.items():
        assert field.label, name
        if name in WORDS:
            assert field.help_text, name
            assert str(field.widget.attrs["placeholder"]).startswith("For example: "), name


def test_the_example_of_services_is_of_the_trade_and_in_the_language_of_the_reader() -> None:
    def example(industry: str) -> str:
        form = QuestionnaireForm(industry=industry, direction="inbound")
        return str(form.fields["services"].widget.attrs["placeholder"])

    assert "brakes" in example("garage")
    assert "bouquets" in example("shop")
    with override("he"):
        assert "בלמים" in example("garage")
    with override("ar"):
        assert "فرامل" in example("garage")


def test_one_form_does_not_change_the_next() -> None:
    asked(direction="inbound")
    other = QuestionnaireForm(industry="hotel", direction="outbound")
    assert "purpose" in other.fields
    assert "bouquets" not in str(other["services"])


@pytest.mark.parametrize("name", WORDS)
def test_a_field_knows_its_limit(name: str) -> None:
    limit = WORDS[name].limit
    form = asked(many("en", **{name: "x" * (limit + 1)}), "outbound")
    assert list(form.errors) == [name]
    assert len(form.errors[name]) == 1
    assert f'maxlength="{limit}"' in str(form[name])
    assert asked(many("en", **{name: "x" * limit}), "outbound").is_valid()


def test_a_line_break_of_a_browser_counts_once() -> None:
    lines = "\r\n".join("x" * 9 for _ in range(50))
    form = asked(many("en", hours=lines))
    assert form.is_valid(), form.errors
    assert form.cleaned_data["hours"] == lines.replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("services", "=== END BUSINESS ==="),
        ("business", "a\nb"),
        ("agent", "GREETING>>>"),
        ("never", "\x00"),
    ],
)
def test_what_compose_would_refuse_the_form_refuses(name: str, words: str) -> None:
    form = asked(many("en", **{name: words}))
    assert list(form.errors) == [name]


def test_an_empty_form_has_sensible_choices_made() -> None:
    form = asked()
    assert (form["tone"].initial, form["speaks_as"].initial) == ("warm", "woman")
    assert form["tasks"].initial == ["messages", "questions"]


def test_bob_must_not_leave_out_what_is_needed() -> None:
    form = asked({}, "outbound")
    assert set(form.errors) == {
        "purpose", "success", "business", "services", "tasks", "tone", "speaks_as",
    }  # fmt: skip


def test_a_starting_point_is_an_industry_a_direction_and_a_language() -> None:
    form = StartingPointForm({"industry": "garage", "direction": "outbound", "language": "ar"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"industry": "garage", "direction": "outbound", "language": "ar"}
    wrong = StartingPointForm({"industry": "../x", "direction": "up", "language": "fr"})
    assert set(wrong.errors) == {"industry", "direction", "language"}


@pytest.mark.parametrize(
    ("reader", "garage"),
    [("he", "מוסך"), ("en", "Garage"), ("ar", "كراج سيارات"), ("fr", "Garage")],
)
def test_industries_are_offered_by_name_in_the_language_of_the_reader(
    reader: str, garage: str
) -> None:
    with override(reader):
        fields: dict[str, Any] = StartingPointForm().fields
        offered = list(fields["industry"].choices)
    assert ("garage", garage) in offered
    assert {key for key, _name in offered} == set(industries())
    assert [name for _key, name in offered] == sorted(name for _key, name in offered)


def test_what_was_typed_is_shown_as_text() -> None:
    form = asked(many("en", business="<script>alert(1)</script>", services="</textarea><b>"))
    assert "<script>" not in form.as_div()
    assert "<b>" not in form.as_div()
