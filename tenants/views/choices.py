"""The small choices at the edge of every page: look and business."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tenants.context import THEMES
from tenants.decorators import SESSION_KEY, memberships_of, to_login
from tenants.models import User

YEAR_S = 365 * 24 * 60 * 60


@require_POST
def choose_theme(request: HttpRequest) -> HttpResponse:
    response = redirect(_back(request))
    theme = request.POST.get("theme", "")
    if theme in THEMES:
        response.set_cookie(
            "theme", theme, YEAR_S, secure=settings.SERVED_BY_HTTPS, httponly=True, samesite="Lax"
        )
    else:
        response.delete_cookie("theme", samesite="Lax")
    return response


@require_POST
def switch_business(request: HttpRequest) -> HttpResponse:
    """To another business of the same person; a strange one changes nothing."""
    if not isinstance(request.user, User):
        return to_login(request)
    wanted = request.POST.get("business", "")
    if wanted in {str(one.business_id) for one in memberships_of(request.user)}:
        request.session[SESSION_KEY] = wanted
    return redirect("/")


def _back(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    here = {request.get_host()}
    if url_has_allowed_host_and_scheme(wanted, here, require_https=request.is_secure()):
        return wanted
    return "/"
