"""The forms of the pages about leads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from pydantic import ValidationError as MappingInvalid

from calls.models import FieldKind, Gender, Lead, LeadField, LeadStatus
from calls.models.lead import FACT_LIMIT
from calls.models.lead_note import NOTE_LIMIT
from outbound.contacts.columns import HEADER_LIMIT, Column, Mapping
from outbound.contacts.header_words import Role
from outbound.contacts.problems import SENTENCES, Problem
from outbound.contacts.telephones import telephone
from outbound.models import LeadList

REGIONS: Final = (
    ("IL", _("Israel")),
    ("PS", _("Palestinian territories")),
    ("JO", _("Jordan")),
    ("EG", _("Egypt")),
    ("AE", _("United Arab Emirates")),
    ("US", _("United States")),
    ("GB", _("United Kingdom")),
    ("FR", _("France")),
    ("DE", _("Germany")),
)
LAST_CALLS: Final = (
    ("", _("at any time")),
    ("week", _("in the last 7 days")),
    ("month", _("in the last 30 days")),
    ("older", _("more than 30 days ago")),
    ("never", _("never")),
)
ROLES: Final = {
    Role.PHONE: _("Telephone"),
    Role.SECOND_PHONE: _("Second telephone"),
    Role.NAME: _("Full name"),
    Role.FIRST_NAME: _("First name"),
    Role.LAST_NAME: _("Last name"),
    Role.EMAIL: _("Email"),
    Role.GENDER: _("Gender"),
    Role.NOTES: _("Notes"),
    Role.CONSENT: _("Date of consent"),
}
OWN_FIELD: Final = "field:"


class FilterForm(forms.Form):
    """Of the list of leads. What nobody can read is no filter."""

    q = forms.CharField(label=_("Name or telephone"), required=False, max_length=100)
    status = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("every status")), *LeadStatus.choices]
    )
    do_not_call = forms.ChoiceField(
        label=_("May be called"),
        required=False,
        choices=[("", _("yes or no")), ("no", _("may be called")), ("yes", _("do not call"))],
    )
    last_call = forms.ChoiceField(label=_("Last call"), required=False, choices=LAST_CALLS)
    list: Any = forms.ModelChoiceField(
        label=_("List"), required=False, queryset=None, empty_label=_("all lists")
    )

    def __init__(self, *args: Any, lists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["list"]
        chosen.queryset = lists


class NewLeadForm(forms.Form):
    phone = forms.CharField(
        label=_("Telephone"),
        max_length=60,
        widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "tel", "autocomplete": "off"}),
    )
    name = forms.CharField(
        label=_("Name"), max_length=200, required=False, widget=forms.TextInput({"dir": "auto"})
    )

    def clean_phone(self) -> str:
        found = telephone(self.cleaned_data["phone"], "IL")
        if isinstance(found, Problem):
            raise ValidationError(SENTENCES[found])
        return found.e164


class LeadForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=200, required=False, widget=forms.TextInput({"dir": "auto"})
    )
    gender = forms.ChoiceField(
        label=_("Speak to them as"),
        required=False,
        choices=[("", _("not known")), *Gender.choices],
        help_text=_("In Hebrew and Arabic the agent addresses a man and a woman differently."),
    )
    status = forms.ChoiceField(label=_("Status"), choices=LeadStatus.choices)
    consent_on = forms.DateField(
        label=_("Agreed to be called on"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )
    consent_source = forms.CharField(
        label=_("Where they agreed"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"dir": "auto"}),
        help_text=_("For example: the form on the website."),
    )

    def __init__(self, data: QueryDict | None, *, lead: Lead, own: Sequence[LeadField]) -> None:
        super().__init__(data, initial=_known(lead))
        self._lead = lead
        self._own = {f"own_{number}": field for number, field in enumerate(own)}
        self._keys = {name: field.key for name, field in self._own.items()}
        for name, field in self._own.items():
            self.fields[name] = _field(field, str(lead.facts.get(field.key, "")))
        others = [key for key in lead.facts if key not in {field.key for field in own}]
        for number, key in enumerate(others):
            self._keys[f"fact_{number}"] = key
            self.fields[f"fact_{number}"] = forms.CharField(
                label=key,
                initial=str(lead.facts[key]),
                required=False,
                max_length=FACT_LIMIT,
                widget=forms.TextInput({"dir": "auto"}),
                help_text=_("Leave it empty to forget it."),
            )

    def clean(self) -> None:
        for name, field in self._own.items():
            if name in self.changed_data and name in self.cleaned_data:
                try:
                    self.cleaned_data[name] = field.read(str(self.cleaned_data[name]))
                except ValidationError as error:
                    self.add_error(name, error)

    @property
    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        values = {name: data[name] for name in ("name", "gender", "status", "consent_source")}
        if "consent_on" in self.changed_data:
            day = data["consent_on"]
            values["consent_at"] = datetime.combine(day, time(), UTC) if day else None
        return values

    @property
    def facts(self) -> dict[str, str]:
        """Those that were changed: meanwhile a call may have told something about the others."""
        return {
            key: self.cleaned_data[name]
            for name, key in self._keys.items()
            if name in self.changed_data
        }


def _known(lead: Lead) -> dict[str, Any]:
    return {
        "name": lead.name,
        "gender": lead.gender,
        "status": lead.status,
        "consent_on": lead.consent_at.astimezone(UTC).date() if lead.consent_at else None,
        "consent_source": lead.consent_source,
    }


def _field(field: LeadField, value: str) -> forms.Field:
    shown: dict[str, Any] = {"label": field.label, "required": False, "initial": value}
    if field.kind == FieldKind.CHOICE:
        known = [*field.choices, value] if value and value not in field.choices else field.choices
        return forms.ChoiceField(choices=[("", "-"), *((one, one) for one in known)], **shown)
    widget = forms.TextInput({"dir": "auto"})
    if field.kind == FieldKind.NUMBER:
        widget = forms.TextInput({"inputmode": "decimal", "dir": "ltr"})
    elif field.kind == FieldKind.DATE:
        widget = forms.TextInput({"type": "date"})
    return forms.CharField(max_length=FACT_LIMIT, widget=widget, **shown)


class NoteForm(forms.Form):
    text = forms.CharField(
        label=_("New note"),
        max_length=NOTE_LIMIT,
        widget=forms.Textarea({"rows": 3, "dir": "auto"}),
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"), max_length=200, widget=forms.TextInput({"dir": "auto"})
    )


class FieldForm(forms.Form):
    label = forms.CharField(
        label=_("Name of the field"), max_length=60, widget=forms.TextInput({"dir": "auto"})
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=FieldKind.choices)
    choices = forms.CharField(
        label=_("Values to choose from"),
        required=False,
        max_length=2000,
        widget=forms.Textarea({"rows": 4, "dir": "auto"}),
        help_text=_("One in a line. Only for the kind “choice”."),
    )

    def clean_choices(self) -> list[str]:
        lines = [line.strip()[:FACT_LIMIT] for line in self.cleaned_data["choices"].splitlines()]
        return list(dict.fromkeys(line for line in lines if line))[:50]


class ListForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the list"), max_length=200, widget=forms.TextInput({"dir": "auto"})
    )


class UploadForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        help_text=_("A list saved as CSV or Excel (.xlsx), up to 25 MB and 200,000 rows."),
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx,.xlsm"}),
    )
    list: Any = forms.ModelChoiceField(
        label=_("Put them into the list"),
        queryset=None,
        required=False,
        empty_label=_("a new list"),
    )
    new_list = forms.CharField(
        label=_("Name of the new list"),
        required=False,
        max_length=200,
        widget=forms.TextInput({"dir": "auto"}),
    )
    region = forms.ChoiceField(
        label=_("Country of numbers without a country code"), choices=REGIONS, initial="IL"
    )
    consent = forms.BooleanField(
        label=_("The people in this file know this business and may be called by it.")
    )

    def __init__(self, *args: Any, lists: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known: Any = self.fields["list"]
        known.queryset = lists

    def clean(self) -> None:
        if not self.cleaned_data.get("list") and not self.cleaned_data.get("new_list", "").strip():
            self.add_error("new_list", _("Choose a list, or give the new one a name."))

    @property
    def list_name(self) -> str:
        chosen: LeadList | None = self.cleaned_data["list"]
        return chosen.name if chosen else self.cleaned_data["new_list"].strip()


class MappingForm(forms.Form):
    """One choice a column, and a name for those that are kept under one of their own."""

    def __init__(
        self, *args: Any, mapping: Mapping, own: Sequence[LeadField], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._proposed = mapping
        self._own = {field.key: field for field in own}
        # A workbook has 50 columns, however few of them say anything.
        self._shown = [one for one in mapping.columns if one.header or any(one.samples)]
        for column in self._shown:
            self.fields[f"role_{column.index}"] = forms.ChoiceField(
                label=_("What it is"), choices=self._choices(), initial=self._initial(column)
            )
            self.fields[f"name_{column.index}"] = forms.CharField(
                label=_("Keep it as"),
                required=False,
                max_length=HEADER_LIMIT,
                initial=column.header,
                widget=forms.TextInput({"dir": "auto"}),
            )

    def _choices(self) -> list[tuple[str, Any]]:
        own = [(OWN_FIELD + key, field.label) for key, field in self._own.items()]
        return [
            (Role.IGNORED.value, _("leave it out")),
            *((role.value, label) for role, label in ROLES.items()),
            *own,
            (Role.FACT.value, _("another detail, under the name below")),
        ]

    def _initial(self, column: Column) -> str:
        if column.role is Role.FACT and column.header in self._own:
            return OWN_FIELD + column.header
        return column.role.value

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [
            {
                "column": column,
                "number": column.index + 1,
                "role": self[f"role_{column.index}"],
                "name": self[f"name_{column.index}"],
            }
            for column in self._shown
        ]

    def clean(self) -> dict[str, Any]:
        try:
            columns = tuple(self._column(column) for column in self._proposed.columns)
            self.cleaned_data["mapping"] = Mapping(
                header_row=self._proposed.header_row, columns=columns
            )
        except MappingInvalid:
            raise ValidationError(
                _(
                    "Two columns cannot be the same thing, and what is kept as another detail "
                    "needs a name."
                )
            ) from None
        names = [column.header for column in columns if column.role is Role.FACT]
        if len(set(names)) < len(names):
            raise ValidationError(_("Two columns cannot be kept under the same name."))
        return self.cleaned_data

    def _column(self, column: Column) -> Column:
        chosen = self.cleaned_data.get(f"role_{column.index}", Role.IGNORED.value)
        name = self.cleaned_data.get(f"name_{column.index}", "").strip()
        if chosen.startswith(OWN_FIELD):
            changes = {"role": Role.FACT, "header": chosen.removeprefix(OWN_FIELD)}
        elif chosen == Role.FACT.value:
            changes = {"role": Role.FACT, "header": name}
        else:
            changes = {"role": Role(chosen)}
        return Column.model_validate(column.model_dump() | changes)


class MergeForm(forms.Form):
    """Where both say something, which of it stays."""

    def __init__(
        self, *args: Any, keep: Lead, drop: Lead, own: Sequence[LeadField], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        labels = {field.key: field.label for field in own}
        self._values: dict[str, str] = {}
        self._facts: dict[str, str] = {}
        for number, (key, label, mine, theirs) in enumerate(_differences(keep, drop, labels)):
            name = f"choice_{number}"
            (self._facts if key.startswith("fact:") else self._values)[name] = key
            self.fields[name] = forms.ChoiceField(
                label=label,
                choices=[(value, shown) for value, shown in (mine, theirs)],
                widget=forms.RadioSelect,
                initial=mine[0],
            )

    @property
    def values(self) -> dict[str, str]:
        return {key: self.cleaned_data[name] for name, key in self._values.items()}

    @property
    def facts(self) -> dict[str, str]:
        return {
            key.removeprefix("fact:"): self.cleaned_data[name] for name, key in self._facts.items()
        }


def _differences(
    keep: Lead, drop: Lead, labels: dict[str, str]
) -> list[tuple[str, Any, tuple[str, Any], tuple[str, Any]]]:
    found: list[tuple[str, Any, tuple[str, Any], tuple[str, Any]]] = []
    if keep.name and drop.name and keep.name != drop.name:
        found.append(("name", _("Name"), (keep.name, keep.name), (drop.name, drop.name)))
    for key, label in (("gender", _("Speak to them as")), ("status", _("Status"))):
        mine, theirs = getattr(keep, key), getattr(drop, key)
        if mine and theirs and mine != theirs:
            told = [getattr(lead, f"get_{key}_display")() for lead in (keep, drop)]
            found.append((key, label, (mine, told[0]), (theirs, told[1])))
    for key in keep.facts.keys() & drop.facts.keys():
        ours, others = str(keep.facts[key]), str(drop.facts[key])
        if ours != others:
            found.append((f"fact:{key}", labels.get(key, key), (ours, ours), (others, others)))
    return sorted(found, key=lambda one: one[0])
