"""Alice tries out her agent: who may, on which words, and what it never becomes."""

from __future__ import annotations

import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError
from django.test import Client
from pytest_django import Settings

from calls.actions import admit_stream, admit_test, begin_test, close_stale_calls
from calls.actions.trying import TESTS_A_DAY
from calls.addresses import media_socket
from calls.admission import StreamRefused
from calls.engine.tooling import ToolEffect
from calls.models import Call, CallOrigin, CallStatus, EndReason
from calls.tools.trial import TrialTools
from prompts.models import Direction, PromptVersion
from tenants.models import Business, Membership, User
from tenants.scoping import business_scope
from tests.calls.carrier import SignedCarrier
from tests.people import NOW, make_draft, make_member, make_published

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"


@pytest.fixture
def version(flowers: Business) -> PromptVersion:
    return make_published(flowers)


def begun(version: PromptVersion, by: User, **changes: object) -> Call:
    given = {"origin": CallOrigin.BROWSER, "now": NOW} | changes
    return begin_test(business=version.business, version=version, by=by, **given)  # type: ignore[arg-type]


def admitted(call: Call, by: User | None, **changes: object) -> object:
    given = {"token": call.token(), "origin": CallOrigin.BROWSER, "now": NOW} | changes
    return admit_test(by=by, **given)  # type: ignore[arg-type]


def refused(call: Call, by: User | None, **changes: object) -> str:
    with pytest.raises(StreamRefused) as refusal:
        admitted(call, by, **changes)
    return refusal.value.reason


def again(call: Call) -> Call:
    with business_scope(call.business_id):
        found: Call = Call.objects.for_business(call.business_id).get(pk=call.pk)
        return found


def test_alice_talks_to_a_draft_that_no_caller_hears(alice: User, flowers: Business) -> None:
    make_published(flowers, text="The published words.")
    draft = make_draft(flowers, text="Words of a draft.")
    call = begun(draft, alice)
    got = admit_test(token=call.token(), origin=CallOrigin.BROWSER, by=alice, now=NOW)
    assert "Words of a draft." in got.full
    assert "The published words." not in got.full
    assert got.is_test
    assert (got.call_sid, got.account_sid) == (str(call.pk), "browser")
    assert got.limits.max_call_s == 300
    assert again(call).status == CallStatus.IN_PROGRESS


def test_each_direction_has_its_own_words(alice: User, flowers: Business) -> None:
    outbound = make_published(flowers, Direction.OUTBOUND, text="We are calling you.")
    call = begun(outbound, alice)
    got = admit_test(token=call.token(), origin=CallOrigin.BROWSER, by=alice, now=NOW)
    assert got.direction == Direction.OUTBOUND
    assert "We are calling you." in got.full


def test_a_test_works_without_any_carrier(
    version: PromptVersion, alice: User, settings: Settings
) -> None:
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_AUTH_TOKEN = ""
    assert admitted(begun(version, alice), alice)


def test_a_token_serves_once(version: PromptVersion, alice: User) -> None:
    call = begun(version, alice)
    admitted(call, alice)
    assert refused(call, alice) == "used"


def test_a_token_serves_a_minute(version: PromptVersion, alice: User) -> None:
    call = begun(version, alice)
    assert refused(call, alice, now=NOW + timedelta(seconds=60)) == "expired"


def test_a_token_serves_the_person_who_asked_for_it(
    version: PromptVersion, alice: User, bob: User, charlie: User
) -> None:
    call = begun(version, alice)
    assert refused(call, bob) == "bad_token"
    assert refused(call, charlie) == "bad_token"
    assert refused(call, None) == "bad_token"
    assert refused(call, alice, origin=CallOrigin.TYPED) == "bad_token"
    assert refused(call, alice, token=call.token(1)) == "bad_token"
    assert refused(call, alice, token="nonsense") == "bad_token"
    assert again(call).status == CallStatus.RINGING, "none of that has used it up"


def test_who_has_left_the_team_since_is_not_admitted(
    version: PromptVersion, alice: User, flowers: Business
) -> None:
    call = begun(version, alice)
    with business_scope(flowers):
        Membership.objects.for_business(flowers).filter(user=alice).delete()
    assert refused(call, alice) == "not_allowed"


def test_a_password_alone_is_not_enough_for_an_owner(
    version: PromptVersion, alice: User, settings: Settings
) -> None:
    call = begun(version, alice)
    settings.SECOND_FACTOR_REQUIRED = True
    assert refused(call, alice) == "second_factor"


def test_the_carriers_door_knows_nothing_of_it(
    version: PromptVersion, alice: User, carrier: SignedCarrier
) -> None:
    token = begun(version, alice).token()
    url = media_socket(token)
    with pytest.raises(StreamRefused) as refusal:
        admit_stream(token=token, signature=carrier.signature(url), url=url, now=NOW)
    assert refusal.value.reason == "bad_token"


def test_a_viewer_and_a_stranger_may_not(
    version: PromptVersion, charlie: User, flowers: Business
) -> None:
    with pytest.raises(PermissionDenied):
        begun(version, charlie)
    make_member(flowers, charlie, Membership.Role.VIEWER)
    with pytest.raises(PermissionDenied):
        begun(version, charlie)


def test_of_two_tests_of_one_person_the_newer_one_counts(
    version: PromptVersion, alice: User, bob: User
) -> None:
    older, of_bob, newer = begun(version, alice), begun(version, bob), begun(version, alice)
    assert again(older).end_reason == EndReason.OWNER_HANGUP
    assert again(of_bob).is_live
    assert again(newer).is_live
    assert refused(older, alice) == "ended"


def test_the_database_lets_nobody_have_two(version: PromptVersion, alice: User) -> None:
    call = begun(version, alice)
    call.pk = uuid.uuid4()
    with pytest.raises(IntegrityError), business_scope(call.business_id):
        call.save(force_insert=True)


def test_a_test_is_no_call_of_the_business(version: PromptVersion, alice: User) -> None:
    call = begun(version, alice)
    with business_scope(call.business_id):
        calls = Call.objects.for_business(call.business_id)
        assert list(calls.on_the_telephone()) == []
        assert list(calls.tests()) == [call]
        assert list(calls.unsettled()) == [], "no carrier is asked about it"
        with pytest.raises(IntegrityError):
            calls.filter(pk=call.pk).update(origin=CallOrigin.TELEPHONE)


def test_so_many_a_day_and_no_more(
    version: PromptVersion, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("calls.actions.trying.TESTS_A_DAY", 2)
    assert TESTS_A_DAY > 2
    begun(version, alice)
    begun(version, alice)
    with pytest.raises(ValidationError, match="too many tests"):
        begun(version, alice)
    assert begun(version, alice, now=NOW + timedelta(days=1)).is_live


def test_without_a_key_it_is_said_so(
    version: PromptVersion, alice: User, settings: Settings
) -> None:
    settings.OPENAI_API_KEY = ""
    with pytest.raises(ValidationError, match="no key"):
        begun(version, alice)
    with business_scope(version.business):
        assert not Call.objects.for_business(version.business).exists()


def test_what_was_left_open_is_closed(version: PromptVersion, alice: User, bob: User) -> None:
    never_begun, lost = begun(version, alice), begun(version, bob)
    admitted(lost, bob)
    close_stale_calls(now=NOW + timedelta(seconds=59))
    assert again(never_begun).is_live
    close_stale_calls(now=NOW + timedelta(seconds=61))
    assert again(never_begun).end_reason == EndReason.ERROR
    assert again(lost).is_live, "it may last five minutes"
    close_stale_calls(now=NOW + timedelta(minutes=9))
    assert again(lost).end_reason == EndReason.ERROR


@pytest.mark.parametrize(
    "tool", ["save_lead_details", "schedule_appointment", "transfer_to_human", "find_order"]
)
async def test_in_a_test_no_tool_does_anything(tool: str) -> None:
    tools = TrialTools(business_id=uuid.uuid4(), call_id=uuid.uuid4())
    outcome = await tools.run("call_1", tool, "{}")  # it would need a database otherwise
    assert "nothing was really done" in outcome.output
    assert outcome.effect is ToolEffect.NONE
    await tools.close()


# The page


@pytest.fixture
def as_alice(alice: User, flowers: Business) -> Client:
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(alice)
    return client


def post(client: Client, version: PromptVersion, origin: str = "browser") -> Any:
    form = {"version": str(version.pk), "origin": origin, "_business": str(version.business_id)}
    return client.post("/try/tests/", form)


def test_the_page_offers_published_words_and_drafts_of_this_business_alone(
    as_alice: Client, flowers: Business, garage: Business
) -> None:
    published = make_published(flowers)
    draft = make_draft(flowers)
    strange = make_published(garage)
    page = as_alice.get("/try/").content.decode()
    assert f'value="{published.pk}" selected' in page
    assert str(draft.pk) in page
    assert str(strange.pk) not in page
    chosen = as_alice.get(f"/try/?version={draft.pk}").content.decode()
    assert f'value="{draft.pk}" selected' in chosen
    of_another = as_alice.get(f"/try/?version={strange.pk}").content.decode()
    assert f'value="{strange.pk}"' not in of_another
    assert as_alice.get("/try/?version='--").status_code == 200


def test_what_callers_hear_is_chosen_and_nothing_beside_it(
    as_alice: Client, flowers: Business
) -> None:
    """Of two that were chosen a browser would show the last."""
    inbound = make_published(flowers)
    make_published(flowers, Direction.OUTBOUND)
    page = as_alice.get("/try/").content.decode()
    assert re.findall(r'value="([^"]+)" selected', page) == [str(inbound.pk)]


def test_without_any_words_there_is_nothing_to_talk_to(as_alice: Client) -> None:
    page = as_alice.get("/try/").content.decode()
    assert "The agent has no words yet" in page
    assert "Start talking" not in page


def test_the_page_says_that_a_stand_in_answers(as_alice: Client, settings: Settings) -> None:
    assert "stand-in" in as_alice.get("/try/").content.decode()
    settings.OPENAI_WEBSOCKET_BASE_URL = "wss://api.openai.com/v1"
    assert "stand-in" not in as_alice.get("/try/").content.decode()


def test_the_page_begins_a_test(as_alice: Client, version: PromptVersion) -> None:
    response = post(as_alice, version)
    assert response.status_code == 200
    answer = response.json()
    assert answer["socket"].startswith("/ws/try/")
    assert answer["account"] == "browser"
    typed = post(as_alice, version, "typed").json()
    assert typed["socket"].endswith("/typed")


def test_another_businesss_words_are_not_there(
    as_alice: Client, flowers: Business, garage: Business
) -> None:
    strange = make_published(garage)
    form = {"version": str(strange.pk), "origin": "browser", "_business": str(flowers.pk)}
    assert as_alice.post("/try/tests/", form).status_code == 404
    assert as_alice.post("/try/tests/", form | {"version": str(uuid.uuid4())}).status_code == 404
    assert as_alice.post("/try/tests/", form | {"version": "1"}).status_code == 404
    own = make_published(flowers)
    by_telephone = form | {"version": str(own.pk), "origin": "telephone"}
    assert as_alice.post("/try/tests/", by_telephone).status_code == 404


def test_the_conversation_is_for_whoever_has_it(
    as_alice: Client, version: PromptVersion, alice: User, bob: User
) -> None:
    mine, his = begun(version, alice), begun(version, bob)
    with business_scope(version.business):
        for call in (mine, his):
            call.turns.create(
                business=version.business,
                position=1,
                speaker="agent",
                item_id="item_1",
                text=EVIL,
                started_ms=0,
            )
    page = as_alice.get(f"/try/tests/{mine.pk}/").content.decode()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert "<img" not in page
    assert as_alice.get(f"/try/tests/{his.pk}/").status_code == 404


def test_a_viewer_does_not_see_the_page(client: Client, charlie: User, flowers: Business) -> None:
    make_member(flowers, charlie, Membership.Role.VIEWER)
    client.force_login(charlie)
    assert client.get("/try/").status_code == 403
