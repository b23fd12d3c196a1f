"""One's own account: the same for every business one works in."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render

from tenants.decorators import page
from tenants.http import BusinessRequest


@page()
def account(request: BusinessRequest) -> HttpResponse:
    return render(request, "tenants/account.html")
