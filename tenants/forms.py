from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.contrib.auth.password_validation import (
    password_validators_help_text_html,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from tenants.models import Business, Membership, PhoneNumber, User
from tenants.numbers import to_e164

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
    UserForm = forms.ModelForm[User]
else:
    ModelForm = UserForm = forms.ModelForm


class PageForms(TemplatesSetting):
    """How every form of the web UI looks: label, field, help and errors of each field."""

    form_template_name = "parts/form.html"
    field_template_name = "parts/field.html"


class TelephoneField(forms.CharField):
    """Takes a number as people write it and gives it in E.164."""

    widget = forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "off"})

    def clean(self, value: Any) -> str:
        written = super().clean(value)
        return to_e164(written) if written else ""


class BusinessForm(ModelForm):
    class Meta:
        model = Business
        fields = ("name", "industry", "language", "timezone")
        help_texts = {
            "language": _("The agent begins in this language and follows the caller's."),
            "timezone": _("Such as Asia/Jerusalem. Hours and appointments are meant in it."),
        }


class NumberForm(ModelForm):
    class Meta:
        model = PhoneNumber
        fields = ("label",)
        help_texts = {"label": _("For your own eyes: branch, department.")}


class NameForm(UserForm):
    class Meta:
        model = User
        fields = ("name",)
        labels: ClassVar = {"name": _("Your name")}
        widgets: ClassVar = {"name": forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"})}


class InviteForm(forms.Form):
    email = forms.EmailField(label=_("E-mail of the person"), max_length=254)
    role = forms.ChoiceField(
        label=_("Role"), choices=Membership.Role, initial=Membership.Role.AGENT
    )


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Membership.Role, widget=forms.RadioSelect)


class NewAccountForm(forms.Form):
    name = forms.CharField(
        label=_("Your name"),
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "name", "dir": "auto"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=password_validators_help_text_html,
    )
    password_again = forms.CharField(
        label=_("The password once more"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        password = given.get("password")
        if password:
            try:
                validate_password(password, User(email=self.email, name=given.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
            if given.get("password_again") not in (None, password):
                self.add_error("password_again", _("The two passwords are not the same."))
        return given


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth is not typed
    """The library's form, in our words, and for a passkey unless somebody wants less."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["initial"] = {"passwordless": True} | kwargs.get("initial", {})
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("A name, such as: my telephone")
        self.fields["passwordless"].label = _("Log in with this key alone, without a password")
        self.fields["passwordless"].help_text = _(
            "The device asks for your finger, your face or its own code."
        )
