from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from outbound.models import LeadList, LeadListEntry
from tenants.models import Business

if TYPE_CHECKING:
    ModelMultipleChoiceField = forms.ModelMultipleChoiceField[Any]
else:
    ModelMultipleChoiceField = forms.ModelMultipleChoiceField


# Exactly how many a longer list has, its own page says.
COUNTED: Final = 10_000


class _Lists(ModelMultipleChoiceField):
    counts: Mapping[uuid.UUID, int]

    def label_from_instance(self, one: Any) -> str:
        count = self.counts[one.pk]
        if count > COUNTED:
            count, text = COUNTED, gettext("%(name)s (more than %(count)s leads)")
        else:
            text = ngettext("%(name)s (%(count)s lead)", "%(name)s (%(count)s leads)", count)
        # Isolated: the name may be written in the other direction.
        return text % {"name": f"\u2068{one.name}\u2069", "count": f"{count:,}"}


class WhomForm(forms.Form):
    name = forms.CharField(
        label=_("What do you call this run?"),
        max_length=200,
        help_text=_("Only you and your team see it."),
        widget=forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
    )
    lists = _Lists(
        label=_("Whose telephones shall ring?"),
        queryset=LeadList.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("This list is not there any more.")},
    )
    require_consent = forms.BooleanField(
        label=_("Leave out who has not agreed to be called"),
        required=False,
        help_text=_("An agreement counts for a year."),
    )

    def __init__(self, *args: Any, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        lists = LeadList.objects.for_business(business).order_by("-created_at", "pk")
        field = self.fields["lists"]
        assert isinstance(field, _Lists)
        field.queryset = lists
        field.counts = LeadListEntry.objects.counts_of(lists, most=COUNTED + 1)
