"""Who works in the business, and as what."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.models import Membership


@page(Action.SEE_TEAM)
def team(request: BusinessRequest) -> HttpResponse:
    members = Membership.objects.for_business(request.business).select_related("user")
    return render(request, "tenants/team.html", {"members": members.order_by("user__email")})
