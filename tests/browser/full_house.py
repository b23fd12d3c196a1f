"""A business with something on each of its pages, some of it as unfriendly as it gets."""

from __future__ import annotations

import uuid
from io import BytesIO
from typing import Final

from django.apps import apps
from django.test import Client
from django.utils import timezone

from calls.models import CallNote, Lead
from outbound.actions import upload_leads
from outbound.models import LeadList, LeadListEntry, OutboundCallJob
from tenants.models import Business, User
from tenants.scoping import BusinessOwned, business_scope
from tests.people import make_credential, make_number, make_published
from tests.rows import make_row
from tests.test_every_page import OBJECTS, PAGES, WORDS, Address

LONG: Final = "מרפאת השיניים של ד״ר כהן-לוי ושות׳ בע״מ <script>alert(1)</script> " * 2
# What this business does not have: recordings, a voice that was heard, a call tried out.
MISSING: Final = ("/greeting.wav", "/recording.wav", "voices/", "try/tests/")


def furnish(business: Business, owner: User) -> list[str]:
    """The paths of every page, each with its own row behind it. Parts of pages, files and what is
    answered by POST alone are no pages.
    """
    make_number(business)
    make_credential(business, "openai", "sk-of-the-house")
    make_published(business, "inbound", text=f"Sell flowers only. {LONG} Goodbye.")
    make_published(business, "outbound", text="Offer tulips only. Goodbye.")
    upload(business, owner)
    rows = {name: row(label, business).pk for name, label in OBJECTS.items()}
    rows |= relatives(business, owner, rows)
    client = Client()
    client.force_login(owner)
    asked = [path(page, rows) for page in PAGES if not any(one in page.route for one in MISSING)]
    return [each for each in asked if is_page(client, each)]


def is_page(client: Client, address: str) -> bool:
    answer = client.get(address)
    assert answer.status_code in {200, 302, 405}, (address, answer.status_code)
    if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
        return False
    return b"<html" in answer.content[:2000]


def row(label: str, business: Business) -> BusinessOwned:
    model = apps.get_model(label)
    assert issubclass(model, BusinessOwned)
    with business_scope(business):
        found: BusinessOwned | None = model.objects.for_business(business).first()
        return found or make_row(model, business)


def upload(business: Business, owner: User) -> None:
    written = f"name,phone\n{LONG},0501234567\nnobody,12\n"
    upload_leads(
        business=business,
        list_name="Friends",
        file=BytesIO(written.encode()),
        file_name=f"{LONG[:40]}.csv",
        by=owner,
        now=timezone.now(),
    )


def relatives(business: Business, owner: User, rows: dict[str, uuid.UUID]) -> dict[str, uuid.UUID]:
    """Where an address names two rows, the second belongs to the first."""
    with business_scope(business):
        note = make_row(CallNote, business, call_id=rows["call_id"], by=owner, text=LONG)
        job = OutboundCallJob.objects.for_business(business).get(pk=rows["job_id"])
        other = make_row(Lead, business, name=LONG)
        of_list = LeadList.objects.for_business(business).get(pk=rows["list_id"])
        make_row(LeadListEntry, business, list=of_list, lead=job.lead)
    return {"note_id": note.pk, "lead_id": job.lead_id, "drop_id": other.pk}


def path(page: Address, rows: dict[str, uuid.UUID]) -> str:
    url = page.route
    for name, kind in page.parameters:
        value = str(rows[name]) if kind == "uuid" else WORDS.get(name, "1")
        url = url.replace(f"<{kind}:{name}>", value).replace(f"<{name}>", value)
    return f"/{url}"
