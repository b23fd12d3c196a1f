"""Whether the periodic tasks come, each as often as beat's table says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from prosaas.celery import app
from tenants.admin_display import age
from tenants.models import Heartbeat

# A task beats when it is done, and some work for half a minute; one may be missed besides.
PATIENCE: Final = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Task:
    name: str
    every: timedelta
    beat: Heartbeat | None

    @property
    def did(self) -> dict[str, Any]:
        return cast("dict[str, Any]", self.beat.detail) if self.beat else {}

    def is_silent(self, now: datetime) -> bool:
        return self.beat is None or now - self.beat.at > 3 * self.every + PATIENCE

    def age(self, now: datetime) -> str:
        return age(self.beat.at, now=now) if self.beat else ""


def all_tasks() -> list[Task]:
    beats = {beat.task: beat for beat in Heartbeat.objects.all()}
    return [
        Task(name, timedelta(seconds=entry["schedule"]), beats.get(name))
        for entry in app.conf.beat_schedule.values()
        if (name := entry["task"].rpartition(".")[2])
    ]


def silent_tasks(*, now: datetime) -> list[Task]:
    return [task for task in all_tasks() if task.is_silent(now)]


def tasks(request: HttpRequest) -> TemplateResponse:
    now = timezone.now()
    context = {
        **admin.site.each_context(request),
        "title": _("Tasks"),
        "tasks": [(task, task.age(now), task.is_silent(now)) for task in all_tasks()],
    }
    return TemplateResponse(request, "backoffice/tasks.html", context)
