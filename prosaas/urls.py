from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from prosaas import health

urlpatterns = [
    path("", include("tenants.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("", include("calls.urls")),
    path("", include("outbound.urls")),
    path("leads/", include("outbound.lead_urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]
