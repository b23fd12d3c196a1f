from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.models import (
    Call,
    CallbackEvent,
    Lead,
    PromptBinding,
    Recording,
    ToolCall,
    Turn,
)
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr

if TYPE_CHECKING:
    StackedInline = admin.StackedInline[Any, Call]
    TabularInline = admin.TabularInline[Any, Call]
else:
    StackedInline = admin.StackedInline
    TabularInline = admin.TabularInline


class Stylesheet:
    css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("calls/admin.css",)}


class ReadOnlyRows:
    """What belongs to a call, as it was written down."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class BindingInline(ReadOnlyRows, StackedInline):
    model = PromptBinding
    fields = (
        "version",
        "direction",
        "voice",
        "greeting_mode",
        "opening",
        "compact_prompt",
        "full_prompt",
        "transcription_prompt",
        "compact_hash",
        "full_hash",
        "created_at",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptBinding]:
        return super().get_queryset(request).select_related("version__prompt__business")

    @admin.display(description=_("greeting"))
    def opening(self, binding: PromptBinding) -> SafeString:
        return words(binding.greeting)

    @admin.display(description=_("compact prompt"))
    def compact_prompt(self, binding: PromptBinding) -> SafeString:
        return words(binding.compact)

    @admin.display(description=_("full prompt"))
    def full_prompt(self, binding: PromptBinding) -> SafeString:
        return words(binding.full)

    @admin.display(description=_("transcription prompt"))
    def transcription_prompt(self, binding: PromptBinding) -> SafeString:
        return words(binding.transcription)

    @admin.display(description=_("SHA-256 of the compact prompt"))
    def compact_hash(self, binding: PromptBinding) -> SafeString:
        return ltr(binding.compact_sha256)

    @admin.display(description=_("SHA-256 of the full prompt"))
    def full_hash(self, binding: PromptBinding) -> SafeString:
        return ltr(binding.full_sha256)


class TurnInline(ReadOnlyRows, TabularInline):
    model = Turn
    fields = (
        "speaker",
        "said",
        "started_ms",
        "ended_ms",
        "generated_ms",
        "heard_ms",
        "interrupted",
    )
    readonly_fields = fields
    ordering = ("position",)

    @admin.display(description=_("text"))
    def said(self, turn: Turn) -> SafeString:
        return words(turn.text)


class ToolCallInline(ReadOnlyRows, TabularInline):
    model = ToolCall
    fields = ("name", "status", "asked_with", "answered", "created_at")
    readonly_fields = fields
    ordering = ("created_at",)

    @admin.display(description=_("arguments"))
    def asked_with(self, tool_call: ToolCall) -> SafeString:
        return as_json(tool_call.arguments)

    @admin.display(description=_("result"))
    def answered(self, tool_call: ToolCall) -> SafeString:
        return as_json(tool_call.result)


class RecordingInline(ReadOnlyRows, TabularInline):
    model = Recording
    fields = ("recording_sid", "status", "duration_s", "channels", "created_at")
    readonly_fields = fields
    ordering = ("created_at",)


class CallbackColumns:
    @admin.display(description=_("event"))
    def happened(self, event: CallbackEvent) -> SafeString:
        return ltr(event.event or "-")

    @admin.display(description=_("fields"))
    def told(self, event: CallbackEvent) -> SafeString:
        return as_json(event.payload)


class CallbackEventInline(CallbackColumns, ReadOnlyRows, TabularInline):
    model = CallbackEvent
    fields = ("source", "happened", "sequence", "received_at", "told")
    readonly_fields = fields
    ordering = ("received_at",)


@admin.register(Call)
class CallAdmin(ReadOnlyAdmin):
    list_display = (
        "created_at",
        "business",
        "direction",
        "status",
        "end_reason",
        "caller",
        "called",
        "duration_s",
        "sid",
    )
    list_filter = ("status", "direction", "end_reason", "created_at", "business")
    search_fields = (*BusinessAdmin.search_fields, "call_sid__exact", "from_e164", "to_e164")
    ordering = ("-created_at", "pk")
    inlines = (BindingInline, TurnInline, ToolCallInline, RecordingInline, CallbackEventInline)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "business",
                    "direction",
                    "status",
                    "end_reason",
                    "why",
                    "caller",
                    "called",
                    "own_number",
                    "person",
                    "language",
                )
            },
        ),
        (
            _("Times"),
            {
                "fields": (
                    "created_at",
                    "answered_at",
                    "ended_at",
                    "duration_s",
                    "token_expires_at",
                    "token_used_at",
                    "compact_sent_at",
                    "full_sent_at",
                    "full_confirmed",
                )
            },
        ),
        (
            _("Carrier"),
            {
                "fields": (
                    "sid",
                    "account",
                    "stream",
                    "carrier_sequence",
                    "carrier_final_at",
                    "carrier_checked_at",
                )
            },
        ),
        (
            _("Figures"),
            {
                "fields": (
                    "frames_in",
                    "frames_forwarded",
                    "frames_dropped",
                    "frames_sent",
                    "heard_ms",
                    "utterances_total",
                    "utterances_empty",
                    "utterances_very_short",
                    "utterances_filler_only",
                    "barge_ins",
                    "greeting_latency_ms",
                    "tokens",
                    "counted",
                )
            },
        ),
    )
    Media = Stylesheet

    @admin.display(description=_("in one sentence"))
    def why(self, call: Call) -> SafeString:
        return format_html('<span dir="auto">{}</span>', call.end_detail or "-")

    @admin.display(description=_("number of the business"))
    def own_number(self, call: Call) -> SafeString:
        return link(call.number)

    @admin.display(description=_("lead"))
    def person(self, call: Call) -> SafeString:
        return link(call.lead)

    @admin.display(description=_("from"), ordering="from_e164")
    def caller(self, call: Call) -> SafeString:
        return ltr(call.from_e164 or "-")

    @admin.display(description=_("to"), ordering="to_e164")
    def called(self, call: Call) -> SafeString:
        return ltr(call.to_e164 or "-")

    @admin.display(description=_("call SID"), ordering="call_sid")
    def sid(self, call: Call) -> SafeString:
        return ltr(call.call_sid or "-")

    @admin.display(description=_("account SID"))
    def account(self, call: Call) -> SafeString:
        return ltr(call.account_sid or "-")

    @admin.display(description=_("stream SID"))
    def stream(self, call: Call) -> SafeString:
        return ltr(call.stream_sid or "-")

    @admin.display(description=_("tokens"))
    def tokens(self, call: Call) -> SafeString:
        return as_json(call.usage)

    @admin.display(description=_("counters"))
    def counted(self, call: Call) -> SafeString:
        return as_json(call.counters)


@admin.register(Lead)
class LeadAdmin(BusinessAdmin):
    """A lead comes of a call; only the name is for people to write."""

    list_display = ("telephone", "name", "business", "number_of_calls", "created_at")
    search_fields = (*BusinessAdmin.search_fields, "phone_e164", "name")
    ordering = ("-created_at", "pk")
    fields = ("business", "telephone", "name", "known", "created_at")
    readonly_fields = ("business", "telephone", "known", "created_at")
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
    Media = Stylesheet

    @admin.display(description=_("call SID"), ordering="call_sid")
    def sid(self, event: CallbackEvent) -> SafeString:
        return ltr(event.call_sid)

    @admin.display(description=_("of a known call"), boolean=True)
    def attached(self, event: CallbackEvent) -> bool:
        return event.call_id is not None


def words(text: str) -> SafeString:
    """In the direction of the words themselves, whatever the language of the page."""
    return format_html('<pre class="words" dir="auto">{}</pre>', text)


def as_json(value: Any) -> SafeString:
    written = json.dumps(value, indent=2, ensure_ascii=False)
    return format_html('<pre class="words" dir="ltr">{}</pre>', written)


def link(row: Model | None) -> SafeString:
    """A lead is called by a name or by a number; each is shown in its own direction."""
    if row is None:
        return ltr("-")
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    address = reverse(name, args=[row.pk])
    return format_html('<a href="{}"><bdi dir="auto">{}</bdi></a>', address, row)
