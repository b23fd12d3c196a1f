"""The roles in the words of an owner: what each may do, out of the table that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.access import Action, may
from tenants.models import Membership

SUMMARIES: Final[dict[str, str | Promise]] = {
    Membership.Role.OWNER: _("Does everything, the team and the keys included."),
    Membership.Role.MANAGER: _("Runs the agent, the leads and the campaigns."),
    Membership.Role.AGENT: _("Works with calls and appointments."),
    Membership.Role.VIEWER: _("Looks, and changes nothing."),
}
WORDS: Final[dict[Action, str | Promise]] = {
    Action.SEE_PAGES: _("See calls, leads and figures"),
    Action.WRITE_NOTES: _("Write notes on calls and leads"),
    Action.EDIT_APPOINTMENTS: _("Make and cancel appointments"),
    Action.TRY_AGENT: _("Talk to the agent from the browser"),
    Action.DIRECT_CALL: _("Instruct the agent during a call, transfer it or hang up"),
    Action.LISTEN_IN: _("Listen to a call while it goes on"),
    Action.HEAR_RECORDING: _("Hear the recording of a call"),
    Action.EXPORT_LEADS: _("Download leads and lists"),
    Action.EDIT_SETTINGS: _("Change the settings of the business"),
    Action.EDIT_CREDENTIALS: _("Replace the keys of the business"),
    Action.SEE_TEAM: _("See who is on the team"),
    Action.EDIT_TEAM: _("Invite people, change their roles and remove them"),
    Action.CLAIM_NUMBER: _("Connect a telephone number"),
    Action.EDIT_PROMPT: _("Write what the agent says"),
    Action.PUBLISH_PROMPT: _("Put a new text of the agent to work"),
    Action.MANAGE_LEADS: _("Add, change and import leads"),
    Action.EDIT_RUN: _("Prepare campaigns of calls"),
    Action.DIRECT_RUN: _("Start, pause and stop campaigns"),
    Action.LIST_NUMBER: _("Note that somebody is not to be called"),
    Action.SETTLE_ATTEMPT: _("Say what became of a call that nobody knows of"),
}


@dataclass(frozen=True, slots=True)
class RoleInWords:
    value: str
    label: str
    summary: str | Promise
    may: list[str | Promise]


def roles() -> list[RoleInWords]:
    """From the most to the least."""
    return [
        RoleInWords(
            role.value,
            str(role.label),
            SUMMARIES[role],
            [words for action, words in WORDS.items() if may(role, action)],
        )
        for role in Membership.Role
    ]
