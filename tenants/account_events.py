"""What happens to accounts goes into the installation's audit chain.

The one place that listens to the signals of the library that logs people in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from allauth.account import signals as account_signals
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_out
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

from tenants.actions import AuditFact, record_audit
from tenants.models import AuditEvent, User
from tenants.scoping import PlatformReason, platform_scope
from tenants.sockets import end_sockets

COUNTED_OVER: Final = timedelta(hours=1)


def listen() -> None:
    for signal, listener in (
        (account_signals.user_logged_in, note_login),
        (user_logged_out, note_logout),
        (account_signals.password_changed, note_new_password),
        (account_signals.password_set, note_new_password),
        (account_signals.password_reset, note_new_password),
        (mfa_signals.authenticator_added, note_factor_added),
        (mfa_signals.authenticator_removed, note_factor_removed),
        (mfa_signals.authenticator_reset, note_factor_added),
        (mfa_signals.authentication_failed, note_failed_factor),
    ):
        signal.connect(listener, dispatch_uid=f"tenants.{listener.__name__}")


def note_login(*, user: User, **kwargs: Any) -> None:
    note("account.logged_in", user)


def note_logout(*, user: User | None, request: HttpRequest | None = None, **kwargs: Any) -> None:
    if isinstance(user, User):
        note("account.logged_out", user)
        session = getattr(request, "session", None)  # not forgotten yet
        end_sockets(user.pk, session_key=getattr(session, "session_key", None))


def note_new_password(*, user: User, **kwargs: Any) -> None:
    note("account.password_changed", user)
    end_sockets(user.pk)


def note_factor_added(*, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    note("account.second_factor_added", user, {"type": str(authenticator.type)})


def note_factor_removed(*, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    note("account.second_factor_removed", user, {"type": str(authenticator.type)})
    end_sockets(user.pk)


def note_sessions_ended(*, user: User) -> None:
    note("account.sessions_ended", user)
    end_sockets(user.pk)


def note_failed_factor(*, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    note_failure("account.second_factor_failed", str(user.pk), {"type": str(authenticator.type)})


def note_failed_login(address: str) -> None:
    """Whoever tried is a stranger. One address is told from another and read by nobody: people
    type passwords into the wrong field.
    """
    note_failure("account.login_failed", salted_hmac("tenants.failed", address).hexdigest()[:16])


def note(action: str, user: User, facts: Mapping[str, AuditFact] | None = None) -> None:
    with platform_scope(PlatformReason.AUDIT_ACCOUNT):
        record_audit(
            business=None,
            action=action,
            by=user,
            now=timezone.now(),
            subject=str(user.pk),
            facts=facts,
        )


def note_failure(action: str, subject: str, facts: Mapping[str, AuditFact] | None = None) -> None:
    """With how many there were of the same within the hour, this one included."""
    now = timezone.now()
    with platform_scope(PlatformReason.AUDIT_ACCOUNT):
        recent = AuditEvent.objects.filter(business=None, at__gt=now - COUNTED_OVER)
        before = recent.filter(action=action, subject=subject).count()
        record_audit(
            business=None,
            action=action,
            by=None,
            now=now,
            subject=subject,
            facts={**(facts or {}), "within_the_hour": before + 1},
        )
