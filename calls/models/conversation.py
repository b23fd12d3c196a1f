from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from calls.card_numbers import masked_in
from calls.models.call import Call
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet


class Turn(BusinessOwned):
    """One utterance. Milliseconds count from the first frame of the call's media."""

    class Speaker(models.TextChoices):
        CALLER = "caller", _("caller")
        AGENT = "agent", pgettext_lazy("speaker", "agent")

    class Verdict(models.TextChoices):
        NO_MEANING = "no_meaning", _("a sound without meaning")
        ECHO = "echo", _("the agent's own words")
        DOUBTED = "doubted", _("misheard by the transcriber")

    call = models.ForeignKey(
        Call, on_delete=models.CASCADE, related_name="turns", verbose_name=_("call")
    )
    position = models.PositiveIntegerField(_("order in the call"))
    speaker = models.CharField(_("speaker"), max_length=16, choices=Speaker)
    item_id = models.CharField(_("item"), max_length=128)
    text = models.TextField(_("text"), blank=True)
    language = models.CharField(_("language"), max_length=8, blank=True)
    started_ms = models.PositiveIntegerField(_("began (ms)"))
    ended_ms = models.PositiveIntegerField(_("ended (ms)"), null=True, blank=True)
    generated_ms = models.PositiveIntegerField(_("generated (ms)"), null=True, blank=True)
    heard_ms = models.PositiveIntegerField(_("heard (ms)"), null=True, blank=True)
    interrupted = models.BooleanField(_("interrupted"), default=False)
    verdict = models.CharField(
        _("taken for"),
        max_length=16,
        choices=Verdict,
        blank=True,
        help_text=_("Empty: taken at its word."),
    )

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        constraints = [
            models.UniqueConstraint(fields=["business", "call", "item_id"], name="turn_item_once"),
            models.CheckConstraint(
                condition=models.Q(speaker__in=["caller", "agent"]), name="turn_speaker"
            ),
            models.CheckConstraint(
                condition=models.Q(verdict__in=["", "no_meaning", "echo", "doubted"]),
                name="turn_verdict",
            ),
        ]
        indexes = [models.Index(fields=["business", "call", "position"], name="turn_order")]

    def __str__(self) -> str:
        return f"{self.position} {self.get_speaker_display()}"


class ToolCallQuerySet(BusinessOwnedQuerySet["ToolCall"]):
    def succeeded(self) -> Self:
        return self.filter(status=ToolCall.Status.SUCCEEDED)

    def left_over(self, before: datetime) -> Self:
        """Asked for so long ago that nobody is at them any more."""
        return self.filter(status=ToolCall.Status.RUNNING, created_at__lte=before)


class ToolCall(BusinessOwned):
    """One execution of a tool that the model asked for; the same id is never executed twice."""

    class Status(models.TextChoices):
        RUNNING = "running", _("running")
        SUCCEEDED = "succeeded", _("succeeded")
        FAILED = "failed", _("failed")
        TIMED_OUT = "timed_out", _("timed out")

    call = models.ForeignKey(
        Call, on_delete=models.CASCADE, related_name="tool_calls", verbose_name=_("call")
    )
    tool_call_id = models.CharField(_("id given by the model"), max_length=128)
    name = models.CharField(_("tool"), max_length=64)
    arguments = models.JSONField(_("arguments"), default=dict)
    result = models.JSONField(_("result"), null=True, blank=True)
    status = models.CharField(_("status"), max_length=16, choices=Status, default=Status.RUNNING)
    created_at = models.DateTimeField(_("asked"), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects: ClassVar = ToolCallQuerySet.as_manager()

    class Meta:
        verbose_name = _("tool call")
        verbose_name_plural = _("tool calls")
        constraints = [
            models.UniqueConstraint(
                fields=["business", "call", "tool_call_id"], name="toolcall_once"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["running", "succeeded", "failed", "timed_out"]),
                name="toolcall_status",
            ),
        ]
        indexes = [
            models.Index(
                fields=["business", "name", "created_at"],
                condition=models.Q(status="succeeded"),
                name="toolcall_succeeded",
            ),
            models.Index(
                fields=["created_at"],
                condition=models.Q(status="running"),
                name="toolcall_running",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def finish(self, *, result: Mapping[str, Any], status: Status, now: datetime) -> bool:
        """Once: the first result stays. True if this was it."""
        running = ToolCall.objects.for_business(self.business_id).filter(
            pk=self.pk, status=self.Status.RUNNING
        )
        return running.update(result=masked_in(dict(result)), status=status, finished_at=now) == 1
