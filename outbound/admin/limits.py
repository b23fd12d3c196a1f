"""What a business may use, and what it has used."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django import forms
from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from outbound.models import DialUsage, OutboundSettings
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr

if TYPE_CHECKING:
    SettingsModelForm = forms.ModelForm[OutboundSettings]
else:
    SettingsModelForm = forms.ModelForm


class SettingsForm(SettingsModelForm):
    def clean_countries(self) -> list[str]:
        return self.cleaned_data["countries"] or []


@admin.register(OutboundSettings)
class OutboundSettingsAdmin(BusinessAdmin):
    form = SettingsForm
    list_display = (
        "business",
        "is_verified",
        "concurrency",
        "calls_a_day",
        "minutes_a_day",
        "called",
        "observe_shabbat",
        "weight",
    )
    list_filter = (("verified_at", admin.EmptyFieldListFilter), "observe_shabbat")
    directions: ClassVar[dict[str, str]] = {"schedule": "ltr", "countries": "ltr"}
    fieldsets = (
        (None, {"fields": ("business", "verified_at")}),
        (_("Calling window"), {"fields": ("schedule", "observe_shabbat")}),
        (
            _("How much"),
            {"fields": ("concurrency", "calls_a_day", "minutes_a_day", "weight")},
        ),
        (_("To one person"), {"fields": ("most_calls", "within_days", "gap_minutes")}),
        (_("Where to"), {"fields": ("countries",)}),
    )

    @admin.display(description=_("looked at by the operator"), boolean=True, ordering="verified_at")
    def is_verified(self, settings: OutboundSettings) -> bool:
        return settings.verified_at is not None

    @admin.display(description=_("countries"))
    def called(self, settings: OutboundSettings) -> SafeString:
        return ltr(" ".join(settings.countries) or "-")


@admin.register(DialUsage)
class DialUsageAdmin(ReadOnlyAdmin):
    list_display = ("day", "business", "calls", "minutes", "kept")
    list_filter = ("day",)
    ordering = ("-day", "business__name", "pk")
    fields = ("business", "day", "calls", "used_s", "reserved_s")

    @admin.display(description=_("minutes used"), ordering="used_s")
    def minutes(self, usage: DialUsage) -> int:
        return usage.used_s // 60

    @admin.display(description=_("minutes kept for calls that go on"), ordering="reserved_s")
    def kept(self, usage: DialUsage) -> int:
        return usage.reserved_s // 60
