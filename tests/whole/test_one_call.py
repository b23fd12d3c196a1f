"""One call through every door, judged by what the carrier played and what the model was sent."""

from __future__ import annotations

import logging

import pytest

from calls.models import CallStatus, EndReason, Turn
from prosaas.simulator.model import ModelSession
from prosaas.simulator.people import HangUp, Interrupt, Person, Wait, polite_caller
from tests.product import Product, a_business, ended_row_of, eventually, padded, turns_of


def spoken_in_whole_frames(session: ModelSession) -> bytes:
    return b"".join(padded(bytes(audio)) for audio in session.log.spoken.values())


def positions(session: ModelSession, *kinds: str) -> list[int]:
    """Where the first event of each kind stands in all that was exchanged, by the clock."""
    exchanged = sorted([*session.log.received, *session.log.events_sent], key=lambda one: one.at)
    order = [one.type for one in exchanged]
    return [order.index(kind) for kind in kinds]


async def test_a_caller_is_greeted_answered_and_let_go(
    product: Product, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    flowers, number = await a_business("flowers", greeting="Hello, this is Flowers.")

    call = await product.call(flowers, number, polite_caller("en"))
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    assert call.heard_bytes() == spoken_in_whole_frames(session)
    assert call.stream is not None
    assert call.stream.playback.max_payload == 160
    assert (row.status, row.end_reason) == (CallStatus.COMPLETED, EndReason.AGENT_GOODBYE)
    assert call.status == "completed"
    turns = await turns_of(row)
    assert turns[0].text == "Hello, this is Flowers."
    assert [turn.speaker for turn in turns] == ["agent", "caller", "agent", "caller", "agent"]
    assert all(turn.text for turn in turns)
    assert all(
        turn.heard_ms == turn.generated_ms for turn in turns if turn.speaker == Turn.Speaker.AGENT
    )
    assert row.heard_ms == sum(turn.heard_ms or 0 for turn in turns)
    assert row.utterances_total == 2
    assert row.frames_forwarded > 500
    assert 0 <= row.frames_in - row.frames_forwarded < 25, "but for what came while it was closed"
    assert (row.frames_dropped, row.barge_ins) == (0, 0)
    assert row.frames_sent * 160 == len(call.heard_bytes())
    assert row.greeting_latency_ms is not None
    assert row.usage["audio_out"] > 0
    await eventually(lambda: "[CALL_METRICS]" in caplog.text)


async def test_the_greeting_waits_for_the_session_and_the_full_prompt_for_the_greeting(
    product: Product,
) -> None:
    flowers, number = await a_business("flowers", text="Sell roses at nine shekels.")

    call = await product.call(flowers, number, Person("short", (Wait(2500), HangUp())))
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    updated, asked = positions(session, "session.updated", "response.create")
    assert updated < asked
    compact, full = session.client_events("session.update")
    done, _ = positions(session, "response.done", "session.updated")
    kinds = [one.type for one in session.log.received]
    assert kinds.count("session.update") == 2
    assert full["session"]["instructions"] == row.binding.full
    assert compact["session"]["instructions"] == row.binding.compact
    assert done > asked
    assert row.full_confirmed is True
    assert row.compact_sent_at is not None
    assert row.full_sent_at is not None
    assert row.compact_sent_at < row.full_sent_at
    assert len(row.binding.compact_sha256) == len(row.binding.full_sha256) == 64


async def test_an_interrupted_agent_falls_silent_and_the_model_is_told_what_was_heard(
    product: Product,
) -> None:
    flowers, number = await a_business(
        "flowers", greeting="Hello, this is Flowers, the shop at the corner of the long street."
    )
    person = Person(
        "interrupter", (Interrupt("en_opening_hours", after_ms=700), Wait(1500), HangUp()), "en"
    )

    call = await product.call(flowers, number, person)
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    [cut] = session.client_events("conversation.item.truncate")
    assert call.stream is not None
    [clear, *_] = call.stream.playback.clears
    heard_ms = len(call.stream.playback.heard_between(0, clear.at)) / 8
    assert abs(cut["audio_end_ms"] - heard_ms) <= 20
    greeting = session.spoken_by_model(cut["item_id"])
    assert greeting.startswith(call.stream.playback.heard_between(0, clear.at))
    [first, *_] = await turns_of(row)
    assert first.interrupted
    assert first.heard_ms == cut["audio_end_ms"]
    assert row.barge_ins == 1
    assert session.server_events("error") == []
