from __future__ import annotations

import uuid

from django.contrib import admin
from django.http import Http404, HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.actions import open_recording
from calls.models import Recording
from calls.recording_files import AudioResponse
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr, operator_of


@admin.register(Recording)
class RecordingAdmin(ReadOnlyAdmin):
    list_display = ("name", "business", "status", "duration_s", "consent_at", "next_try_at")
    list_filter = ("status", "created_at")
    list_select_related = ("business",)
    search_fields = (
        *BusinessAdmin.search_fields,
        "recording_sid__exact",
        "call__call_sid__exact",
    )
    ordering = ("-created_at", "pk")
    fieldsets = (
        (None, {"fields": ("business", "call", "sid", "status", "moved_at", "audio")}),
        (
            _("Audio"),
            {"fields": ("consent_at", "started_at", "duration_s", "channels", "size", "silenced")},
        ),
        (
            _("Carrier"),
            {"fields": ("attempts", "next_try_at", "what_went_wrong", "carrier_deleted_at")},
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        download = self.admin_site.admin_view(self.download)
        name = "calls_recording_download"
        return [path("<uuid:recording_id>/download/", download, name=name), *super().get_urls()]

    def download(self, request: HttpRequest, recording_id: uuid.UUID) -> AudioResponse:
        """Through the same door as everybody's, so it stands in the business's audit too."""
        try:
            recording = Recording.objects.select_related("business").get(pk=recording_id)
            audio = open_recording(recording=recording, by=operator_of(request), now=timezone.now())
        except Recording.DoesNotExist as missing:
            raise Http404 from missing
        return AudioResponse(
            audio, as_attachment=True, filename=f"{recording}.wav", content_type="audio/wav"
        )

    @admin.display(description=_("recording SID"), ordering="recording_sid")
    def name(self, recording: Recording) -> SafeString:
        return ltr(recording)

    @admin.display(description=_("recording SID"))
    def sid(self, recording: Recording) -> SafeString:
        return ltr(recording.recording_sid or "-")

    @admin.display(description=_("file"))
    def audio(self, recording: Recording) -> SafeString | str:
        if not recording.is_stored:
            return "-"
        url = reverse("admin:calls_recording_download", args=[recording.pk])
        return format_html('<a href="{}">{}</a>', url, _("Download"))

    @admin.display(description=_("what went wrong"))
    def what_went_wrong(self, recording: Recording) -> SafeString:
        return format_html('<bdi dir="auto">{}</bdi>', recording.error or "-")
