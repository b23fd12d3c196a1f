from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.actions.adding_numbers import grant_number
from tenants.admin_acting import Act, ActingAdmin
from tenants.admin_display import link
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin
from tenants.forms import TelephoneField
from tenants.models import NumberRequest, User
from tenants.number_requests import decline_request


class GrantForm(forms.Form):
    e164 = TelephoneField(
        label=_("number"),
        max_length=32,
        help_text=_("One that is in the carrier account, and that no business has."),
    )


class DeclineForm(forms.Form):
    reason = forms.CharField(
        label=_("reason"), max_length=200, help_text=_("The business reads it.")
    )


def _grant(request: NumberRequest, by: User, now: datetime, given: Mapping[str, Any]) -> str:
    added = grant_number(request=request, e164=given["e164"], by=by, now=now)
    number = {"number": f"\u2066{added.number.e164}\u2069"}
    if added.leads_here:
        return gettext("The number %(number)s rings at this business.") % number
    return (
        gettext(
            "The number %(number)s belongs to this business. The carrier could not be told to bring "
            "its calls here: set its webhooks there."
        )
        % number
    )


def _decline(request: NumberRequest, by: User, now: datetime, given: Mapping[str, Any]) -> str:
    decline_request(request=request, reason=given["reason"], by=by, now=now)
    return gettext("The request was declined.")


def _is_open(request: NumberRequest) -> bool:
    return request.is_open


@admin.register(NumberRequest)
class NumberRequestAdmin(ActingAdmin, ReadOnlyAdmin):
    acts = (
        Act(
            "grant",
            _("Give a number"),
            _(
                "The carrier is asked whether the account has the number, and told to bring its calls "
                "here. From then on this business answers them."
            ),
            _grant,
            _is_open,
            form=GrantForm,
        ),
        Act(
            "decline",
            _("Decline"),
            _("The business reads the reason on its page of numbers, and may ask again."),
            _decline,
            _is_open,
            form=DeclineForm,
            ends_something=True,
        ),
    )
    list_display = ("asked_at", "business", "note", "status", "given")
    list_filter = ("status",)
    list_select_related = ("business", "number")
    search_fields = (*BusinessAdmin.search_fields, "note")
    ordering = ("-asked_at", "-pk")
    fields = (
        "business",
        "note",
        "status",
        "asked_by",
        "asked_at",
        "given",
        "reason",
        "closed_by",
        "closed_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[NumberRequest]:
        # Its name is the business's, also on the pages of the acts, which are in no scope.
        return super().get_queryset(request).select_related("business", "number")

    @admin.display(description=_("number"))
    def given(self, request: NumberRequest) -> SafeString:
        return link(request.number)
