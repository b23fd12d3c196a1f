"""One's own account: the same for every business one works in."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.http.response import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tenants import account_events
from tenants.decorators import page
from tenants.forms import NameForm
from tenants.http import BusinessRequest
from tenants.models import User


@page()
def account(request: BusinessRequest) -> HttpResponse:
    # A copy: what was typed and refused is not the name in the menu.
    form = NameForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your name is changed."))
        return redirect("tenants:account")
    kinds = list(Authenticator.objects.filter(user=request.user).values_list("type", flat=True))
    context = {
        "form": form,
        "has_app": Authenticator.Type.TOTP in kinds,
        "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
        "has_password": request.user.has_usable_password(),
    }
    return render(request, "tenants/account.html", context)


@page(scoped=False)
@require_POST
def end_other_sessions(request: BusinessRequest) -> HttpResponse:
    request.user.end_sessions(timezone.now())
    update_session_auth_hash(request, request.user)
    account_events.note_sessions_ended(user=request.user)
    messages.success(request, _("You are logged out everywhere but here."))
    return redirect("tenants:account")


def closed(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Pages of the login library that this product has no use for."""
    raise Http404
