"""What a business lets its agent do, and whom and what the agent may turn to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.validators import MinLengthValidator
from django.db.models import Field, URLField
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.models import AgentSettings, HttpTool, TransferTarget
from calls.models.http_tool import SHORTEST_SECRET, validate_secret
from tenants.admin_site import BusinessAdmin, ltr

if TYPE_CHECKING:
    HttpToolModelForm = forms.ModelForm[HttpTool]
else:
    HttpToolModelForm = forms.ModelForm


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


class HttpToolForm(HttpToolModelForm):
    """Write-only: what is stored never goes to a browser again."""

    new_secret = forms.CharField(
        label=_("secret"),
        required=False,
        validators=[MinLengthValidator(SHORTEST_SECRET), validate_secret],
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("Requests are signed with it. Leave empty to keep what is stored."),
    )

    class Meta:
        model = HttpTool
        fields = ()  # they are the admin's, which knows how an address is typed

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_set = not self.instance._state.adding
        self.fields["new_secret"].required = not is_set
        self.fields["new_secret"].widget.attrs["placeholder"] = (
            gettext("set") if is_set else gettext("not set")
        )

    def save(self, commit: bool = True) -> HttpTool:
        if self.cleaned_data["new_secret"]:
            self.instance.secret = self.cleaned_data["new_secret"]
        return super().save(commit)


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
