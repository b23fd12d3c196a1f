"""The one way into a page of a business."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from tenants import impersonation
from tenants.access import Action, may
from tenants.http import BusinessRequest
from tenants.models import Membership, User
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tenants.second_factor import lacks_second_factor, to_second_factor

P = ParamSpec("P")
View = Callable[Concatenate[BusinessRequest, P], HttpResponseBase]

SESSION_KEY: Final = "business"
# In each form, or as a header of each request that a script makes: which business the page shows.
FIELD: Final = "_business"
HEADER: Final = "X-Business"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def page(
    action: Action = Action.SEE_PAGES, *, scoped: bool = True
) -> Callable[[View[P]], Callable[..., HttpResponseBase]]:
    """For members who may do `action`; the view runs inside the scope of `request.business`.

    With `scoped=False` no transaction is open around the view, which opens scopes of its own: for
    what asks the outside. Render inside the scope (`render`, never a lazy response).
    """

    def decorate(view: View[P]) -> Callable[..., HttpResponseBase]:
        @never_cache
        @wraps(view)
        def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return to_login(request)
            found = _enter(cast(BusinessRequest, request))
            if found is not None:
                return found
            entered = cast(BusinessRequest, request)
            if not may(entered.role, action):
                raise PermissionDenied(f"{action.value}: not allowed")
            with timezone.override(ZoneInfo(entered.business.timezone)):
                if not scoped:
                    return view(entered, *args, **kwargs)
                with business_scope(entered.business):
                    return view(entered, *args, **kwargs)

        guarded.action = action  # type: ignore[attr-defined]  # the matrix of roles reads it
        return guarded

    return decorate


def to_login(request: HttpRequest) -> HttpResponse:
    """A part of a page is no place for the login form: the whole window goes there."""
    if request.headers.get("HX-Request"):
        response = HttpResponse(status=204)
        response["HX-Redirect"] = settings.LOGIN_URL
        return response
    return redirect_to_login(request.get_full_path(), settings.LOGIN_URL)


def _enter(request: BusinessRequest) -> HttpResponse | None:
    """Sets business and role of the request; a response where there is no way in."""
    if seen := impersonation.current(request, timezone.now()):
        request.impersonation, request.memberships = seen, []
        request.business, request.role = seen.business, Membership.Role.OWNER
        return _refused(request)
    request.memberships = memberships_of(request.user)
    membership = _chosen(request)
    if membership is None:
        return render(request, "tenants/no_business.html", status=403)
    request.business = membership.business
    request.role = membership.role
    if lacks_second_factor(request.user, membership.role):
        return to_second_factor(request)
    return _refused(request)


def _refused(request: BusinessRequest) -> HttpResponse | None:
    if not request.business.is_active:
        return render(request, "tenants/suspended.html", status=403)
    if request.method not in SAFE_METHODS and not _was_meant(request):
        return render(request, "tenants/other_business.html", status=409)
    return None


def memberships_of(user: User) -> list[Membership]:
    """Ordered by the name of the business."""
    with platform_scope(PlatformReason.FIND_MEMBERSHIPS):
        found = Membership.objects.filter(user=user).select_related("business")
        return list(found.order_by("business__name", "pk"))


def _chosen(request: BusinessRequest) -> Membership | None:
    wanted = request.session.get(SESSION_KEY)
    for membership in request.memberships:
        if str(membership.business_id) == wanted:
            return membership
    return request.memberships[0] if request.memberships else None


def _was_meant(request: BusinessRequest) -> bool:
    """Two windows share one session. What was filled in for one business is never done to the
    other, which somebody has switched to in the other window meanwhile.
    """
    said = request.headers.get(HEADER) or request.POST.get(FIELD, "")
    try:
        return uuid.UUID(said) == request.business.pk
    except ValueError:
        return False
