"""Who has answered an outbound call: what speaks for a machine, what for a person, and the verdict.

The carrier's word is a hint, and so is a long first sentence. It takes two of those, or what only a
machine says; and a person who speaks is believed against all of them.
"""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import Final

from calls.engine.limits import Limits
from calls.engine.mailboxes import Hint
from calls.engine.tones import Beep


class Answerer(StrEnum):
    HUMAN = "human"
    MACHINE = "machine"
    SCREENING = "screening"
    FAX = "fax"
    UNKNOWN = "unknown"


class Evidence(StrEnum):
    PHRASE = "phrase"
    MENU = "menu"
    ABSENCE = "absence"
    LENGTH = "length"
    BEEP = "beep"
    CARRIER = "carrier"
    FAX = "fax"
    FAX_TONE = "fax_tone"


WEIGHT: Final[dict[Evidence, int]] = {
    Evidence.PHRASE: 2,
    Evidence.MENU: 2,
    Evidence.ABSENCE: 1,
    Evidence.LENGTH: 1,
    Evidence.BEEP: 1,
    Evidence.CARRIER: 1,
    Evidence.FAX: 2,
    Evidence.FAX_TONE: 2,
}
ENOUGH: Final = 2
# What only a machine says. All else may be a mistake that a person's next word corrects.
CERTAIN: Final = frozenset({Evidence.PHRASE, Evidence.MENU})
FAXES: Final = frozenset({Evidence.FAX, Evidence.FAX_TONE})
# Twilio's AnsweredBy, of either mode. What it does not know counts as a person, as does silence.
CARRIER_WORDS: Final[dict[str, tuple[Evidence, ...]]] = {
    "machine_start": (Evidence.CARRIER,),
    "machine_end_beep": (Evidence.CARRIER, Evidence.BEEP),
    "machine_end_silence": (Evidence.CARRIER,),
    "machine_end_other": (Evidence.CARRIER,),
    "fax": (Evidence.FAX,),
}
HINTED: Final[dict[Hint, Evidence]] = {
    Hint.MAILBOX: Evidence.PHRASE,
    Hint.MENU: Evidence.MENU,
    Hint.ABSENT: Evidence.ABSENCE,
}
# Ringing, busy and dial tones of all countries lie here; a few beeps as well.
SIGNALS_HZ: Final = range(380, 501)
# Who has replied so often is a person for good. Words that only people say count twice.
REPLIES: Final = 3
PERSON_COUNTS: Final = 2


class MachineEvidence:
    def __init__(self, limits: Limits, counters: Counter[str]) -> None:
        self.answerer = Answerer.UNKNOWN
        self._limits = limits
        self._counters = counters
        self._found: set[Evidence] = set()
        self._replies = 0

    @property
    def settled(self) -> bool:
        """Nothing that is still to come can make it a machine."""
        return self._replies >= REPLIES

    @property
    def convicts(self) -> bool:
        """An assistant beeps as well, and is a machine to the carrier: only words convict it."""
        if self.answerer is Answerer.SCREENING and not self.certain:
            return False
        return sum(WEIGHT[each] for each in self._found) >= ENOUGH

    @property
    def certain(self) -> bool:
        return bool(self._found & CERTAIN)

    @property
    def suspects(self) -> bool:
        return bool(self._found)

    def carrier_says(self, word: str) -> None:
        if self._replies < PERSON_COUNTS:  # the conversation knows better
            self._find(*CARRIER_WORDS.get(word, ()))

    def beep(self, beep: Beep) -> None:
        if beep.is_fax:
            self._find(Evidence.FAX_TONE)
        elif round(beep.hz) not in SIGNALS_HZ:
            self._find(Evidence.BEEP)

    def words(self, hint: Hint | None, speech_ms: int, *, reply: bool) -> None:
        """A turn of the callee's: was it one to what the agent had said?"""
        if hint is Hint.SCREENING:
            self.answerer = Answerer.SCREENING
        elif hint in HINTED:
            self._find(HINTED[hint])
        elif hint is None and not reply and speech_ms >= self._limits.long_greeting_s * 1000:
            self._find(Evidence.LENGTH)
        else:
            self._speaks_for_a_person(hint, reply=reply)

    def wordless(self, speech_ms: int, *, reply: bool) -> None:
        """Nobody can say what that turn was."""
        if not reply and speech_ms >= self._limits.long_greeting_s * 1000:
            self._find(Evidence.LENGTH)

    def convict(self) -> None:
        self.answerer = Answerer.FAX if self._found & FAXES else Answerer.MACHINE
        self._counters["machine.verdict"] += 1

    def take_back(self) -> None:
        """It was a person after all; only what a machine alone says can change that again."""
        self._counters["machine.taken_back"] += 1
        self._found.clear()
        self.answerer = Answerer.HUMAN
        self._replies = PERSON_COUNTS

    def _speaks_for_a_person(self, hint: Hint | None, *, reply: bool) -> None:
        if self.answerer is Answerer.UNKNOWN:
            self.answerer = Answerer.HUMAN
        if hint is Hint.PERSON:
            self._found.clear()
            self._replies += PERSON_COUNTS
        elif reply:
            self._replies += 1

    def _find(self, *found: Evidence) -> None:
        for each in found:
            if each not in self._found:
                self._found.add(each)
                self._counters[f"machine.{each}"] += 1
