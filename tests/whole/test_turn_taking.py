"""A caller makes a sound while the agent speaks: judged by what the carrier played to his ear."""

from __future__ import annotations

import dataclasses

import pytest

from calls.engine.audio import FRAME_BYTES, FRAME_MS, SILENCE
from calls.models import BargeIn
from prosaas.simulator import mulaw
from prosaas.simulator.model import Hearing, ModelSession
from prosaas.simulator.people import AfterAgentEnds, HangUp, Interrupt, Person, Say, Wait
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.playback import Playback
from tests.product import (
    QUICK,
    Product,
    a_business,
    an_agent,
    ended_row_of,
    measured,
    moments,
    padded,
    turns_of,
    words,
)

GREETING = "Hello, this is Flowers, the shop at the corner of the long street by the old harbour."
STARTED = "input_audio_buffer.speech_started"
TRANSCRIBED = "conversation.item.input_audio_transcription.completed"

SILENT_WITHIN_S = 0.060
RESUMES_WITHIN_S = 0.100


def heard(call: PhoneCall) -> Playback:
    assert call.stream is not None
    return call.stream.playback


def greeting_of(session: ModelSession) -> tuple[str, bytes]:
    """The item of the greeting and its audio, to whole frames."""
    item_id = session.log.delta_items[0]
    return item_id, padded(session.spoken_by_model(item_id))


def hummer(clip: str) -> Person:
    hears_out = AfterAgentEnds(quiet_ms=2500)  # longer than the agent is held
    return Person("hummer", (Interrupt(clip, after_ms=900), hears_out, HangUp()), "en")


@pytest.mark.parametrize("hum", ["en_filler", "en_filler_mmhm", "en_filler_uhhuh"])
async def test_a_hum_holds_the_agent_who_then_goes_on_where_he_was_heard_to(
    product: Product, hum: str
) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)

    call = await product.call(flowers, number, hummer(hum))
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    greeting = session.spoken_by_model()
    [clear] = heard(call).clears
    before, after = heard(call).heard_between(0, clear.at), heard(call).heard_between(clear.at, 1e9)
    after = after.rstrip(SILENCE)  # to whole frames
    assert greeting.startswith(before)
    assert greeting.endswith(after)
    repeated = len(before) + len(after) - len(greeting)
    # Sound that was on its way while the machine stood still has not been heard where we think.
    stalled = product.stalls.worst_s * 8000
    assert -stalled <= repeated <= FRAME_BYTES + stalled, "nothing lost, hardly anything repeated"
    resumed_at = next(part.start for part in heard(call).segments if part.start > clear.at)
    [transcribed_at] = moments(session, TRANSCRIBED)
    silent_s = clear.at - moments(session, STARTED)[0]
    measured("speech_started to silence", [silent_s])
    measured("transcript to sound", [resumed_at - transcribed_at])
    measured("repeated", [repeated / 8000])
    assert 0 <= resumed_at - transcribed_at < product.within(RESUMES_WITHIN_S)
    assert silent_s < product.within(SILENT_WITHIN_S)
    assert session.client_events("conversation.item.truncate") == []
    assert session.client_events("response.cancel") == []
    assert len(session.client_events("response.create")) == 1, "a hum gets no answer"
    assert words(session) == [f"assistant: {GREETING}"], "nor is it remembered"
    assert row.barge_ins == 0
    [first, *_] = await turns_of(row)
    assert (first.interrupted, first.heard_ms) == (False, first.generated_ms)


@pytest.mark.parametrize("barge_in", [BargeIn.HOLD, BargeIn.INSTANT])
async def test_words_stop_the_agent_for_good(product: Product, barge_in: BargeIn) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)
    await an_agent(flowers, barge_in=barge_in)
    person = Person("interrupter", (Interrupt("en_opening_hours", after_ms=900), Wait(4000)), "en")

    call = await product.call(flowers, number, person)
    stream = await call.agent_speaks()
    [session] = product.used_sessions()
    await session.has_sent("response.done", 2)
    item_id, greeting = greeting_of(session)
    answer = padded(session.spoken_by_model(session.log.delta_items[-1]))
    await product.carrier.clock.sleep(len(answer) / 8000 + 0.3)
    call.hang_up()
    row = await ended_row_of(call)

    clear = stream.playback.clears[0]
    before = stream.playback.heard_between(0, clear.at)
    silent_s = clear.at - moments(session, STARTED)[0]
    measured("speech_started to silence", [silent_s])
    assert silent_s < product.within(SILENT_WITHIN_S)
    assert greeting.startswith(before)
    assert stream.playback.heard_between(clear.at, 1e9) == answer, "not one old frame, all of it"
    [cut] = session.client_events("conversation.item.truncate")
    assert cut["item_id"] == item_id
    off_ms = cut["audio_end_ms"] - len(before) / mulaw.SAMPLES_PER_MS
    measured("truncate off the record", [off_ms / 1000])
    assert abs(off_ms) <= FRAME_MS
    assert session.server_events("error") == []
    assert row.barge_ins == 1


async def test_a_hum_after_the_agent_gets_no_answer_and_is_forgotten(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting="Hello, this is Flowers.")
    steps = (AfterAgentEnds(), Say("en_filler_mmhm"), Wait(2500), HangUp())

    call = await product.call(flowers, number, Person("hummer", steps, "en"))
    row = await ended_row_of(call)

    [session] = product.used_sessions()
    assert len(session.server_events("input_audio_buffer.committed")) == 1, "it was a turn"
    assert words(session) == ["assistant: Hello, this is Flowers."]
    assert call.heard_bytes() == greeting_of(session)[1]
    assert session.server_events("error") == []
    assert row.utterances_filler_only == 1


async def test_a_hum_and_then_words_get_one_answer(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting="Hello, this is Flowers.")
    steps = (
        AfterAgentEnds(),
        Say("en_filler_um"),
        Wait(1500),
        Say("en_opening_hours"),
        AfterAgentEnds(),
        HangUp(),
    )

    call = await product.call(flowers, number, Person("hesitant caller", steps, "en"))
    await ended_row_of(call)

    [session] = product.used_sessions()
    roles = [line.split(":")[0] for line in words(session)]
    assert roles == ["assistant", "user", "assistant"]
    answer = padded(session.spoken_by_model(session.log.delta_items[-1]))
    assert call.heard_bytes() == greeting_of(session)[1] + answer


async def test_a_transcript_that_never_comes_costs_the_caller_no_answer(product: Product) -> None:
    product.model.scenario = dataclasses.replace(QUICK, hearing=Hearing("never"))
    flowers, number = await a_business("flowers", greeting="Hello, this is Flowers.")
    steps = (AfterAgentEnds(), Say("en_opening_hours"), AfterAgentEnds(), HangUp())

    call = await product.call(flowers, number, Person("unheard caller", steps, "en"))
    await ended_row_of(call)

    [session] = product.used_sessions()
    [committed_at] = moments(session, "input_audio_buffer.committed")
    answered_at = heard(call).segments[-1].start
    assert 0.6 < answered_at - committed_at < product.within(0.8)


async def test_confirm_goes_on_more_quietly_until_words_were_understood(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)
    await an_agent(flowers, barge_in=BargeIn.CONFIRM)

    call = await product.call(flowers, number, hummer("en_filler_mmhm"))
    await ended_row_of(call)

    [session] = product.used_sessions()
    _, greeting = greeting_of(session)
    played = call.heard_bytes()
    assert heard(call).clears == []
    assert len(played) == len(greeting), "he never paused"
    ducked = [
        number
        for number in range(0, len(greeting), FRAME_BYTES)
        if played[number : number + FRAME_BYTES] != greeting[number : number + FRAME_BYTES]
    ]
    assert ducked
    quiet, full = (
        sum(abs(mulaw.DECODE[each]) for number in ducked for each in audio[number:][:FRAME_BYTES])
        for audio in (played, greeting)
    )
    assert 0.2 < quiet / full < 0.3, "12 dB, a quarter"
    assert played[-FRAME_BYTES:] == greeting[-FRAME_BYTES:], "and at the end as loud as before"


async def test_confirm_stops_at_words(product: Product) -> None:
    flowers, number = await a_business("flowers", greeting=GREETING)
    await an_agent(flowers, barge_in=BargeIn.CONFIRM)
    person = Person("interrupter", (Interrupt("en_opening_hours", after_ms=600), Wait(2500)), "en")

    call = await product.call(flowers, number, person)
    await call.agent_speaks()
    [session] = product.used_sessions()
    await session.has_received("conversation.item.truncate")
    call.hang_up()
    await ended_row_of(call)

    clear = heard(call).clears[0]
    assert clear.at - moments(session, TRANSCRIBED)[0] < product.within(SILENT_WITHIN_S)
