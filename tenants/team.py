"""Verbs about who works in a business: invite, join, change, remove."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from tenants import access
from tenants.actions import record_audit
from tenants.models import Business, Invitation, Membership, User
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tenants.sockets import end_sockets

GOOD_FOR: Final = timedelta(days=7)
TOKEN_BYTES: Final = 32
# From the least to the most.
RANKS: Final = (
    Membership.Role.VIEWER,
    Membership.Role.AGENT,
    Membership.Role.MANAGER,
    Membership.Role.OWNER,
)


@dataclass(frozen=True, slots=True)
class Invited:
    """The one moment in which the token is known."""

    invitation: Invitation
    token: str = field(repr=False)


class InvitationGoneError(Exception):
    """Used, expired, canceled, or never there: nobody is told which."""


def invite_member(
    *, business: Business, email: str, role: str, by: User | None, now: datetime
) -> Invited:
    address = User.objects.normalize_email(email)
    validate_email(address)
    with business_scope(business):
        access.require(by, business, access.Action.EDIT_TEAM)
        _refuse_higher(business, by, role)
        _refuse_member(business, address)
        _clear_the_way(business, address, now)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        invitation = Invitation(
            business=business,
            email=address,
            role=role,
            token_hash=hash_of(token),
            invited_by=by,
            created_at=now,
            expires_at=now + GOOD_FOR,
        )
        try:
            with transaction.atomic():
                invitation.save(force_insert=True)
        except IntegrityError as error:  # from another window, at the same time
            raise _already_invited() from error
        _note("invitation.sent", invitation, by, now)
        return Invited(invitation, token)


def send_invitation_again(*, invitation: Invitation, by: User | None, now: datetime) -> Invited:
    """With a new link, good for another week; the old one is worth nothing."""
    with business_scope(invitation.business_id):
        access.require(by, invitation.business, access.Action.EDIT_TEAM)
        _refuse_higher(invitation.business, by, invitation.role)
        token = secrets.token_urlsafe(TOKEN_BYTES)
        renewed = {"token_hash": hash_of(token), "expires_at": now + GOOD_FOR}
        if not Invitation.objects.unanswered().filter(pk=invitation.pk).update(**renewed):
            raise _no_longer_open()
        invitation.refresh_from_db()
        _note("invitation.sent_again", invitation, by, now)
        return Invited(invitation, token)


def cancel_invitation(*, invitation: Invitation, by: User | None, now: datetime) -> None:
    with business_scope(invitation.business_id):
        access.require(by, invitation.business, access.Action.EDIT_TEAM)
        if not Invitation.objects.unanswered().filter(pk=invitation.pk).update(canceled_at=now):
            raise _no_longer_open()
        _note("invitation.canceled", invitation, by, now)


def find_invitation(*, token: str, now: datetime) -> Invitation:
    """The open one of this link, with its business. Raises InvitationGoneError."""
    with platform_scope(PlatformReason.FIND_INVITATION):
        found = Invitation.objects.open_at(now).select_related("business")
        invitation = found.filter(token_hash=hash_of(token)).first()
    if invitation is None:
        raise InvitationGoneError
    return invitation


def accept_invitation(*, token: str, by: User, now: datetime) -> Membership:
    """The link is the permission; the address has to be the invited one."""
    invitation = find_invitation(token=token, now=now)
    with business_scope(invitation.business_id):
        return _join(invitation, token, by, now)


def open_account(*, token: str, name: str, password: str, now: datetime) -> Membership:
    """Makes the account of the invited address and takes the invitation, both or neither."""
    invitation = find_invitation(token=token, now=now)
    with business_scope(invitation.business_id):
        user = User(email=invitation.email, name=name.strip(), date_joined=now)
        validate_password(password, user)
        user.set_password(password)
        user.full_clean()
        user.save(force_insert=True)
        return _join(invitation, token, user, now)


def change_role(*, membership: Membership, role: str, by: User | None, now: datetime) -> None:
    business = membership.business
    with business_scope(business):
        access.require(by, business, access.Action.EDIT_TEAM)
        _lock_team(business)
        before = _current_role(membership)
        _refuse_higher(business, by, role)
        _refuse_higher(business, by, before)
        if role == before:
            return
        _refuse_last_owner(membership)
        Membership.objects.filter(pk=membership.pk).update(role=role)
        _cancel_invitations_of(membership, now)
        membership.role = role
        end_sockets(membership.user_id, business_id=business.pk)
        record_audit(
            business=business,
            action="member.role_changed",
            by=by,
            now=now,
            subject=str(membership.user_id),
            facts={"before": before, "after": role},
        )


def remove_member(*, membership: Membership, by: User | None, now: datetime) -> None:
    """Each request reads the membership: pages that are open in a browser close at once."""
    business = membership.business
    with business_scope(business):
        access.require(by, business, access.Action.EDIT_TEAM)
        _lock_team(business)
        before = _current_role(membership)
        _refuse_higher(business, by, before)
        _refuse_last_owner(membership)
        Membership.objects.filter(pk=membership.pk).delete()
        end_sockets(membership.user_id, business_id=business.pk)
        _cancel_invitations_of(membership, now)
        record_audit(
            business=business,
            action="member.removed",
            by=by,
            now=now,
            subject=str(membership.user_id),
            facts={"role": before},
        )


def hash_of(token: str) -> str:
    # No salt and no slow hash: a token of 256 random bits is in nobody's dictionary.
    return hashlib.sha256(token.encode()).hexdigest()


def _join(invitation: Invitation, token: str, user: User, now: datetime) -> Membership:
    if user.email != invitation.email:
        raise PermissionDenied("the invitation is somebody else's")
    # By its token as well: a link that was replaced while this one was on its way is void.
    still_open = Invitation.objects.open_at(now).filter(pk=invitation.pk, token_hash=hash_of(token))
    if not still_open.update(accepted_at=now, accepted_by=user):
        raise InvitationGoneError
    # Somebody who was made a member meanwhile keeps that role.
    membership, is_new = Membership.objects.get_or_create(
        business_id=invitation.business_id, user=user, defaults={"role": invitation.role}
    )
    _note("invitation.accepted", invitation, user, now)
    if is_new:
        record_audit(
            business=invitation.business,
            action="member.added",
            by=user,
            now=now,
            subject=str(user.pk),
            facts={"role": membership.role},
        )
    return membership


def _refuse_higher(business: Business, by: User | None, role: str) -> None:
    """Nobody gives, changes or takes away what is above himself."""
    if role not in RANKS:
        raise ValidationError(_("There is no such role."), code="role")
    if by is None or by.is_superuser:
        return
    own = Membership.objects.for_business(business).get(user=by).role
    if RANKS.index(Membership.Role(role)) > RANKS.index(Membership.Role(own)):
        raise PermissionDenied("above one's own role")


def _refuse_member(business: Business, address: str) -> None:
    if Membership.objects.for_business(business).filter(user__email=address).exists():
        raise ValidationError(_("This person is on the team already."), code="member")


def _clear_the_way(business: Business, address: str, now: datetime) -> None:
    """An invitation that has expired unanswered makes room for the new one."""
    before = Invitation.objects.for_business(business).unanswered().filter(email=address)
    if before.filter(expires_at__gt=now).exists():
        raise _already_invited()
    before.update(canceled_at=now)


def _lock_team(business: Business) -> None:
    """One change at a time: two owners who remove each other would leave none. Rows that only
    point at the business go in meanwhile.
    """
    Business.objects.select_for_update(no_key=True).get(pk=business.pk)


def _current_role(membership: Membership) -> str:
    role = Membership.objects.filter(pk=membership.pk).values_list("role", flat=True).first()
    if role is None:
        raise ValidationError(_("This person is no longer on the team."), code="gone")
    return role


def _refuse_last_owner(membership: Membership) -> None:
    owners = Membership.objects.for_business(membership.business_id).filter(
        role=Membership.Role.OWNER, user__is_active=True
    )
    if owners.exists() and not owners.exclude(pk=membership.pk).exists():
        raise ValidationError(
            _("A business needs an owner. Make somebody else an owner first."), code="last_owner"
        )


def _cancel_invitations_of(membership: Membership, now: datetime) -> None:
    """Who is let go does not come back by a second address that he has invited."""
    theirs = Invitation.objects.for_business(membership.business_id).unanswered()
    theirs.filter(invited_by=membership.user_id).update(canceled_at=now)


def _already_invited() -> ValidationError:
    return ValidationError(
        _("This address has an open invitation. Send that one again, or cancel it first."),
        code="invited",
    )


def _no_longer_open() -> ValidationError:
    return ValidationError(_("This invitation is no longer open."), code="gone")


def _note(action: str, invitation: Invitation, by: User | None, now: datetime) -> None:
    record_audit(
        business=invitation.business,
        action=action,
        by=by,
        now=now,
        subject=str(invitation.pk),
        facts={"role": invitation.role},
    )
