"""The bench of the owner's pages, in its smallest size: what it makes fits the tables, what it asks
for is there."""

from __future__ import annotations

import pytest
from django.test import override_settings

from bench.many_calls import fill
from bench.pages import MOST_QUERIES, ask, owner, pages
from tests.people import NOW

TWENTY_PAGES = 1100  # and a few rows more


@pytest.mark.django_db(transaction=True)
@override_settings(SECURE_SSL_REDIRECT=False)
def test_it_fills_a_business_and_asks_for_every_page() -> None:
    business = fill(calls=2 * TWENTY_PAGES, leads=TWENTY_PAGES, talked=40, now=NOW)
    client = owner()
    costs = [ask(client, page, times=1) for page in pages(client, business)]
    assert len({cost.page.path.split("?")[0] for cost in costs}) > 40
    assert [cost.page.name for cost in costs if cost.queries > MOST_QUERIES] == []
