"""What a telephone hears beside words, made of seeded noise. Mu-law, the same bytes each time."""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence

from prosaas.simulator import mulaw
from prosaas.simulator.clips import FOLDER

_RATE = 8000
# So far below somebody who speaks into the telephone.
_CROSSTALK_DB = 25
_BEEP_HZ = 1000
_BEEP_LOUDNESS = 8000
_CROSSTALK = ("en_question", "he_opening_hours", "ar_question", "en_name")


def cough() -> bytes:
    """Two bursts of noise that fall off quickly."""
    dice = random.Random("cough")
    fall = [0.9985**i for i in range(1600)] + [0.8 * 0.998**i for i in range(1280)]
    return mulaw.encode(round(dice.gauss(0, 6000) * loud) for loud in fall)


def deep_cough() -> bytes:
    """One burst, darker and longer."""
    fall = [0.9992**i for i in range(3840)]
    return _encoded(_darkened(_hiss("deep cough", len(fall)), 0.6), 9000, fall)


def background() -> bytes:
    """A quiet room: low-passed noise well below every speech threshold."""
    dice = random.Random("background")
    level, samples = 0.0, []
    for _ in range(8000):
        level = 0.9 * level + dice.gauss(0, 30)
        samples.append(round(level))
    return mulaw.encode(samples)


def car() -> bytes:
    """Comes nearer, passes and is gone: loud enough for an ear that only knows loudness."""
    size = int(2.6 * _RATE)
    swell = [math.sin(math.pi * i / size) ** 2 for i in range(size)]
    return _encoded(_darkened(_hiss("car", size), 0.93), 3200, swell)


def keyboard() -> bytes:
    """Ten keys, each too short for a syllable."""
    size, key = int(1.4 * _RATE), 160
    dice = random.Random("keyboard rhythm")
    loud = [0.0] * size
    for number in range(10):
        start = min(size - key, number * size // 10 + dice.randrange(400))
        for i in range(key):
            loud[start + i] = 0.97**i
    return _encoded(_hiss("keyboard", size), 5000, loud)


def breath() -> bytes:
    size = int(0.7 * _RATE)
    swell = [math.sin(math.pi * i / size) for i in range(size)]
    return _encoded(_hiss("breath", size), 450, swell)


def crosstalk() -> bytes:
    """Two people beside the telephone, who talk to each other."""
    clips = [(FOLDER / f"{name}.ulaw").read_bytes() for name in _CROSSTALK]
    one, other = clips[0] + clips[1], mulaw.silence(300) + clips[2] + clips[3]
    mixed = mulaw.mix(one, other).translate(mulaw.attenuation(_CROSSTALK_DB))
    return mixed[: int(2.8 * _RATE)]


def beep() -> bytes:
    """The tone of a mailbox: 1000 Hz for 0.4 s, over a hiss that makes no two stretches alike."""
    size = int(0.4 * _RATE)
    turn = 2 * math.pi * _BEEP_HZ / _RATE
    hiss = _hiss("beep", size)
    return mulaw.encode(
        round(_BEEP_LOUDNESS * math.sin(turn * (i + 0.5)) + 120 * next(hiss)) for i in range(size)
    )


def _hiss(seed: str, size: int) -> Iterator[float]:
    dice = random.Random(seed)
    return (dice.gauss(0, 1) for _ in range(size))


def _darkened(samples: Iterable[float], keep: float) -> Iterator[float]:
    """Without its high notes, as loud as before."""
    level, gain = 0.0, math.sqrt(1 - keep * keep)
    for sample in samples:
        level = keep * level + gain * sample
        yield level


def _encoded(samples: Iterable[float], scale: float, envelope: Sequence[float]) -> bytes:
    shaped = zip(samples, envelope, strict=True)
    return mulaw.encode(round(sample * scale * loud) for sample, loud in shaped)
