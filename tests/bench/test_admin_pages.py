"""The bench of the operator's pages, in its smallest size: what it multiplies fits the tables, and the
pages that it asks for are there."""

from __future__ import annotations

import pytest
from django.test import override_settings

from bench.admin_pages import fill, measure
from tenants.models import User


@pytest.mark.django_db(transaction=True)
@override_settings(SECURE_SSL_REDIRECT=False)
def test_it_multiplies_a_row_of_each_table_and_opens_every_page(olga: User) -> None:
    costs = list(measure(olga, fill(rows=20), times=1))
    assert len(costs) > 90
    assert [cost.page for cost in costs if not cost.kept] == []
