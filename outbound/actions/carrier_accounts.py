from __future__ import annotations

from datetime import datetime

from django.db import transaction

from outbound import accounts
from outbound.models import CarrierAccount
from tenants.actions import record_audit
from tenants.models import User
from tenants.scoping import PlatformReason, platform_scope


def try_account_again(*, account: CarrierAccount, by: User | None, now: datetime) -> bool:
    """Somebody has settled with the carrier what it refused. False when it refuses nothing."""
    with platform_scope(PlatformReason.ADMIN), transaction.atomic():
        refused = CarrierAccount.objects.select_for_update().filter(pk=account.pk)
        if not refused.filter(refused_at__isnull=False).exists():
            return False
        accounts.try_again(account.account_sid)
        record_audit(
            business=None,
            action="carrier_account.retried",
            by=by,
            now=now,
            subject=account.account_sid,
        )
        return True
