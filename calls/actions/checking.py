"""Whether an account is good for calls, asked of whoever it is with. Outside every scope and
transaction: the answer may take seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from asgiref.sync import async_to_sync

from calls import telephony
from calls.realtime_client import Account, ModelUnreachableError, connect
from tenants.access import Action, require
from tenants.credentials import (
    CredentialMissing,
    accept_key,
    openai_account,
    refuse_key,
    twilio_account,
)
from tenants.models import Business, User
from tenants.scoping import business_scope


@dataclass(frozen=True, slots=True)
class Check:
    """`refused`: it was answered, and the answer is no. Neither: nobody answered."""

    good: bool = False
    refused: bool = False
    missing: bool = False


def check_openai(*, business: Business, by: User | None, now: datetime) -> Check:
    """Opens a session and closes it. A key that is good again is used again at once."""
    try:
        with business_scope(business):
            require(by, business, Action.EDIT_CREDENTIALS)
            account = openai_account(business)
    except CredentialMissing:
        return Check(missing=True)
    try:
        async_to_sync(_open_and_close)(Account(account.owner, account.api_key))
    except ModelUnreachableError as error:
        if error.permanent and error.code:
            refuse_key(account.api_key, code=error.code, now=now)
        return Check(refused=error.permanent)
    accept_key(account.api_key)
    return Check(good=True)


async def _open_and_close(account: Account) -> None:
    (await connect(account)).close()


def check_twilio(*, business: Business, by: User | None, now: datetime) -> Check:
    try:
        with business_scope(business):
            require(by, business, Action.EDIT_CREDENTIALS)
            account = twilio_account(business)
    except CredentialMissing:
        return Check(missing=True)
    try:
        telephony.check_account(account)
    except telephony.TelephonyError as error:
        return Check(refused=error.permanent)
    return Check(good=True)
