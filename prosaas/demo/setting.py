"""What the demo needs to exist: two businesses, their owners, an operator. Safe to repeat."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from io import StringIO
from pathlib import Path

from django.core.management import call_command

from prosaas.demo.services import Plan
from prosaas.demo.telephone import CarrierDoor, business_id_of
from tenants.models import Business, User
from tenants.scoping import business_scope

TEXTS = Path(__file__).parent / "businesses"


@dataclass(frozen=True, slots=True)
class Sample:
    slug: str
    name: str
    language: str
    timezone: str
    number: str
    prompt: Path
    greeting: str
    outbound_prompt: Path | None = None
    outbound_greeting: str | None = None

    @property
    def owner_email(self) -> str:
        return f"owner@{self.slug}.example"


SAMPLES = (
    Sample(
        slug="healthy-smile",
        name="חיוך בריא",
        language="he",
        timezone="Asia/Jerusalem",
        number="+97245550101",
        prompt=TEXTS / "dental_he.txt",
        outbound_prompt=TEXTS / "dental_outbound_he.txt",
        outbound_greeting='שלום, מדברת העוזרת הדיגיטלית של מרפאת השיניים "חיוך בריא". נוח לדבר רגע?',
        greeting='שלום, הגעתם למרפאת השיניים "חיוך בריא". מדברת העוזרת הדיגיטלית. איך אפשר לעזור?',
    ),
    Sample(
        slug="harbor-plumbing",
        name="Harbor Plumbing",
        language="en",
        timezone="America/New_York",
        number="+12025550102",
        prompt=TEXTS / "plumbing_en.txt",
        greeting="Hello, you have reached Harbor Plumbing. I am the digital assistant. How can I help?",
    ),
)
OPERATOR_EMAIL = "operator@prosaas.example"


@dataclass(frozen=True, slots=True)
class Running:
    """What other commands need to know of a demo that runs; kept in the state folder."""

    public_url: str
    carrier_url: str
    account_sid: str
    auth_token: str = field(repr=False)

    @property
    def door(self) -> CarrierDoor:
        return CarrierDoor(self.carrier_url, self.account_sid, self.auth_token)


def password(state: Path) -> str:
    """One for all logins of the demo, drawn once."""
    file = state / "demo-password"
    if not file.exists():
        _write_private(file, secrets.token_urlsafe(9))
    return file.read_text()


def create_businesses(login: str) -> list[Business]:
    businesses = []
    for sample in SAMPLES:
        report = StringIO()
        call_command(
            "create_business",
            slug=sample.slug,
            name=sample.name,
            language=sample.language,
            timezone=sample.timezone,
            number=[sample.number],
            inbound_prompt=sample.prompt,
            outbound_prompt=sample.outbound_prompt,
            outbound_greeting=sample.outbound_greeting,
            greeting=sample.greeting,
            owner_email=sample.owner_email,
            owner_password=login,
            stdout=report,
            stderr=StringIO(),
        )
        businesses.append(_business(report.getvalue()))
    return businesses


def create_operator(login: str) -> None:
    operator, _ = User.objects.get_or_create(
        email=OPERATOR_EMAIL, defaults={"is_staff": True, "is_superuser": True}
    )
    if not operator.check_password(login):
        operator.set_password(login)
        operator.save(update_fields=["password"])


def note_running(state: Path, plan: Plan) -> Path:
    running = Running(plan.public_url, plan.carrier_url, plan.account_sid, plan.auth_token)
    file = state / "demo.json"
    _write_private(file, json.dumps(asdict(running)))
    return file


def running_demo(state: Path) -> Running | None:
    try:
        return Running(**json.loads((state / "demo.json").read_text()))
    except FileNotFoundError:
        return None


def _business(report: str) -> Business:
    business_id = business_id_of(report)
    with business_scope(business_id):
        return Business.objects.get(pk=business_id)


def _write_private(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
