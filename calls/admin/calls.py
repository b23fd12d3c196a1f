from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from calls.actions import end_by_operator
from calls.admin.callbacks import CallbackColumns
from calls.admin.transfers import TransferColumns
from calls.models import (
    Appointment,
    Call,
    CallbackEvent,
    PromptBinding,
    Recording,
    ToolCall,
    Transfer,
    Turn,
)
from calls.telephony import TelephonyError
from tenants.admin_acting import Act, ActingAdmin
from tenants.admin_display import ReadOnlyRows, as_json, link, words
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr
from tenants.credentials import CredentialMissing
from tenants.models import User

if TYPE_CHECKING:
    StackedInline = admin.StackedInline[Any, Call]
    TabularInline = admin.TabularInline[Any, Call]
else:
    StackedInline = admin.StackedInline
    TabularInline = admin.TabularInline


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
        "language",
        "verdict",
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
    fields = ("name", "status", "asked_with", "answered", "created_at", "finished_at")
    readonly_fields = fields
    ordering = ("created_at",)

    @admin.display(description=_("arguments"))
    def asked_with(self, tool_call: ToolCall) -> SafeString:
        return as_json(tool_call.arguments)

    @admin.display(description=_("result"))
    def answered(self, tool_call: ToolCall) -> SafeString:
        return as_json(tool_call.result)


class TransferInline(TransferColumns, ReadOnlyRows, TabularInline):
    model = Transfer
    fields = (
        "target",
        "number",
        "warm",
        "about",
        "status",
        "requested_at",
        "accepted_at",
        "ended_at",
    )
    readonly_fields = fields
    ordering = ("requested_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transfer]:
        return super().get_queryset(request).select_related("target")


class AppointmentInline(ReadOnlyRows, TabularInline):
    model = Appointment
    fields = ("starts_at", "ends_at", "for_whom", "about", "status")
    readonly_fields = fields
    ordering = ("starts_at",)

    @admin.display(description=_("name"))
    def for_whom(self, appointment: Appointment) -> SafeString:
        return words(appointment.name)

    @admin.display(description=_("about"))
    def about(self, appointment: Appointment) -> SafeString:
        return words(appointment.note)


class RecordingInline(ReadOnlyRows, TabularInline):
    model = Recording
    fields = ("recording_sid", "status", "duration_s", "channels", "consent_at", "page")
    readonly_fields = fields
    ordering = ("created_at",)

    @admin.display(description=_("page"))
    def page(self, recording: Recording) -> SafeString:
        return link(recording)


class CallbackEventInline(CallbackColumns, ReadOnlyRows, TabularInline):
    model = CallbackEvent
    fields = ("source", "happened", "sequence", "received_at", "told")
    readonly_fields = fields
    ordering = ("received_at",)


def _end(call: Call, by: User, now: datetime, given: Mapping[str, Any]) -> str | None:
    try:
        ended = end_by_operator(call=call, by=by, now=now)
    except (TelephonyError, CredentialMissing):
        return gettext(
            "The call is ended here. The carrier could not be told, and is told again within minutes."
        )
    return gettext("The call is ended.") if ended else None


@admin.register(Call)
class CallAdmin(ActingAdmin, ReadOnlyAdmin):
    acts = (
        Act(
            "end",
            _("End the call"),
            _("If somebody is on the line, it is cut at once, in the middle of a sentence."),
            _end,
            lambda call: call.is_live,
            ends_something=True,
        ),
    )
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
    list_filter = ("status", "direction", "end_reason", "created_at")
    search_fields = (*BusinessAdmin.search_fields, "call_sid__exact", "from_e164", "to_e164")
    ordering = ("-created_at", "pk")
    inlines = (
        BindingInline,
        TurnInline,
        ToolCallInline,
        TransferInline,
        AppointmentInline,
        RecordingInline,
        CallbackEventInline,
    )
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
                    "recording_announced",
                    "carrier_sequence",
                    "carrier_final_at",
                    "carrier_checked_at",
                )
            },
        ),
        (
            _("Who has answered"),
            {
                "fields": (
                    "answered_by",
                    "carrier_answered_by",
                    "carrier_answered_at",
                    "machine_policy",
                    "left_message",
                    "machine_message_heard",
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

    @admin.display(description=_("message for a machine"))
    def left_message(self, call: Call) -> SafeString:
        return words(call.machine_message)

    @admin.display(description=_("counters"))
    def counted(self, call: Call) -> SafeString:
        return as_json(call.counters)
