"""What the agent says for as long as a trial needs it to speak."""

from __future__ import annotations

from itertools import cycle

from prosaas.simulator.model.voice import speech
from prosaas.simulator.mulaw import SAMPLES_PER_MS

# What a business may have for a greeting.
MOST_CHARACTERS = 600


class TooLongError(Exception):
    pass


def greeting_of(seconds: float) -> str:
    """Counts, with a stop behind every digit: few characters for much time."""
    text = ""
    for digit in cycle("1234567890"):
        if duration_ms(text) >= seconds * 1000:
            return text
        text += f" {digit}." if text else f"{digit}."
        if len(text) > MOST_CHARACTERS:
            raise TooLongError(f"No greeting lasts {seconds:.0f} s: choose fewer seconds or calls.")
    raise AssertionError("cycle() ended")


def duration_ms(text: str) -> int:
    return len(speech(text)) // SAMPLES_PER_MS
