"""What each role may do: one table, one question."""

from __future__ import annotations

from enum import StrEnum

from django.core.exceptions import PermissionDenied

from tenants.models import Business, Membership, User


class Action(StrEnum):
    CLAIM_NUMBER = "claim a number"
    EDIT_PROMPT = "edit a prompt"
    PUBLISH_PROMPT = "publish a prompt"


ALLOWED: dict[str, frozenset[Action]] = {
    Membership.Role.OWNER: frozenset(Action),
    Membership.Role.MANAGER: frozenset({Action.EDIT_PROMPT, Action.PUBLISH_PROMPT}),
    Membership.Role.AGENT: frozenset(),
    Membership.Role.VIEWER: frozenset(),
}


def may(role: str, action: Action) -> bool:
    return action in ALLOWED.get(role, frozenset())


def require(by: User | None, business: Business, action: Action) -> None:
    """Inside a scope only. `by=None` is the installation itself: a command, a timer."""
    if by is None or (by.is_active and by.is_superuser):
        return
    membership = Membership.objects.for_business(business).filter(user=by).first()
    if membership is None or not by.is_active or not may(membership.role, action):
        raise PermissionDenied(f"{action.value}: not allowed")
