from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.models import (
    Call,
    CallbackEvent,
    CallStatus,
    EndReason,
    Lead,
    PromptBinding,
    Recording,
    ToolCall,
    Turn,
)
from prompts.models import PromptVersion, sha256_of
from tenants.models import AuditEvent, Business, User
from tenants.scoping import business_scope
from tests.calls.carrier import SignedCarrier
from tests.calls.conftest import ALICES_NUMBER, CHARLIES_NUMBER
from tests.people import NOW

CALLER = "+972501234567"
SID = "CA" + "4" * 32


@pytest.fixture
def operator(olga: User) -> Client:
    client = Client()
    client.force_login(olga)
    client.cookies["django_language"] = "en"
    return client


def spoken(business: Business, *, sid: str = SID, turns: int = 2, caller: str = CALLER) -> Call:
    """A finished call with everything that a call can have."""
    with business_scope(business):
        lead, _ = Lead.objects.get_or_create(business=business, phone_e164=caller)
        call = Call.objects.create(
            business=business,
            direction="inbound",
            status=CallStatus.COMPLETED,
            end_reason=EndReason.AGENT_GOODBYE,
            end_detail="The agent said goodbye.",
            call_sid=sid,
            from_e164=caller,
            lead=lead,
            language="he",
            created_at=NOW,
            ended_at=NOW + timedelta(minutes=1),
            usage={"audio_in": 1234},
        )
        version = PromptVersion.objects.get(business=business, prompt__direction="inbound")
        PromptBinding.objects.create(
            business=business,
            call=call,
            direction="inbound",
            version=version,
            compact="<b>compact words</b>",
            full="full words",
            full_sha256=sha256_of("full words"),
            greeting="שלום",
            greeting_mode="live",
        )
        for position in range(turns):
            add_turn(call, position)
        ToolCall.objects.create(
            business=business, call=call, tool_call_id="t1", name="end_call", arguments={"a": 1}
        )
        Recording.objects.create(
            business=business,
            call=call,
            recording_sid="RE" + sid[2:],
            status="recording",
            consent_at=NOW,
        )
        CallbackEvent.objects.create(
            business=business,
            call=call,
            source="call_status",
            call_sid=sid,
            payload={"CallStatus": "completed"},
            received_at=NOW,
        )
    return call


def add_turn(call: Call, position: int) -> None:
    """Inside the business's scope only."""
    Turn.objects.create(
        business=call.business,
        call=call,
        position=position,
        speaker="caller",
        item_id=f"item_{position}",
        text=f"<script>word {position}</script>",
        started_ms=position,
    )


def page(client: Client, name: str, *args: object, **query: str) -> str:
    response = client.get(reverse(f"admin:calls_{name}", args=args), query)
    assert response.status_code == 200
    return response.content.decode()


def queries(client: Client, name: str, *args: object) -> int:
    page(client, name, *args)  # content types and the like are asked for once
    with CaptureQueriesContext(
        connection,
    ) as captured:
        page(client, name, *args)
    return len(captured)


def test_a_call_shows_all_that_was_written_down_of_it(operator: Client, alices: Business) -> None:
    shown = page(operator, "call_change", spoken(alices).pk)

    for part in (
        "the agent said goodbye",
        "The agent said goodbye.",
        "full words",
        "word 0",
        "word 1",
        "end_call",
        "RE" + "4" * 32,
        sha256_of("full words"),
        "1234",
        "CallStatus",
        '<pre class="words" dir="auto">שלום</pre>',
        f'<bdi dir="ltr">{CALLER}</bdi>',
        f'<bdi dir="auto">{CALLER}</bdi></a>',
    ):
        assert part in shown


def test_words_of_callers_and_owners_are_never_markup(operator: Client, alices: Business) -> None:
    shown = page(operator, "call_change", spoken(alices).pk)
    assert "<script>word" not in shown
    assert "&lt;script&gt;word 0" in shown
    assert "<b>compact words</b>" not in shown


def test_a_call_is_for_reading_only(operator: Client, alices: Business) -> None:
    call = spoken(alices)
    for name, args in (("call_add", []), ("call_delete", [call.pk]), ("recording_add", [])):
        assert operator.get(reverse(f"admin:calls_{name}", args=args)).status_code == 403
    address = reverse("admin:calls_call_change", args=[call.pk])
    assert operator.post(address, {"status": "failed"}).status_code == 403
    with business_scope(alices):
        assert Call.objects.get(pk=call.pk).status == CallStatus.COMPLETED


@pytest.mark.parametrize("sought", [SID, CALLER, "501234567", "flowers"])
def test_a_call_is_found_by_sid_number_and_business(
    sought: str, operator: Client, alices: Business, charlies: Business
) -> None:
    spoken(alices)
    spoken(charlies, sid="CA" + "8" * 32, caller="+972540000000")

    shown = page(operator, "call_changelist", q=sought)
    assert SID in shown
    assert "CA" + "8" * 32 not in shown


@pytest.mark.parametrize(
    ("chosen", "other"),
    [
        ({"status__exact": "completed"}, {"status__exact": "failed"}),
        ({"direction__exact": "inbound"}, {"direction__exact": "outbound"}),
        ({"end_reason__exact": "agent_goodbye"}, {"end_reason__exact": "silence"}),
        (
            {"created_at__gte": "2026-11-01 00:00:00+00:00"},
            {"created_at__gte": "2026-12-01 00:00:00+00:00"},
        ),
    ],
)
def test_calls_are_filtered(
    chosen: dict[str, str], other: dict[str, str], operator: Client, alices: Business
) -> None:
    spoken(alices)
    assert SID in page(operator, "call_changelist", **chosen)
    assert SID not in page(operator, "call_changelist", **other)


def test_calls_are_filtered_by_business(
    operator: Client, alices: Business, charlies: Business
) -> None:
    spoken(alices)
    assert SID in page(operator, "call_changelist", business__id__exact=str(alices.pk))
    assert SID not in page(operator, "call_changelist", business__id__exact=str(charlies.pk))


@pytest.mark.parametrize("name", ["call", "lead", "recording", "callbackevent"])
def test_a_list_asks_the_same_number_of_questions_however_long(
    name: str, operator: Client, alices: Business
) -> None:
    spoken(alices)
    one = queries(operator, f"{name}_changelist")
    for digit in "123":
        spoken(alices, sid="CA" + digit * 32, caller=f"+97254000000{digit}")
    assert queries(operator, f"{name}_changelist") == one


def test_a_call_asks_the_same_number_of_questions_however_long_it_was(
    operator: Client, alices: Business
) -> None:
    call = spoken(alices, turns=1)
    short = queries(operator, "call_change", call.pk)
    with business_scope(alices):
        for position in range(1, 6):
            add_turn(call, position)
            ToolCall.objects.create(
                business=alices, call=call, tool_call_id=f"more {position}", name="end_call"
            )
            CallbackEvent.objects.create(
                business=alices, call=call, source="call_status", payload={}, received_at=NOW
            )
    assert queries(operator, "call_change", call.pk) == short


def test_only_the_name_of_a_lead_is_for_people_to_write(operator: Client, alices: Business) -> None:
    spoken(alices)
    with business_scope(alices):
        lead = Lead.objects.get()
    address = reverse("admin:calls_lead_change", args=[lead.pk])
    response = operator.post(address, {"name": "Dana", "phone_e164": "+972599999999"})

    assert response.status_code == 302
    with business_scope(alices):
        lead.refresh_from_db()
        audited = AuditEvent.objects.filter(action="admin.changed").latest("at")
    assert (lead.name, lead.phone_e164) == ("Dana", CALLER)
    assert audited.facts == {"fields": ["Name"]}
    assert operator.get(reverse("admin:calls_lead_add")).status_code == 403


def test_quarantined_callbacks_are_found(operator: Client, alices: Business) -> None:
    spoken(alices)
    with business_scope(alices):
        CallbackEvent.objects.create(
            business=alices,
            source="call_status",
            call_sid="CA" + "0" * 32,
            payload={"CallStatus": "completed"},
            received_at=NOW,
        )
    shown = page(operator, "callbackevent_changelist", call__isempty="1")
    assert "CA" + "0" * 32 in shown
    assert SID not in shown


@pytest.mark.parametrize("language", ["he", "en"])
def test_every_page_is_shown_in_both_languages(language: str, olga: User, alices: Business) -> None:
    call = spoken(alices)
    client = Client()
    client.force_login(olga)
    client.cookies["django_language"] = language
    with business_scope(alices):
        lead = Lead.objects.get()
    pages: list[tuple[Any, ...]] = [
        ("call_changelist",),
        ("call_change", call.pk),
        ("lead_changelist",),
        ("lead_change", lead.pk),
        ("recording_changelist",),
        ("callbackevent_changelist",),
    ]
    for name, *args in pages:
        assert f'lang="{language}"' in page(client, name, *args)


def test_who_rings_a_business_that_olga_has_suspended_is_turned_away(
    operator: Client, alices: Business, charlies: Business, carrier: SignedCarrier
) -> None:
    suspend = reverse("admin:tenants_business_do", args=[alices.pk, "suspend"])
    assert operator.post(suspend, {"reason": "Unpaid"}).status_code == 302
    carrier.rings("flowers", ALICES_NUMBER)
    with business_scope(alices):
        call = Call.objects.get()
        assert (call.status, call.end_reason) == (
            CallStatus.REJECTED,
            EndReason.REJECTED_SUSPENDED,
        )

    carrier.rings("garage", CHARLIES_NUMBER)
    with business_scope(charlies):
        assert Call.objects.get().is_live

    operator.post(reverse("admin:tenants_business_do", args=[alices.pk, "reinstate"]))
    carrier.rings("flowers", ALICES_NUMBER)
    with business_scope(alices):
        assert Call.objects.exclude(pk=call.pk).get().is_live


def test_an_owner_does_not_get_in(alice: User, alices: Business) -> None:
    client = Client()
    client.force_login(alice)
    call = spoken(alices)
    response = client.get(reverse("admin:calls_call_change", args=[call.pk]))
    assert response.status_code == 302
    assert "login" in response["Location"]
