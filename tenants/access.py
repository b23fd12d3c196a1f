"""What each role may do: one table, one question."""

from __future__ import annotations

from enum import StrEnum

from django.core.exceptions import PermissionDenied

from tenants.models import Business, Membership, User


class Action(StrEnum):
    SEE_PAGES = "see the pages of the business"
    WRITE_NOTES = "write notes on calls and leads"
    EDIT_APPOINTMENTS = "make and cancel appointments"
    TRY_AGENT = "talk to the agent from the browser"
    DIRECT_CALL = "instruct the agent, transfer or hang up a live call"
    LISTEN_IN = "listen to a live call"
    EXPORT_LEADS = "export leads and lists"
    EDIT_SETTINGS = "change the settings of the business"
    EDIT_CREDENTIALS = "replace the keys of the business"
    SEE_TEAM = "see who is on the team"
    EDIT_TEAM = "invite, change and remove members"
    CLAIM_NUMBER = "claim a number"
    EDIT_PROMPT = "edit a prompt"
    PUBLISH_PROMPT = "publish a prompt"
    MANAGE_LEADS = "manage leads and lists"
    EDIT_RUN = "make and edit an outbound run"
    DIRECT_RUN = "start, pause and stop an outbound run"
    LIST_NUMBER = "list a number as not to be called"
    SETTLE_ATTEMPT = "say what became of a dial attempt"
    HEAR_RECORDING = "hear a recording"


AGENTS_WORK = frozenset(
    {
        Action.SEE_PAGES,
        Action.WRITE_NOTES,
        Action.EDIT_APPOINTMENTS,
        Action.TRY_AGENT,
        Action.DIRECT_CALL,
        Action.LIST_NUMBER,
    }
)
ALLOWED: dict[str, frozenset[Action]] = {
    Membership.Role.OWNER: frozenset(Action),
    Membership.Role.MANAGER: AGENTS_WORK
    | frozenset(
        {
            Action.LISTEN_IN,
            Action.EXPORT_LEADS,
            Action.EDIT_SETTINGS,
            Action.SEE_TEAM,
            Action.EDIT_PROMPT,
            Action.PUBLISH_PROMPT,
            Action.MANAGE_LEADS,
            Action.EDIT_RUN,
            Action.DIRECT_RUN,
            Action.SETTLE_ATTEMPT,
            Action.HEAR_RECORDING,
        }
    ),
    Membership.Role.AGENT: AGENTS_WORK,
    Membership.Role.VIEWER: frozenset({Action.SEE_PAGES}),
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
