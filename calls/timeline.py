"""A call in the order in which it happened, out of what its rows know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy as _

from calls.engine.transcript import CUT_OFF, up_to
from calls.models import Call, ToolCall, Transfer, Turn
from calls.tool_names import BuiltIn

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

SILENCE_MS: Final = 4000
FACTS_SHOWN: Final = 20

TOOLS: Final[Mapping[str, _StrPromise]] = {
    BuiltIn.END_CALL: _("Decided to end the call"),
    BuiltIn.TRANSFER_TO_HUMAN: _("Wanted to put the caller through"),
    BuiltIn.SAVE_LEAD_DETAILS: _("Wrote down details of the caller"),
    BuiltIn.MARK_DO_NOT_CALL: _("Noted that this number is not to be called again"),
    BuiltIn.CHECK_AVAILABILITY: _("Looked for free times"),
    BuiltIn.SCHEDULE_APPOINTMENT: _("Made an appointment"),
}
VERDICTS: Final[Mapping[str, _StrPromise]] = {
    Turn.Verdict.NO_MEANING: _("A sound without words: the agent went on."),
    Turn.Verdict.ECHO: _("The agent's own voice came back over the line, and was not answered."),
    Turn.Verdict.DOUBTED: _("Probably misheard, so it was not taken at its word."),
}


@dataclass(frozen=True, slots=True)
class Spoken:
    """`heard` and `unheard` together are what was said."""

    at_ms: int
    turn: Turn
    heard: str
    unheard: str
    remark: str | _StrPromise
    kind: str = "spoken"

    @property
    def ends_ms(self) -> int:
        turn = self.turn
        lasted = turn.heard_ms if turn.speaker == Turn.Speaker.AGENT and turn.heard_ms else 0
        return max(turn.started_ms + lasted, turn.ended_ms or 0, turn.started_ms)


@dataclass(frozen=True, slots=True)
class Silence:
    at_ms: int
    seconds: int
    kind: str = "silence"


@dataclass(frozen=True, slots=True)
class Tool:
    at_ms: int
    title: str | _StrPromise
    tool_call: ToolCall
    told: list[tuple[str, str]]
    kind: str = "tool"


@dataclass(frozen=True, slots=True)
class PutThrough:
    at_ms: int
    transfer: Transfer
    kind: str = "transfer"


Entry = Spoken | Silence | Tool | PutThrough


def timeline(
    call: Call, turns: Iterable[Turn], tools: Iterable[ToolCall], transfers: Iterable[Transfer]
) -> list[Entry]:
    """Turns in their own order; what has a time of day only, where that falls between them."""
    began = call.answered_at or call.created_at
    aside: list[Entry] = [
        *(_tool(tool, _offset(tool.created_at, began)) for tool in tools),
        *(PutThrough(_offset(each.requested_at, began), each) for each in transfers),
    ]
    aside.sort(key=lambda entry: entry.at_ms)
    return list(_together(list(_with_silences(map(_spoken, turns))), aside))


def _together(spoken: list[Entry], aside: list[Entry]) -> Iterator[Entry]:
    for entry in spoken:
        while aside and aside[0].at_ms < entry.at_ms:
            yield aside.pop(0)
        yield entry
    yield from aside


def _with_silences(spoken: Iterable[Spoken]) -> Iterator[Entry]:
    quiet_since = 0
    for each in spoken:
        gap = each.at_ms - quiet_since
        if gap >= SILENCE_MS:
            yield Silence(quiet_since, round(gap / 1000))
        yield each
        quiet_since = max(quiet_since, each.ends_ms)


def _spoken(turn: Turn) -> Spoken:
    heard, unheard = _heard(turn)
    return Spoken(turn.started_ms, turn, heard, unheard, VERDICTS.get(turn.verdict, ""))


def _heard(turn: Turn) -> tuple[str, str]:
    """Of the agent's words, up to where the caller cut them off."""
    if turn.speaker != Turn.Speaker.AGENT or not turn.interrupted or not turn.generated_ms:
        return turn.text, ""
    share = len(turn.text) * (turn.heard_ms or 0) // turn.generated_ms
    heard = up_to(turn.text, share).removesuffix(CUT_OFF) if share else ""
    return heard, turn.text[len(heard) :]


def _tool(tool: ToolCall, at_ms: int) -> Tool:
    return Tool(at_ms, TOOLS.get(tool.name, tool.name), tool, list(_facts(tool.arguments)))


def _facts(arguments: Any) -> Iterator[tuple[str, str]]:
    """The model writes them: anything may stand there."""
    if not isinstance(arguments, dict):
        return
    for name, value in list(arguments.items())[:FACTS_SHOWN]:
        if isinstance(value, dict):
            yield from ((str(inner), str(each)) for inner, each in value.items())
        elif value not in (None, ""):
            yield str(name), str(value)


def _offset(moment: datetime, began: datetime) -> int:
    return max(0, int((moment - began).total_seconds() * 1000))
