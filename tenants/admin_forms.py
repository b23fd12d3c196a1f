"""Forms of the operator's admin for rows with a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


def secret_field(help_text: _StrPromise, *validators: Callable[[str], None]) -> forms.CharField:
    return forms.CharField(
        label=_("secret"),
        required=False,
        validators=validators,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=help_text,
    )


class SecretForm(ModelForm):
    """Write-only: what is stored never goes to a browser again. A form names its own field
    `new_secret`, and its model keeps it in `secret`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_set = not self.instance._state.adding
        self.fields["new_secret"].required = not is_set
        self.fields["new_secret"].widget.attrs["placeholder"] = (
            gettext("set") if is_set else gettext("not set")
        )

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data["new_secret"]:
            self.instance.secret = self.cleaned_data["new_secret"]
        return super().save(commit)
