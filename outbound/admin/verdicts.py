from __future__ import annotations

from typing import ClassVar

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from outbound.admin.columns import ManyRows, PhoneSearch, RunColumn, RunFilter, told
from outbound.models import DialVerdict
from outbound.wording import of_verdict
from tenants.admin_display import as_json, link
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin


@admin.register(DialVerdict)
class DialVerdictAdmin(RunColumn, ManyRows, PhoneSearch, ReadOnlyAdmin):
    list_display = (
        "last_at",
        "business",
        "of_run",
        "of_job",
        "sentence",
        "times",
        "next_at",
    )
    list_filter = ("gate", RunFilter, "last_at")
    list_select_related = ("business", "run__business", "job")
    search_fields = (*BusinessAdmin.search_fields, "job__phone_e164", "reason__exact")
    ordering = ("-last_at", "pk")
    fields = (
        "business",
        "of_run",
        "of_job",
        "gate",
        "reason",
        "sentence",
        "known",
        "next_at",
        "first_at",
        "last_at",
        "times",
    )

    class Media:
        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("outbound/admin.css",)}

    @admin.display(description=_("job"), ordering="job__phone_e164")
    def of_job(self, verdict: DialVerdict) -> SafeString:
        return link(verdict.job)

    @admin.display(description=_("in one sentence"))
    def sentence(self, verdict: DialVerdict) -> SafeString:
        return told(of_verdict(verdict))

    @admin.display(description=_("facts"))
    def known(self, verdict: DialVerdict) -> SafeString:
        return as_json(verdict.facts)
