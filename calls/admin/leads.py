from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.models import DoNotCall, Lead, LeadField, LeadNote
from tenants.admin_display import as_json, link
from tenants.admin_site import BusinessAdmin, ReadOnlyAdmin, ltr

WRITTEN_BY_PEOPLE = ("name", "gender", "consent_at", "consent_source")


@admin.register(Lead)
class LeadAdmin(BusinessAdmin):
    """A lead comes of a call or of a list; what is in `WRITTEN_BY_PEOPLE` is for people to write."""

    list_display = (
        "telephone",
        "name",
        "business",
        "number_of_calls",
        "not_to_be_called",
        "created_at",
    )
    search_fields = (*BusinessAdmin.search_fields, "phone_e164", "name")
    ordering = ("-created_at", "pk")
    fields = (
        "business",
        "telephone",
        "name",
        "gender",
        "status",
        "known",
        "not_to_be_called",
        "consent_at",
        "consent_source",
        "created_at",
    )
    readonly_fields = tuple(field for field in fields if field not in WRITTEN_BY_PEOPLE)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Lead]:
        leads: QuerySet[Lead] = super().get_queryset(request)
        listed = DoNotCall.objects.filter(
            business=OuterRef("business"), phone_e164=OuterRef("phone_e164")
        )
        return leads.annotate(call_count=Count("calls"), is_listed=Exists(listed))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("telephone"), ordering="phone_e164")
    def telephone(self, lead: Lead) -> SafeString:
        return ltr(lead.phone_e164)

    @admin.display(description=_("not to be called"), boolean=True, ordering="is_listed")
    def not_to_be_called(self, lead: Lead) -> bool:
        return bool(getattr(lead, "is_listed", False))

    @admin.display(description=_("calls"), ordering="call_count")
    def number_of_calls(self, lead: Lead) -> int:
        return getattr(lead, "call_count", 0)

    @admin.display(description=_("facts"))
    def known(self, lead: Lead) -> SafeString:
        return as_json(lead.facts)


@admin.register(DoNotCall)
class DoNotCallAdmin(BusinessAdmin):
    """What somebody has said is not changed; only who was listed by mistake is taken off again."""

    list_display = ("telephone", "business", "via", "since")
    list_filter = ("via",)
    search_fields = (*BusinessAdmin.search_fields, "phone_e164")
    ordering = ("-since", "pk")
    fields = ("business", "telephone", "via", "since", "call")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("telephone"), ordering="phone_e164")
    def telephone(self, entry: DoNotCall) -> SafeString:
        return ltr(entry.phone_e164)


@admin.register(LeadField)
class LeadFieldAdmin(ReadOnlyAdmin):
    """Which they are is the business's own matter."""

    list_display = ("named", "kind", "position", "business")
    list_filter = ("kind",)
    search_fields = (*BusinessAdmin.search_fields, "label")
    ordering = ("business__name", "position", "pk")
    fields = ("business", "named", "kind", "choices", "position")

    @admin.display(description=_("name of the field"), ordering="label")
    def named(self, field: LeadField) -> SafeString:
        return format_html('<bdi dir="auto">{}</bdi>', field.label)


@admin.register(LeadNote)
class LeadNoteAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "person", "business", "written_by")
    search_fields = (*BusinessAdmin.search_fields, "lead__name", "lead__phone_e164")
    ordering = ("-created_at", "pk")
    fields = ("business", "person", "words", "written_by", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LeadNote]:
        notes: QuerySet[LeadNote] = super().get_queryset(request)
        return notes.select_related("business", "lead", "written_by")

    @admin.display(description=_("lead"))
    def person(self, note: LeadNote) -> SafeString:
        return link(note.lead)

    @admin.display(description=_("note"))
    def words(self, note: LeadNote) -> SafeString:
        return format_html('<bdi dir="auto">{}</bdi>', note.text)
