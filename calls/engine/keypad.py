"""Keys of the telephone, which come one by one and mean something together."""

from __future__ import annotations

from typing import Final

from calls.engine import notes
from calls.engine.commands import AddItem
from calls.engine.core import Core
from calls.engine.profile import Role
from calls.engine.timers import Timer

END_OF_INPUT: Final = "#"


class Keypad:
    def __init__(self, core: Core) -> None:
        self._core = core
        self._pressed = ""
        self._typed = 0

    def press(self, digit: str, now: float) -> bool:
        """True when it is certain that no other follows."""
        if digit != END_OF_INPUT:
            self._pressed += digit
        elif self._pressed:
            return True
        self._core.timers.set(Timer.KEYS, now + self._core.limits.keys_s)
        return False

    def take(self) -> str:
        keys = self._pressed or END_OF_INPUT
        self.forget()
        return keys

    def forget(self) -> None:
        self._pressed = ""
        self._core.timers.clear(Timer.KEYS)

    def tell(self, keys: str, now: float) -> str:
        """The model is told which; the rows are not, since it may be the number of a card. The
        item's id."""
        core = self._core
        self._typed += 1
        item_id = f"keys_{core.profile.stream_number}_{self._typed}"
        told = notes.keys_pressed(keys)
        core.do(core.transcript.caller_typed(item_id, notes.keys_masked(keys), told, core.ms(now)))
        if core.online:  # else it stands in what the next session is told
            core.do(AddItem(Role.CALLER, told, item_id))
        return item_id
