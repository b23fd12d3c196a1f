"""Does the number ring to which callers are put through? One short call says so."""

from __future__ import annotations

import uuid
from typing import Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from calls.models import TransferTarget
from outbound.actions import begin_number_test
from outbound.models import NumberTest
from outbound.wording import of_test
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest
from tenants.scoping import business_scope

SHOWN: Final = 5


@require_http_methods(["GET", "HEAD", "POST"])
@page(Action.EDIT_SETTINGS, scoped=False)
def number_test(request: BusinessRequest, target_id: uuid.UUID) -> HttpResponse:
    if request.method == "POST":
        try:
            begin_number_test(business=request.business, target_id=target_id, by=request.user)
        except TransferTarget.DoesNotExist as error:
            raise Http404 from error
        except ValidationError as error:
            messages.warning(request, " ".join(error.messages))
        return redirect("outbound:number_test", target_id)
    with business_scope(request.business):
        return _shown(request, target_id, "outbound/number_test.html")


@require_GET
@page(Action.EDIT_SETTINGS)
def number_test_now(request: BusinessRequest, target_id: uuid.UUID) -> HttpResponse:
    """The part of the page that changes by itself."""
    return _shown(request, target_id, "outbound/_number_test_now.html")


def _shown(request: BusinessRequest, target_id: uuid.UUID, template: str) -> HttpResponse:
    targets = TransferTarget.objects.for_business(request.business)
    target = get_object_or_404(targets, pk=target_id)
    tests = NumberTest.objects.for_business(request.business).filter(target=target)
    newest = list(tests.newest_first()[:SHOWN])
    context = {
        "target": target,
        "tests": [(test, of_test(test)) for test in newest],
        "is_live": any(test.is_live for test in newest),
    }
    return render(request, template, context)
