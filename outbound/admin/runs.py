from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from outbound.actions import edit_run
from outbound.admin.columns import list_address, told
from outbound.admin.run_acts import RUN_ACTS
from outbound.models import (
    AT_REST,
    DialAttempt,
    DialVerdict,
    JobStatus,
    OutboundCallJob,
    OutboundCallRun,
    RunStatus,
)
from outbound.wording import holds_up, of_run, of_verdict
from prompts.models import Direction, PromptVersion
from tenants.admin_acting import ActingAdmin
from tenants.admin_display import as_json, link
from tenants.admin_site import BusinessAdmin, ModelAdmin, operator_of
from tenants.models import PhoneNumber

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    RunModelForm = forms.ModelForm[OutboundCallRun]
else:
    RunModelForm = forms.ModelForm

SETTINGS: Final = (
    "name",
    "version",
    "number",
    "schedule",
    "starts_at",
    "concurrency",
    "ring_s",
    "retries",
    "machine_policy",
    "machine_message",
    "message_on_last_only",
    "require_consent",
)
# How those are shown that do not read well as they are stored, while nobody may edit them.
READABLE: Final = {"schedule": "hours", "retries": "again_after", "number": "calling"}
VERDICTS_SHOWN: Final = 20


class RunForm(RunModelForm):
    """What a run may be given is its business's own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        business_id = self.instance.business_id
        versions = PromptVersion.objects.for_business(business_id).defer("text", "greeting")
        outbound = versions.filter(prompt__direction=Direction.OUTBOUND)
        self._offer("version", outbound.select_related("prompt__business").order_by("-number"))
        self._offer("number", PhoneNumber.objects.for_business(business_id).order_by("e164"))

    def clean_schedule(self) -> dict[str, Any]:
        return self.cleaned_data["schedule"] or {}

    def _offer(self, name: str, rows: QuerySet[Any]) -> None:
        field = self.fields.get(name)
        if not isinstance(field, forms.ModelChoiceField):
            return  # the run is not at rest
        field.queryset = rows
        for act in ("add", "change", "delete"):
            setattr(field.widget, f"can_{act}_related", False)


class RunList(ChangeList):
    """Counts the jobs of all runs of a page by one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        runs = list(self.result_list)
        counts = OutboundCallJob.objects.counts_of(runs)
        for run in runs:
            run.counts = counts[run.pk]
        self.result_list = runs


@admin.register(OutboundCallRun)
class OutboundCallRunAdmin(ActingAdmin, BusinessAdmin):
    """Made by its business; here it is looked into, directed and, while it rests, mended."""

    form = RunForm
    acts = RUN_ACTS
    change_form_template = "outbound/admin/run.html"
    list_display = ("called", "business", "status", "progress", "started_at", "why_paused")
    list_filter = ("status", "pause_reason", "created_at")
    search_fields = (*BusinessAdmin.search_fields, "name", "id__startswith")
    ordering = ("-created_at", "pk")
    directions: ClassVar[dict[str, str]] = {
        "name": "auto",
        "number": "ltr",
        "schedule": "ltr",
        "retries": "ltr",
        "machine_message": "auto",
    }
    readonly_fields = (
        "status",
        "pause_detail",
        "first_run",
        *READABLE.values(),
        "created_by",
        "created_at",
        "started_at",
        "paused_at",
        "ended_at",
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        edited = self.has_change_permission(request, obj)
        in_detail = ("pause_detail",) if obj and obj.pause_detail else ()
        settings = SETTINGS if edited else [READABLE.get(name, name) for name in SETTINGS]
        return [
            (None, {"fields": ("business", "status", *in_detail, "first_run")}),
            (_("Settings"), {"fields": settings}),
            (
                _("Times"),
                {"fields": ("created_by", "created_at", "started_at", "paused_at", "ended_at")},
            ),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        at_rest = obj is None or obj.status in AT_REST
        return at_rest and super().has_change_permission(request, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[OutboundCallRun]:
        runs: QuerySet[OutboundCallRun] = super().get_queryset(request)
        needed = ("business", "number", "version__prompt__business", "again_of", "created_by")
        return runs.select_related(*needed).defer("version__text", "version__greeting")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RunList]:
        return RunList

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except ValidationError as error:
            # It was started between the look at it and the change.
            self.message_user(request, " ".join(error.messages), messages.ERROR)
            return redirect(request.get_full_path())

    def save_model(
        self, request: HttpRequest, obj: OutboundCallRun, form: forms.Form, change: bool
    ) -> None:
        changed = {field: form.cleaned_data[field] for field in form.changed_data}
        if changed:
            edit_run(run=obj, by=operator_of(request), now=timezone.now(), **changed)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        # edit_run has audited it.
        return ModelAdmin.log_change(self, request, obj, message)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        run = kwargs.get("obj")
        if run is not None:
            context |= {
                "sentences": holds_up(run, now=timezone.now()),
                "progress": progress_of(run),
                "verdicts": verdicts_of(run),
                "lists": {
                    "jobs": list_address(OutboundCallJob, run=run.pk),
                    "attempts": list_address(DialAttempt, run=run.pk),
                    "verdicts": list_address(DialVerdict, run=run.pk),
                },
            }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("name"), ordering="name")
    def called(self, run: OutboundCallRun) -> SafeString:
        return told(run.name)

    @admin.display(description=_("jobs"))
    def progress(self, run: OutboundCallRun) -> SafeString | str:
        counts: Mapping[str, int] = getattr(run, "counts", {})
        shown = ((status.label, counts[status]) for status in JobStatus if status in counts)
        return format_html_join(" · ", "{} {}", shown) or "-"

    @admin.display(description=_("why paused"), ordering="pause_reason")
    def why_paused(self, run: OutboundCallRun) -> str:
        return of_run(run) if run.status == RunStatus.PAUSED else "-"

    @admin.display(description=_("calls again those of"))
    def first_run(self, run: OutboundCallRun) -> SafeString:
        return link(run.again_of)

    @admin.display(description=_("calling window"))
    def hours(self, run: OutboundCallRun) -> SafeString:
        return as_json(run.schedule)

    @admin.display(description=_("calling again"))
    def again_after(self, run: OutboundCallRun) -> SafeString:
        return as_json(run.retries)

    @admin.display(description=_("caller number"))
    def calling(self, run: OutboundCallRun) -> SafeString:
        return link(run.number)


def progress_of(run: OutboundCallRun) -> list[tuple[_StrPromise, int, str]]:
    counts = OutboundCallJob.objects.of_run(run).counts()
    return [
        (
            status.label,
            counts[status],
            list_address(OutboundCallJob, run=run.pk, status__exact=status.value),
        )
        for status in JobStatus
        if status in counts
    ]


def verdicts_of(run: OutboundCallRun) -> list[tuple[DialVerdict, str]]:
    verdicts = DialVerdict.objects.of_run(run).select_related("business")[:VERDICTS_SHOWN]
    return [(verdict, of_verdict(verdict)) for verdict in verdicts]
