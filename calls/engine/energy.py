"""Is there a voice in this frame? A measure of energy, for the time that the agent speaks.

It forwards and drops nothing; the model's own voice detection is the better judge, and later. A
voice is louder than the line and dips every few hundred milliseconds, which a passing car or a hum
does not; and it is louder than what the telephone gives back of the agent's own voice.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import Final

from calls.engine.audio import FRAME_BYTES, FRAME_MS

# G.711 section 3.2.2, mu-law: the magnitude of each code on the 16-bit scale, in steps of 16 so
# that it fits a byte. A frame then costs one `translate` and one `sum`.
STEP: Final = 16


def magnitude(code: int) -> int:
    inverted = ~code & 0xFF
    exponent, mantissa = (inverted >> 4) & 7, inverted & 15
    return (((mantissa << 3) + 132) << exponent) - 132


LOUDNESS: Final = bytes(min(magnitude(code) // STEP, 255) for code in range(256))

# Some -54 dB below full scale: below it a line is quiet.
QUIET: Final = 64 // STEP * FRAME_BYTES
# A voice stands 10 dB above the quietest of the last half second.
ABOVE_FLOOR: Final = 3
FLOOR_FRAMES: Final = 500 // FRAME_MS
# An echo is 30 dB below what the agent says and comes up to 300 ms later; 26 dB below is a voice,
# until a false alarm has shown that on this line the echo is louder. 15 dB below is one in any case.
ECHO_GAIN: Final = 0.05
LOUDEST_ECHO: Final = 0.18
MARGIN: Final = 1.3
FADING: Final = 0.9  # a frame
ECHO_FRAMES: Final = 300 // FRAME_MS


class Sound(Enum):
    QUIET = auto()
    NOISE = auto()
    VOICE = auto()
    UNKNOWN = auto()  # loud, and the line is not known yet


def loudness(frame: bytes) -> int:
    return sum(frame.translate(LOUDNESS))


class VoiceMeter:
    def __init__(self) -> None:
        self._heard: deque[int] = deque(maxlen=FLOOR_FRAMES)
        self._agent: deque[int] = deque(maxlen=ECHO_FRAMES)
        self._echo = ECHO_GAIN
        self._compared = 0.0  # how loud voices were lately, compared to the agent
        self._loudest = 0.0  # and for themselves
        self._others = 0.0  # how loud those are who speak in the room, and not to us
        self.quiet = True  # no voice was measured in the last frame

    def agent_frame(self, frame: bytes) -> None:
        self._agent.append(loudness(frame))

    def hear(self, frame: bytes) -> Sound:
        sound = self._judge(loudness(frame))
        self.quiet = sound is not Sound.VOICE
        return sound

    def _judge(self, level: int) -> Sound:
        self._heard.append(level)
        if level < QUIET:
            return Sound.QUIET
        if len(self._heard) < FLOOR_FRAMES:
            return Sound.UNKNOWN
        floor = max(min(self._heard), QUIET // ABOVE_FLOOR)
        agent = max(self._agent, default=0)
        if level < ABOVE_FLOOR * floor or level <= max(self._echo * agent, self._others):
            return Sound.NOISE
        self._loudest = max(FADING * self._loudest, level)
        if agent:
            self._compared = max(FADING * self._compared, level / agent)
        return Sound.VOICE

    def false_alarm(self) -> None:
        """What was taken for the caller's voice was the agent's own, or somebody else's."""
        self._echo = min(max(self._echo, MARGIN * self._compared), LOUDEST_ECHO)
        self._others = MARGIN * self._loudest

    def agent_is_silent(self) -> None:
        """Nothing of him can come back, and others may have gone. What the line is like stays
        known."""
        self._agent.clear()
        self._others /= 2
        self.quiet = True
