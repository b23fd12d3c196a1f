"""What the carrier plays, echoes, drops and refuses on a media socket."""

from __future__ import annotations

import base64
import random

import pytest

from prosaas.simulator import media, mulaw
from prosaas.simulator.call_plan import CallFaults
from prosaas.simulator.called_people import TakeMessage
from prosaas.simulator.carrier import Carrier
from prosaas.simulator.clips import load
from prosaas.simulator.media import MediaFaults
from prosaas.simulator.media_socket import Jitter
from prosaas.simulator.people import Person, Say, Silent, frame_counter
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.stamps import read_stamp
from tests.simulator.product import NUMBER, MediaSocket, Product


async def connected(
    carrier: Carrier,
    product: Product,
    person: Person | None = None,
    faults: MediaFaults | None = None,
) -> tuple[PhoneCall, MediaSocket]:
    product.streams()
    call = await carrier.place_call(
        to=NUMBER,
        voice_url=product.voice_url,
        person=person,
        faults=CallFaults(media=faults or MediaFaults()),
    )
    return call, await product.socket()


async def finished(call: PhoneCall) -> None:
    call.hang_up()
    await call.settled()


def speech(ms: int) -> bytes:
    return random.Random(ms).randbytes(ms * mulaw.SAMPLES_PER_MS)


async def test_everything_that_was_sent_is_heard_and_its_marks_come_back_in_order(
    carrier: Carrier, product: Product
) -> None:
    call, socket = await connected(carrier, product)
    audio = speech(600)
    for part, start in enumerate(range(0, len(audio), 1000)):
        await socket.play(audio[start : start + 1000])
        await socket.mark(f"part {part}")
    last = await socket.until("mark", count=5)
    assert last["mark"] == {"name": "part 4"}
    assert last["streamSid"] == socket.stream_sid
    assert [m["mark"]["name"] for m in socket.named("mark")] == [f"part {n}" for n in range(5)]
    playback = call.streams[0].playback
    assert playback.heard_bytes() == audio
    first = playback.first_frame_at
    assert first is not None
    for part, echo in enumerate(playback.echoes, start=1):
        due = first + min(part * 1000, len(audio)) / 8000
        assert due <= echo.at < due + 0.5
        assert not echo.cleared
    await finished(call)


async def test_the_person_hears_every_word_from_its_first_sample(
    busy_carrier: Carrier, product: Product
) -> None:
    listens = Person("listens", (TakeMessage(silence_ms=60_000),))
    call, socket = await connected(busy_carrier, product, listens)
    await socket.until("media", count=2)  # with the first the tape began to run
    words = [speech(100 + number) for number in range(12)]
    for number, word in enumerate(words, start=1):
        await socket.play(word)
        await socket.mark(f"word {number}")
        await socket.until("mark", count=number)
        await busy_carrier.clock.sleep(0.1)  # until it has reached the ear as well
    assert [word in call.message for word in words] == [True] * len(words)
    await finished(call)


async def test_a_mark_in_silence_comes_back_at_once(carrier: Carrier, product: Product) -> None:
    call, socket = await connected(carrier, product)
    await socket.mark("nothing was playing")
    assert (await socket.until("mark"))["mark"]["name"] == "nothing was playing"
    await finished(call)


async def test_clear_silences_the_line_and_sends_the_waiting_marks_back(
    carrier: Carrier, product: Product
) -> None:
    call, socket = await connected(carrier, product)
    stream, audio = call.streams[0], speech(60_000)
    await socket.play(audio)
    await socket.mark("end")
    await socket.until("media", count=len(socket.named("media")) + 10)
    await socket.send("clear")
    assert (await socket.until("mark"))["mark"]["name"] == "end"
    await socket.play(speech(20))
    await socket.mark("new")
    await socket.until("mark", count=2)
    (clear,) = stream.playback.clears
    assert stream.playback.heard_between(0, clear.at) == audio[: len(audio) - clear.dropped_bytes]
    assert stream.playback.heard_between(clear.at, clear.at + 9) == speech(20)
    assert [echo.cleared for echo in stream.playback.echoes] == [True, False]
    await finished(call)


async def test_what_was_still_waiting_at_the_hang_up_was_not_heard(
    carrier: Carrier, product: Product
) -> None:
    call, socket = await connected(carrier, product)
    await socket.play(speech(60_000))
    stream = await call.agent_speaks()
    await finished(call)
    assert stream.closed_at is not None
    assert stream.playback.first_frame_at is not None
    on_the_line_ms = (stream.closed_at - stream.playback.first_frame_at) * 1000
    assert len(call.heard_bytes()) == pytest.approx(on_the_line_ms * 8, abs=8)
    assert len(call.heard_bytes()) < len(speech(60_000))


@pytest.mark.parametrize(
    "message",
    [
        "not json at all",
        '"a string"',
        "[]",
        '{"event": "speak"}',
        '{"event": ["media"]}',
        '{"event": "media", "streamSid": "MZ-of-another", "media": {"payload": ""}}',
        '{"event": "media", "media": {"payload": ""}}',
        '{"event": "media", "streamSid": "SID", "media": {"payload": "*not base64*"}}',
        '{"event": "media", "streamSid": "SID", "media": {"payload": "abc"}}',
        '{"event": "media", "streamSid": "SID", "media": {"payload": "ÿÿÿÿ"}}',
        '{"event": "media", "streamSid": "SID", "media": {"payload": "//8=*"}}',
        '{"event": "media", "streamSid": "SID", "media": {}}',
        '{"event": "media", "streamSid": "SID"}',
        '{"event": "mark", "streamSid": "SID", "mark": {}}',
        '{"event": "mark", "streamSid": "SID", "mark": {"name": 7}}',
        '{"event": "mark", "streamSid": "SID"}',
    ],
)
async def test_a_message_the_carrier_does_not_know_ends_the_stream(
    carrier: Carrier, product: Product, message: str
) -> None:
    call, socket = await connected(carrier, product)
    await socket.socket.send_str(message.replace("SID", socket.stream_sid))
    await call.settled()
    assert [code for code, _ in call.errors] == [31924]
    assert product.stream_events() == ["stream-started", "stream-error", "stream-stopped"]
    assert product.of("/stream-status")[1].form["StreamError"].startswith("31924")
    assert call.streams[0].closed_by == "carrier"


async def test_a_binary_message_ends_the_stream(carrier: Carrier, product: Product) -> None:
    call, socket = await connected(carrier, product)
    await socket.socket.send_bytes(b"\xff" * 160)
    await call.settled()
    assert [code for code, _ in call.errors] == [31924]


async def test_a_message_before_start_is_an_error(carrier: Carrier, product: Product) -> None:
    product.streams()
    call = await carrier.place_call(
        to=NUMBER,
        voice_url=product.voice_url,
        faults=CallFaults(media=MediaFaults(send_start=False)),
    )
    socket = await product.opened_socket()
    await socket.until("connected")
    await socket.socket.send_json({"event": "clear", "streamSid": "MZ"})
    await call.settled()
    assert call.errors == [(31924, "'clear' came before the stream had started")]
    assert "start" not in {message["event"] for message in socket.messages}


async def test_a_product_that_dies_is_a_broken_stream_and_the_document_goes_on(
    carrier: Carrier, product: Product
) -> None:
    product.streams(behind="<Say>Sorry</Say>")
    call = await carrier.place_call(to=NUMBER, voice_url=product.voice_url)
    socket = await product.socket()
    socket.break_off()
    await call.settled()
    assert [code for code, _ in call.errors] == [31921]
    assert product.stream_events() == ["stream-started", "stream-error", "stream-stopped"]
    assert call.streams[0].closed_by == "application"
    assert call.spoken == ["Sorry"]


async def test_a_product_that_reads_too_slowly_loses_audio(
    carrier: Carrier, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    call, socket = await connected(carrier, product)
    await socket.until("media", count=3)
    monkeypatch.setattr(media, "_SEND_BUFFER_LIMIT", -1)
    await socket.play(speech(200))
    await socket.mark("200 ms later")
    await socket.until("mark")
    await finished(call)
    assert call.errors[0][0] == 31930
    assert len(socket.named("media")) < len(call.streams[0].caller_audio) / 160


async def test_with_jitter_frames_come_in_bunches_and_none_is_lost(
    carrier: Carrier, product: Product
) -> None:
    person = Person("talker", (Say("en_question"), Silent()))
    faults = MediaFaults(jitter=Jitter(smallest_bunch=4, largest_bunch=9, seed=7))
    call, socket = await connected(carrier, product, person, faults)
    await socket.until("media", count=90)
    await finished(call)
    assert socket.heard == bytes(call.streams[0].caller_audio)
    assert socket.heard.startswith(load("en_question").audio)
    chunks = [int(message["media"]["chunk"]) for message in socket.named("media")]
    assert chunks == list(range(1, len(chunks) + 1))


async def test_a_lost_stretch_leaves_a_hole_and_repeats_come_twice(
    carrier: Carrier, product: Product
) -> None:
    faults = MediaFaults(lost_ms=((100, 200),), repeat_every=4)
    call, socket = await connected(carrier, product, faults=faults)
    await socket.until("media", count=20)
    await finished(call)
    chunks = [int(message["media"]["chunk"]) for message in socket.named("media")]
    assert chunks[:9] == [1, 2, 3, 4, 4, 5, 11, 12, 12]
    timestamps = [int(message["media"]["timestamp"]) for message in socket.named("media")]
    assert timestamps[:7] == [5, 25, 45, 65, 65, 85, 205]


async def test_marks_may_be_swallowed_and_stop_may_be_missing(
    carrier: Carrier, product: Product
) -> None:
    faults = MediaFaults(echo_marks=False, send_stop=False)
    call, socket = await connected(carrier, product, faults=faults)
    await socket.mark("never comes back")
    await socket.until("media", count=len(socket.named("media")) + 5)
    await finished(call)
    await socket.closed.wait()
    assert socket.named("mark") == socket.named("stop") == []
    assert call.streams[0].received == {"mark": 1}


@pytest.mark.parametrize("echo_db", [30, 20])
async def test_the_telephone_may_leak_the_agents_voice_into_the_line(
    carrier: Carrier, product: Product, echo_db: float
) -> None:
    person = Person("on a loudspeaker", (Silent(),), echo=True, echo_db=echo_db)
    call, socket = await connected(carrier, product, person)
    greeting = load("en_agent_greeting").audio
    await socket.play(greeting)
    await socket.mark("said")
    await socket.until("mark")
    await socket.until("media", count=len(socket.named("media")) + 20)
    await finished(call)
    stream, quieter = call.streams[0], mulaw.attenuation(echo_db)
    assert stream.start_sent_at is not None
    assert stream.playback.first_frame_at is not None
    begin = round((stream.playback.first_frame_at + 0.150 - stream.start_sent_at) * 8000)
    leaked = greeting.translate(quieter)
    found = socket.heard.find(leaked[:800])
    assert found == pytest.approx(begin, abs=160)
    assert socket.heard[found : found + len(leaked)] == leaked
    quotient = mulaw.rms(greeting) / mulaw.rms(leaked)
    assert quotient == pytest.approx(10 ** (echo_db / 20), rel=0.1)


async def test_numbered_frames_can_be_recognised_at_the_other_end(
    carrier: Carrier, product: Product
) -> None:
    call, socket = await connected(carrier, product, frame_counter(line=12))
    await socket.until("media", count=30)
    await finished(call)
    frames = [base64.b64decode(m["media"]["payload"]) for m in socket.named("media")]
    assert [read_stamp(frame) for frame in frames[:30]] == [(12, n) for n in range(30)]
    assert max(mulaw.rms(frame) for frame in frames) < 60
    assert read_stamp(mulaw.SILENT_FRAME) is None
    assert read_stamp(b"") is None
    assert read_stamp(b"\xfa\xf5\xfa\xf5" + b"\x00" * 12) is None


async def test_the_record_tells_when_each_frame_left_and_each_message_came(
    carrier: Carrier, product: Product
) -> None:
    call, socket = await connected(carrier, product)
    for _ in range(3):
        await socket.play(speech(40))
    await socket.mark("here")
    await socket.until("mark")
    await finished(call)
    stream = call.streams[0]
    sent = len(socket.named("media"))
    assert list(stream.caller_frames.chunk) == list(range(1, sent + 1))
    assert list(stream.caller_frames.sent_at) == sorted(stream.caller_frames.sent_at)
    assert list(stream.playback.arrived_bytes) == [320, 320, 320]
    assert stream.received == {"media": 3, "mark": 1}
