"""Who may join a business, by what link, and who may change whom."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction

from tenants.models import AuditEvent, Business, Invitation, Membership, User
from tenants.scoping import business_scope
from tenants.team import (
    GOOD_FOR,
    InvitationGoneError,
    Invited,
    accept_invitation,
    cancel_invitation,
    change_role,
    find_invitation,
    invite_member,
    open_account,
    remove_member,
    send_invitation_again,
)
from tests.people import NOW, make_member, make_user

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=1)


def invite(
    business: Business, by: User | None, email: str = "dora@prosaas.test", role: str = "agent"
) -> Invited:
    return invite_member(business=business, email=email, role=role, by=by, now=NOW)


def member_of(business: Business, user: User) -> Membership:
    with business_scope(business):
        return Membership.objects.select_related("business", "user").get(user=user)


def actions_of(business: Business) -> list[str]:
    with business_scope(business):
        return list(AuditEvent.objects.of_chain(business.pk).values_list("action", flat=True))


def test_the_link_is_known_to_nobody_but_who_has_it(flowers: Business, alice: User) -> None:
    invited = invite(flowers, alice)
    with business_scope(flowers):
        stored = Invitation.objects.values().get()
    assert invited.token not in str(stored)
    assert invited.token not in repr(invited)
    assert stored["expires_at"] == NOW + GOOD_FOR


def test_dora_opens_an_account_and_is_on_the_team(flowers: Business, alice: User) -> None:
    token = invite(flowers, alice, "Dora@ProSaaS.Test").token
    membership = open_account(token=token, name=" Dora ", password="blue sky 7", now=LATER)
    assert membership.role == Membership.Role.AGENT
    dora = User.objects.get(email="dora@prosaas.test")
    assert dora.name == "Dora"
    assert dora.check_password("blue sky 7")
    assert not dora.is_staff
    assert actions_of(flowers)[-3:] == ["invitation.sent", "invitation.accepted", "member.added"]


def test_a_link_works_once(flowers: Business, alice: User, charlie: User) -> None:
    token = invite(flowers, alice, charlie.email).token
    accept_invitation(token=token, by=charlie, now=LATER)
    with pytest.raises(InvitationGoneError):
        accept_invitation(token=token, by=charlie, now=LATER)


def test_an_old_link_is_worth_nothing(flowers: Business, alice: User, charlie: User) -> None:
    token = invite(flowers, alice, charlie.email).token
    find_invitation(token=token, now=NOW + GOOD_FOR - timedelta(seconds=1))
    with pytest.raises(InvitationGoneError):
        accept_invitation(token=token, by=charlie, now=NOW + GOOD_FOR)


def test_sent_again_the_first_link_is_void(flowers: Business, alice: User, charlie: User) -> None:
    first = invite(flowers, alice, charlie.email)
    second = send_invitation_again(invitation=first.invitation, by=alice, now=LATER)
    with pytest.raises(InvitationGoneError):
        accept_invitation(token=first.token, by=charlie, now=LATER)
    assert accept_invitation(token=second.token, by=charlie, now=LATER).user == charlie


def test_a_canceled_link_is_void(flowers: Business, alice: User, charlie: User) -> None:
    invited = invite(flowers, alice, charlie.email)
    cancel_invitation(invitation=invited.invitation, by=alice, now=NOW)
    with pytest.raises(InvitationGoneError):
        accept_invitation(token=invited.token, by=charlie, now=LATER)
    with pytest.raises(ValidationError):
        send_invitation_again(invitation=invited.invitation, by=alice, now=LATER)


def test_who_found_the_link_does_not_join_in_anothers_place(
    flowers: Business, alice: User, charlie: User
) -> None:
    token = invite(flowers, alice).token
    with pytest.raises(PermissionDenied):
        accept_invitation(token=token, by=charlie, now=LATER)
    find_invitation(token=token, now=LATER)  # is still good


def test_a_weak_password_makes_no_account_and_spoils_no_link(
    flowers: Business, alice: User
) -> None:
    token = invite(flowers, alice).token
    with pytest.raises(ValidationError):
        open_account(token=token, name="Dora", password="password", now=LATER)
    assert not User.objects.filter(email="dora@prosaas.test").exists()
    find_invitation(token=token, now=LATER)  # is still good


def test_one_open_invitation_for_an_address(flowers: Business, alice: User) -> None:
    invite(flowers, alice)
    with pytest.raises(ValidationError, match="open invitation"):
        invite(flowers, alice, "DORA@prosaas.test")
    with pytest.raises(IntegrityError), business_scope(flowers):
        Invitation.objects.create(
            business=flowers,
            email="dora@prosaas.test",
            role="agent",
            token_hash="x",
            expires_at=LATER,
        )


def test_an_expired_invitation_makes_room(flowers: Business, alice: User) -> None:
    invite(flowers, alice)
    after = NOW + GOOD_FOR
    again = invite_member(
        business=flowers, email="dora@prosaas.test", role="viewer", by=alice, now=after
    )
    assert find_invitation(token=again.token, now=after).role == "viewer"


def test_a_member_is_not_invited_again(flowers: Business, alice: User, bob: User) -> None:
    with pytest.raises(ValidationError, match="on the team already"):
        invite(flowers, alice, bob.email)


@pytest.mark.parametrize("email", ["", "dora", "dora@prosaas.test\nBcc: x@y.z"])
def test_what_is_no_address_is_refused(flowers: Business, alice: User, email: str) -> None:
    with pytest.raises(ValidationError):
        invite(flowers, alice, email)


@pytest.mark.parametrize("role", ["manager", "agent", "viewer"])
def test_only_owners_touch_the_team(flowers: Business, alice: User, role: str) -> None:
    dora = make_user("dora")
    make_member(flowers, dora, role)
    invited = invite(flowers, alice, "eve@prosaas.test")
    hers = member_of(flowers, alice)
    with pytest.raises(PermissionDenied):
        invite(flowers, dora, "frank@prosaas.test")
    with pytest.raises(PermissionDenied):
        send_invitation_again(invitation=invited.invitation, by=dora, now=LATER)
    with pytest.raises(PermissionDenied):
        cancel_invitation(invitation=invited.invitation, by=dora, now=LATER)
    with pytest.raises(PermissionDenied):
        change_role(membership=member_of(flowers, dora), role="owner", by=dora, now=LATER)
    with pytest.raises(PermissionDenied):
        remove_member(membership=hers, by=dora, now=LATER)


def test_the_owner_of_another_business_is_nobody_here(
    flowers: Business, garage: Business, charlie: User, alice: User, bob: User
) -> None:
    with pytest.raises(PermissionDenied):
        invite(flowers, charlie)
    with pytest.raises(PermissionDenied):
        remove_member(membership=member_of(flowers, bob), by=charlie, now=NOW)


def test_nobody_rises_above_who_raises_him(
    flowers: Business, alice: User, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table lets owners alone edit the team; a manager who could would still make no owner."""
    monkeypatch.setattr("tenants.access.may", lambda role, action: True)
    with pytest.raises(PermissionDenied):
        invite(flowers, bob, role="owner")
    with pytest.raises(PermissionDenied):
        change_role(membership=member_of(flowers, bob), role="owner", by=bob, now=NOW)
    with pytest.raises(PermissionDenied):
        remove_member(membership=member_of(flowers, alice), by=bob, now=NOW)
    invite(flowers, bob, role="manager")


def test_the_last_owner_stays(flowers: Business, alice: User, bob: User) -> None:
    last = member_of(flowers, alice)
    with pytest.raises(ValidationError, match="needs an owner"):
        remove_member(membership=last, by=alice, now=NOW)
    with pytest.raises(ValidationError, match="needs an owner"):
        change_role(membership=last, role="manager", by=alice, now=NOW)
    change_role(membership=member_of(flowers, bob), role="owner", by=alice, now=NOW)
    remove_member(membership=last, by=alice, now=NOW)
    with pytest.raises(ValidationError, match="needs an owner"):
        remove_member(membership=member_of(flowers, bob), by=bob, now=NOW)


def test_an_owner_who_cannot_log_in_does_not_count(
    flowers: Business, alice: User, bob: User
) -> None:
    change_role(membership=member_of(flowers, bob), role="owner", by=alice, now=NOW)
    User.objects.filter(pk=bob.pk).update(is_active=False)
    with pytest.raises(ValidationError, match="needs an owner"):
        remove_member(membership=member_of(flowers, alice), by=alice, now=NOW)


def test_what_an_owner_sent_goes_with_him(flowers: Business, alice: User, bob: User) -> None:
    """Else he would come back by a second address of his own."""
    change_role(membership=member_of(flowers, bob), role="owner", by=alice, now=NOW)
    his, hers = invite(flowers, bob, "bob2@prosaas.test"), invite(flowers, alice)
    remove_member(membership=member_of(flowers, bob), by=alice, now=LATER)
    with pytest.raises(InvitationGoneError):
        find_invitation(token=his.token, now=LATER)
    find_invitation(token=hers.token, now=LATER)  # is still good


def test_changes_are_written_down(flowers: Business, alice: User, bob: User) -> None:
    change_role(membership=member_of(flowers, bob), role="viewer", by=alice, now=NOW)
    remove_member(membership=member_of(flowers, bob), by=alice, now=NOW)
    with business_scope(flowers):
        changed, removed = list(AuditEvent.objects.of_chain(flowers.pk))[-2:]
    assert (changed.action, changed.by) == ("member.role_changed", alice)
    assert changed.facts == {"before": "manager", "after": "viewer"}
    assert (removed.action, removed.subject) == ("member.removed", str(bob.pk))


def test_there_is_no_such_role(flowers: Business, alice: User, bob: User) -> None:
    with pytest.raises(ValidationError):
        change_role(membership=member_of(flowers, bob), role="god", by=alice, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_remove_each_other_leave_one(
    flowers: Business, alice: User, bob: User
) -> None:
    """Bob's removal waits for Alice's, then sees that he was the last."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    change_role(membership=member_of(flowers, bob), role="owner", by=alice, now=NOW)
    of_alice, of_bob = member_of(flowers, alice), member_of(flowers, bob)

    def leave(membership: Membership) -> bool:
        try:
            remove_member(membership=membership, by=None, now=NOW)
        except ValidationError:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(max_workers=1) as other:
        with business_scope(flowers), transaction.atomic():
            remove_member(membership=of_alice, by=None, now=NOW)
            second = other.submit(leave, of_bob)
            with pytest.raises(TimeoutError):
                second.result(timeout=0.3)
        assert second.result(timeout=5) is False
    assert member_of(flowers, bob).role == "owner"
