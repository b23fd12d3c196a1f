"""One call as the carrier and the model saw it: plain facts, in seconds of the one clock of both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.turns.hearing import Voice
from bench.turns.vocabulary import Situation
from prosaas.simulator import mulaw
from prosaas.simulator.clips import load
from prosaas.simulator.media import MediaStream
from prosaas.simulator.model import AUDIO_DELTA, ModelSession
from prosaas.simulator.model.session_log import Happened
from prosaas.simulator.people import Monologue, Say, Step
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.playback import Clear, Segment

Json = dict[str, Any]

# Local energy is a candidate when so much of it has come together.
ENERGY_MS = 200
# Above what stands for silence in the recordings.
VOICED_RMS = 400.0
GREETING_ITEM = "the stored greeting"


@dataclass(frozen=True, slots=True)
class Sound:
    """Something that the caller let be heard, as it left the carrier."""

    text: str
    onset: float
    end: float
    energy_at: float | None  # when ENERGY_MS of it had left

    @property
    def seconds(self) -> float:
        return self.end - self.onset


@dataclass(frozen=True, slots=True)
class Utterance:
    """An item that the model spoke."""

    item_id: str
    response_id: str
    audio: bytes
    asked_at: float  # `response.created`
    completed: bool  # all that the model had to say


@dataclass(frozen=True, slots=True)
class Record:
    started_at: float
    sounds: tuple[Sound, ...]  # those that are judged
    came_about: bool  # the caller did not lose patience before
    segments: Sequence[Segment]
    clears: Sequence[Clear]
    utterances: tuple[Utterance, ...]
    sent: Sequence[Happened]  # by the model, audio apart
    received: Sequence[Happened]  # by the model
    items: Sequence[Json]  # in the conversation at the end
    ended_at: float
    carrier_lag_ms: float  # how late its own frames left, at worst: the machine, not the product

    def voices(self) -> list[Voice]:
        return [Voice(each.item_id, each.audio, each.asked_at) for each in self.utterances]

    def first_sent(self, kind: str, since: float) -> float | None:
        return next((each.at for each in self.sent if each.type == kind and each.at >= since), None)


def record_of(
    situation: Situation,
    call: PhoneCall,
    sessions: Sequence[ModelSession],
    stored_greeting: bytes,
) -> Record | None:
    """None for a call that came to no media stream."""
    stream = call.stream
    if stream is None or stream.start_sent_at is None:
        return None
    sent = _in_order(session.log.events_sent for session in sessions)
    told = [each for each in sent if each.type != AUDIO_DELTA]
    lengths_ms = _lengths_ms((*situation.lead_in, *situation.does))
    sounds = _sounds(call, stream, lengths_ms)
    return Record(
        started_at=stream.start_sent_at,
        sounds=tuple(sounds[situation.said_before :]),
        came_about=_came_about(call, len(sounds), len(lengths_ms)),
        segments=stream.playback.segments,
        clears=stream.playback.clears,
        utterances=(
            *_stored(stored_greeting, stream.start_sent_at),
            *_utterances(told, _spoken(sessions)),
        ),
        sent=told,
        received=_in_order(session.log.received for session in sessions),
        items=[item for session in sessions for item in session.items()],
        ended_at=stream.closed_at or call.ended_at or stream.start_sent_at,
        carrier_lag_ms=_lag_ms(stream.caller_frames.sent_at),
    )


def _lag_ms(sent_at: Sequence[float]) -> float:
    frame_s = mulaw.FRAME_MS / 1000
    offsets = [at - number * frame_s for number, at in enumerate(sent_at)]
    return (max(offsets) - min(offsets)) * 1000 if offsets else 0.0


def _in_order(logs: Iterable[Sequence[Happened]]) -> list[Happened]:
    return sorted((each for log in logs for each in log), key=lambda each: each.at)


def _spoken(sessions: Sequence[ModelSession]) -> dict[str, bytes]:
    return {
        item_id: bytes(audio)
        for session in sessions
        for item_id, audio in session.log.spoken.items()
    }


def _stored(greeting: bytes, at: float) -> tuple[Utterance, ...]:
    return (Utterance(GREETING_ITEM, "", greeting, at, completed=True),) if greeting else ()


def _utterances(sent: Sequence[Happened], spoken: Mapping[str, bytes]) -> list[Utterance]:
    created = {
        each.body["response"]["id"]: each.at for each in sent if each.type == "response.created"
    }
    completed = {
        each.body["item"]["id"]
        for each in sent
        if each.type == "response.output_item.done" and each.body["item"]["status"] == "completed"
    }
    return [
        Utterance(
            item_id=each.body["item"]["id"],
            response_id=each.body["response_id"],
            audio=spoken[each.body["item"]["id"]],
            asked_at=created[each.body["response_id"]],
            completed=each.body["item"]["id"] in completed,
        )
        for each in sent
        if each.type == "response.output_item.added" and each.body["item"]["id"] in spoken
    ]


def _came_about(call: PhoneCall, sounds: int, wanted: int) -> bool:
    """Whoever loses patience on the way out only says that nothing more was said."""
    kinds = [act.kind for act in call.acts]
    last_sound = max((i for i, kind in enumerate(kinds) if kind == "says"), default=0)
    return sounds == wanted and "loses patience" not in kinds[:last_sound]


def _lengths_ms(steps: Iterable[Step]) -> list[int]:
    """Of what is let be heard, in its order."""
    lengths = []
    for step in steps:
        match step:
            case Say(clip):
                lengths.append(load(clip).ms)
            case Monologue():
                lengths.append(len(step.audio) // mulaw.SAMPLES_PER_MS)
    return lengths


def _sounds(call: PhoneCall, stream: MediaStream, lengths_ms: Sequence[int]) -> list[Sound]:
    said = [act for act in call.acts if act.kind == "says"]
    return [
        _sound(act.detail, act.at_ms // mulaw.FRAME_MS - 1, length // mulaw.FRAME_MS, stream)
        for act, length in zip(said, lengths_ms, strict=False)
        if act.at_ms // mulaw.FRAME_MS <= len(stream.caller_frames.sent_at)
    ]


def _sound(text: str, first: int, frames: int, stream: MediaStream) -> Sound:
    sent_at, audio = stream.caller_frames.sent_at, bytes(stream.caller_audio)
    last = min(first + frames, len(sent_at)) - 1
    voiced_ms, energy_at = 0, None
    for number in range(first, last + 1):
        frame = audio[number * mulaw.FRAME_BYTES : (number + 1) * mulaw.FRAME_BYTES]
        voiced_ms += mulaw.FRAME_MS * (mulaw.rms(frame) > VOICED_RMS)
        if voiced_ms >= ENERGY_MS and energy_at is None:
            energy_at = sent_at[number]
    return Sound(text, sent_at[first], sent_at[last], energy_at)
