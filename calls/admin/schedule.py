"""When a business receives people, and whom."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from calls.models import Appointment, ClosedDay, OpeningHours
from tenants.admin_display import link
from tenants.admin_site import BusinessAdmin


@admin.register(OpeningHours)
class OpeningHoursAdmin(BusinessAdmin):
    list_display = ("business", "weekday", "opens", "closes")
    list_filter = ("weekday",)
    ordering = ("business__name", "weekday", "opens", "pk")


@admin.register(ClosedDay)
class ClosedDayAdmin(BusinessAdmin):
    list_display = ("date", "business", "note")
    list_filter = ("date",)
    search_fields = (*BusinessAdmin.search_fields, "note")
    ordering = ("-date", "pk")


@admin.register(Appointment)
class AppointmentAdmin(BusinessAdmin):
    """Agents make them; an operator corrects a name or cancels one."""

    list_display = ("starts_at", "ends_at", "business", "for_whom", "status", "created_at")
    list_filter = ("status", "starts_at")
    search_fields = (*BusinessAdmin.search_fields, "name", "lead__name", "lead__phone_e164")
    ordering = ("-starts_at", "pk")
    fields = (
        "business",
        "starts_at",
        "ends_at",
        "name",
        "note",
        "status",
        "person",
        "of_call",
        "created_at",
    )
    readonly_fields = ("business", "starts_at", "ends_at", "person", "of_call", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    @admin.display(description=_("name"), ordering="name")
    def for_whom(self, appointment: Appointment) -> SafeString:
        return format_html('<bdi dir="auto">{}</bdi>', appointment.name or "-")

    @admin.display(description=_("lead"))
    def person(self, appointment: Appointment) -> SafeString:
        return link(appointment.lead)

    @admin.display(description=_("made in call"))
    def of_call(self, appointment: Appointment) -> SafeString:
        return link(appointment.call)
