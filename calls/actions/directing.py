"""What the team does to a call while it lives, from the page that shows it."""

from __future__ import annotations

import uuid
from datetime import datetime

import structlog
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from calls.actions.announcing import announce
from calls.actions.ending import announce_end, hang_up
from calls.models import (
    INSTRUCTION_LIMIT,
    Call,
    EndReason,
    LiveOrder,
    Transfer,
    TransferTarget,
)
from calls.telephony import TelephonyError
from calls.tools.transfers import live_transfer, request_transfer
from tenants.access import Action, require
from tenants.actions import record_audit
from tenants.credentials import CredentialMissing
from tenants.models import Business, User
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)


def end_call(*, business: Business, call_id: uuid.UUID, by: User, now: datetime) -> bool:
    """Hang up. False when the carrier could not be told: the process that carries the call does so
    as well, and the sweeper after it. Opens scopes of its own, since the carrier is asked outside.
    """
    with business_scope(business):
        require(by, business, Action.DIRECT_CALL)
        call = _live(business, call_id)
        who = _("%(person)s hung up.") % {"person": by.name or by.email}
        call.finish(end_reason=EndReason.OWNER_HANGUP, end_detail=who, metrics={}, now=now)
        announce_end(call)
        _audit("call.ended_by_team", call, by, now)
    try:
        hang_up(call_id=call.pk, business_id=business.pk)
    except (TelephonyError, CredentialMissing) as error:
        name = type(error).__name__
        logger.warning("carrier_not_told_to_hang_up", call_id=str(call.pk), error=name)
        return False
    return True


def instruct_agent(
    *, business: Business, call_id: uuid.UUID, text: str, by: User, now: datetime
) -> LiveOrder:
    """The agent goes by it from its next words on. The caller hears nothing of it."""
    words = text.strip()
    if not words or len(words) > INSTRUCTION_LIMIT or "\0" in words:
        raise ValidationError(
            _("Write what the agent is to do, in %(limit)s characters at most."),
            params={"limit": INSTRUCTION_LIMIT},
        )
    with business_scope(business):
        require(by, business, Action.DIRECT_CALL)
        call = _live(business, call_id)
        order = _order(call, LiveOrder.Kind.INSTRUCTION, words, by, now)
        _audit("call.instructed", call, by, now)
        return order


def take_over(
    *, business: Business, call_id: uuid.UUID, target_id: uuid.UUID, by: User, now: datetime
) -> Transfer:
    """The agent says in a sentence that it puts the caller through, and somebody's telephone rings.

    To people on the business's list alone.
    """
    with business_scope(business):
        require(by, business, Action.DIRECT_CALL)
        call = _live(business, call_id)
        target = TransferTarget.objects.for_business(business).ready().filter(pk=target_id).first()
        if target is None:
            raise ValidationError(_("Choose somebody from the list."))
        if call.token_used_at is None:
            raise ValidationError(_("The call has no agent yet. Try again in a moment."))
        if live_transfer(call) is not None:
            raise ValidationError(_("The caller is being put through already."))
        transfer = request_transfer(call=call, target=target, summary="", now=now)
        _order(call, LiveOrder.Kind.TAKE_OVER, "", by, now)
        record_audit(
            business=business,
            action="call.taken_over",
            by=by,
            now=now,
            subject=str(call.pk),
            facts={"target": str(target.pk)},
        )
        return transfer


def listen_in(*, business_id: uuid.UUID, call_id: uuid.UUID, by: User, now: datetime) -> bool:
    """Whether this person may hear this call now. Each time that somebody begins to is written down."""
    with business_scope(business_id):
        business = Business.objects.get(pk=business_id)
        require(by, business, Action.LISTEN_IN)
        call = Call.objects.for_business(business).on_the_telephone().live().filter(pk=call_id)
        found: Call | None = call.select_related("business").first()
        if found is None:
            return False
        _audit("call.listened_to", found, by, now)
        return True


def is_live(*, business_id: uuid.UUID, call_id: uuid.UUID) -> bool:
    with business_scope(business_id):
        calls = Call.objects.for_business(business_id).live()
        live: bool = calls.filter(pk=call_id).exists()
        return live


def _live(business: Business, call_id: uuid.UUID) -> Call:
    calls = Call.objects.for_business(business).on_the_telephone().select_related("business")
    call: Call | None = calls.live().select_for_update(of=("self",)).filter(pk=call_id).first()
    if call is None:
        raise ValidationError(_("The call is over."))
    return call


def _order(call: Call, kind: LiveOrder.Kind, text: str, by: User, now: datetime) -> LiveOrder:
    order = LiveOrder(
        business_id=call.business_id, call=call, kind=kind, text=text, by=by, created_at=now
    )
    order.save(force_insert=True)
    announce(call, "call.ordered")
    return order


def _audit(action: str, call: Call, by: User, now: datetime) -> None:
    record_audit(business=call.business, action=action, by=by, now=now, subject=str(call.pk))
