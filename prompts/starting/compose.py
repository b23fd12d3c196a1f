from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from prompts.starting.library import TEXTS, template
from prompts.starting.questions import ONE_OF, TASKS, WORDS, Words, asked

# The caps of a prompt version, which the rows enforce; a test holds the two together.
TEXT_LIMIT = 12_000
GREETING_LIMIT = 600

Answers = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Composed:
    text: str
    greeting: str


def compose(
    industry: str, direction: str, language: str, answers: Answers, *, texts: Path = TEXTS
) -> Composed:
    """A draft in the language asked for; the answers stand in it as they were given.

    KeyError when there is no such industry, direction, language or question; ValidationError, by
    question, when an answer cannot be used.
    """
    found = template(industry, direction, language, texts)
    if wrong := {name: error for name, error in problems(direction, answers) if error}:
        raise ValidationError(wrong)
    words = {name: _words(answers, name) for name in WORDS}
    chosen = {*_choices(answers), *(str(answers[name]) for name in ONE_OF)}
    composed = Composed(found.text(words, chosen), found.greeting(words, chosen))
    _refuse_too_long(composed, words)
    return composed


def problems(direction: str, answers: Answers) -> Iterator[tuple[str, list[ValidationError]]]:
    if unknown := set(answers) - {*WORDS, *ONE_OF, "tasks"}:
        raise KeyError(", ".join(sorted(unknown)))
    for name, rules in WORDS.items():
        if asked(name, direction):
            yield name, list(_faults(_words(answers, name), rules))
    for name, choices in ONE_OF.items():
        yield name, [] if answers.get(name) in choices else [_not_a_choice()]
    tasks = _choices(answers)
    yield "tasks", [] if tasks and set(tasks) <= set(TASKS) else [_not_a_choice()]


def _faults(words: str, rules: Words) -> Iterator[ValidationError]:
    if rules.required and not words:
        yield ValidationError(_("This has to be answered."), code="required")
    for validate in rules.validators:
        try:
            validate(words)
        except ValidationError as error:
            yield error


def _not_a_choice() -> ValidationError:
    return ValidationError(_("Choose from what is offered."), code="invalid_choice")


def _words(answers: Answers, name: str) -> str:
    """As given, and nothing where only spaces were."""
    words = str(answers.get(name, ""))
    return words if words.strip() else ""


def _choices(answers: Answers) -> Sequence[str]:
    return tuple(answers.get("tasks", ()))


def _refuse_too_long(composed: Composed, words: Mapping[str, str]) -> None:
    """Valid answers fit into the texts that are there; an industry added later may be longer."""
    if len(composed.text) > TEXT_LIMIT or len(composed.greeting) > GREETING_LIMIT:
        longest = max(words, key=lambda name: len(words[name]))
        message = _(
            "The whole text would have %(length)s characters, and at most %(limit)s fit. "
            "Shorten this answer: it is the longest."
        )
        figures = {"length": len(composed.text), "limit": TEXT_LIMIT}
        raise ValidationError({longest: ValidationError(message, code="too_long", params=figures)})
