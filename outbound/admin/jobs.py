from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from outbound.admin.attempts import AttemptColumns
from outbound.admin.columns import ManyRows, PhoneSearch, RunColumn, RunFilter, list_address
from outbound.models import DialAttempt, DialVerdict, OutboundCallJob
from outbound.wording import of_verdict, outcome, why
from tenants.admin_display import ReadOnlyRows, link
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr

if TYPE_CHECKING:
    TabularInline = admin.TabularInline[Any, OutboundCallJob]
else:
    TabularInline = admin.TabularInline

VERDICTS_SHOWN: Final = 100


class AttemptInline(AttemptColumns, ReadOnlyRows, TabularInline):
    model = DialAttempt
    fields = ("posted_at", "state", "became", "of_call", "sid", "ended_at")
    readonly_fields = fields
    ordering = ("number",)
    show_change_link = True

    def get_queryset(self, request: HttpRequest) -> QuerySet[DialAttempt]:
        return super().get_queryset(request).select_related("call", "business")


@admin.register(OutboundCallJob)
class OutboundCallJobAdmin(RunColumn, ManyRows, PhoneSearch, ReadOnlyAdmin):
    """Why this person was called, or was not, and when next."""

    change_form_template = "outbound/admin/job.html"
    list_display = ("telephone", "person", "business", "of_run", "status", "attempts", "due_at")
    list_filter = ("status", RunFilter)
    list_select_related = ("business", "lead", "run__business")
    search_fields = (*BusinessAdmin.search_fields, "phone_e164", "lead__name")
    ordering = ("-created_at", "pk")
    inlines = (AttemptInline,)
    fields = (
        "business",
        "of_run",
        "person",
        "telephone",
        "status",
        "due_at",
        "attempts",
        "came_out",
        "created_at",
        "ended_at",
    )

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        job = kwargs.get("obj")
        if job is not None:
            verdicts = DialVerdict.objects.of_job(job).select_related("business")[:VERDICTS_SHOWN]
            context |= {
                "why": why(job, now=timezone.now()),
                "verdicts": [(verdict, of_verdict(verdict)) for verdict in verdicts],
                "all_verdicts": list_address(DialVerdict, job__id__exact=job.pk),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("telephone"), ordering="phone_e164")
    def telephone(self, job: OutboundCallJob) -> SafeString:
        return ltr(job.phone_e164)

    @admin.display(description=_("lead"), ordering="lead__name")
    def person(self, job: OutboundCallJob) -> SafeString:
        return link(job.lead)

    @admin.display(description=_("outcomes"))
    def came_out(self, job: OutboundCallJob) -> str:
        return " · ".join(f"{outcome(name)}: {n}" for name, n in job.outcomes.items()) or "-"
