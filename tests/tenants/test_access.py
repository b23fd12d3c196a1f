from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied

from tenants.access import Action, may, require
from tenants.models import Business, Membership, User
from tenants.scoping import business_scope
from tests.people import make_member, make_user

AGENTS_WORK = {
    Action.SEE_PAGES,
    Action.WRITE_NOTES,
    Action.EDIT_APPOINTMENTS,
    Action.TRY_AGENT,
    Action.DIRECT_CALL,
    Action.LIST_NUMBER,
}
MANAGERS_WORK = AGENTS_WORK | {
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
TABLE = {
    "owner": MANAGERS_WORK | {Action.CLAIM_NUMBER, Action.EDIT_CREDENTIALS, Action.EDIT_TEAM},
    "manager": MANAGERS_WORK,
    "agent": AGENTS_WORK,
    "viewer": {Action.SEE_PAGES},
}


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("role", Membership.Role.values)
def test_the_table_of_roles(role: str, action: Action) -> None:
    assert may(role, action) == (action in TABLE[role])


def test_a_role_that_does_not_exist_may_nothing() -> None:
    assert not any(may("landlord", action) for action in Action)


def test_the_owner_may(flowers: Business, alice: User) -> None:
    with business_scope(flowers):
        require(alice, flowers, Action.CLAIM_NUMBER)


def test_a_manager_may_what_the_table_says(flowers: Business, bob: User) -> None:
    with business_scope(flowers):
        require(bob, flowers, Action.PUBLISH_PROMPT)
        with pytest.raises(PermissionDenied):
            require(bob, flowers, Action.CLAIM_NUMBER)


def test_the_owner_of_another_business_may_not(
    flowers: Business, garage: Business, charlie: User
) -> None:
    with business_scope(flowers), pytest.raises(PermissionDenied):
        require(charlie, flowers, Action.EDIT_PROMPT)


def test_somebody_without_a_membership_may_not(flowers: Business) -> None:
    with business_scope(flowers), pytest.raises(PermissionDenied):
        require(make_user("dora"), flowers, Action.EDIT_PROMPT)


def test_an_owner_who_was_switched_off_may_not(flowers: Business) -> None:
    dora = make_user("dora", is_active=False)
    make_member(flowers, dora, Membership.Role.OWNER)
    with business_scope(flowers), pytest.raises(PermissionDenied):
        require(dora, flowers, Action.EDIT_PROMPT)


def test_an_operator_and_the_installation_itself_may(flowers: Business, olga: User) -> None:
    with business_scope(flowers):
        require(olga, flowers, Action.PUBLISH_PROMPT)
        require(None, flowers, Action.PUBLISH_PROMPT)


def test_staff_without_the_rights_of_an_operator_may_not(flowers: Business) -> None:
    with business_scope(flowers), pytest.raises(PermissionDenied):
        require(make_user("dora", is_staff=True), flowers, Action.EDIT_PROMPT)
