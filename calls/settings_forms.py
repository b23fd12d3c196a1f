"""What an owner sets about the agent, in his own words: each choice says what it means on the line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import time
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.core.validators import MinLengthValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.models import (
    AgentSettings,
    BargeIn,
    ClosedDay,
    HttpTool,
    OpeningHours,
    TransferTarget,
    Weekday,
)
from calls.models.http_tool import SHORTEST_SECRET, validate_secret
from tenants.admin_forms import SecretForm, secret_field
from tenants.forms import TelephoneField
from tenants.models import Credential

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm

# The week begins on Sunday where Hebrew and Arabic are spoken.
WEEK: Final = (6, 0, 1, 2, 3, 4, 5)
STRETCHES: Final = (1, 2)
TIME_INPUT = forms.TimeInput(attrs={"type": "time", "dir": "ltr"}, format="%H:%M")

BARGE_IN_IN_WORDS: Final = {
    BargeIn.HOLD: _(
        "Falls silent at once and listens. Was it only a cough or an “mm”, it goes on where it "
        "stopped. Right for almost everybody."
    ),
    BargeIn.INSTANT: _(
        "Stops at every sound. Quickest, but in a noisy street it stops for nothing."
    ),
    BargeIn.CONFIRM: _(
        "Goes on more quietly until it has understood words. For announcements that should be "
        "heard out; callers may feel talked over."
    ),
}


class ConversationForm(ModelForm):
    class Meta:
        model = AgentSettings
        fields = (
            "barge_in",
            "greeting_protected",
            "silence_prompt_s",
            "silence_prompts",
            "max_call_s",
        )
        labels = {
            "barge_in": _("When the caller makes a sound while the agent speaks"),
            "greeting_protected": _("The greeting is heard to its end"),
            "silence_prompt_s": _("After so many seconds of silence the agent asks again"),
            "silence_prompts": _("So many times, and then it says goodbye"),
            "max_call_s": _("Longest call, in seconds"),
        }
        help_texts = {
            "greeting_protected": _("Callers cannot interrupt it. Only for what the law demands."),
            "silence_prompts": _("0: it says goodbye after the first silence."),
            "max_call_s": _(
                "Half a minute before the end the agent says so. 1800 is half an hour."
            ),
        }
        widgets = {"barge_in": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["barge_in"].choices = [  # type: ignore[attr-defined]
            (choice, f"{choice.label}. {BARGE_IN_IN_WORDS[choice]}") for choice in BargeIn
        ]


class PermissionsForm(ModelForm):
    class Meta:
        model = AgentSettings
        fields = (
            "may_save_lead",
            "may_mark_do_not_call",
            "may_schedule",
            "may_transfer",
            "human_key",
            "do_not_call_key",
        )
        labels = {
            "may_save_lead": _("Write down who called and what they want"),
            "may_mark_do_not_call": _("Note that somebody does not want to be called"),
            "may_schedule": _("Make appointments in the calendar"),
            "may_transfer": _("Put callers through to a person"),
            "human_key": _("Key for a person"),
            "do_not_call_key": _("Key for no more calls"),
        }
        help_texts = {
            "may_schedule": _("Within the opening hours. Two people never get the same time."),
            "may_transfer": _("Only to the people on your list."),
            "human_key": _("Whoever presses it is put through without many words."),
        }


class AppointmentRulesForm(ModelForm):
    class Meta:
        model = AgentSettings
        fields = ("slot_minutes", "notice_minutes", "horizon_days")
        labels = {
            "slot_minutes": _("An appointment takes so many minutes"),
            "notice_minutes": _("Not sooner than in so many minutes"),
            "horizon_days": _("Not later than in so many days"),
        }


class KeepingForm(ModelForm):
    class Meta:
        model = AgentSettings
        fields = ("recording", "recording_days", "transcript_days")
        labels = {
            "recording": _("Record calls"),
            "recording_days": _("Keep recordings for so many days"),
            "transcript_days": _("Keep what was said, in writing, for so many days"),
        }


class TransferRulesForm(ModelForm):
    class Meta:
        model = AgentSettings
        fields = ("warm_transfer", "transfer_ring_s", "fallback")
        labels = {
            "warm_transfer": _("Announce the caller first"),
            "transfer_ring_s": _("Let it ring for so many seconds"),
            "fallback": _("Who takes over when the agent cannot go on"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        targets = TransferTarget.objects.for_business(self.instance.business_id).ready()
        self.fields["fallback"].queryset = targets  # type: ignore[attr-defined]


class TargetForm(ModelForm):
    e164 = TelephoneField(label=_("Number"), max_length=32)

    class Meta:
        model = TransferTarget
        fields = ("name", "e164", "position", "active")
        labels = {
            "name": _("Name, as the agent says it"),
            "position": _("Order on the list"),
            "active": _("May be rung"),
        }


class ToolForm(SecretForm):
    url = forms.URLField(
        label=_("Address"),
        max_length=500,
        assume_scheme="https",
        widget=forms.URLInput(attrs={"dir": "ltr", "placeholder": "https://"}),
    )
    new_secret = secret_field(
        _("Requests are signed with it. Leave empty to keep what is stored."),
        MinLengthValidator(SHORTEST_SECRET),
        validate_secret,
    )

    class Meta:
        model = HttpTool
        fields = ("name", "description", "parameters", "url", "active")
        field_classes = {"url": forms.URLField}
        widgets = {
            "name": forms.TextInput(attrs={"dir": "ltr"}),
            "parameters": forms.Textarea(attrs={"dir": "ltr", "rows": 8, "spellcheck": "false"}),
        }


class ClosedDayForm(ModelForm):
    class Meta:
        model = ClosedDay
        fields = ("date", "note")
        widgets = {"date": forms.DateInput(attrs={"type": "date", "dir": "ltr"})}


class HoursForm(forms.Form):
    """Two stretches for each weekday; a day without any is closed."""

    def __init__(self, *args: Any, hours: Iterable[OpeningHours] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known: dict[int, list[OpeningHours]] = {day: [] for day in WEEK}
        for one in hours:
            known[one.weekday].append(one)
        for day in WEEK:
            stretches = sorted(known[day], key=lambda one: one.opens)
            for number in STRETCHES:
                found = stretches[number - 1] if len(stretches) >= number else None
                self._add(day, number, found)

    def _add(self, day: int, number: int, found: OpeningHours | None) -> None:
        words = {"day": Weekday(day).label, "number": number}
        for edge, label in (
            ("opens", gettext("%(day)s, opens (%(number)s)") % words),
            ("closes", gettext("%(day)s, closes (%(number)s)") % words),
        ):
            self.fields[f"{edge}_{day}_{number}"] = forms.TimeField(
                label=label,
                required=False,
                initial=getattr(found, edge, None),
                widget=TIME_INPUT,
            )

    def days(self) -> Iterator[tuple[str, list[tuple[forms.BoundField, forms.BoundField]]]]:
        """For the page: the name of the day and its pairs of fields."""
        for day in WEEK:
            pairs = [(self[f"opens_{day}_{n}"], self[f"closes_{day}_{n}"]) for n in STRETCHES]
            yield str(Weekday(day).label), pairs

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for day in WEEK:
            self._check(day)
        return data

    def _check(self, day: int) -> None:
        stretches = sorted(self._of(day))
        for number in STRETCHES:
            opens, closes = (
                self.cleaned_data.get(f"{edge}_{day}_{number}") for edge in ("opens", "closes")
            )
            if (opens is None) != (closes is None):
                self.add_error(f"opens_{day}_{number}", _("Fill in both times, or neither."))
            elif opens and closes and opens >= closes:
                self.add_error(f"opens_{day}_{number}", _("It closes before it opens."))
        if any(
            later[0] < earlier[1] for earlier, later in zip(stretches, stretches[1:], strict=False)
        ):
            self.add_error(f"opens_{day}_2", _("The two stretches overlap."))

    def _of(self, day: int) -> Iterator[tuple[time, time]]:
        for number in STRETCHES:
            opens = self.cleaned_data.get(f"opens_{day}_{number}")
            closes = self.cleaned_data.get(f"closes_{day}_{number}")
            if opens and closes:
                yield opens, closes

    def hours(self) -> list[OpeningHours]:
        return [
            OpeningHours(weekday=day, opens=opens, closes=closes)
            for day in WEEK
            for opens, closes in self._of(day)
        ]


class AddNumberForm(forms.Form):
    e164 = TelephoneField(
        label=_("Number"),
        max_length=32,
        help_text=_("As Twilio's console shows it, such as +97231234567."),
    )


class AskForNumberForm(forms.Form):
    note = forms.CharField(
        label=_("What it is for"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"dir": "auto"}),
        help_text=_("For the operator: city or area code, a second branch."),
    )


class OpenAIKeyForm(forms.Form):
    provider = Credential.Provider.OPENAI
    secret = secret_field(_("Begins with sk-. It is stored encrypted and never shown again."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["secret"].required = True
        self.fields["secret"].label = _("Key")


class TwilioKeyForm(OpenAIKeyForm):
    provider = Credential.Provider.TWILIO
    account_sid = forms.RegexField(
        r"^AC[0-9a-fA-F]{32}$",
        label=_("Account SID"),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
        error_messages={
            "invalid": _("AC and 32 letters and digits, as Twilio's console shows it.")
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["secret"].label = _("Auth token")
        self.fields["secret"].help_text = _("It is stored encrypted and never shown again.")
        self.order_fields(["account_sid", "secret"])
