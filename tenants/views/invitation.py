"""The link of an invitation: the one page of a business that a stranger may open."""

from __future__ import annotations

from allauth.account.forms import LoginForm
from allauth.core.internal.ratelimit import consume_or_429
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from tenants.decorators import SESSION_KEY
from tenants.forms import NewAccountForm
from tenants.models import Invitation, Membership, User
from tenants.second_factor import GOING_TO, lacks_second_factor, to_second_factor
from tenants.team import (
    InvitationGoneError,
    accept_invitation,
    find_invitation,
    open_account,
)


@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    refused: HttpResponse | None = consume_or_429(
        request, app="allauth.account", action="invitation", limit_get=True
    )
    if refused is not None:
        return refused
    try:
        found = find_invitation(token=token, now=timezone.now())
        return _for_whom(request, found, token)
    except InvitationGoneError:
        return render(request, "tenants/invitation_gone.html", status=404)


def _for_whom(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    if isinstance(request.user, User):
        if request.user.email != found.email:
            return _page(request, found, "wrong_person")
        return _join(request, found, token, request.user)
    if User.objects.filter(email=found.email).exists():
        return _page(request, found, "log_in")
    return _open_account(request, found, token)


def _join(request: HttpRequest, found: Invitation, token: str, user: User) -> HttpResponse:
    if request.method != "POST":
        return _page(request, found, "join")
    membership = accept_invitation(token=token, by=user, now=timezone.now())
    return _enter(request, membership, user)


def _open_account(request: HttpRequest, found: Invitation, token: str) -> HttpResponse:
    form = NewAccountForm(request.POST or None, email=found.email)
    if request.method != "POST" or not form.is_valid():
        return _page(request, found, "new", form)
    password = form.cleaned_data["password"]
    try:
        membership = open_account(
            token=token, name=form.cleaned_data["name"], password=password, now=timezone.now()
        )
    except ValidationError as error:
        form.add_error(None, error.messages[0])
        return _page(request, found, "new", form)
    # Through the same door as every other login, which notes when and how it was.
    login = LoginForm({"login": found.email, "password": password}, request=request)
    if not login.is_valid():
        return redirect_to_login("/", settings.LOGIN_URL)
    login.login(request, redirect_url="/")
    assert isinstance(request.user, User)
    return _enter(request, membership, request.user)


def _enter(request: HttpRequest, membership: Membership, user: User) -> HttpResponse:
    request.session[SESSION_KEY] = str(membership.business_id)
    if lacks_second_factor(user, membership.role):
        response = to_second_factor(request)
        request.session[GOING_TO] = "/"
        return response
    return redirect("/")


def _page(
    request: HttpRequest, found: Invitation, state: str, form: NewAccountForm | None = None
) -> HttpResponse:
    context = {"invitation": found, "state": state, "form": form, "here": request.get_full_path()}
    return render(request, "tenants/invitation.html", context)
