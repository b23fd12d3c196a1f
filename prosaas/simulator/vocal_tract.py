"""A voice out of arithmetic: a buzz and a hiss through three resonances. Good for hums and for a
single word, and needs no synthesiser.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

_RATE = 8000
_GLIDE_MS = 30
_BANDWIDTHS = (90.0, 110.0, 170.0)
_LOUDEST = 8_000


@dataclass(frozen=True, slots=True)
class Phone:
    formants: tuple[float, float, float]
    buzz: float = 1.0
    hiss: float = 0.02


# Formants of a man's voice, in hertz; of consonants what a telephone lets through.
PHONES: dict[str, Phone] = {
    "a": Phone((730, 1090, 2440)),
    "e": Phone((530, 1840, 2480)),
    "i": Phone((300, 2200, 2900)),
    "o": Phone((570, 840, 2410)),
    "u": Phone((300, 870, 2240)),
    "@": Phone((500, 1400, 2400)),
    "m": Phone((250, 1000, 2200), buzz=0.7),
    "n": Phone((250, 1500, 2500), buzz=0.7),
    "l": Phone((360, 1100, 2600), buzz=0.8),
    "w": Phone((290, 610, 2150), buzz=0.8),
    "r": Phone((460, 1190, 1900), buzz=0.7, hiss=0.15),
    "h": Phone((520, 1400, 2500), buzz=0.12, hiss=0.6),
    "s": Phone((1800, 2700, 3300), buzz=0.0, hiss=1.0),
    "t": Phone((400, 1800, 3000), buzz=0.0, hiss=0.9),
    "p": Phone((400, 900, 2200), buzz=0.0, hiss=0.7),
    "g": Phone((300, 1700, 2300), buzz=0.5, hiss=0.3),
    "d": Phone((300, 1700, 2600), buzz=0.6, hiss=0.3),
}


@dataclass(frozen=True, slots=True)
class Spoken:
    phone: Phone
    ms: int


def utterance(text: str) -> list[Spoken]:
    """`"m200 h80 m180"`: phones by their names, each with its milliseconds."""
    return [Spoken(PHONES[word[0]], int(word[1:])) for word in text.split()]


def speak(text: str, *, pitch: float, seed: str) -> list[int]:
    """16-bit samples at 8 kHz. The pitch falls by a tenth, as at the end of a sentence."""
    spoken = utterance(text)
    size = sum(one.ms for one in spoken) * _RATE // 1000
    source = _source(list(_levels(spoken)), pitch, random.Random(seed), size)
    shaped = _resonated(source, list(_formants(spoken)))
    return _normalised(_faded(shaped))


def _levels(spoken: Sequence[Spoken]) -> Iterator[tuple[float, ...]]:
    return _glided([(one.phone.buzz, one.phone.hiss) for one in spoken], spoken)


def _formants(spoken: Sequence[Spoken]) -> Iterator[tuple[float, ...]]:
    return _glided([one.phone.formants for one in spoken], spoken)


def _glided(
    targets: Sequence[tuple[float, ...]], spoken: Sequence[Spoken]
) -> Iterator[tuple[float, ...]]:
    """One value for each millisecond: nobody's mouth moves in an instant."""
    now = list(targets[0])
    for target, one in zip(targets, spoken, strict=True):
        for _ in range(one.ms):
            now = [
                old + (new - old) / (_GLIDE_MS / 3) for old, new in zip(now, target, strict=True)
            ]
            yield tuple(now)


def _source(
    levels: Sequence[tuple[float, ...]], pitch: float, dice: random.Random, size: int
) -> list[float]:
    samples, phase = [], 0.0
    for position in range(size):
        buzz, hiss = levels[position * 1000 // _RATE]
        phase += pitch * (1 - 0.1 * position / size) / _RATE
        pulse = 0.0
        if phase >= 1:
            phase -= 1
            pulse = 10.0
        samples.append(buzz * pulse + hiss * dice.gauss(0, 1))
    return samples


def _resonated(source: Sequence[float], formants: Sequence[tuple[float, ...]]) -> list[float]:
    """All three beside each other, the higher ones weaker."""
    mixed = [0.0] * len(source)
    for number, bandwidth in enumerate(_BANDWIDTHS):
        radius = math.exp(-math.pi * bandwidth / _RATE)
        before, last = 0.0, 0.0
        for position, sample in enumerate(source):
            angle = 2 * math.pi * formants[position * 1000 // _RATE][number] / _RATE
            value = sample + 2 * radius * math.cos(angle) * last - radius * radius * before
            before, last = last, value
            mixed[position] += value / (1 + number)
    return mixed


def _faded(samples: Sequence[float]) -> list[float]:
    edge = 10 * _RATE // 1000
    last = len(samples) - 1
    return [
        sample * min(1.0, (position + edge / 2) / edge, (last - position + edge / 2) / edge)
        for position, sample in enumerate(samples)
    ]


def _normalised(samples: Iterable[float]) -> list[int]:
    kept = list(samples)
    loudest = max(map(abs, kept))
    return [round(sample * _LOUDEST / loudest) for sample in kept]
