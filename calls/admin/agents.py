"""What a business lets its agent do, and whom and what the agent may turn to."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.core.validators import MinLengthValidator
from django.db.models import Field, URLField
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.models import AgentSettings, HttpTool, TransferTarget
from calls.models.http_tool import SHORTEST_SECRET, validate_secret
from tenants.admin_forms import SecretForm, secret_field
from tenants.admin_site import BusinessAdmin, ltr


@admin.register(AgentSettings)
class AgentSettingsAdmin(BusinessAdmin):
    list_display = (
        "business",
        "barge_in",
        "may_save_lead",
        "may_mark_do_not_call",
        "may_schedule",
        "may_transfer",
    )
    list_filter = ("barge_in", "may_schedule", "may_transfer")
    raw_id_fields = (*BusinessAdmin.raw_id_fields, "fallback")
    fieldsets = (
        (None, {"fields": ("business",)}),
        (
            _("Conversation"),
            {
                "fields": (
                    "barge_in",
                    "greeting_protected",
                    "silence_prompt_s",
                    "silence_prompts",
                    "max_call_s",
                )
            },
        ),
        (
            _("What the agent may do"),
            {"fields": ("may_save_lead", "may_mark_do_not_call", "may_schedule", "may_transfer")},
        ),
        (_("Recordings"), {"fields": ("recording", "recording_days")}),
        (
            _("Putting callers through"),
            {"fields": ("warm_transfer", "transfer_ring_s", "fallback")},
        ),
        (_("Keys"), {"fields": ("human_key", "do_not_call_key")}),
        (_("Appointments"), {"fields": ("slot_minutes", "notice_minutes", "horizon_days")}),
    )


@admin.register(TransferTarget)
class TransferTargetAdmin(BusinessAdmin):
    list_display = ("name", "business", "number", "position", "active")
    list_filter = ("active",)
    search_fields = (*BusinessAdmin.search_fields, "name", "e164")
    ordering = ("business__name", "position", "name", "pk")
    directions: ClassVar[dict[str, str]] = {"e164": "ltr"}

    @admin.display(description=_("number"), ordering="e164")
    def number(self, target: TransferTarget) -> SafeString:
        return ltr(target.e164)


class HttpToolForm(SecretForm):
    new_secret = secret_field(
        _("Requests are signed with it. Leave empty to keep what is stored."),
        MinLengthValidator(SHORTEST_SECRET),
        validate_secret,
    )

    class Meta:
        model = HttpTool
        fields = ()  # they are the admin's, which knows how an address is typed


@admin.register(HttpTool)
class HttpToolAdmin(BusinessAdmin):
    form = HttpToolForm
    list_display = ("name", "business", "address", "active")
    list_filter = ("active",)
    search_fields = (*BusinessAdmin.search_fields, "name", "url")
    fields = ("business", "name", "description", "parameters", "url", "new_secret", "active")
    formfield_overrides: ClassVar[dict[type[Field[Any, Any]], dict[str, Any]]] = {
        URLField: {"assume_scheme": "https"}
    }
    directions: ClassVar[dict[str, str]] = {"name": "ltr", "url": "ltr", "parameters": "ltr"}

    @admin.display(description=_("address"), ordering="url")
    def address(self, tool: HttpTool) -> SafeString:
        return ltr(tool.url)
