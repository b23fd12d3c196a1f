"""The session that writes instead of speaking."""

from __future__ import annotations

import json
from typing import Any

import pytest

from calls.engine.events import SessionConfirmed
from calls.wire import written
from calls.wire.fields import Ignored
from calls.wire.written import TextWritten, decode
from tests.calls.wire.server_events import SESSION


def message(**fields: Any) -> bytes:
    return json.dumps({"type": written.WRITTEN, **fields}).encode()


def test_a_text_arrives_whole() -> None:
    assert decode(message(text="שלום")) == TextWritten("שלום")


@pytest.mark.parametrize("broken", [b"", b"{", message(), message(text=7)])
def test_what_is_broken_is_counted_and_never_raises(broken: bytes) -> None:
    assert decode(broken) == Ignored("model.json")


def test_whatever_else_comes_is_what_it_is_in_every_session() -> None:
    assert isinstance(
        decode(json.dumps({"type": "session.updated", "session": SESSION}).encode()),
        SessionConfirmed,
    )
    assert isinstance(decode(b"[]"), Ignored)


def test_a_session_is_asked_for_text_alone() -> None:
    tools = [{"type": "function", "name": "end_call"}]
    asked = json.loads(written.session_update("Sell roses.", tools, "e1"))
    assert (asked["type"], asked["event_id"]) == ("session.update", "e1")
    assert asked["session"]["output_modalities"] == ["text"]
    assert asked["session"]["tools"] == tools
    assert "audio" not in asked["session"]


@pytest.mark.parametrize("words_only", [True, False])
def test_an_answer_is_asked_for_with_or_without_tools(words_only: bool) -> None:
    asked = json.loads(written.request_response("r1", words_only=words_only))
    assert asked["response"]["metadata"] == {"request": "r1"}
    assert (asked["response"].get("tool_choice") == "none") == words_only
