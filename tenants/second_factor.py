"""Who has to show a second factor beside the password."""

from __future__ import annotations

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings

from tenants.models import Business, Membership, User

# They can see what callers said, and spend money.
NEEDED_BY = frozenset({Membership.Role.OWNER, Membership.Role.MANAGER})


def lacks_second_factor(user: User, role: str) -> bool:
    if not settings.SECOND_FACTOR_REQUIRED or role not in NEEDED_BY:
        return False
    return not is_mfa_enabled(user)


def lacks_second_factor_in(business: Business, user: User) -> bool:
    """Inside a scope: for what is no page, and asks by itself."""
    membership = Membership.objects.for_business(business).filter(user=user).first()
    return membership is None or lacks_second_factor(user, membership.role)
