from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from prompts.render import CALL_TYPES, LANGUAGES
from prompts.starting.library import Industry, industries
from prompts.starting.questions import ONE_OF, TASKS, WORDS, asked

TASK_LABELS = {
    "messages": _("Take messages"),
    "booking": _("Book appointments, visits, tables or orders"),
    "questions": _("Answer questions"),
    "transfer": _("Put people through to you or your team"),
}
TONE_LABELS = {
    "warm": pgettext_lazy("tone", "Warm and friendly"),
    "short": pgettext_lazy("tone", "Short and to the point"),
    "formal": pgettext_lazy("tone", "Formal and courteous"),
}
SPEAKS_AS_LABELS = {
    "woman": _("As a woman"),
    "man": _("As a man"),
}
DIRECTION_LABELS = {
    "inbound": _("People call the business"),
    "outbound": _("The agent calls people"),
}
LANGUAGE_LABELS = {"he": _("Hebrew"), "en": _("English"), "ar": _("Arabic")}


def industry_choices() -> list[tuple[str, str]]:
    """By name, in the language of the reader."""
    named = ((key, shown(industry.names)) for key, industry in industries().items())
    return sorted(named, key=lambda choice: choice[1].casefold())


def shown(by_language: Mapping[str, str]) -> str:
    """In the language of the reader, and in English to whoever reads another."""
    reader = (get_language() or "en")[:2]
    return by_language.get(reader, by_language["en"])


def rules(name: str) -> dict[str, Any]:
    words = WORDS[name]
    return {
        "required": words.required,
        "max_length": words.limit,
        "validators": words.guards,
    }


class Lines(forms.CharField):
    """Browsers send line breaks as two characters and count them as one."""

    widget = forms.Textarea(attrs={"rows": 4})

    def to_python(self, value: Any) -> Any:
        return super().to_python(
            value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value
        )


class StartingPointForm(forms.Form):
    """Which of the texts to begin with; the questions follow."""

    industry = forms.ChoiceField(label=_("What kind of business is it?"), choices=industry_choices)
    direction = forms.ChoiceField(
        label=_("Which calls is it for?"),
        choices=[(key, DIRECTION_LABELS[key]) for key in CALL_TYPES],
        widget=forms.RadioSelect,
    )
    language = forms.ChoiceField(
        label=_("In which language shall the text be?"),
        help_text=_("The agent follows the language of the caller, whichever you choose."),
        choices=[(key, LANGUAGE_LABELS[key]) for key in LANGUAGES],
        widget=forms.RadioSelect,
    )


class QuestionnaireForm(forms.Form):
    """Its `cleaned_data` are the answers for `compose`; the texts decide where they stand."""

    purpose = Lines(
        label=_("Why does the agent call?"),
        help_text=_("What the person shall hear, remember or decide."),
        **rules("purpose"),
    )
    success = Lines(
        label=_("When was such a call a success?"),
        help_text=_("The agent works towards this, and accepts a no."),
        **rules("success"),
    )
    business = forms.CharField(
        label=_("What is the business called?"),
        help_text=_("As you say it on the telephone."),
        **rules("business"),
    )
    services = Lines(
        label=_("What does it offer?"),
        help_text=_(
            "What people call for most. What does not stand here, the agent does not offer."
        ),
        **rules("services"),
    )
    prices = Lines(
        label=_("Which prices may the agent state?"),
        help_text=_("Leave it empty, and no price is ever stated."),
        **rules("prices"),
    )
    address = Lines(
        label=_("Where are you, or which area do you serve?"),
        help_text=_("Parking, floor and entrance are asked for often."),
        **rules("address"),
    )
    hours = Lines(
        label=_("When are you open?"),
        help_text=_("With Fridays, Saturdays and holidays."),
        **rules("hours"),
    )
    tasks = forms.MultipleChoiceField(
        label=_("What shall the agent do?"),
        help_text=_(
            "Bookings and putting through work once the calendar and the numbers are set up; "
            "until then the agent takes a message."
        ),
        choices=[(key, TASK_LABELS[key]) for key in TASKS],
        widget=forms.CheckboxSelectMultiple,
        initial=["messages", "questions"],
    )
    never = Lines(
        label=_("What must it never say or promise?"),
        help_text=_("One thing per line. The usual limits of your trade are in the text already."),
        **rules("never"),
    )
    tone = forms.ChoiceField(
        label=_("How shall it sound?"),
        choices=[(key, TONE_LABELS[key]) for key in ONE_OF["tone"]],
        widget=forms.RadioSelect,
        initial="warm",
    )
    speaks_as = forms.ChoiceField(
        label=_("How does it speak of itself?"),
        help_text=_("Hebrew and Arabic tell the two apart. Choose what fits the voice."),
        choices=[(key, SPEAKS_AS_LABELS[key]) for key in ONE_OF["speaks_as"]],
        widget=forms.RadioSelect,
        initial="woman",
    )
    agent = forms.CharField(
        label=_("Does the agent have a name?"),
        help_text=_("It always says that it is a digital assistant."),
        **rules("agent"),
    )

    EXAMPLES = {
        "purpose": _("For example: remind people of their appointment and let them move it"),
        "success": _("For example: the appointment is confirmed or has a new time"),
        "business": _("For example: Lily's Flowers"),
        "prices": _("For example: a first visit costs 150 shekels"),
        "address": _("For example: 12 Herzl Street, Haifa, ground floor; parking behind the house"),
        "hours": _("For example: Sunday to Thursday from 9 to 18, Friday until 13"),
        "never": _("For example: discounts, exact dates of delivery"),
        "agent": _("For example: Noa"),
    }

    def __init__(self, *args: Any, industry: str, direction: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        examples = {**self.EXAMPLES, "services": example_of(industries()[industry])}
        for name in [name for name in self.fields if not asked(name, direction)]:
            del self.fields[name]
        for name in examples.keys() & self.fields.keys():
            self.fields[name].widget.attrs["placeholder"] = examples[name]


def example_of(industry: Industry) -> str:
    return _("For example: %(services)s") % {"services": shown(industry.services)}
