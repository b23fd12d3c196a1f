"""The page of calls in progress, and what may be done from it."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.actions import end_call, instruct_agent, take_over
from calls.models import (
    Call,
    CallOrigin,
    CallStatus,
    EndReason,
    Lead,
    LiveOrder,
    Transfer,
    TransferTarget,
    Turn,
)
from calls.telephones import readable
from calls.telephony import TelephonyError
from calls.watch import news_of_calls
from prompts.models import Direction
from tenants.models import AuditEvent, Business, Membership, User
from tenants.scoping import business_scope
from tests.people import NOW, make_member

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


def make_call(business: Business, **fields: Any) -> Call:
    given = {
        "direction": Direction.INBOUND,
        "status": CallStatus.IN_PROGRESS,
        "call_sid": f"CA{uuid.uuid4().hex}",
        "from_e164": "+972501234567",
        "language": "en",
        "created_at": NOW,
        "answered_at": NOW,
        "token_expires_at": NOW,
        "token_used_at": NOW,
    }
    with business_scope(business):
        call: Call = Call.objects.create(business=business, **given | fields)
        return call


def says(call: Call, text: str, position: int = 1, speaker: str = "caller") -> None:
    with business_scope(call.business_id):
        Turn.objects.create(
            business_id=call.business_id,
            call=call,
            position=position,
            speaker=speaker,
            item_id=f"item_{position}",
            text=text,
            started_ms=0,
        )


def again(call: Call) -> Call:
    with business_scope(call.business_id):
        found: Call = Call.objects.for_business(call.business_id).get(pk=call.pk)
        return found


def audited(business: Business) -> list[str]:
    with business_scope(business):
        events = AuditEvent.objects.of_chain(business.pk)
        return [event.action for event in events if event.action.startswith("call.")]


def as_member(user: User) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


@pytest.fixture
def as_alice(alice: User, flowers: Business) -> Client:
    return as_member(alice)


@pytest.fixture
def carrier_says(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which calls the carrier was asked to end."""
    ended: list[str] = []
    monkeypatch.setattr("calls.telephony.hang_up", lambda _account, sid: ended.append(sid))
    return ended


@pytest.fixture
def bobs_desk(flowers: Business) -> TransferTarget:
    with business_scope(flowers):
        target: TransferTarget = TransferTarget.objects.create(
            business=flowers, name="Bob", e164="+972521111111"
        )
        return target


# What is seen


def test_calls_in_progress_are_there_with_their_last_words(
    as_alice: Client, flowers: Business, garage: Business
) -> None:
    call = make_call(flowers)
    for position in range(1, 6):
        says(call, f"words {position}", position)
    says(make_call(garage), "words of another business")
    over = make_call(flowers, status="completed", ended_at=NOW, end_reason="caller_hangup")
    for path in ("/live/", "/live/calls/"):
        page = as_alice.get(path).content.decode()
        assert f'data-call="{call.pk}"' in page
        assert readable("+972501234567") in page
        assert "words 5" in page
        assert "words 3" in page
        assert "words 2" not in page, "the last three"
        assert str(over.pk) not in page
        assert "another business" not in page


def test_a_test_from_the_browser_is_no_call_in_progress(
    as_alice: Client, alice: User, flowers: Business
) -> None:
    test = make_call(
        flowers, origin=CallOrigin.BROWSER, tried_by=alice, call_sid=None, from_e164=""
    )
    assert str(test.pk) not in as_alice.get("/live/").content.decode()
    assert as_alice.get(f"/live/{test.pk}/").status_code == 404


def test_without_a_call_it_is_said_so(as_alice: Client) -> None:
    assert "No call is in progress" in as_alice.get("/live/").content.decode()


def test_what_callers_say_runs_nowhere(as_alice: Client, flowers: Business) -> None:
    with business_scope(flowers):
        lead = Lead.objects.create(business=flowers, phone_e164="+972501234567", name=EVIL)
    call = make_call(flowers, lead=lead)
    says(call, EVIL)
    for path in ("/live/", f"/live/{call.pk}/", f"/live/{call.pk}/conversation/"):
        page = as_alice.get(path).content.decode()
        assert "&lt;script&gt;alert(1)" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_many_calls_cost_no_more_questions(as_alice: Client, flowers: Business) -> None:
    def asked() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            as_alice.get("/live/")
        return len(queries)

    says(make_call(flowers), "hello")
    asked()  # the first page of a session costs some of its own
    few = asked()
    for _ in range(10):
        says(make_call(flowers), "hello")
    assert asked() == few


def test_another_businesss_call_is_not_there(
    as_alice: Client, flowers: Business, garage: Business
) -> None:
    strange = make_call(garage)
    guard = {"_business": str(flowers.pk)}
    for path in ("", "conversation/", "take-over/", "hang-up/"):
        assert as_alice.get(f"/live/{strange.pk}/{path}").status_code == 404
        assert as_alice.get(f"/live/{uuid.uuid4()}/{path}").status_code == 404
    for path in ("instruct/", "take-over/", "hang-up/"):
        assert as_alice.post(f"/live/{strange.pk}/{path}", guard).status_code == 404
    assert again(strange).is_live


def test_a_viewer_follows_and_does_nothing(charlie: User, flowers: Business) -> None:
    make_member(flowers, charlie, Membership.Role.VIEWER)
    call = make_call(flowers)
    client = as_member(charlie)
    page = client.get(f"/live/{call.pk}/").content.decode()
    assert "Whisper to the agent" not in page
    assert "Hang up" not in page
    for path in ("instruct/", "take-over/", "hang-up/"):
        guard = {"_business": str(flowers.pk), "text": "x"}
        assert client.post(f"/live/{call.pk}/{path}", guard).status_code == 403
    assert again(call).is_live


def test_a_page_of_another_business_is_sent_away(
    as_alice: Client, flowers: Business, garage: Business
) -> None:
    make_call(flowers)
    answer = as_alice.get("/live/calls/", headers={"X-Business": str(garage.pk)})
    assert answer.status_code == 204
    assert answer["HX-Redirect"] == "/live/"


def test_the_page_of_a_call_that_has_ended_is_drawn_anew(
    as_alice: Client, flowers: Business
) -> None:
    call = make_call(flowers)
    path = f"/live/{call.pk}/conversation/"
    assert "HX-Refresh" not in as_alice.get(path, headers={"HX-Request": "true"})
    with business_scope(flowers):
        call.finish(end_reason=EndReason.CALLER_HANGUP, end_detail="", metrics={}, now=NOW)
    assert as_alice.get(path, headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    page = as_alice.get(f"/live/{call.pk}/").content.decode()
    assert "The call is over." in page
    assert "hx-get" not in page.split("<main")[1]


# What is done


def test_alice_hangs_up(as_alice: Client, flowers: Business, carrier_says: list[str]) -> None:
    call = make_call(flowers)
    path = f"/live/{call.pk}/hang-up/"
    assert as_alice.get(path).status_code == 200
    assert again(call).is_live, "asked once before"
    as_alice.post(path, {"_business": str(flowers.pk)})
    assert again(call).end_reason == EndReason.OWNER_HANGUP
    assert carrier_says == [call.call_sid]
    assert audited(flowers) == ["call.ended_by_team"]


def test_a_carrier_that_cannot_be_told_is_no_reason_to_go_on(
    flowers: Business, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise TelephonyError("away", permanent=False)

    monkeypatch.setattr("calls.telephony.hang_up", fails)
    call = make_call(flowers)
    assert not end_call(business=flowers, call_id=call.pk, by=alice, now=NOW)
    assert again(call).end_reason == EndReason.OWNER_HANGUP


def test_alice_whispers_to_the_agent(as_alice: Client, flowers: Business) -> None:
    call = make_call(flowers)
    form = {"_business": str(flowers.pk), "text": " Offer ten percent. "}
    assert as_alice.post(f"/live/{call.pk}/instruct/", form).status_code == 302
    page = as_alice.get(f"/live/{call.pk}/").content.decode()
    assert "Offer ten percent." in page
    assert "on its way" in page
    [news] = news_of_calls([call.pk])
    assert news.orders == (("instruction", "Offer ten percent."),)
    assert news_of_calls([call.pk]) == [], "it is given out once"
    assert "arrived" in as_alice.get(f"/live/{call.pk}/").content.decode()
    assert audited(flowers) == ["call.instructed"]


@pytest.mark.parametrize("text", ["", "  ", "x" * 501, "a\0b"])
def test_what_cannot_be_told_is_not(as_alice: Client, flowers: Business, text: str) -> None:
    call = make_call(flowers)
    form = {"_business": str(flowers.pk), "text": text}
    answer = as_alice.post(f"/live/{call.pk}/instruct/", form)
    assert answer.status_code == 422
    assert "500 characters" in answer.content.decode()
    with business_scope(flowers):
        assert not LiveOrder.objects.for_business(flowers).exists()


def test_bob_takes_over(as_alice: Client, flowers: Business, bobs_desk: TransferTarget) -> None:
    call = make_call(flowers)
    form = {"_business": str(flowers.pk), "target": str(bobs_desk.pk)}
    assert as_alice.post(f"/live/{call.pk}/take-over/", form).status_code == 302
    with business_scope(flowers):
        transfer = Transfer.objects.for_business(flowers).get()
        assert (transfer.e164, transfer.status) == ("+972521111111", "requested")
    [news] = news_of_calls([call.pk])
    assert news.orders == (("take_over", ""),)
    assert audited(flowers) == ["call.taken_over"]
    assert as_alice.post(f"/live/{call.pk}/take-over/", form).status_code == 200, "once"


def test_only_people_on_the_list_take_over(
    flowers: Business, garage: Business, alice: User, bobs_desk: TransferTarget
) -> None:
    call = make_call(flowers)
    with business_scope(garage):
        strange = TransferTarget.objects.create(business=garage, name="X", e164="+972529999999")
    with business_scope(flowers):
        TransferTarget.objects.filter(pk=bobs_desk.pk).update(active=False)
    for target in (strange.pk, bobs_desk.pk, uuid.uuid4()):
        with pytest.raises(ValidationError, match="from the list"):
            take_over(business=flowers, call_id=call.pk, target_id=target, by=alice, now=NOW)
    with business_scope(flowers):
        assert not Transfer.objects.for_business(flowers).exists()


def test_a_call_that_is_over_takes_no_orders(
    flowers: Business, alice: User, bobs_desk: TransferTarget, carrier_says: list[str]
) -> None:
    call = make_call(flowers, status="completed", ended_at=NOW, end_reason="caller_hangup")
    given: dict[str, Any] = {"business": flowers, "call_id": call.pk, "by": alice, "now": NOW}
    with pytest.raises(ValidationError):
        end_call(**given)
    with pytest.raises(ValidationError):
        instruct_agent(text="x", **given)
    with pytest.raises(ValidationError):
        take_over(target_id=bobs_desk.pk, **given)
    assert carrier_says == []
    assert again(call).end_reason == EndReason.CALLER_HANGUP


def test_whoever_is_not_on_the_team_orders_nothing(flowers: Business, charlie: User) -> None:
    call = make_call(flowers)
    with pytest.raises(PermissionDenied):
        instruct_agent(business=flowers, call_id=call.pk, text="x", by=charlie, now=NOW)
    with pytest.raises(PermissionDenied):
        end_call(business=flowers, call_id=call.pk, by=charlie, now=NOW)
    assert again(call).is_live


def test_the_agent_speaks_from_the_same_side_during_a_call_and_afterwards(
    flowers: Business, alice: User
) -> None:
    call = make_call(flowers)
    says(call, "Flowers, hello.", 1, speaker="agent")
    says(call, "Do you have roses?", 2)
    hers = as_member(alice)
    for address in (reverse("calls:live-call", args=[call.pk]), f"/calls/{call.pk}/"):
        page = hers.get(address).content.decode()
        sides = re.findall(r"\bchat-(start|end)\b", page)
        assert sides == ["start", "end"], address
