"""Every history of a call: an alphabet of what can happen, and all its words up to a length."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from calls.engine import events
from calls.engine.core import Phase
from calls.engine.events import Event
from calls.engine.tool_desk import END_CALL
from calls.engine.tooling import ToolOutcome
from tests.calls.engine.forking import fork
from tests.calls.engine.line import Line
from tests.calls.engine.rules import RuleBroken

ODD_SIZE: Final = 1004  # 125 ms: six frames and a remainder, still whole milliseconds


@dataclass(frozen=True, slots=True)
class Letter:
    name: str
    can_happen: Callable[[Line], bool]
    happen: Callable[[Line], object]


def _always(_line: Line) -> bool:
    return True


def _model_there(line: Line) -> bool:
    return line.phase is not Phase.CONNECTING and not line.model.gone


def _model_sought(line: Line) -> bool:
    return line.model.sought


def _unheard(line: Line) -> bool:
    """The caller's last turn is over, and nobody has said what his words were."""
    item = f"caller_{line.caller_items}"
    return (
        _model_there(line)
        and line.caller_items > 0
        and not line.rules.caller_speaking
        and item not in line.rules.judged.keys() | line.rules.failed
    )


def _tool_runs(line: Line) -> bool:
    return bool(line.rules.calls_running)


def _connecting(line: Line) -> bool:
    return line.phase is Phase.CONNECTING and not line.model.sought


def _unconfirmed(line: Line) -> bool:
    """A session.update is on its way to the model, or in its hands."""
    return line.rules.confirmations_due > 0 and _model_there(line)


def _may_begin(line: Line) -> bool:
    return _model_there(line) and line.model.active is None


def _running(line: Line) -> bool:
    return line.model.active is not None


def _item_open(line: Line) -> bool:
    return line.model.active is not None and line.model.active.open_utterance is not None


def _caller_speaks(line: Line) -> bool:
    return _model_there(line) and line.rules.caller_speaking


def _caller_silent(line: Line) -> bool:
    return _model_there(line) and not line.rules.caller_speaking


def _breaks(line: Line) -> object:
    """It ends short of its end: as cancelled if it was, else as failed."""
    response = line.model.active
    assert response is not None
    return line.response_ends("failed" if response.cancelled_at is None else "cancelled")


def _says_goodbye(line: Line) -> object:
    return line.response_ends(tools=(END_CALL,))


def _calls_a_tool(line: Line) -> object:
    return line.response_ends(tools=("look_up",))


def _tool_answers(line: Line) -> object:
    return line.tool_finishes(line.rules.calls_running[0])


def _words_fail(line: Line) -> object:
    return line.feed(events.TranscriptionFailed(f"caller_{line.caller_items}", "unintelligible"))


def _error(line: Line) -> object:
    if line.model.pending:
        return line.request_fails()
    return line.feed(events.ModelError("server_error", "a stray one"))


def _a_minute(line: Line) -> object:
    line.wait(60)
    line.rules.judge_patience()
    return None


def _letter(
    name: str, happen: Callable[[Line], object], can_happen: Callable[[Line], bool] = _always
) -> Letter:
    return Letter(name, can_happen, happen)


CONNECTING: Final = (
    _letter("model ready", Line.model_ready, _connecting),
    _letter("model returns", Line.model_returns, _model_sought),
    _letter("wrong format", lambda line: line.confirmed("audio/pcm"), _unconfirmed),
)
TALKING: Final = (
    _letter("confirmed", Line.confirmed, _unconfirmed),
    _letter("response begins", Line.response_begins, _may_begin),
    _letter("audio", lambda line: line.agent_sends(ODD_SIZE), _running),
    _letter("audio done", Line.item_ends, _item_open),
    _letter("response completed", Line.response_ends, _running),
    _letter("response broken", _breaks, _running),
    _letter("goodbye", _says_goodbye, _running),
    _letter("caller starts", Line.caller_starts, _caller_silent),
    _letter("caller commits", Line.caller_commits, _caller_speaks),
    _letter("20 ms", lambda line: line.wait(0.02)),
    _letter("a second", lambda line: line.wait(1)),
    _letter("a minute", _a_minute),
    _letter("stall", lambda line: line.stall(0.3)),
    _letter("model error", _error, _model_there),
    _letter("model lost", Line.model_goes, _model_there),
    _letter("carrier stops", lambda line: line.feed(events.CarrierStopped())),
)
# What turn-taking, tools and a model that comes back add.
MORE: Final = (
    _letter("words", lambda line: line.transcribed("What does it cost?"), _unheard),
    _letter("a hum", lambda line: line.transcribed("uh-huh"), _unheard),
    _letter("no words", _words_fail, _unheard),
    _letter("text", lambda line: line.agent_writes("Forty a night. "), _item_open),
    _letter("calls a tool", _calls_a_tool, _running),
    _letter("tool answers", _tool_answers, _tool_runs),
    _letter("a key", lambda line: line.feed(events.KeyPressed("5")), _model_there),
)
MAILBOX: Final = "Please leave a message after the tone."
# What whoever is called, and the carrier, add.
OUTBOUND: Final = (
    _letter("confirmed", Line.confirmed, _unconfirmed),
    _letter("response begins", Line.response_begins, _may_begin),
    _letter("audio", lambda line: line.agent_sends(ODD_SIZE), _running),
    _letter("response completed", Line.response_ends, _running),
    _letter("response broken", _breaks, _running),
    _letter("callee starts", Line.caller_starts, _caller_silent),
    _letter("callee commits", Line.caller_commits, _caller_speaks),
    _letter("words", lambda line: line.transcribed("What does it cost?"), _unheard),
    _letter("a person's words", lambda line: line.transcribed("Who is this?"), _unheard),
    _letter("a mailbox's words", lambda line: line.transcribed(MAILBOX), _unheard),
    _letter("no words", _words_fail, _unheard),
    _letter("carrier: a machine", lambda line: line.feed(events.AnsweredBy("machine_start"))),
    _letter("carrier: a beep", lambda line: line.feed(events.AnsweredBy("machine_end_beep"))),
    _letter("carrier: a person", lambda line: line.feed(events.AnsweredBy("human"))),
    _letter("20 ms", lambda line: line.wait(0.02)),
    _letter("a second", lambda line: line.wait(1)),
    _letter("three seconds", lambda line: line.wait(3)),
    _letter("a minute", _a_minute),
    _letter("model lost", Line.model_goes, _model_there),
    _letter("model returns", Line.model_returns, _model_sought),
    _letter("carrier stops", lambda line: line.feed(events.CarrierStopped())),
)
ALPHABET: Final = CONNECTING + TALKING
LARGER: Final = ALPHABET + MORE

# One of each, for the ended call to ignore.
EVERYTHING: Final[tuple[Event, ...]] = (
    events.ModelReady(),
    events.ModelUnavailable("late"),
    events.ModelLost("late"),
    events.SessionConfirmed("audio/pcmu", "audio/pcmu"),
    events.CallerStarted("late", 0),
    events.CallerStopped("late", 0),
    events.CallerCommitted("late"),
    events.CallerTranscribed("late", "yes"),
    events.TranscriptionFailed("late", "late"),
    events.ResponseStarted("late", ""),
    events.AgentAudio("late", "late", b"late"),
    events.AgentAudioDone("late", "late"),
    events.AgentTextDelta("late", "late", "late"),
    events.AgentTranscribed("late", "late", "late"),
    events.ResponseFinished("late", "completed"),
    events.ModelError("invalid_api_key", "late"),
    events.MarkReached(events.Mark("late", 20, 0)),
    events.KeyPressed("1"),
    events.CarrierStopped(),
    events.CarrierLost("late"),
    events.ToolFinished("late", ToolOutcome("{}", succeeded=True)),
    events.AnsweredBy("machine_start"),
    events.TeamInstructed("late"),
    events.TakeOverRequested(),
    events.EndRequested("late"),
)


class HistoryBroken(RuleBroken):
    pass


def explore(
    line: Line,
    length: int,
    past: tuple[str, ...] = (),
    alphabet: tuple[Letter, ...] = ALPHABET,
) -> int:
    """Play every history up to a length that can follow; how many there are."""
    histories = 0
    for letter in alphabet:
        if not letter.can_happen(line):
            continue
        branch = fork(line)
        _play(branch, letter, past)
        histories += 1
        if length > 1 and not branch.ended:
            histories += explore(branch, length - 1, (*past, letter.name), alphabet)
    return histories


def _play(line: Line, letter: Letter, past: tuple[str, ...]) -> None:
    try:
        letter.happen(line)
        if line.ended:
            absorb_everything(line)
    except RuleBroken as broken:
        history = " > ".join((*past, letter.name))
        raise HistoryBroken(f"{history}: {broken}") from broken
    line.done.clear()


def absorb_everything(line: Line) -> None:
    """An ended call does nothing more, whatever comes and however late it is."""
    for event in EVERYTHING:
        line.feed(event)
    line.stall(3600)  # and the timer that was armed before the end rings after it
