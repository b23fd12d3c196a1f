from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import admin
from django.db.models import Case, Value, When
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outbound.actions import mark_not_placed, mark_placed
from outbound.admin.columns import ManyRows, PhoneSearch, RunColumn, RunFilter, told
from outbound.models import AttemptState, DialAttempt
from outbound.wording import of_attempt, outcome
from tenants.admin_acting import Act, ActingAdmin
from tenants.admin_display import link
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr
from tenants.models import User

FOR_A_PERSON_FIRST: Final = Case(
    When(state=AttemptState.HUMAN, then=Value(0)), default=Value(1)
).asc()
# What nobody should have to wait for long: not decided, and maybe ringing.
OPEN_STATES: Final = (AttemptState.POSTING, AttemptState.UNKNOWN, AttemptState.HUMAN)


class SidForm(forms.Form):
    call_sid = forms.CharField(
        label=_("CallSid"),
        max_length=34,
        help_text=_("As the carrier's list of calls shows it: CA and 32 digits or letters."),
        widget=forms.TextInput(attrs={"dir": "ltr", "autocomplete": "off"}),
    )


def _placed(attempt: DialAttempt, by: User, now: datetime, given: Mapping[str, Any]) -> str:
    mark_placed(attempt=attempt, call_sid=given["call_sid"], by=by, now=now)
    return gettext("The call belongs to this attempt now.")


def _not_placed(attempt: DialAttempt, by: User, now: datetime, given: Mapping[str, Any]) -> str:
    mark_not_placed(attempt=attempt, by=by, now=now)
    return gettext("The attempt counts as not made; the person is called again.")


def _waits_for_a_person(attempt: DialAttempt) -> bool:
    return attempt.state == AttemptState.HUMAN


class AttemptColumns:
    @admin.display(description=_("in one sentence"))
    def became(self, attempt: DialAttempt) -> SafeString:
        return told(of_attempt(attempt, now=timezone.now()))

    @admin.display(description=_("call"))
    def of_call(self, attempt: DialAttempt) -> SafeString:
        return link(attempt.call)

    @admin.display(description=_("call SID"), ordering="call_sid")
    def sid(self, attempt: DialAttempt) -> SafeString:
        return ltr(attempt.call_sid or "-")


@admin.register(DialAttempt)
class DialAttemptAdmin(
    AttemptColumns, RunColumn, ManyRows, PhoneSearch, ActingAdmin, ReadOnlyAdmin
):
    """History, but for those of which nobody can find out what became: a person looks them up."""

    acts = (
        Act(
            "placed",
            _("It was placed"),
            _(
                "The carrier's list of calls shows a call to this number from that time. From here "
                "on the carrier is asked about it as about any other."
            ),
            _placed,
            _waits_for_a_person,
            form=SidForm,
        ),
        Act(
            "not-placed",
            _("It was not placed"),
            _(
                "The carrier's list of calls shows no call to this number from that time. The "
                "person is called again: if this is wrong, for the second time."
            ),
            _not_placed,
            _waits_for_a_person,
            ends_something=True,
        ),
    )
    list_display = (
        "posted_at",
        "state",
        "age",
        "telephone",
        "number",
        "business",
        "of_run",
        "came_out",
        "sid",
    )
    list_filter = ("state", RunFilter, "posted_at")
    list_select_related = ("business", "run__business")
    search_fields = (*BusinessAdmin.search_fields, "to_e164", "call_sid__exact")
    ordering = (FOR_A_PERSON_FIRST, "-posted_at", "pk")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "business",
                    "of_run",
                    "of_job",
                    "number",
                    "telephone",
                    "calling",
                    "state",
                    "became",
                    "came_out",
                    "of_call",
                )
            },
        ),
        (_("Times"), {"fields": ("created_at", "posted_at", "unknown_at", "ended_at")}),
        (
            _("Carrier"),
            {
                "fields": (
                    "account",
                    "sid",
                    "second_call",
                    "error_code",
                    "in_detail",
                    "refusals",
                    "queued_ms",
                    "looks",
                    "look_at",
                    "absent_at",
                    "cancel_asked_at",
                )
            },
        ),
        (
            _("Figures"),
            {"fields": ("usage_day", "reserved_s", "used_s", "owner", "fence")},
        ),
    )

    @admin.display(description=_("age"), ordering="posted_at")
    def age(self, attempt: DialAttempt) -> str:
        return timesince(attempt.since) if attempt.state in OPEN_STATES else "-"

    @admin.display(description=_("to"), ordering="to_e164")
    def telephone(self, attempt: DialAttempt) -> SafeString:
        return ltr(attempt.to_e164)

    @admin.display(description=_("from"))
    def calling(self, attempt: DialAttempt) -> SafeString:
        return ltr(attempt.from_e164)

    @admin.display(description=_("job"))
    def of_job(self, attempt: DialAttempt) -> SafeString:
        return link(attempt.job)

    @admin.display(description=_("outcome"), ordering="outcome")
    def came_out(self, attempt: DialAttempt) -> str:
        return outcome(attempt.outcome) or "-"

    @admin.display(description=_("account SID"))
    def account(self, attempt: DialAttempt) -> SafeString:
        return ltr(attempt.account_sid)

    @admin.display(description=_("second call"))
    def second_call(self, attempt: DialAttempt) -> SafeString:
        return ltr(attempt.suspect or "-")

    @admin.display(description=_("what the carrier said"))
    def in_detail(self, attempt: DialAttempt) -> SafeString:
        return told(attempt.detail or "-")
