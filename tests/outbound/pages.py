"""What the tests of the owner's outbound pages share."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from calls.models import Lead
from outbound.models import LeadList, LeadListEntry
from tenants.decorators import FIELD
from tenants.models import Business
from tenants.scoping import business_scope
from tests.outbound.rig import make_leads

PAYLOAD = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


class Window:
    """A browser window of somebody of one business; its forms say which business they show."""

    def __init__(self, client: Client, business: Business) -> None:
        self.client = client
        self.business = business

    def get(self, address: str, status: int = 200) -> str:
        response = self.client.get(address)
        assert response.status_code == status, response.status_code
        return response.content.decode()

    def post(self, address: str, **fields: Any) -> Any:
        return self.client.post(address, {FIELD: str(self.business.pk)} | fields)


def make_list(business: Business, *numbers: str, name: str = "Friends") -> LeadList:
    leads = make_leads(business, *numbers)
    with business_scope(business):
        made = LeadList.objects.create(business=business, name=name)
        LeadListEntry.objects.bulk_create(
            LeadListEntry(business=business, list=made, lead=lead) for lead in leads
        )
    return made


def named(business: Business, number: str, name: str) -> None:
    with business_scope(business):
        Lead.objects.for_business(business).filter(phone_e164=number).update(name=name)


def runs_nothing(page: str) -> bool:
    return "<script>alert" not in page and "<img src=x" not in page


@pytest.fixture
def as_alice(client: Client, alice: Any, flowers: Business) -> Window:
    client.force_login(alice)
    client.cookies["django_language"] = "en"
    return Window(client, flowers)
