"""Voice activity on the input clock: milliseconds of audio written, never the wall's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from prosaas.simulator import mulaw

WINDOW_MS = 20
WINDOW_BYTES = WINDOW_MS * mulaw.SAMPLES_PER_MS
# Two windows in a row: a click on the line is not speech, the shortest "yes" is.
_WINDOWS_TO_START = 2

# Loudness as one byte per code, so that a window costs one `translate` and one `sum`.
_LOUDNESS_STEP = 32
_LOUDNESS = bytes(min(abs(sample) // _LOUDNESS_STEP, 255) for sample in mulaw.DECODE)

# A threshold of 0.5 stands at -40 dB below full scale, 1 at -20 dB, 0 at -60 dB.
_QUIETEST_DB, _SPAN_DB = -60.0, 40.0

_SILENCE_BY_EAGERNESS = {"low": 1200, "medium": 600, "auto": 600, "high": 300}


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    onset_ms: int
    """With the prefix padding."""


@dataclass(frozen=True, slots=True)
class SpeechStopped:
    onset_ms: int
    end_ms: int
    """With the silence that proved the end."""


@dataclass(frozen=True, slots=True)
class StayedSilent:
    since_ms: int
    end_ms: int


Heard = SpeechStarted | SpeechStopped | StayedSilent


def loudness(audio: bytes) -> float:
    """Mean magnitude on the 16-bit scale; capped, which is all the same to a detector."""
    return sum(audio.translate(_LOUDNESS)) * _LOUDNESS_STEP / max(1, len(audio))


class Ears:
    def __init__(self, turn_detection: dict[str, Any] | None) -> None:
        self.speaking = False
        self._position = 0  # bytes that were looked at
        self._pending = b""
        self._floor = 0  # what lies before was committed or cleared
        self._voiced_windows = 0
        self._quiet_ms = 0
        self._onset_ms = 0
        self._idle: StayedSilent | None = None
        self.listen_for(turn_detection)

    def listen_for(self, turn_detection: dict[str, Any] | None) -> None:
        self._turn_detection = turn_detection
        wanted = turn_detection or {}
        self._prefix_ms = int(wanted.get("prefix_padding_ms", 300))
        self._silence_ms = int(
            wanted.get("silence_duration_ms")
            or _SILENCE_BY_EAGERNESS.get(wanted.get("eagerness", ""), 1)
        )
        amplitude = 32768 * 10 ** ((_QUIETEST_DB + _SPAN_DB * wanted.get("threshold", 0.5)) / 20)
        self._needed = amplitude / _LOUDNESS_STEP * WINDOW_BYTES
        if turn_detection is None:
            self._forget_speech()

    @property
    def written_ms(self) -> int:
        return (self._position + len(self._pending)) // mulaw.SAMPLES_PER_MS

    def forget(self) -> None:
        """The buffer was cleared or committed by hand."""
        self._floor = self.written_ms
        self._forget_speech()

    def expect_speech_within(self, ms: int) -> None:
        self._idle = StayedSilent(self.written_ms, self.written_ms + ms)

    def expect_nothing(self) -> None:
        self._idle = None

    def hear(self, audio: bytes) -> list[Heard]:
        if self._turn_detection is None:
            self._position += len(self._pending) + len(audio)
            self._pending = b""
            return []
        if self._pending:
            audio = self._pending + audio
        heard: list[Heard] = []
        whole = len(audio) - len(audio) % WINDOW_BYTES
        for start in range(0, whole, WINDOW_BYTES):
            self._take_window(audio[start : start + WINDOW_BYTES], heard)
        self._pending = audio[whole:]
        return heard

    def _take_window(self, window: bytes, heard: list[Heard]) -> None:
        began_ms = self._position // mulaw.SAMPLES_PER_MS
        self._position += WINDOW_BYTES
        voiced = sum(window.translate(_LOUDNESS)) >= self._needed
        if self.speaking:
            self._continue_speech(voiced, heard)
        elif voiced:
            self._await_speech(began_ms, heard)
        else:
            self._voiced_windows = 0
            self._watch_idleness(heard)

    def _await_speech(self, began_ms: int, heard: list[Heard]) -> None:
        if self._voiced_windows == 0:
            self._onset_ms = max(self._floor, began_ms - self._prefix_ms)
        self._voiced_windows += 1
        if self._voiced_windows == _WINDOWS_TO_START:
            self.speaking = True
            self._quiet_ms = 0
            self._idle = None
            heard.append(SpeechStarted(self._onset_ms))

    def _continue_speech(self, voiced: bool, heard: list[Heard]) -> None:
        self._quiet_ms = 0 if voiced else self._quiet_ms + WINDOW_MS
        if self._quiet_ms >= self._silence_ms and not voiced:
            end_ms = self._position // mulaw.SAMPLES_PER_MS
            heard.append(SpeechStopped(self._onset_ms, end_ms))
            self._floor = end_ms
            self._forget_speech()

    def _watch_idleness(self, heard: list[Heard]) -> None:
        if self._idle and self._position // mulaw.SAMPLES_PER_MS >= self._idle.end_ms:
            heard.append(self._idle)
            self._floor = self._idle.end_ms
            self._idle = None

    def _forget_speech(self) -> None:
        self.speaking = False
        self._voiced_windows = 0
        self._quiet_ms = 0


class InputBuffer:
    """The audio that was written and not yet committed, addressed by the input clock."""

    # Without speech nobody will ask for what lies further back than any prefix padding.
    _KEPT_BYTES = 60_000 * mulaw.SAMPLES_PER_MS

    def __init__(self) -> None:
        self._audio = bytearray()
        self._starts_at = 0

    @property
    def ms(self) -> int:
        return len(self._audio) // mulaw.SAMPLES_PER_MS

    def write(self, audio: bytes) -> None:
        self._audio += audio

    def spare_memory(self) -> None:
        if len(self._audio) > self._KEPT_BYTES:
            self._drop(self._KEPT_BYTES // 2)

    def take(self, start_ms: int, end_ms: int) -> bytes:
        """Cuts out a stretch; what lies before it goes as well."""
        start = max(0, start_ms * mulaw.SAMPLES_PER_MS - self._starts_at)
        end = max(start, end_ms * mulaw.SAMPLES_PER_MS - self._starts_at)
        audio = bytes(self._audio[start:end])
        self._drop(end)
        return audio

    def take_all(self) -> bytes:
        audio = bytes(self._audio)
        self._drop(len(audio))
        return audio

    def _drop(self, size: int) -> None:
        size = min(size, len(self._audio))
        del self._audio[:size]
        self._starts_at += size
