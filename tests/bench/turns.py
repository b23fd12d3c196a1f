"""A call of which everything is known: the agent speaks for two seconds, the caller may break in."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from bench.turns.record import Record, Sound, Utterance
from bench.turns.scripts import HUM, NOTHING, SENTENCE, USUAL, WAIT, situation_of
from bench.turns.vocabulary import Doing, Mode, Phase, Right, Row, Situation
from prosaas.simulator.model import speech
from prosaas.simulator.model.session_log import Happened
from prosaas.simulator.playback import Clear, Playback, Segment

ANSWER = speech("We are open from nine to five on every day of the week.")
NEXT_ANSWER = speech("Gladly, which day suits you?")
FRAME = 160
BEGINS_AT = 10.0  # when the agent is first heard
ONSET = 11.0  # when the caller breaks in

WORDS: dict[Right, Doing] = {Right.STOP: WAIT, Right.ANSWER: SENTENCE, Right.RESUME: HUM}


def situation(
    right: Right, phase: Phase = Phase.MIDDLE, mode: Mode = Mode.HOLD, doing: Doing | None = None
) -> Situation:
    doing = doing or WORDS.get(right, NOTHING)
    return situation_of(Row("en", phase, doing, USUAL, right, mode))


def heard(
    *pieces: tuple[float, bytes], cut_at: Sequence[float] = ()
) -> tuple[list[Segment], list[Clear]]:
    """What the ear got: audio from given moments on, and when the buffer was cleared."""
    playback = Playback()
    moments = sorted(
        [(at, 0, audio) for at, audio in pieces] + [(at, -1, b"") for at in cut_at],
        key=lambda moment: moment[:2],
    )
    for at, kind, audio in moments:
        if kind < 0:
            playback.clear(at)
        else:
            for start in range(0, len(audio), FRAME):
                playback.play(audio[start : start + FRAME].ljust(FRAME, b"\xff"), at)
    playback.end(100.0)
    return playback.segments, playback.clears


def utterance(item_id: str, audio: bytes, asked_at: float, response_id: str = "") -> Utterance:
    return Utterance(item_id, response_id or f"resp_{item_id}", audio, asked_at, completed=True)


def record(
    segments: list[Segment],
    clears: list[Clear],
    *,
    sounds: Sequence[Sound] = (Sound("Wait", ONSET, ONSET + 0.4, ONSET + 0.2),),
    sent: Sequence[Happened] = (),
    received: Sequence[Happened] = (),
    items: Sequence[dict[str, str]] = (),
    utterances: Sequence[Utterance] = (
        utterance("answer", ANSWER, BEGINS_AT - 0.5),
        utterance("next", NEXT_ANSWER, ONSET + 1.2),
    ),
) -> Record:
    return Record(
        started_at=BEGINS_AT - 5,
        sounds=tuple(sounds),
        came_about=True,
        segments=segments,
        clears=clears,
        utterances=tuple(utterances),
        sent=sent,
        received=received,
        items=list(items),
        ended_at=60.0,
        carrier_lag_ms=0.0,
    )


def speech_started(at: float) -> Happened:
    return Happened(at, "input_audio_buffer.speech_started", {"item_id": "turn"})


def committed(at: float, item_id: str = "turn") -> Happened:
    return Happened(at, "input_audio_buffer.committed", {"item_id": item_id})


def transcribed(at: float, text: str = "Wait") -> Happened:
    kind = "conversation.item.input_audio_transcription.completed"
    return Happened(at, kind, {"item_id": "turn", "transcript": text})


def failed(code: str) -> Happened:
    return Happened(ONSET + 1, "error", {"error": {"code": code}})


def truncate(end_ms: int, item_id: str = "answer") -> Happened:
    body = {"item_id": item_id, "audio_end_ms": end_ms}
    return Happened(ONSET + 0.1, "conversation.item.truncate", body)


def later(one: Record, **changes: object) -> Record:
    return dataclasses.replace(one, **changes)  # type: ignore[arg-type]
