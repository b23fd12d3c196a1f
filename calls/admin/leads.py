from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.admin.display import Stylesheet, as_json
from calls.models import Lead
from tenants.admin_site import BusinessAdmin, ltr


@admin.register(Lead)
class LeadAdmin(BusinessAdmin):
    """A lead comes of a call; only the name is for people to write."""

    list_display = (
        "telephone",
        "name",
        "business",
        "number_of_calls",
        "do_not_call_at",
        "created_at",
    )
    list_filter = (("do_not_call_at", admin.EmptyFieldListFilter),)
    search_fields = (*BusinessAdmin.search_fields, "phone_e164", "name")
    ordering = ("-created_at", "pk")
    fields = (
        "business",
        "telephone",
        "name",
        "known",
        "do_not_call_at",
        "do_not_call_via",
        "created_at",
    )
    readonly_fields = tuple(field for field in fields if field != "name")
    Media = Stylesheet

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        leads: QuerySet[Lead] = super().get_queryset(request)
        return leads.annotate(call_count=Count("calls"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("telephone"), ordering="phone_e164")
    def telephone(self, lead: Lead) -> SafeString:
        return ltr(lead.phone_e164)

    @admin.display(description=_("calls"), ordering="call_count")
    def number_of_calls(self, lead: Lead) -> int:
        return getattr(lead, "call_count", 0)

    @admin.display(description=_("facts"))
    def known(self, lead: Lead) -> SafeString:
        return as_json(lead.facts)
