"""What a person sees of accounts and businesses, one screen a module."""

from __future__ import annotations

from tenants.views.account import account
from tenants.views.choices import choose_theme, switch_business
from tenants.views.team import team

__all__ = ["account", "choose_theme", "switch_business", "team"]
