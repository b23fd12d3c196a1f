from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from tenants.impersonation import Impersonation
from tenants.models import Business, Membership, User


class BusinessRequest(HttpRequest):
    """What a view behind `tenants.decorators.page` is given."""

    user: User
    htmx: HtmxDetails
    business: Business
    role: str
    memberships: list[Membership]  # of this person, with their businesses
    impersonation: Impersonation  # only where an operator sees the business as its owner
