from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.utils import timezone

from prompts.actions import publish, save_draft
from prompts.models import Direction, Prompt, PromptVersion
from tenants.actions import add_owner, claim_number, create_business
from tenants.models import Business, Membership, PhoneNumber
from tenants.scoping import PlatformReason, platform_scope


class Command(BaseCommand):
    help = (
        "Make a business with its numbers, prompts and owner, or bring it up to date, and print "
        "one JSON object with its ids and webhook addresses. All of it happens or nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--slug", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--language", required=True, choices=Business.Language.values)
        parser.add_argument("--timezone", required=True, help="such as Asia/Jerusalem")
        parser.add_argument("--industry")
        parser.add_argument(
            "--number", action="append", default=[], help="such as +97231234567; may be repeated"
        )
        parser.add_argument("--inbound-prompt", metavar="FILE", type=Path)
        parser.add_argument("--outbound-prompt", metavar="FILE", type=Path)
        parser.add_argument("--greeting", metavar="TEXT", help="the first words of every call")
        parser.add_argument(
            "--outbound-greeting", metavar="TEXT", help="those of outbound calls, if others"
        )
        parser.add_argument("--owner-email")
        parser.add_argument("--owner-password")

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        if options["owner_password"] and not options["owner_email"]:
            raise CommandError("--owner-password needs --owner-email.")
        texts = {
            Direction.INBOUND: read_prompt(options["inbound_prompt"]),
            Direction.OUTBOUND: read_prompt(options["outbound_prompt"]),
        }
        try:
            with platform_scope(PlatformReason.CREATE_BUSINESS):
                report = bring_up_to_date(options, texts, timezone.now())
        except ValidationError as error:
            raise CommandError(explained(error)) from error
        self.stdout.write(json.dumps(report, ensure_ascii=False))
        self._warn_of_weak_password(options["owner_password"])

    def _warn_of_weak_password(self, password: str | None) -> None:
        """Said, not refused: the operator may be making a business to try things out."""
        try:
            validate_password(password or "", user=None) if password else None
        except ValidationError as error:
            self.stderr.write("The owner's password is weak. " + " ".join(error.messages))


def bring_up_to_date(
    options: dict[str, Any], texts: dict[Direction, str | None], now: datetime
) -> dict[str, Any]:
    business = create_business(
        slug=options["slug"],
        name=options["name"],
        language=options["language"],
        timezone=options["timezone"],
        industry=options["industry"],
        by=None,
        now=now,
    )
    for number in options["number"]:
        claim_number(business=business, e164=number, by=None, now=now)
    greetings = {
        Direction.INBOUND: options["greeting"],
        Direction.OUTBOUND: options["outbound_greeting"] or options["greeting"],
    }
    versions = [
        serve(business, direction, text, greetings[direction], now)
        for direction, text in texts.items()
    ]
    if options["greeting"] is not None and not any(versions):
        raise ValidationError("--greeting needs a prompt: give --inbound-prompt as well.")
    owner = None
    if options["owner_email"]:
        owner = add_owner(
            business=business,
            email=options["owner_email"],
            password=options["owner_password"],
            by=None,
            now=now,
        )
    return described(business, owner)


def serve(
    business: Business, direction: Direction, text: str | None, greeting: str | None, now: datetime
) -> PromptVersion | None:
    """Publish this text and greeting; what was left out stays as it is."""
    published = Prompt.objects.published_version(business, direction)
    if published is None and text is None:
        return None
    words = published.words() if published else {}
    given = {"text": text, "greeting": greeting}
    words |= {name: value for name, value in given.items() if value is not None}
    if published and published.words() == words:
        return published
    version = save_draft(business=business, direction=direction, by=None, now=now, **words)
    publish(version=version, by=None, now=now)
    return version


def described(business: Business, owner: Membership | None) -> dict[str, Any]:
    numbers = PhoneNumber.objects.for_business(business).filter(active=True).order_by("e164")
    prompts = Prompt.objects.for_business(business).exclude(published=None)
    return {
        "business_id": str(business.pk),
        "slug": business.slug,
        "numbers": [{"id": str(number.pk), "e164": number.e164} for number in numbers],
        "prompts": {
            prompt.direction: {
                "prompt_id": str(prompt.pk),
                "version_id": str(prompt.published.pk),
                "number": prompt.published.number,
                "text_sha256": prompt.published.text_sha256,
            }
            for prompt in prompts.select_related("published").order_by("direction")
            if prompt.published
        },
        "owner_id": owner.user_id if owner else None,
        "voice_url": f"{settings.PUBLIC_URL}/twiml/incoming/{business.slug}",
        "call_status_url": f"{settings.PUBLIC_URL}/webhooks/twilio/call-status/{business.slug}",
    }


def read_prompt(path: Path | None) -> str | None:
    """The owner's text to the letter: no line ending is turned into another, no edge stripped."""
    if path is None:
        return None
    try:
        # -sig: a byte-order mark is a note about the encoding, not a part of the text.
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{path} is not a UTF-8 text file.") from error
    if not text.strip():
        raise CommandError(f"{path} is empty.")
    return text


def explained(error: ValidationError) -> str:
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    return " ".join(
        f"{field}: {' '.join(messages)}" if field != "__all__" else " ".join(messages)
        for field, messages in error.message_dict.items()
    )
