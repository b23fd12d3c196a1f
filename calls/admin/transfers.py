from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.models import Transfer
from tenants.admin_display import link, words
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr


class TransferColumns:
    @admin.display(description=_("number"), ordering="e164")
    def number(self, transfer: Transfer) -> SafeString:
        return ltr(transfer.e164)

    @admin.display(description=_("what it is about"))
    def about(self, transfer: Transfer) -> SafeString:
        return words(transfer.summary)


@admin.register(Transfer)
class TransferAdmin(TransferColumns, ReadOnlyAdmin):
    list_display = ("requested_at", "business", "target", "number", "warm", "status", "ended_at")
    list_filter = ("status", "warm", "requested_at")
    list_select_related = ("business", "target")
    search_fields = (
        *BusinessAdmin.search_fields,
        "target__name",
        "e164",
        "call__call_sid__exact",
    )
    ordering = ("-requested_at", "pk")
    fields = (
        "business",
        "of_call",
        "target",
        "number",
        "warm",
        "ring_s",
        "about",
        "status",
        "requested_at",
        "accepted_at",
        "ended_at",
    )

    @admin.display(description=_("call"))
    def of_call(self, transfer: Transfer) -> SafeString:
        return link(transfer.call)
