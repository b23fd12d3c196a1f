from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Max
from django.http import Http404, HttpResponse
from django.shortcuts import render

from prompts.models import Direction, Prompt
from tenants.decorators import page
from tenants.http import BusinessRequest


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two prompts: they are never mixed, on the page as in the calls."""

    direction: Direction
    prompt: Prompt | None
    last_number: int

    @property
    def draft_number(self) -> int:
        """Of a version that is newer than the published one; 0 when there is none."""
        published = self.prompt.published if self.prompt else None
        return self.last_number if published is None or self.last_number > published.number else 0


@page()
def overview(request: BusinessRequest) -> HttpResponse:
    return render(request, "prompts/overview.html", {"sides": list(sides(request))})


def sides(request: BusinessRequest) -> Iterator[Side]:
    prompts = Prompt.objects.for_business(request.business).select_related("published")
    found = {one.direction: one for one in prompts.annotate(last=Max("versions__number"))}
    for direction in Direction:
        prompt = found.get(direction)
        yield Side(direction, prompt, getattr(prompt, "last", None) or 0)


def known(direction: str) -> Direction:
    try:
        return Direction(direction)
    except ValueError as error:
        raise Http404 from error
