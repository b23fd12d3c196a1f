"""Who said what, in order, and how much of it was heard: the turns as the rows will have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from calls.engine.commands import SaveTurn
from calls.engine.fillers import Meaning, meaning
from calls.engine.playback import Heard

# Turns whose transcript may still come. One that comes later than so many newer turns is counted
# and dropped; none was ever seen to.
KEPT: Final = 64


@dataclass(slots=True)
class Turn:
    item_id: str
    speaker: str
    position: int
    started_ms: int = 0
    ended_ms: int = 0
    text: str = ""
    generated_ms: int = 0
    heard_ms: int = 0
    interrupted: bool = False
    settled: bool = False  # said in full, or cut: worth a row

    def command(self) -> SaveTurn:
        return SaveTurn(
            position=self.position,
            speaker=self.speaker,
            item_id=self.item_id,
            text=self.text,
            started_ms=self.started_ms,
            ended_ms=self.ended_ms,
            generated_ms=self.generated_ms,
            heard_ms=self.heard_ms,
            interrupted=self.interrupted,
        )


class Transcript:
    def __init__(self) -> None:
        self.utterances = 0  # of the caller
        self.by_meaning: dict[Meaning, int] = dict.fromkeys(Meaning, 0)
        self.caller_speaking = False
        self._turns: dict[str, Turn] = {}
        self._positions = 0
        self._open = ""  # the caller's utterance that has not stopped

    # The caller

    def caller_started(self, item_id: str, at_ms: int) -> None:
        self._open, self.caller_speaking = item_id, True
        turn = self._turn(item_id, "caller")
        turn.started_ms = turn.ended_ms = at_ms

    def caller_stopped(self, item_id: str, at_ms: int) -> None:
        self._close(item_id)
        if (turn := self._turns.get(item_id)) is not None:
            turn.ended_ms = max(turn.started_ms, at_ms)

    def caller_committed(self, item_id: str, now_ms: int) -> SaveTurn:
        """The utterance is the model's to answer; one without a start is taken all the same."""
        self._close(item_id)
        known = item_id in self._turns
        turn = self._turn(item_id, "caller")
        if not known:
            turn.started_ms = turn.ended_ms = now_ms
        turn.settled = True
        return turn.command()

    def caller_transcribed(self, item_id: str, text: str) -> SaveTurn | None:
        """None if the utterance is unknown; what was said twice is judged once."""
        turn = self._turns.get(item_id)
        if turn is None or turn.speaker != "caller":
            return None
        if not turn.text:
            self.by_meaning[meaning(text)] += 1
        turn.text = text
        return turn.command()

    # The agent

    def agent_spoke(self, item_id: str) -> None:
        self._turn(item_id, "agent")

    def agent_transcribed(self, item_id: str, text: str) -> SaveTurn | None:
        """A row only once it is known what was heard; None for what nobody was to hear."""
        turn = self._turns.get(item_id)
        if turn is None or turn.speaker != "agent":
            return None
        turn.text = text
        return turn.command() if turn.settled else None

    def agent_heard(self, heard: Heard, started_ms: int) -> SaveTurn:
        turn = self._turn(heard.item_id, "agent")
        turn.started_ms, turn.ended_ms = started_ms, started_ms + heard.heard_ms
        turn.generated_ms, turn.heard_ms = heard.generated_ms, heard.heard_ms
        turn.interrupted = not heard.in_full
        turn.settled = True
        return turn.command()

    def spoken(self, item_id: str) -> bool:
        """Has this item of the agent's any audio, heard or to be heard?"""
        return item_id in self._turns

    def unheard(self, item_id: str) -> bool:
        turn = self._turns.get(item_id)
        return turn is None or (turn.settled and not turn.heard_ms)

    def _close(self, item_id: str) -> None:
        if self._open == item_id:
            self._open, self.caller_speaking = "", False

    def _turn(self, item_id: str, speaker: str) -> Turn:
        if (turn := self._turns.get(item_id)) is not None:
            return turn
        if len(self._turns) >= KEPT:
            del self._turns[next(iter(self._turns))]
        self._positions += 1
        if speaker == "caller":
            self.utterances += 1
        turn = self._turns[item_id] = Turn(item_id, speaker, self._positions)
        return turn
