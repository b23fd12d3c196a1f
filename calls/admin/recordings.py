from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.models import Recording
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr


@admin.register(Recording)
class RecordingAdmin(ReadOnlyAdmin):
    list_display = ("sid", "business", "status", "duration_s", "created_at")
    list_filter = ("status", "created_at")
    list_select_related = ("business",)
    search_fields = (
        *BusinessAdmin.search_fields,
        "recording_sid__exact",
        "call__call_sid__exact",
    )
    ordering = ("-created_at", "pk")
    fields = ("business", "call", "sid", "status", "duration_s", "channels", "created_at")

    @admin.display(description=_("recording SID"), ordering="recording_sid")
    def sid(self, recording: Recording) -> SafeString:
        return ltr(recording.recording_sid)
