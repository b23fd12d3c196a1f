from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.models import CallbackEvent
from tenants.admin_display import as_json
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr


class CallbackColumns:
    @admin.display(description=_("event"))
    def happened(self, event: CallbackEvent) -> SafeString:
        return ltr(event.event or "-")

    @admin.display(description=_("fields"))
    def told(self, event: CallbackEvent) -> SafeString:
        return as_json(event.payload)


@admin.register(CallbackEvent)
class CallbackEventAdmin(CallbackColumns, ReadOnlyAdmin):
    """Among them those in quarantine: genuine, and of no call that is known here."""

    list_display = (
        "received_at",
        "business",
        "source",
        "happened",
        "sequence",
        "sid",
        "attached",
    )
    list_filter = ("source", ("call", admin.EmptyFieldListFilter), "received_at")
    list_select_related = ("business",)
    search_fields = (*BusinessAdmin.search_fields, "call_sid__exact")
    ordering = ("-received_at", "pk")
    fields = ("business", "call", "source", "happened", "sequence", "sid", "told", "received_at")

    @admin.display(description=_("call SID"), ordering="call_sid")
    def sid(self, event: CallbackEvent) -> SafeString:
        return ltr(event.call_sid)

    @admin.display(description=_("of a known call"), boolean=True)
    def attached(self, event: CallbackEvent) -> bool:
        return event.call_id is not None
