"""What a session of the model must be told that takes the place of another one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from calls.engine import notes
from calls.engine.commands import AddItem, SaveTurn
from calls.engine.profile import PastItem, Profile, Role
from calls.engine.transcript import NOT_UNDERSTOOD, up_to


def in_order(told: Iterable[AddItem]) -> list[PastItem]:
    """As they then stand in the conversation."""
    items: list[PastItem] = []
    for each in told:
        items.insert(0 if each.first else len(items), PastItem(each.role, each.text))
    return items


class Retelling:
    def __init__(self, profile: Profile) -> None:
        self.due = profile.resumption is not None
        self.begun = False  # a session has been told what it is
        self.committed: set[str] = set()  # the caller's turns
        self._written = {"greeting": profile.greeting_text}  # by item of the agent's
        self.typed: dict[str, str] = {}  # keys of the telephone
        self._past = profile.past

    def agent_writes(self, item_id: str, words: str) -> None:
        self._written[item_id] = self._written.get(item_id, "") + words

    def agent_wrote(self, item_id: str, text: str) -> None:
        self._written[item_id] = text

    def caller_typed(self, item_id: str, keys: str) -> None:
        self.typed[item_id] = keys

    def session_lost(self) -> None:
        self.due |= self.begun

    def conversation(
        self, appeared: Iterable[str], spoken: Iterable[str], saved: Mapping[str, SaveTurn]
    ) -> list[PastItem]:
        """As it was heard: complete, once, in order."""
        return [*self._past, *self._told(appeared, frozenset(spoken), saved)]

    def _told(
        self, appeared: Iterable[str], spoken: frozenset[str], saved: Mapping[str, SaveTurn]
    ) -> Iterator[PastItem]:
        for item_id in appeared:
            row = saved.get(item_id)
            if item_id in self.typed:
                yield PastItem(Role.CALLER, notes.keys_pressed(self.typed[item_id]))
            elif item_id in self.committed and row is not None and not row.verdict:
                yield PastItem(Role.CALLER, row.text or NOT_UNDERSTOOD)
            elif item_id in spoken and (words := self._words_heard(item_id, row)):
                yield PastItem(Role.AGENT, words)

    def _words_heard(self, item_id: str, row: SaveTurn | None) -> str:
        words = self._written.get(item_id, "")
        if row is None or not row.interrupted:
            return words  # what is being played will have been heard
        return up_to(words, len(words) * row.heard_ms // row.generated_ms) if row.heard_ms else ""
