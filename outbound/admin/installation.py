"""What belongs to no business."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from outbound.actions import try_account_again
from outbound.admin.columns import PhoneSearch, told
from outbound.models import CarrierAccount, SuppressedNumber
from tenants.admin_acting import Act, ActingAdmin
from tenants.admin_site import AuditedAdmin, ltr
from tenants.models import User


def _try_again(
    account: CarrierAccount, by: User, now: datetime, given: Mapping[str, Any]
) -> str | None:
    if not try_account_again(account=account, by=by, now=now):
        return None
    return gettext(
        "Calls are placed on this account again. Runs that were paused have to be started."
    )


@admin.register(CarrierAccount)
class CarrierAccountAdmin(ActingAdmin, AuditedAdmin):
    """The dialler keeps the row; of it the pace alone is for people to write."""

    acts = (
        Act(
            "try-again",
            _("Try again"),
            _(
                "What the carrier refused is settled with it: calls are placed on this account again."
            ),
            _try_again,
            lambda account: account.refused_at is not None,
        ),
    )
    list_display = (
        "account",
        "calls_per_second",
        "is_refused",
        "refused_code",
        "slowed_until",
        "most_live",
    )
    list_filter = (("refused_at", admin.EmptyFieldListFilter),)
    search_fields = ("account_sid",)
    ordering = ("account_sid",)
    show_full_result_count = False
    fields = (
        "account_sid",
        "calls_per_second",
        "next_at",
        "slowed_until",
        "congestion",
        "most_live",
        "refused_at",
        "refused_code",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        kept = self.fields[2:]
        return ("account_sid", *kept) if obj else kept

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(
        self, request: HttpRequest, obj: CarrierAccount, form: forms.Form, change: bool
    ) -> None:
        # A dialler may be counting on the other columns at this moment.
        obj.save(update_fields=form.changed_data if change else None)

    @admin.display(description=_("account SID"), ordering="account_sid")
    def account(self, account: CarrierAccount) -> SafeString:
        return ltr(account.account_sid)

    @admin.display(description=_("refused"), boolean=True, ordering="refused_at")
    def is_refused(self, account: CarrierAccount) -> bool:
        return account.refused_at is not None


@admin.register(SuppressedNumber)
class SuppressedNumberAdmin(PhoneSearch, AuditedAdmin):
    list_display = ("telephone", "because", "since")
    list_filter = ("since",)
    search_fields = ("phone_e164", "why")
    ordering = ("-since", "pk")
    show_full_result_count = False
    fields = ("phone_e164", "why", "since")
    directions: ClassVar[dict[str, str]] = {"phone_e164": "ltr", "why": "auto"}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("phone_e164", "since") if obj else ("since",)

    @admin.display(description=_("telephone"), ordering="phone_e164")
    def telephone(self, number: SuppressedNumber) -> SafeString:
        return ltr(number.phone_e164)

    @admin.display(description=_("why"), ordering="why")
    def because(self, number: SuppressedNumber) -> SafeString:
        return told(number.why or "-")
