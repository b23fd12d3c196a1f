"""What a person sees of accounts and businesses, one screen a module."""

from __future__ import annotations

from tenants.views.account import account, closed, end_other_sessions
from tenants.views.choices import choose_theme, switch_business
from tenants.views.invitation import invitation
from tenants.views.team import cancel, invite, invite_again, remove, role, team

__all__ = [
    "account",
    "cancel",
    "choose_theme",
    "closed",
    "end_other_sessions",
    "invitation",
    "invite",
    "invite_again",
    "remove",
    "role",
    "switch_business",
    "team",
]
