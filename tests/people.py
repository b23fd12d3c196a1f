"""The people of every test: Alice owns a business and Bob works in it, Charlie owns another one,
and Olga operates the installation. What is theirs, the others must never see."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import count

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.utils.timezone import now as this_moment

from prompts.actions import publish, save_draft
from prompts.models import Direction, PromptVersion
from tenants.actions import claim_number, create_business
from tenants.models import Business, Credential, Membership, PhoneNumber, User
from tenants.scoping import business_scope

NOW = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
NUMBERS = count(1)


def make_user(name: str, **fields: bool) -> User:
    return User.objects.create_user(f"{name}@prosaas.test", "correct horse", name=name, **fields)


def make_business(slug: str, language: str = "en", timezone: str = "Asia/Jerusalem") -> Business:
    return create_business(
        slug=slug,
        name=f"{slug} of the tests",
        language=language,
        timezone=timezone,
        by=None,
        now=NOW,
    )


def make_member(business: Business, user: User, role: str) -> Membership:
    with business_scope(business):
        return Membership.objects.create(business=business, user=user, role=role)


def code_of(secret: str, at: datetime | None = None) -> str:
    """What an authenticator app shows."""
    step = int((at or this_moment()).timestamp()) // 30
    return str(format_hotp_value(hotp_value(secret, step)))


def make_number(business: Business, e164: str = "") -> PhoneNumber:
    e164 = e164 or f"+97230{next(NUMBERS):07d}"
    return claim_number(business=business, e164=e164, by=None, now=NOW)


def make_credential(
    business: Business, provider: str, secret: str, account_sid: str = ""
) -> Credential:
    with business_scope(business):
        return Credential.objects.create(
            business=business, provider=provider, secret=secret, account_sid=account_sid
        )


def make_draft(
    business: Business,
    direction: str = Direction.INBOUND,
    text: str = "Sell flowers only. Then say goodbye.",
    greeting: str = "Hello, how can I help?",
) -> PromptVersion:
    return save_draft(
        business=business, direction=direction, text=text, greeting=greeting, by=None, now=NOW
    )


def make_published(
    business: Business,
    direction: str = Direction.INBOUND,
    text: str = "Sell flowers only. Then say goodbye.",
    greeting: str = "Hello, how can I help?",
) -> PromptVersion:
    version = make_draft(business, direction, text, greeting)
    publish(version=version, by=None, now=NOW)
    return version


@pytest.fixture
def alice(db: None) -> User:
    return make_user("alice")


@pytest.fixture
def bob(db: None) -> User:
    return make_user("bob")


@pytest.fixture
def charlie(db: None) -> User:
    return make_user("charlie")


@pytest.fixture
def olga(db: None) -> User:
    return make_user("olga", is_staff=True, is_superuser=True)


@pytest.fixture
def vera(db: None) -> User:
    """An operator who looks at everything and changes nothing."""
    return make_user("vera", is_staff=True, looks_only=True)


@pytest.fixture
def flowers(alice: User, bob: User) -> Business:
    """Alice's business, in Hebrew; Bob is a manager there."""
    business = make_business("flowers", language="he")
    make_member(business, alice, Membership.Role.OWNER)
    make_member(business, bob, Membership.Role.MANAGER)
    return business


@pytest.fixture
def garage(charlie: User) -> Business:
    """Charlie's business, in English."""
    business = make_business("garage", language="en")
    make_member(business, charlie, Membership.Role.OWNER)
    return business
