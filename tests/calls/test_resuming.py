"""A caller comes to a media stream again, and the agent knows what has been said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from calls.actions import admit_stream, leave_stream
from calls.actions.resuming import MOST_CHARACTERS, MOST_ITEMS, past_of
from calls.addresses import media_socket
from calls.admission import AdmittedCall, StreamRefused
from calls.engine.profile import BargeIn, PastItem, Resumption, Role
from calls.models import (
    AgentSettings,
    Call,
    HttpTool,
    OpeningHours,
    PromptBinding,
    ToolCall,
    Transfer,
    Turn,
)
from prompts.models import GreetingClip, PromptVersion
from tenants.models import Business
from tenants.scoping import business_scope
from tests.calls.carrier import SignedCarrier
from tests.calls.conftest import ALICES_NUMBER
from tests.rows import make_row


@pytest.fixture
def call(alices: Business, carrier: SignedCarrier) -> Call:
    carrier.rings("flowers", ALICES_NUMBER)
    with business_scope(alices):
        return Call.objects.for_business(alices).get()


def stored(call: Call) -> Call:
    with business_scope(call.business_id):
        return Call.objects.get(pk=call.pk)


def told(call: Call) -> tuple[PastItem, ...]:
    with business_scope(call.business_id):
        return past_of(call)


def decides(call: Call, **fields: Any) -> None:
    with business_scope(call.business_id):
        AgentSettings.objects.create(business_id=call.business_id, **fields)


def is_left(call: Call, now: datetime) -> None:
    """The first stream broke, and the second is due."""
    with business_scope(call.business_id):
        assert call.resume(0, now)


def enters(call: Call, carrier: SignedCarrier, number: int, now: datetime | None = None) -> Any:
    url = media_socket(call.token(number))
    return admit_stream(
        token=call.token(number),
        url=url,
        signature=carrier.signature(url),
        now=now or timezone.now(),
    )


def said(call: Call, position: int, speaker: str, text: str, **fields: Any) -> Turn:
    given = {"started_ms": position * 1000, "item_id": f"item_{position}"} | fields
    words = {"position": position, "speaker": speaker, "text": text}
    with business_scope(call.business_id):
        return Turn.objects.create(business_id=call.business_id, call_id=call.pk, **words | given)


def used(call: Call, after_s: float, name: str, **fields: Any) -> ToolCall:
    with business_scope(call.business_id):
        return ToolCall.objects.create(
            business_id=call.business_id,
            call=call,
            tool_call_id=f"call_{name}",
            name=name,
            created_at=call.created_at + timedelta(seconds=after_s),
            **fields,
        )


# What has been said


def test_the_conversation_is_told_in_its_order_with_what_was_done_in_between(call: Call) -> None:
    said(call, 0, "agent", "Welcome.")
    said(call, 1, "caller", "I am Dan.")
    used(call, 1.5, "save_lead_details", arguments={"name": "דן"}, result={"saved": True})
    said(call, 2, "agent", "Hello Dan.")
    said(call, 3, "caller", "")

    welcome, name, tool, hello, mumble = told(call)

    assert welcome == PastItem(Role.AGENT, "Welcome.")
    assert name == PastItem(Role.CALLER, "I am Dan.")
    assert tool.role is Role.SYSTEM
    for part in ("save_lead_details", '{"name": "דן"}', '{"saved": true}'):
        assert part in tool.text
    assert "\n" not in tool.text
    assert hello == PastItem(Role.AGENT, "Hello Dan.")
    assert mumble == PastItem(Role.CALLER, "(not understood)")


@pytest.mark.parametrize("verdict", ["no_meaning", "echo", "doubted"])
def test_what_the_agent_did_not_go_by_is_left_out(verdict: str, call: Call) -> None:
    said(call, 0, "caller", "mm-hm", verdict=verdict)
    assert told(call) == ()


@pytest.mark.parametrize(
    ("heard_ms", "text"),
    [(2000, "We have red roses and"), (1400, "We have red…"), (300, "We…"), (0, None)],
)
def test_the_agent_has_said_what_was_heard_of_it(
    heard_ms: int, text: str | None, call: Call
) -> None:
    words = "We have red roses and"
    said(call, 0, "agent", words, interrupted=True, generated_ms=2000, heard_ms=heard_ms)
    assert [item.text for item in told(call)] == ([text] if text else [])


def test_who_was_not_interrupted_has_said_everything(call: Call) -> None:
    said(call, 0, "agent", "We have roses.", generated_ms=2000, heard_ms=0)
    assert told(call) == (PastItem(Role.AGENT, "We have roses."),)


def test_a_tool_that_has_not_answered_and_one_that_says_too_much(call: Call) -> None:
    used(call, 1, "slow")
    used(call, 2, "garrulous", arguments={"a": "x" * 900}, result={"b": "y" * 900})
    slow, garrulous = told(call)
    assert "no answer yet" in slow.text
    assert len(garrulous.text) < 1100


def test_of_a_long_call_the_latest_is_told(call: Call) -> None:
    for position in range(MOST_ITEMS + 20):
        said(call, position, "caller", f"word {position}")
    past = told(call)
    assert len(past) == MOST_ITEMS
    assert (past[0].text, past[-1].text) == ("word 20", f"word {MOST_ITEMS + 19}")


def test_of_long_speeches_the_latest_are_told(call: Call) -> None:
    for position in range(4):
        said(call, position, "caller", f"{position}" + "x" * (MOST_CHARACTERS // 3 - 1))
    assert [item.text[0] for item in told(call)] == ["1", "2", "3"]


def test_nothing_of_another_call_is_told(alices: Business, call: Call) -> None:
    with business_scope(alices):
        other = Call.objects.create(business=alices, direction="inbound", language="he")
    said(other, 0, "caller", "My secret.")
    used(other, 1, "secret")
    assert told(call) == ()


# Into the stream


def test_the_first_stream_begins_a_call(call: Call, carrier: SignedCarrier) -> None:
    admitted = enters(call, carrier, 0)
    profile = admitted.profile
    assert (profile.stream_number, profile.turns_before, profile.elapsed_ms) == (0, 0, 0)
    assert (profile.resumption, profile.past) == (None, ())
    assert profile.greeting_text == "Welcome to flowers, inbound."


def test_a_business_decides_how_its_agent_behaves(call: Call, carrier: SignedCarrier) -> None:
    decides(
        call,
        barge_in="confirm",
        greeting_protected=True,
        silence_prompt_s=7,
        silence_prompts=1,
        max_call_s=600,
        human_key="0",
        do_not_call_key="9",
        may_transfer=True,
    )
    admitted = enters(call, carrier, 0)
    limits, profile = admitted.limits, admitted.profile
    assert (limits.silence_prompt_s, limits.silence_prompts, limits.max_call_s) == (7, 1, 600)
    assert (profile.barge_in, profile.greeting_protected) == (BargeIn.CONFIRM, True)
    assert profile.keys == {"0": "transfer_to_human", "9": "mark_do_not_call"}


def offered(admitted: AdmittedCall) -> set[str]:
    return {tool["name"] for tool in admitted.tools}


def test_an_agent_is_offered_what_its_own_business_permits(
    alices: Business, charlies: Business, call: Call, carrier: SignedCarrier
) -> None:
    decides(call, may_schedule=True, may_save_lead=False)
    with business_scope(alices):
        make_row(OpeningHours, alices)
    with business_scope(charlies):
        make_row(HttpTool, charlies)
    first = offered(enters(call, carrier, 0))
    assert {"end_call", "check_availability", "schedule_appointment"} <= first
    assert first.isdisjoint({"save_lead_details", "find_order", "transfer_to_human"})


def test_what_is_permitted_meanwhile_is_offered_from_the_next_stream_on(
    alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    assert "find_order" not in offered(enters(call, carrier, 0))
    with business_scope(alices):
        make_row(HttpTool, alices)
    is_left(call, timezone.now())
    assert "find_order" in offered(enters(call, carrier, 1))


def test_a_key_does_nothing_that_the_agent_may_not_do(call: Call, carrier: SignedCarrier) -> None:
    decides(
        call,
        human_key="0",
        do_not_call_key="9",
        may_mark_do_not_call=False,
    )
    assert enters(call, carrier, 0).profile.keys == {}


def comes_back(
    call: Call, carrier: SignedCarrier, after_s: float = 100
) -> tuple[AdmittedCall, Call]:
    """From the first stream into the second, so long after the call was answered."""
    began = timezone.now()
    enters(call, carrier, 0, began)
    said(call, 0, "agent", "Welcome.")
    said(call, 4, "caller", "I want roses.")
    later = began + timedelta(seconds=after_s)
    is_left(call, later)
    return enters(call, carrier, 1, later), stored(call)


def test_a_caller_whose_process_died_goes_on_where_they_were(
    call: Call, carrier: SignedCarrier
) -> None:
    admitted, row = comes_back(call, carrier)
    with business_scope(call.business_id):
        binding = PromptBinding.objects.get(call=call)
    profile = admitted.profile
    assert profile.resumption is Resumption.PROCESS_LOST
    assert [item.text for item in profile.past] == ["Welcome.", "I want roses."]
    assert (profile.stream_number, profile.turns_before) == (1, 4)
    assert profile.elapsed_ms == pytest.approx(100_000, abs=1)
    assert admitted.limits.max_call_s == pytest.approx(1700)
    assert (admitted.full, admitted.full_sha256) == (binding.full, binding.full_sha256)
    assert row.token_used_at


@pytest.mark.parametrize("status", ["busy", "no_answer", "refused", "failed"])
def test_a_caller_who_was_not_put_through_comes_back_with_the_reason(
    status: str, alices: Business, call: Call, carrier: SignedCarrier
) -> None:
    with business_scope(alices):
        make_row(
            Transfer,
            alices,
            call=call,
            status=status,
            stream_number=0,
            ended_at=timezone.now(),
        )
    admitted, _ = comes_back(call, carrier)
    assert admitted.profile.resumption is Resumption(status)


def test_a_caller_whose_first_stream_broke_before_a_word_is_greeted(
    call: Call, carrier: SignedCarrier
) -> None:
    is_left(call, timezone.now())
    assert enters(call, carrier, 1).profile.resumption is None


def test_a_caller_who_comes_back_late_is_not_cut_off_with_the_first_word(
    call: Call, carrier: SignedCarrier
) -> None:
    admitted, _ = comes_back(call, carrier, after_s=1790)
    assert admitted.limits.max_call_s == 60


@pytest.mark.parametrize("number", [0, 2, 7])
def test_only_the_stream_that_is_due_is_let_in(
    number: int, call: Call, carrier: SignedCarrier
) -> None:
    is_left(call, timezone.now())
    with pytest.raises(StreamRefused, match="used"):
        enters(call, carrier, number)
    assert stored(call).token_used_at is None
    assert enters(call, carrier, 1).profile.stream_number == 1


def test_a_stream_that_is_left_keeps_its_figures_and_the_call_goes_on(
    call: Call, carrier: SignedCarrier
) -> None:
    enters(call, carrier, 0)
    leave_stream(
        call_id=call.pk,
        business_id=call.business_id,
        stream_number=0,
        metrics={"frames_in": 50, "usage": {"audio_in": 3}},
    )
    row = stored(call)
    assert row.is_live
    assert (row.frames_in, row.usage) == (50, {"audio_in": 3})


# The stored greeting


def recorded(call: Call, **changes: Any) -> None:
    made = {"audio": b"\xff" * 160, "duration_ms": 20, "made_at": timezone.now()} | changes
    with business_scope(call.business_id):
        version = PromptVersion.objects.get(prompt__direction="inbound")
        GreetingClip.objects.create(business_id=call.business_id, version=version, **made)


def test_a_greeting_that_was_spoken_once_is_played(call: Call, carrier: SignedCarrier) -> None:
    recorded(call)
    assert enters(call, carrier, 0).profile.greeting_audio == b"\xff" * 160


def test_until_it_has_been_made_the_greeting_is_spoken_live(
    call: Call, carrier: SignedCarrier
) -> None:
    recorded(call, audio=None, duration_ms=None, made_at=None)
    assert enters(call, carrier, 0).profile.greeting_audio == b""
