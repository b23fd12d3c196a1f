"""Pure: what changed between two texts, line by line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True, slots=True)
class Line:
    kind: str  # same, removed or added
    text: str


def changes(before: str, after: str) -> list[Line]:
    old, new = before.splitlines(), after.splitlines()
    # autojunk would treat lines that recur in a long text as noise and show wild differences.
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [line for opcode in matcher.get_opcodes() for line in _lines(opcode, old, new)]


def _lines(
    opcode: tuple[str, int, int, int, int], old: list[str], new: list[str]
) -> Iterator[Line]:
    tag, old_from, old_to, new_from, new_to = opcode
    if tag == "equal":
        yield from (Line("same", text) for text in old[old_from:old_to])
        return
    yield from (Line("removed", text) for text in old[old_from:old_to])
    yield from (Line("added", text) for text in new[new_from:new_to])
