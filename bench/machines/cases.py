"""The labelled calls: who answers, what he says and when, and what the carrier makes of it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from calls.engine.machines import Answerer

HERE: Final = Path(__file__).parent
LABELLED: Final = HERE / "labelled.tsv"
HELD_OUT: Final = HERE / "held_out.tsv"
# Nobody says that he speaks so fast, and nobody a single word faster.
LETTERS_A_SECOND: Final = 14
SHORTEST_S: Final = 0.4


@dataclass(frozen=True, slots=True)
class Part:
    """Something on the callee's line, some time after the part before it, or after the agent."""

    pause_s: float
    after_agent: bool = False
    into_agent: bool = False
    text: str = ""
    sound: str = ""

    @property
    def seconds(self) -> float:
        return max(SHORTEST_S, len(self.text) / LETTERS_A_SECOND)


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    truth: Answerer
    language: str
    carrier: tuple[str, float] | None  # its verdict, and when
    parts: tuple[Part, ...]

    @property
    def has_beep(self) -> bool:
        return any(part.sound.startswith("tone") for part in self.parts)


def read(file: Path) -> list[Case]:
    """A line: truth, language, verdict@seconds, and the parts with bars between them. A part is a
    pause and words, or a sound; ">" waits for the agent to have spoken, "<" breaks in on him."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [_case(f"{file.stem} {number}", *row) for number, row in enumerate(rows, 1)]


def _case(name: str, truth: str, language: str, carrier: str, parts: str) -> Case:
    verdict, _, at = carrier.partition("@")
    return Case(
        name=name,
        truth=Answerer(truth),
        language=language,
        carrier=(verdict, float(at)) if verdict else None,
        parts=tuple(_parts(parts)),
    )


def _parts(line: str) -> Iterator[Part]:
    for each in filter(None, map(str.strip, line.split("|"))):
        words = each.split()
        after, into = words[0] == ">", words[0] == "<"
        words = words[after or into :]
        pause_s = 0.5
        if words[0].replace(".", "").isdecimal():
            pause_s, words = float(words[0]), words[1:]
        if words[0] in ("tone", "ring", "fax", "music", "keys"):
            yield Part(pause_s, after, into, sound=" ".join(words))
        else:
            yield Part(pause_s, after, into, text=" ".join(words))
