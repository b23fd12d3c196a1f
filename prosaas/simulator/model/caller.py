"""The listening side of a session: input buffer, turns, and what is understood of them."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from prosaas.simulator import mulaw
from prosaas.simulator.model.conversation import Item, new_id
from prosaas.simulator.model.ears import (
    Ears,
    InputBuffer,
    SpeechStarted,
    SpeechStopped,
    StayedSilent,
)
from prosaas.simulator.model.formats import InputFormat
from prosaas.simulator.model.recognition import Recognised, recognise
from prosaas.simulator.model.refusal import RefusedError
from prosaas.simulator.model.scenario import Hearing
from prosaas.simulator.model.usage import text_tokens
from prosaas.simulator.model.workings import Workings

Json = dict[str, Any]

_LEAST_COMMIT_MS = 100
_TRANSCRIPTION = "conversation.item.input_audio_transcription"
_USUAL_PATIENCE = {"committed": 0.0, "response.created": 0.3, "response.done": 20.0}
_LONGEST_PATIENCE = 20.0
# What transcribers are known to make of a noise.
_HALLUCINATION = "Thanks for watching!"


class Listener(Protocol):
    def speech_started(self) -> None: ...
    def turn_ended(self) -> None: ...
    def hearing_of(self, turn: int) -> Hearing: ...


class Caller:
    def __init__(self, workings: Workings, listener: Listener, settings: Json) -> None:
        self.logprobs = False
        self._listener = listener
        self._outlet = workings.outlet
        self._clock = workings.clock
        self._dice = workings.dice
        self._log = workings.log
        self._spawn = workings.spawn
        self._conversation = workings.conversation
        self._settings = settings
        self._format = InputFormat(settings["format"])
        self._ears = Ears(settings["turn_detection"])
        self._buffer = InputBuffer()
        self._turns = 0
        self._next_item_id = new_id("item")
        self._understood: dict[str, asyncio.Future[Recognised]] = {}

    @property
    def written_ms(self) -> int:
        return self._ears.written_ms

    def configure(self, settings: Json) -> None:
        before, self._settings = self._settings, settings
        # What was written so far was read in the old format; only what follows is in the new one.
        if settings["format"] != before["format"]:
            self._format = InputFormat(settings["format"])
        if settings["turn_detection"] != before["turn_detection"]:
            self._ears.listen_for(settings["turn_detection"])

    def write(self, raw: bytes) -> None:
        audio = self._format.to_mulaw(raw)
        self._log.received_audio(raw, audio)
        self._buffer.write(audio)
        for heard in self._ears.hear(audio):
            match heard:
                case SpeechStarted(onset_ms):
                    self._start_speech(onset_ms)
                case SpeechStopped(onset_ms, end_ms):
                    self._stop_speech(onset_ms, end_ms)
                case StayedSilent(since_ms, end_ms):
                    self._time_out(since_ms, end_ms)
        if self._settings["turn_detection"] is not None and not self._ears.speaking:
            self._buffer.spare_memory()

    def commit(self) -> None:
        if self._buffer.ms < _LEAST_COMMIT_MS:
            raise RefusedError(
                "input_audio_buffer_commit_empty",
                "Error committing input audio buffer: buffer too small. Expected at least "
                f"{_LEAST_COMMIT_MS}ms of audio, but buffer only has {self._buffer.ms}ms of audio.",
            )
        self._ears.forget()
        self._commit(self._buffer.take_all())

    def clear(self) -> None:
        self._ears.forget()
        self._buffer.take_all()
        self._outlet.emit("input_audio_buffer.cleared")

    def response_was_heard_out(self, spoken_ms: int) -> None:
        """From here the silence counts that `idle_timeout_ms` limits."""
        idle_ms = (self._settings["turn_detection"] or {}).get("idle_timeout_ms")
        if idle_ms is not None:
            self._ears.expect_speech_within(spoken_ms + idle_ms)

    def response_begins(self) -> None:
        self._ears.expect_nothing()

    async def understanding_of(self, item: Item) -> Recognised | None:
        """None for an item that did not come out of the input buffer."""
        understood = self._understood.get(item.id)
        return await asyncio.shield(understood) if understood else None

    def understood(self) -> list[Recognised]:
        return [each.result() for each in self._understood.values() if each.done()]

    def _start_speech(self, onset_ms: int) -> None:
        self._outlet.emit(
            "input_audio_buffer.speech_started", audio_start_ms=onset_ms, item_id=self._next_item_id
        )
        self._listener.speech_started()

    def _stop_speech(self, onset_ms: int, end_ms: int) -> None:
        self._outlet.emit(
            "input_audio_buffer.speech_stopped", audio_end_ms=end_ms, item_id=self._next_item_id
        )
        self._commit(self._buffer.take(onset_ms, end_ms))
        self._listener.turn_ended()

    def _time_out(self, since_ms: int, end_ms: int) -> None:
        self._outlet.emit(
            "input_audio_buffer.timeout_triggered",
            audio_start_ms=since_ms,
            audio_end_ms=end_ms,
            item_id=self._next_item_id,
        )
        self._commit(self._buffer.take(since_ms, end_ms))
        self._listener.turn_ended()

    def _commit(self, audio: bytes) -> None:
        item_id, self._next_item_id = self._next_item_id, new_id("item")
        item = _spoken_item(item_id, audio)
        previous = self._conversation.append(item)
        placed = {"previous_item_id": previous}
        self._outlet.emit("input_audio_buffer.committed", **placed, item_id=item_id)
        self._outlet.emit("conversation.item.added", **placed, item=item.wire())
        self._outlet.emit("conversation.item.done", **placed, item=item.wire())
        hearing = self._listener.hearing_of(self._turns)
        self._turns += 1
        self._understood[item_id] = asyncio.get_running_loop().create_future()
        self._spawn(self._understand(item, hearing))
        if self._settings["transcription"] is not None:
            self._spawn(self._transcribe(item, hearing, self._clock.now()))

    async def _understand(self, item: Item, hearing: Hearing) -> None:
        if hearing.text is not None:
            recognised = Recognised(hearing.text, hearing.language)
        else:
            recognised = await recognise(bytes(item.audio))
        self._understood[item.id].set_result(recognised)

    async def _transcribe(self, item: Item, hearing: Hearing, committed_at: float) -> None:
        kind = _event_awaited(hearing)
        seen = self._outlet.sent[kind]
        recognised = await asyncio.shield(self._understood[item.id])
        await self._clock.sleep_until(committed_at + self._dice.uniform(*hearing.delay))
        await self._outlet.sent.exceeds(kind, seen, _patience(hearing))
        match hearing.outcome:
            case "right":
                self._complete(item, recognised.text)
            case "wrong":
                self._complete(item, _HALLUCINATION)
            case "empty":
                self._complete(item, "")
            case "failed":
                self._fail(item)
            case "never":
                pass

    def _complete(self, item: Item, text: str) -> None:
        place = {"item_id": item.id, "content_index": 0}
        words = text.split(" ") if text else []
        for piece in _pieces(words):
            self._outlet.emit(f"{_TRANSCRIPTION}.delta", **place, delta=piece)
        item.body["content"][0]["transcript"] = text
        extra = {"logprobs": [_logprob(word) for word in words]} if self.logprobs else {}
        self._outlet.emit(
            f"{_TRANSCRIPTION}.completed",
            **place,
            transcript=text,
            usage=_transcription_usage(item, text),
            **extra,
        )

    def _fail(self, item: Item) -> None:
        self._outlet.emit(
            f"{_TRANSCRIPTION}.failed",
            item_id=item.id,
            content_index=0,
            error={
                "type": "server_error",
                "code": "transcription_failed",
                "message": "Input transcription failed for this item.",
                "param": None,
            },
        )


def _spoken_item(item_id: str, audio: bytes) -> Item:
    return Item(
        {
            "id": item_id,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
            "content": [{"type": "input_audio", "transcript": None}],
        },
        bytearray(audio),
    )


def _event_awaited(hearing: Hearing) -> str:
    match hearing.after:
        case "committed":
            return "input_audio_buffer.committed"
        case "next_turn":
            return f"{_TRANSCRIPTION}.completed"
        case _:
            return hearing.after


def _patience(hearing: Hearing) -> float:
    if hearing.patience is not None:
        return hearing.patience
    return _USUAL_PATIENCE.get(hearing.after, _LONGEST_PATIENCE)


def _pieces(words: list[str]) -> list[str]:
    """Two words at a time, each piece with the space that stands before it."""
    pieces = [" ".join(words[start : start + 2]) for start in range(0, len(words), 2)]
    return [piece if number == 0 else f" {piece}" for number, piece in enumerate(pieces)]


def _logprob(word: str) -> Json:
    return {"token": word, "bytes": list(word.encode()), "logprob": -0.05}


def _transcription_usage(item: Item, text: str) -> Json:
    taken = len(item.audio) // (100 * mulaw.SAMPLES_PER_MS)
    made = text_tokens(text)
    return {
        "type": "tokens",
        "input_tokens": taken,
        "output_tokens": made,
        "total_tokens": taken + made,
        "input_token_details": {"audio_tokens": taken, "text_tokens": 0},
    }
