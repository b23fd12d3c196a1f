from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from tenants import views

app_name = "tenants"

urlpatterns = [
    path("language/", set_language, name="language"),
    path("theme/", views.choose_theme, name="theme"),
    path("account/", views.account, name="account"),
    path("team/", views.team, name="team"),
    path("switch/", views.switch_business, name="switch"),
]
