"""A business with something on each of its pages, some of it as unfriendly as it gets."""

from __future__ import annotations

import uuid
from typing import Final

from django.apps import apps

from tenants.models import Business
from tenants.scoping import BusinessOwned, business_scope
from tests.people import make_credential, make_number, make_published
from tests.rows import make_row
from tests.test_every_page import OBJECTS, PAGES, WORDS, Address

LONG: Final = "מרפאת השיניים של ד״ר כהן-לוי ושות׳ בע״מ <script>alert(1)</script> " * 2
# Pages that are no pages: parts of one, files, questions that are answered by POST alone.
PARTS: Final = ("voices/", "/greeting.wav", "/advice/", "/check/", "/open/")


def furnish(business: Business) -> list[str]:
    """The paths of every page, each with its own row behind it."""
    make_number(business)
    make_credential(business, "openai", "sk-of-the-house")
    make_published(business, "inbound", text=f"Sell flowers only. {LONG} Goodbye.")
    make_published(business, "outbound", text="Offer tulips only. Goodbye.")
    rows = {name: row(label, business) for name, label in OBJECTS.items()}
    return [path(page, rows) for page in PAGES if not any(part in page.route for part in PARTS)]


def row(label: str, business: Business) -> uuid.UUID:
    model = apps.get_model(label)
    assert issubclass(model, BusinessOwned)
    with business_scope(business):
        found = model.objects.for_business(business).first()
        key: uuid.UUID = (found or make_row(model, business)).pk
        return key


def path(page: Address, rows: dict[str, uuid.UUID]) -> str:
    url = page.route
    for name, kind in page.parameters:
        value = str(rows[name]) if kind == "uuid" else WORDS.get(name, "1")
        url = url.replace(f"<{kind}:{name}>", value).replace(f"<{name}>", value)
    return f"/{url}"
