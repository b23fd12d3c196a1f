from __future__ import annotations

from django.urls import path
from django.views.generic import RedirectView
from django.views.i18n import set_language

from tenants import views

app_name = "tenants"

# Before the login library's own addresses, which have these as well.
CLOSED = (
    "signup/",
    "email/",
    "confirm-email/",
    "confirm-email/<path:rest>",
    "reauthenticate/code/",
    "reauthenticate/code/confirm/",
    "login/code/confirm/",
)

urlpatterns = [
    path("language/", set_language, name="language"),
    path("theme/", views.choose_theme, name="theme"),
    path("account/", views.account, name="account"),
    path("account/sessions/", views.end_other_sessions, name="end_other_sessions"),
    path("team/", views.team, name="team"),
    path("team/invite/", views.invite, name="invite"),
    path("team/invitations/<uuid:invitation_id>/again/", views.invite_again, name="invite_again"),
    path("team/invitations/<uuid:invitation_id>/cancel/", views.cancel, name="cancel_invitation"),
    path("team/<uuid:membership_id>/role/", views.role, name="role"),
    path("team/<uuid:membership_id>/remove/", views.remove, name="remove_member"),
    path("invitation/<str:token>/", views.invitation, name="invitation"),
    path("switch/", views.switch_business, name="switch"),
    path("accounts/", RedirectView.as_view(pattern_name="tenants:account")),
    *(path(f"accounts/{address}", views.closed) for address in CLOSED),
]
