"""How the agent behaves, when, and with whose keys, one screen a module."""

from __future__ import annotations

from calls.views.settings.adding import add_number, ask_for_number
from calls.views.settings.agent import appointment_rules, conversation, keeping, permissions
from calls.views.settings.business import business, number, numbers
from calls.views.settings.hours import closed_day, hours, open_day
from calls.views.settings.keys import check_key, forget_key, keys, new_key
from calls.views.settings.overview import overview
from calls.views.settings.people import delete_person, people, person
from calls.views.settings.tools import delete_tool, tool, tools

__all__ = [
    "add_number",
    "appointment_rules",
    "ask_for_number",
    "business",
    "check_key",
    "closed_day",
    "conversation",
    "delete_person",
    "delete_tool",
    "forget_key",
    "hours",
    "keeping",
    "keys",
    "new_key",
    "number",
    "numbers",
    "open_day",
    "overview",
    "people",
    "permissions",
    "person",
    "tool",
    "tools",
]
