"""Leads as a file for a spreadsheet. A POST: taking them away is noted."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from itertools import islice

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from outbound import actions
from outbound.models import LeadList
from tenants.access import Action
from tenants.decorators import page
from tenants.http import BusinessRequest

ROWS_A_TIME = 500


@require_POST
@page(Action.EXPORT_LEADS)
def export(request: BusinessRequest) -> HttpResponseBase:
    return _file(request, None)


@require_POST
@page(Action.EXPORT_LEADS)
def export_list(request: BusinessRequest, list_id: uuid.UUID) -> HttpResponseBase:
    lists = LeadList.objects.for_business(request.business)
    return _file(request, get_object_or_404(lists, pk=list_id))


def _file(request: BusinessRequest, lead_list: LeadList | None) -> HttpResponseBase:
    now = timezone.now()
    pieces = actions.export_leads(
        business=request.business, lead_list=lead_list, by=request.user, now=now
    )
    response = StreamingHttpResponse(_for(request, pieces), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = (
        f'attachment; filename="leads-{timezone.localtime(now):%Y-%m-%d}.csv"'
    )
    return response


def _for(
    request: BusinessRequest, pieces: Iterator[bytes]
) -> Iterator[bytes] | AsyncIterator[bytes]:
    """An asynchronous server would gather the whole of a plain iterator before it sends any of it."""
    return _in_turns(pieces) if isinstance(request, ASGIRequest) else pieces


async def _in_turns(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while part := await sync_to_async(_some)(pieces):
        yield part


def _some(pieces: Iterator[bytes]) -> bytes:
    return b"".join(islice(pieces, ROWS_A_TIME))
