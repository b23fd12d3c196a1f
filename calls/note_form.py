from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from calls.models import CALL_NOTE_LIMIT


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("New note"),
        max_length=CALL_NOTE_LIMIT,
        widget=forms.Textarea(attrs={"rows": 3, "dir": "auto"}),
    )
