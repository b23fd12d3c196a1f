from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from prosaas import health
from prosaas.dashboard import views as dashboard

urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("dashboard/figures/", dashboard.figures, name="dashboard-figures"),
    path("doctor/", dashboard.doctor, name="doctor"),
    path("doctor/twilio/", dashboard.ask_twilio, name="doctor-twilio"),
    path("", include("tenants.urls")),
    path("prompts/", include("prompts.urls")),
    path("voices/", include("calls.voice_urls")),
    path("settings/", include("calls.settings_urls")),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("", include("calls.urls")),
    path("", include("outbound.urls")),
    path("leads/", include("outbound.lead_urls")),
    path("admin/", admin.site.urls),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
]
