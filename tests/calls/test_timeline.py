"""A call in the order in which it happened."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from calls.models import Call, ToolCall, Transfer, TransferTarget, Turn
from calls.timeline import Entry, Spoken, timeline
from tests.people import NOW

CALL = Call(created_at=NOW, answered_at=NOW)


def turn(speaker: str, started_ms: int, ended_ms: int, text: str = "", **fields: Any) -> Turn:
    return Turn(speaker=speaker, started_ms=started_ms, ended_ms=ended_ms, text=text, **fields)


def kinds(entries: list[Entry]) -> list[tuple[str, int]]:
    return [(entry.kind, entry.at_ms) for entry in entries]


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_silences_of_some_length_are_told() -> None:
    turns = [turn("agent", 500, 3000), turn("caller", 6000, 7000), turn("agent", 12_500, 13_000)]
    assert kinds(timeline(CALL, turns, [], [])) == [
        ("spoken", 500),
        ("spoken", 6000),
        ("silence", 7000),
        ("spoken", 12_500),
    ]


def test_tools_and_transfers_stand_where_they_happened() -> None:
    turns = [turn("caller", 0, 2000), turn("agent", 5000, 6000)]
    tool = ToolCall(name="find_order", created_at=after(3), arguments={"order": 7, "empty": ""})
    transfer = Transfer(target=TransferTarget(name="Ruth"), requested_at=after(60))
    shown = timeline(CALL, turns, [tool], [transfer])
    assert kinds(shown) == [("spoken", 0), ("tool", 3000), ("spoken", 5000), ("transfer", 60_000)]
    assert shown[1].told == [("order", "7")]  # type: ignore[union-attr]


def test_whatever_the_model_wrote_as_arguments_is_shown_or_left_out() -> None:
    for arguments in ([1, 2], "text", None, {"facts": {"email": "dana@x.test"}}):
        tool = ToolCall(name="save_lead_details", created_at=NOW, arguments=arguments)
        (entry,) = timeline(CALL, [], [tool], [])
        told = entry.told  # type: ignore[union-attr]
        assert told == ([("email", "dana@x.test")] if isinstance(arguments, dict) else [])


def heard(text: str, **fields: Any) -> tuple[str, str]:
    (entry,) = timeline(CALL, [turn("agent", 0, 0, text, **fields)], [], [])
    assert isinstance(entry, Spoken)
    assert entry.heard + entry.unheard == text
    return entry.heard, entry.unheard


def test_what_the_caller_did_not_hear_is_told_apart() -> None:
    said = "We have roses and tulips today"
    cut = {"interrupted": True, "generated_ms": 3000}
    assert heard(said, **cut, heard_ms=1500) == ("We have roses", " and tulips today")
    assert heard(said, **cut, heard_ms=0) == ("", said)
    assert heard(said, **cut, heard_ms=3000) == (said, "")
    assert heard(said, generated_ms=3000, heard_ms=1500) == (said, "")
    assert heard(said, interrupted=True, generated_ms=0, heard_ms=0) == (said, "")
