"""Who has to show a second factor beside the password."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from tenants.actions import record_audit
from tenants.models import Business, Membership, User

# They can see what callers said, and spend money.
NEEDED_BY = frozenset({Membership.Role.OWNER, Membership.Role.MANAGER})
# In the session: where somebody was going when the second factor came between.
GOING_TO: Final = "going_to"
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})


def lacks_second_factor(user: User, role: str) -> bool:
    if not settings.SECOND_FACTOR_REQUIRED or role not in NEEDED_BY:
        return False
    return not is_mfa_enabled(user)


def operator_lacks_second_factor(user: User) -> bool:
    """Operators see every business."""
    return bool(settings.SECOND_FACTOR_REQUIRED) and not is_mfa_enabled(user)


def to_second_factor(request: HttpRequest) -> HttpResponse:
    """To where it is set up; the page with the recovery codes leads back here."""
    if request.method in SAFE_METHODS and not request.headers.get("HX-Request"):
        request.session[GOING_TO] = request.get_full_path()
    address = reverse("mfa_activate_totp")
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = address
        return response
    return redirect(address)


def remove_second_factor(*, user: User, by: User, now: datetime) -> bool:
    """For who has lost the telephone: the next login asks for the password alone, and who needs a
    second factor sets up a new one. False when there was none.

    Inside a platform scope: an account is not a business's.
    """
    with transaction.atomic():
        removed, _ = Authenticator.objects.filter(user=user).delete()
        if not removed:
            return False
        # Whoever found the telephone may be logged in on it.
        user.end_sessions(now)
        subject = str(user.pk)
        record_audit(
            business=None, action="account.second_factor_taken", by=by, now=now, subject=subject
        )
        return True


def lacks_second_factor_in(business: Business, user: User) -> bool:
    """Inside a scope: for what is no page, and asks by itself."""
    membership = Membership.objects.for_business(business).filter(user=user).first()
    return membership is None or lacks_second_factor(user, membership.role)
