from __future__ import annotations

from django.urls import path

from calls.views import settings

app_name = "settings"

urlpatterns = [
    path("", settings.overview, name="overview"),
    path("business/", settings.business, name="business"),
    path("numbers/", settings.numbers, name="numbers"),
    path("numbers/add/", settings.add_number, name="add-number"),
    path("numbers/ask/", settings.ask_for_number, name="ask-for-number"),
    path("numbers/<uuid:number_id>/", settings.number, name="number"),
    path("hours/", settings.hours, name="hours"),
    path("hours/closed/", settings.closed_day, name="closed-day"),
    path("hours/closed/<uuid:day_id>/open/", settings.open_day, name="open-day"),
    path("conversation/", settings.conversation, name="conversation"),
    path("permissions/", settings.permissions, name="permissions"),
    path("appointments/", settings.appointment_rules, name="appointment-rules"),
    path("keeping/", settings.keeping, name="keeping"),
    path("people/", settings.people, name="people"),
    path("people/new/", settings.person, name="new-person"),
    path("people/<uuid:target_id>/", settings.person, name="person"),
    path("people/<uuid:target_id>/delete/", settings.delete_person, name="delete-person"),
    path("tools/", settings.tools, name="tools"),
    path("tools/new/", settings.tool, name="new-tool"),
    path("tools/<uuid:tool_id>/", settings.tool, name="tool"),
    path("tools/<uuid:tool_id>/delete/", settings.delete_tool, name="delete-tool"),
    path("keys/", settings.keys, name="keys"),
    path("keys/<slug:provider>/", settings.new_key, name="new-key"),
    path("keys/<slug:provider>/check/", settings.check_key, name="check-key"),
    path("keys/<slug:provider>/forget/", settings.forget_key, name="forget-key"),
]
