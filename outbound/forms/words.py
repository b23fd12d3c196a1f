from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.models import MachinePolicy
from calls.telephones import readable
from outbound.models import OutboundCallRun
from prompts.models import Direction, PromptVersion
from tenants.models import PhoneNumber

if TYPE_CHECKING:
    ModelChoiceField = forms.ModelChoiceField[Any]
else:
    ModelChoiceField = forms.ModelChoiceField

AT_A_MACHINE = (
    (MachinePolicy.HANG_UP, _("Hang up, and call again later")),
    (MachinePolicy.LEAVE_MESSAGE, _("Wait for the beep and leave a message")),
    (MachinePolicy.TALK, _("Talk on as if it were a person")),
)


class _Versions(ModelChoiceField):
    def label_from_instance(self, version: Any) -> str:
        text = gettext("Version %(number)s of your outbound prompt")
        return text % {"number": version.number}


class _Numbers(ModelChoiceField):
    def label_from_instance(self, number: Any) -> str:
        label = f"\u2066{readable(number.e164)}\u2069"
        return f"{label} · \u2068{number.label}\u2069" if number.label else label


class WordsForm(forms.Form):
    version = _Versions(
        label=_("With which words?"),
        queryset=PromptVersion.objects.none(),
        empty_label=None,
        help_text=_("What the agent says and asks. Only what is published is offered here."),
    )
    number = _Numbers(
        label=_("From which number?"),
        queryset=PhoneNumber.objects.none(),
        empty_label=None,
        help_text=_("Whoever is called sees this number, and may call it back."),
    )
    machine_policy = forms.ChoiceField(
        label=_("What if an answering machine picks up?"),
        choices=AT_A_MACHINE,
        widget=forms.RadioSelect,
    )
    machine_message = forms.CharField(
        label=_("What is said after the beep"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
        help_text=_("Say who called, and at which number you are reached."),
    )
    message_on_last_only = forms.BooleanField(
        label=_("Leave it at the last attempt only, not each time"), required=False
    )

    def __init__(self, *args: Any, run: OutboundCallRun, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        versions = PromptVersion.objects.for_business(run.business_id).defer("text", "greeting")
        outbound = versions.filter(prompt__direction=Direction.OUTBOUND)
        published = Q(pk__in=outbound.published().values("pk"))
        self._offer("version", outbound.filter(published | Q(pk=run.version_id)))
        numbers = PhoneNumber.objects.for_business(run.business_id)
        self._offer("number", numbers.filter(Q(active=True) | Q(pk=run.number_id)).order_by("e164"))

    def _offer(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows
