"""What was heard, told from its bytes: no two stretches of the stand-in's voice are alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from prosaas.simulator import mulaw
from prosaas.simulator.playback import BYTES_PER_SECOND, Segment

# Fewer bytes than this tell nothing; they belong to what came before them.
TELLING_BYTES = 40
# Two frames that the ear takes for one sound.
SAME_SOUND_S = 0.002


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of one utterance, by bytes, heard without a break."""

    item_id: str
    first: int
    last: int  # exclusive
    at: float
    until: float

    @property
    def ms(self) -> float:
        return (self.until - self.at) * 1000


@dataclass(frozen=True, slots=True)
class Voice:
    """An utterance that may be heard from a moment on."""

    item_id: str
    audio: bytes
    since: float


@dataclass(frozen=True, slots=True)
class HeardAudio:
    stretches: tuple[Stretch, ...]
    foreign_ms: float  # nobody's audio, silence apart

    def of(self, item_id: str) -> list[Stretch]:
        return [each for each in self.stretches if each.item_id == item_id]

    def end_of(self, item_id: str) -> int:
        """How far into an utterance the caller has come, in bytes."""
        return max((each.last for each in self.of(item_id)), default=0)

    def begins_at(self, item_id: str) -> float | None:
        return min((each.at for each in self.of(item_id)), default=None)

    def only(self, item_ids: Collection[str]) -> HeardAudio:
        kept = tuple(each for each in self.stretches if each.item_id in item_ids)
        return HeardAudio(kept, self.foreign_ms)

    def audible_at(self, moment: float) -> bool:
        return any(each.at <= moment < each.until for each in self.stretches)

    def silent_from(self, moment: float) -> float:
        """When the sound that is heard at this moment breaks off; the moment itself in silence."""
        for each in self.stretches:
            if each.at <= moment + SAME_SOUND_S and each.until > moment:
                moment = each.until
        return moment


def hear(segments: Iterable[Segment], voices: Sequence[Voice]) -> HeardAudio:
    finder = _Finder(voices)
    stretches: list[Stretch] = []
    foreign = 0
    for segment in segments:
        for frame, at in _frames(segment):
            found = finder.find(frame, at, stretches[-1] if stretches else None)
            if found is None:
                foreign += len(frame) if frame.strip(mulaw.SILENCE) else 0
                continue
            item_id, first, size = found
            until = at + len(frame) / BYTES_PER_SECOND
            _extend(stretches, Stretch(item_id, first, first + size, at, until))
    return HeardAudio(tuple(stretches), foreign / mulaw.SAMPLES_PER_MS)


def _frames(segment: Segment) -> Iterator[tuple[bytes, float]]:
    audio = bytes(segment.audio)
    for start in range(0, len(audio), mulaw.FRAME_BYTES):
        frame = audio[start : start + mulaw.FRAME_BYTES]
        yield frame, segment.start + start / BYTES_PER_SECOND


def _extend(stretches: list[Stretch], piece: Stretch) -> None:
    last = stretches[-1] if stretches else None
    goes_on = (
        last is not None
        and last.item_id == piece.item_id
        and last.last == piece.first
        and piece.at - last.until < SAME_SOUND_S
    )
    if goes_on and last is not None:
        stretches[-1] = replace(last, last=piece.last, until=piece.until)
    else:
        stretches.append(piece)


class _Finder:
    """Of two utterances with the same words the later one is meant, unless the earlier goes on."""

    def __init__(self, voices: Sequence[Voice]) -> None:
        self._voices = sorted(voices, key=lambda voice: voice.since, reverse=True)
        self._audio = {voice.item_id: voice.audio for voice in voices}

    def find(self, frame: bytes, at: float, before: Stretch | None) -> tuple[str, int, int] | None:
        """Whose frame it is, where in the utterance it begins, and how much of it is not padding."""
        if before is not None and (size := self._goes_on(frame, before)):
            return before.item_id, before.last, size
        said = frame.rstrip(mulaw.SILENCE)
        if len(said) < TELLING_BYTES:
            return None
        begun = [voice for voice in self._voices if voice.since <= at]
        for voice in begun:
            if (start := voice.audio.find(said)) >= 0:
                return voice.item_id, start, len(said)
        return _find_ducked(said, begun)

    def _goes_on(self, frame: bytes, before: Stretch) -> int:
        expected = self._audio[before.item_id][before.last : before.last + len(frame)]
        padded = expected.ljust(len(frame), mulaw.SILENCE)
        is_it = frame == padded or _is_ducked(frame, padded)
        return len(expected) if expected and is_it else 0


def _find_ducked(said: bytes, voices: Sequence[Voice]) -> tuple[str, int, int] | None:
    for voice in voices:
        for start in range(0, len(voice.audio), mulaw.FRAME_BYTES):
            expected = voice.audio[start : start + len(said)]
            if len(expected) == len(said) and _is_ducked(said, expected):
                return voice.item_id, start, len(said)
    return None


def _is_ducked(frame: bytes, full: bytes) -> bool:
    """A quarter of it, however somebody rounds: mu-law has steps of a sixteenth."""
    return all(
        abs(4 * mulaw.DECODE[quiet] - mulaw.DECODE[loud]) <= 64 + abs(mulaw.DECODE[loud]) // 8
        for quiet, loud in zip(frame, full, strict=True)
    )


def joins(stretches: Sequence[Stretch]) -> Iterator[tuple[Stretch, Stretch]]:
    return zip(stretches, stretches[1:], strict=False)
