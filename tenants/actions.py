from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext_lazy as _

from tenants import access
from tenants.models import (
    AuditEvent,
    Business,
    Credential,
    Membership,
    PhoneNumber,
    RefusedKey,
    User,
)
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tenants.sockets import end_sockets

# What survives the way through JSON unchanged, so that the hash can be computed again.
AuditFact = str | int | bool | None | list[str]


def create_business(
    *,
    slug: str,
    name: str,
    language: str,
    timezone: str,
    by: User | None,
    now: datetime,
    industry: str | None = None,
) -> Business:
    """Make the business of this slug, or bring the one that is there up to date."""
    with platform_scope(PlatformReason.CREATE_BUSINESS):
        business = Business.objects.select_for_update().filter(slug=slug).first()
        action = "business.updated" if business else "business.created"
        business = business or Business(slug=slug, created_at=now)
        before = _described(business)
        business.name = name
        business.language = language
        business.timezone = timezone
        business.industry = business.industry if industry is None else industry
        business.full_clean()
        business.save()
        changed = [field for field, value in _described(business).items() if value != before[field]]
        if changed:
            record_audit(
                business=business, action=action, by=by, now=now, facts={"fields": sorted(changed)}
            )
        return business


def edit_business(
    *, business: Business, changed: Iterable[str], by: User | None, now: datetime
) -> Business:
    """`changed` names the fields, for the audit alone."""
    with business_scope(business):
        access.require(by, business, access.Action.EDIT_SETTINGS)
        business.full_clean()
        business.save(update_fields=["name", "industry", "language", "timezone"])
        record_audit(
            business=business,
            action="business.updated",
            by=by,
            now=now,
            facts={"fields": sorted(changed)},
        )
        return business


def label_number(*, number: PhoneNumber, label: str, by: User | None, now: datetime) -> None:
    with business_scope(number.business_id):
        access.require(by, number.business, access.Action.EDIT_SETTINGS)
        number.label = label
        number.full_clean()
        number.save(update_fields=["label"])
        record_audit(
            business=number.business, action="number.labelled", by=by, now=now, subject=number.e164
        )


def store_credential(
    *,
    business: Business,
    provider: str,
    secret: str,
    account_sid: str = "",
    by: User | None,
    now: datetime,
) -> Credential:
    """Calls that begin from now on run on this account. The one before it is forgotten."""
    with business_scope(business):
        access.require(by, business, access.Action.EDIT_CREDENTIALS)
        credential = Credential.objects.for_business(business).filter(provider=provider).first()
        credential = credential or Credential(business=business, provider=provider)
        credential.secret, credential.account_sid = secret, account_sid
        credential.full_clean()
        credential.save()
        record_audit(
            business=business, action="credential.stored", by=by, now=now, subject=provider
        )
        return credential


def forget_credential(*, credential: Credential, by: User | None, now: datetime) -> None:
    """Calls run on the installation's account again, where there is one."""
    with business_scope(credential.business_id):
        access.require(by, credential.business, access.Action.EDIT_CREDENTIALS)
        record_audit(
            business=credential.business,
            action="credential.forgotten",
            by=by,
            now=now,
            subject=credential.provider,
        )
        credential.delete()


def _described(business: Business) -> dict[str, str]:
    return {
        field: getattr(business, field) for field in ("name", "language", "timezone", "industry")
    }


def suspend_business(*, business: Business, reason: str, by: User | None, now: datetime) -> bool:
    """From now on nobody is dialled for it, and who rings it is turned away. False when it was
    suspended already.
    """
    with business_scope(business):
        active = Business.objects.filter(pk=business.pk, status=Business.Status.ACTIVE)
        if not active.update(status=Business.Status.SUSPENDED):
            return False
        members = Membership.objects.for_business(business).values_list("user_id", flat=True)
        end_sockets(*members, business_id=business.pk)
        facts = {"reason": reason}
        record_audit(business=business, action="business.suspended", by=by, now=now, facts=facts)
        return True


def reinstate_business(*, business: Business, by: User | None, now: datetime) -> bool:
    """False when it was not suspended."""
    with business_scope(business):
        suspended = Business.objects.filter(pk=business.pk, status=Business.Status.SUSPENDED)
        if not suspended.update(status=Business.Status.ACTIVE):
            return False
        record_audit(business=business, action="business.reinstated", by=by, now=now)
        return True


def add_owner(
    *, business: Business, email: str, password: str | None, by: User | None, now: datetime
) -> Membership:
    """The person with this address owns the business; an account is made when there is none.

    An existing account keeps its password unless one is given.
    """
    address = User.objects.normalize_email(email)
    with business_scope(business):
        user = User.objects.select_for_update().filter(email=address).first()
        if user is None:
            user = User(email=address, date_joined=now)
            user.set_password(password)
            user.full_clean()
            user.save()
        elif password is not None and not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        membership, is_new = Membership.objects.update_or_create(
            business=business, user=user, defaults={"role": Membership.Role.OWNER}
        )
        if is_new:
            record_audit(
                business=business, action="member.added", by=by, now=now, subject=str(user.pk)
            )
        return membership


def claim_number(
    *, business: Business, e164: str, by: User | None, now: datetime, label: str = ""
) -> PhoneNumber:
    """The number rings at this business from now on.

    One that another business has is refused by the unique key, which alone can see it.
    """
    with business_scope(business):
        access.require(by, business, access.Action.CLAIM_NUMBER)
        number = PhoneNumber.objects.for_business(business).filter(e164=e164).first()
        if number is not None and number.active:
            return number
        number = number or PhoneNumber(business=business, e164=e164, label=label)
        number.active = True
        number.full_clean()
        try:
            with transaction.atomic():
                number.save()
        except IntegrityError as error:
            raise ValidationError(
                _("The number %(number)s belongs to another business."),
                code="number_taken",
                params={"number": e164},
            ) from error
        record_audit(business=business, action="number.claimed", by=by, now=now, subject=e164)
        return number


def try_key_again(*, key: RefusedKey, by: User | None, now: datetime) -> bool:
    """With the next call, however much is left of its pause. False when nothing was left of it.

    Inside a platform scope: a key is not a business's.
    """
    with transaction.atomic():
        paused = RefusedKey.objects.filter(pk=key.pk, retry_at__gt=now).update(retry_at=now) == 1
        if paused:
            subject = key.fingerprint[:8]
            record_audit(business=None, action="key.retried", by=by, now=now, subject=subject)
        return paused


def record_audit(
    *,
    business: Business | None,
    action: str,
    by: User | None,
    now: datetime,
    subject: str = "",
    facts: Mapping[str, AuditFact] | None = None,
) -> AuditEvent:
    """Append to the chain of this business (or, in a platform scope, of the installation).

    The chain stays locked to the end of the transaction: two writers would otherwise both follow
    the same event, and the second would break the chain.
    """
    business_id = business.pk if business else None
    with transaction.atomic():
        _lock_chain(business_id)
        last = AuditEvent.objects.of_chain(business_id).last()
        event = AuditEvent(
            business=business,
            position=last.position + 1 if last else 1,
            at=now,
            by=by,
            action=action,
            subject=subject,
            facts=dict(facts or {}),
            previous_hash=last.own_hash if last else "",
        )
        event.own_hash = event.expected_hash()
        event.save(force_insert=True)
        return event


def _lock_chain(business_id: uuid.UUID | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"audit {business_id}"]
        )
