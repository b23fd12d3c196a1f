"""Letters by e-mail. What they tell of is done before they are written."""

from __future__ import annotations

from smtplib import SMTPException

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation

from tenants.team import Invited

logger = structlog.get_logger(__name__)


def link_of(invited: Invited) -> str:
    return settings.PUBLIC_URL + reverse("tenants:invitation", args=[invited.token])


def send_invitation(invited: Invited) -> bool:
    """In the language of the business. False when the mail server did not take it; whoever invites
    has the link as well. Never inside a transaction: the server may be slow.
    """
    invitation = invited.invitation
    sender = invitation.invited_by
    with translation.override(invitation.business.language):
        context = {
            "business": invitation.business.name,
            "sender": (sender.name or sender.email) if sender else "",
            "role": invitation.get_role_display(),
            "link": link_of(invited),
            "until": timezone.localtime(invitation.expires_at),
        }
        subject = render_to_string("tenants/letters/invitation_subject.txt", context)
        text = render_to_string("tenants/letters/invitation.txt", context)
    letter = EmailMessage(" ".join(subject.split()), text.strip() + "\n", to=[invitation.email])
    try:
        letter.send()
    except (OSError, SMTPException) as error:
        # Not what the error says: the server repeats the address.
        logger.warning(
            "letter_not_sent",
            letter="invitation",
            invitation=str(invitation.pk),
            error=type(error).__name__,
        )
        return False
    return True
