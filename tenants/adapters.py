"""Where the library that logs people in asks us."""

from __future__ import annotations

import time
from smtplib import SMTPException
from typing import Any, Final

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

from tenants import account_events
from tenants.fields import cipher

# Of the ways of logging in, as the library names them.
FRESH: Final = frozenset({"password", "mfa"})

logger = structlog.get_logger(__name__)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is not typed
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by an invitation or by the operator."""
        return False

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        account_events.note_failed_login(str(credentials.get("email", "")).lower())

    def is_reauthentication_required(self, *, app: str) -> bool:
        """Who has just logged in with the password is not asked for it once more. Not who came in
        by another way: what is behind this question could lock the owner of the account out.
        """
        if not super().is_reauthentication_required(app=app):
            return False
        request = context.request
        since = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        records = get_authentication_records(request, request.user)
        return not any(one["method"] in FRESH and one["at"] > since for one in records)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """An error page for known addresses alone would tell them from unknown ones; and a change
        that is done stays done when the letter about it does not go out.
        """
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            # Not what the error says: the server repeats the address.
            logger.warning("letter_not_sent", letter=template_prefix, error=type(error).__name__)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """What the second factors rest on is encrypted in the database, like every other secret."""

    def encrypt(self, text: str) -> str:
        return cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return cipher().decrypt(encrypted_text).decode()

    def _get_site_name(self) -> str:
        # What the device shows beside the passkey.
        return "ProSaaS"
