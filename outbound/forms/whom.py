from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Count
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from outbound.models import LeadList
from tenants.models import Business

if TYPE_CHECKING:
    ModelMultipleChoiceField = forms.ModelMultipleChoiceField[Any]
else:
    ModelMultipleChoiceField = forms.ModelMultipleChoiceField


class _Lists(ModelMultipleChoiceField):
    def label_from_instance(self, one: Any) -> str:
        count = one.leads
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
        lists = LeadList.objects.for_business(business).annotate(leads=Count("entries"))
        field = self.fields["lists"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = lists.order_by("-created_at", "pk")
