"""What has become of a message that was left with a machine, as far as its recipient will hear it."""

from __future__ import annotations

from enum import StrEnum

from calls.engine.core import Core


class Message(StrEnum):
    NONE = ""  # nothing of it was said
    HEARD = "heard"  # whole, by the marks of the carrier
    INTERRUPTED = "interrupted"  # by a person
    CUT_OFF = "cut_off"  # by the end of the line


class LeftMessage:
    def __init__(self, core: Core) -> None:
        self.whole = False  # the model has said all of it
        self._core = core
        self._number = 0
        self._items: set[str] = set()
        self._interrupted = False

    def speaks(self, item_id: str, number: int) -> None:
        """So many messages have been begun; the last of them counts."""
        if number != self._number:
            self._number, self.whole, self._interrupted = number, False, False
            self._items.clear()
        self._items.add(item_id)

    def stopped(self) -> None:
        self._interrupted = bool(self._items)

    @property
    def outcome(self) -> Message:
        heard = self._core.transcript.heard_in_full
        if not self._items:
            return Message.NONE
        if self.whole and all(map(heard, self._items)):
            return Message.HEARD
        return Message.INTERRUPTED if self._interrupted else Message.CUT_OFF
