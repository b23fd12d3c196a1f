"""The product's addresses and one form."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import path

from prosaas.urls import urlpatterns as product
from tenants.decorators import page
from tenants.http import BusinessRequest


@page()
def form(request: BusinessRequest) -> HttpResponse:
    return HttpResponse("done")


urlpatterns = [*product, path("form/", form)]
