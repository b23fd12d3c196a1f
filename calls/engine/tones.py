"""Is there a single tone in this frame, and was it the beep of an answering machine?

A beep is one steady tone, far louder than all else on the line, for a moment, and silence after it.
Voices waver, keys and most ringing tones are two tones at once, music goes on to its next note.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import acos, cos, pi, sqrt
from operator import itemgetter, mul
from typing import Final

from calls.engine.audio import FRAME_BYTES, FRAME_MS
from calls.engine.energy import QUIET, loudness, magnitude

SAMPLES_PER_S: Final = 8000
# 350 to 2,300 Hz, with what a frame of 20 ms may be mistaken by.
LOWEST_HZ: Final = 335
HIGHEST_HZ: Final = 2315
SHORTEST_MS: Final = 150
LONGEST_MS: Final = 2000
SILENCE_MS: Final = 100
# Of the energy of a frame that is one tone, so much is that tone's; mu-law itself takes one part in
# a thousand, and a voice or two tones leave a third to the others.
TONE_SHARE: Final = 0.9
# From frame to frame a tone keeps its pitch, and its loudness within 6 dB.
SAME_HZ: Final = 12
SAME_LOUDNESS: Final = 2.0
# Of its loudness, what is silence behind it; a tone that others speak into was no beep.
SILENT_SHARE: Final = 0.1
# A called fax answers with 2,100 Hz for some three seconds (ITU-T T.30, CED).
FAX_HZ: Final = 2100

SIGN: Final = 0x80  # set in the codes of what is above zero
SAMPLES: Final = tuple(magnitude(code) * (1 if code & SIGN else -1) for code in range(256))


@dataclass(frozen=True, slots=True)
class Beep:
    hz: float
    ms: int

    @property
    def is_fax(self) -> bool:
        return self.ms > LONGEST_MS and abs(self.hz - FAX_HZ) <= SAME_HZ


def tone_hz(frame: bytes) -> float | None:
    """The pitch of the one tone that a frame of 20 ms is made of, if it is."""
    if len(frame) != FRAME_BYTES:
        return None  # what a network hiccup has bunched together is heard as a gap
    samples = itemgetter(*frame)(SAMPLES)
    energy = sum(map(mul, samples, samples))
    if not energy:
        return None
    radians = _pitch(samples, energy)
    if radians is None:
        return None
    hz = radians * SAMPLES_PER_S / (2 * pi)
    if not LOWEST_HZ <= hz <= HIGHEST_HZ:
        return None
    share = 2 * _goertzel(samples, radians) / (FRAME_BYTES * energy)
    return hz if share >= TONE_SHARE else None


def _pitch(samples: tuple[int, ...], energy: int) -> float | None:
    """Where the tone would be, if there is one: two of its correlations tell (Pisarenko 1973). A
    search through the spectrum would cost twenty times as much."""
    near = sum(map(mul, samples, samples[1:])) * FRAME_BYTES / (FRAME_BYTES - 1)
    far = sum(map(mul, samples, samples[2:])) * FRAME_BYTES / (FRAME_BYTES - 2)
    if not near:
        return pi / 2
    cosine = (far + sqrt(far * far + 8 * near * near)) / (4 * near)
    return acos(cosine) if abs(cosine) < 1 else None


def _goertzel(samples: tuple[int, ...], radians: float) -> float:
    """The energy of one pitch: |X|^2, for an arbitrary one (Goertzel 1958)."""
    coefficient = 2 * cos(radians)
    before = last = 0.0
    for each in samples:
        before, last = last, each + coefficient * last - before
    return last * last + before * before - coefficient * last * before


class BeepDetector:
    """Fed with every frame of the callee's, in order."""

    def __init__(self) -> None:
        self._hz = 0.0  # of the tone that is sounding, or has just ended
        self._level = 0
        self._tone_ms = 0
        self._ending = False  # its last frame is partly something else
        self._silent_ms = 0

    def hear(self, frame: bytes) -> Beep | None:
        """The beep that this frame makes certain: some silence after its end, or a fax."""
        level = loudness(frame)
        hz = tone_hz(frame) if level >= QUIET else None
        if hz is not None:
            return self._tone(hz, level)
        if self._tone_ms:
            return self._after_tone(level)
        return None

    def _tone(self, hz: float, level: int) -> Beep | None:
        if not self._goes_on(hz, level):
            self._begin(hz, level)
            return None
        self._tone_ms += FRAME_MS
        beep = Beep(self._hz, self._tone_ms)
        return beep if beep.is_fax and beep.ms == LONGEST_MS + FRAME_MS else None

    def _goes_on(self, hz: float, level: int) -> bool:
        return (
            abs(hz - self._hz) <= SAME_HZ
            and self._level <= level * SAME_LOUDNESS
            and level <= self._level * SAME_LOUDNESS
            and not (self._ending or self._silent_ms)
        )

    def _begin(self, hz: float, level: int) -> None:
        self._hz, self._level, self._tone_ms = hz, level, FRAME_MS
        self._ending, self._silent_ms = False, 0

    def _after_tone(self, level: int) -> Beep | None:
        if level > max(SILENT_SHARE * self._level, QUIET):
            if self._ending:
                self._tone_ms = 0  # others speak into it
            self._ending = True
            return None
        self._silent_ms += FRAME_MS
        if self._silent_ms < SILENCE_MS:
            return None
        beep, self._tone_ms = Beep(self._hz, self._tone_ms), 0
        return beep if SHORTEST_MS <= beep.ms <= LONGEST_MS else None
