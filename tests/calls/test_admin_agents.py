from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from calls.models import AgentSettings, Appointment, HttpTool, Transfer
from tenants.models import AuditEvent, Business, User
from tenants.scoping import PlatformReason, business_scope, platform_scope
from tests.calls.tools.rig import OnTheLine, http_tool, target
from tests.people import NOW
from tests.rows import make_row

SECRET = "whsec_Y2FuYXJ5IHNlY3JldCBvZiB0aGUgZ2FyYWdl"


@pytest.fixture
def operator(client: Client, olga: User) -> Client:
    client.force_login(olga)
    client.cookies["django_language"] = "en"
    return client


def tool(business: Business, **given: Any) -> dict[str, Any]:
    values = {
        "business": business.pk,
        "name": "find_order",
        "description": "Look an order up.",
        "parameters": '{"type": "object", "properties": {"number": {"type": "integer"}}}',
        "url": "https://api.garage.test/orders",
        "new_secret": SECRET,
        "active": "on",
    }
    return values | given


def actions(business: Business) -> list[str]:
    with platform_scope(PlatformReason.ADMIN):
        events = AuditEvent.objects.of_chain(business.pk)
        return [event.action for event in events if event.action.startswith("admin.")]


def test_a_tool_is_added_and_its_secret_never_shown_again(
    operator: Client, garage: Business
) -> None:
    page = operator.post(reverse("admin:calls_httptool_add"), tool(garage))
    assert page.status_code == 302, page.context["errors"]
    with business_scope(garage):
        added = HttpTool.objects.get()
        assert added.secret == SECRET
    for url in (
        reverse("admin:calls_httptool_change", args=[added.pk]),
        reverse("admin:calls_httptool_changelist"),
        reverse("admin:tenants_auditevent_changelist"),
    ):
        assert SECRET not in operator.get(url).content.decode()
    assert actions(garage) == ["admin.added"]


def test_an_empty_secret_keeps_what_is_stored(operator: Client, garage: Business) -> None:
    stored = http_tool(garage)
    url = reverse("admin:calls_httptool_change", args=[stored.pk])
    page = operator.post(url, tool(garage, new_secret="", description="Find an order."))
    assert page.status_code == 302, page.context["errors"]
    with business_scope(garage):
        changed = HttpTool.objects.get()
    assert (changed.description, changed.secret) == ("Find an order.", stored.secret)
    assert actions(garage) == ["admin.changed"]


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"url": "http://api.garage.test/"}, "must begin with https://"),
        ({"url": "https://127.0.0.1/"}, "must name a server on the internet"),
        ({"url": "https://localhost/"}, "must name a server on the internet"),
        ({"url": "https://us:pass@api.garage.test/"}, "neither user name nor password"),
        ({"url": "https://api.garage.test:22/"}, "must be 443, or 1024"),
        ({"parameters": '{"type": "string"}'}, "cannot be offered to the model"),
        ({"parameters": '{"type": "object", "$ref": "x"}'}, "$ref"),
        ({"name": "end_call"}, "has a tool of this name already"),
        ({"name": "Find Order"}, "valid value"),
        ({"new_secret": ""}, "required"),
        ({"new_secret": "too short"}, "at least 24 characters"),
        ({"new_secret": "whsec_this is not base64 at all"}, "must be base64"),
    ],
)
def test_what_could_not_work_or_be_safe_is_refused_in_a_sentence(
    given: dict[str, str], sentence: str, operator: Client, garage: Business
) -> None:
    page = operator.post(reverse("admin:calls_httptool_add"), tool(garage, **given))
    assert page.status_code == 200
    assert sentence in str(page.context["errors"]).replace("&quot;", '"')
    with business_scope(garage):
        assert not HttpTool.objects.exists()
    assert actions(garage) == []


def test_an_address_is_typed_left_to_right(operator: Client) -> None:
    html = operator.get(reverse("admin:calls_httptool_add")).content.decode()
    field = re.search(r'<input[^>]*name="url"[^>]*>', html)
    assert field is not None
    assert 'dir="ltr"' in field.group()


def settings(business: Business, **given: Any) -> dict[str, Any]:
    values = {
        "business": business.pk,
        "barge_in": "hold",
        "silence_prompt_s": 10,
        "silence_prompts": 2,
        "max_call_s": 1800,
        "recording": "announced",
        "recording_days": 90,
        "may_transfer": "on",
        "transfer_ring_s": 25,
        "slot_minutes": 30,
        "notice_minutes": 120,
        "horizon_days": 60,
    }
    return values | given


def test_the_settings_of_an_agent_are_changed_and_audited(
    operator: Client, garage: Business
) -> None:
    charlie = target(garage, "Charlie")
    page = operator.post(
        reverse("admin:calls_agentsettings_add"), settings(garage, fallback=charlie.pk)
    )
    assert page.status_code == 302, page.context["errors"]
    with business_scope(garage):
        assert AgentSettings.objects.get().fallback == charlie
    assert actions(garage) == ["admin.added"]


def test_nobody_of_another_business_takes_over(
    operator: Client, garage: Business, flowers: Business
) -> None:
    alice = target(flowers, "Alice")
    page = operator.post(
        reverse("admin:calls_agentsettings_add"), settings(garage, fallback=alice.pk)
    )
    assert "another business" in str(page.context["errors"])
    with business_scope(garage):
        assert not AgentSettings.objects.exists()


def test_a_key_has_one_meaning(operator: Client, garage: Business) -> None:
    page = operator.post(
        reverse("admin:calls_agentsettings_add"),
        settings(garage, human_key="9", do_not_call_key="9"),
    )
    assert "one meaning only" in str(page.context["errors"])


def appointment(business: Business, **given: Any) -> Appointment:
    values = {"starts_at": NOW, "ends_at": NOW + timedelta(minutes=30), **given}
    with business_scope(business):
        return Appointment.objects.create(business=business, **values)


def test_a_canceled_appointment_does_not_come_back_over_another(
    operator: Client, garage: Business
) -> None:
    canceled = appointment(garage, status=Appointment.Status.CANCELED)
    appointment(garage, name="Eve")
    url = reverse("admin:calls_appointment_change", args=[canceled.pk])
    page = operator.post(url, {"name": "Dana", "note": "", "status": "booked"})
    assert "Somebody else has an appointment" in str(page.context["errors"])
    page = operator.post(url, {"name": "Dana", "note": "", "status": "canceled"})
    assert page.status_code == 302
    assert actions(garage) == ["admin.changed"]


def test_a_call_shows_its_transfers_and_appointments(operator: Client, garage: Business) -> None:
    dana = OnTheLine.of(garage)
    appointment(garage, call=dana.call, name="Dana for a tyre", note="Left front.")
    with business_scope(garage):
        made = make_row(Transfer, garage, call=dana.call, e164="+97231112222", summary="A tyre.")
    html = operator.get(reverse("admin:calls_call_change", args=[dana.call.pk])).content.decode()
    for shown in ("Dana for a tyre", "Left front.", "A tyre.", '<bdi dir="ltr">+97231112222</bdi>'):
        assert shown in html
    change = reverse("admin:calls_transfer_change", args=[made.pk])
    assert operator.post(change, {"status": "completed"}).status_code == 403
    assert operator.get(change).status_code == 200
