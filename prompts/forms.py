from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from prompts.models import GREETING_LIMIT, TEXT_LIMIT, GreetingMode, PromptVersion
from prompts.voices import VOICES

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class AsTyped(forms.CharField):
    """A form field cuts the edges off what is typed; the owner's words stay as they are.

    Browsers send line breaks as two characters and count them as one.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, **kwargs)

    def to_python(self, value: Any) -> Any:
        return str(super().to_python(value)).replace("\r\n", "\n").replace("\r", "\n")


def words(rows: int, limit: int) -> forms.Textarea:
    return forms.Textarea(
        attrs={"rows": rows, "dir": "auto", "maxlength": limit, "data-counts": str(limit)}
    )


class PromptForm(ModelForm):
    """The words of the next version."""

    class Meta:
        model = PromptVersion
        fields = ("greeting", "greeting_mode", "voice", "text")
        field_classes = {"text": AsTyped, "greeting": AsTyped}
        labels = {
            "greeting": _("The first sentence"),
            "greeting_mode": _("It is"),
            "text": _("What the agent knows and does"),
        }
        help_texts = {
            "greeting": _(
                "What everybody hears first. Short is better: one sentence, one question."
            ),
            "greeting_mode": _("Stored, it begins at once. Spoken anew, it may hold a name."),
            "text": _(
                "Who you are, what you offer, what the agent may say and may not, how a call ends. "
                "Write as to a new colleague."
            ),
        }
        widgets = {
            "greeting": words(3, GREETING_LIMIT),
            "text": words(18, TEXT_LIMIT),
            "greeting_mode": forms.RadioSelect,
            "voice": forms.Select(choices=[(voice, voice) for voice in VOICES]),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["greeting_mode"].choices = GreetingMode.choices  # type: ignore[attr-defined]
