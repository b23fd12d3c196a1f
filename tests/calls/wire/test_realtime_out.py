from __future__ import annotations

from base64 import b64encode
from typing import Any

import orjson
import pytest
from openai.types.realtime import RealtimeClientEvent

from calls.engine.commands import (
    AddItem,
    AddNote,
    AnswerTool,
    CancelResponse,
    ClearInputAudio,
    DeleteItem,
    Purpose,
    RequestResponse,
    TruncateItem,
)
from calls.engine.limits import Limits
from calls.engine.profile import Role
from calls.tools.offer import END_CALL
from calls.wire import realtime
from calls.wire.realtime import SessionSettings
from tests.calls.wire.vendor import assert_client_event, declared_types

SETTINGS = SessionSettings(
    voice="marin",
    transcription_model="gpt-4o-mini-transcribe",
    transcription_prompt="ורדים, סחלבים",
    tools=(END_CALL,),
    limits=Limits(),
)
EVERY_MESSAGE = {
    "input_audio_buffer.append": realtime.append(b64encode(bytes(160)).decode()),
    "session.update": realtime.session_update(SETTINGS, "You sell flowers.", "cfg_compact_1"),
    "response.create": realtime.request_response(RequestResponse("req_1", Purpose.GREETING)),
    "response.cancel": realtime.cancel_response(CancelResponse("resp_1")),
    "conversation.item.truncate": realtime.truncate_item(TruncateItem("item_9", 1260)),
    "conversation.item.delete": realtime.delete_item(DeleteItem("item_9")),
    "input_audio_buffer.clear": realtime.clear_input_audio(ClearInputAudio()),
    "conversation.item.create": realtime.add_note(AddNote("Say goodbye now.")),
}


def sent(message: bytes) -> dict[str, Any]:
    assert_client_event(message)
    parsed: dict[str, Any] = orjson.loads(message)
    return parsed


@pytest.mark.parametrize("kind", sorted(EVERY_MESSAGE))
def test_every_message_is_one_that_the_vendor_declares(kind: str) -> None:
    assert sent(EVERY_MESSAGE[kind])["type"] == kind
    assert kind in declared_types(RealtimeClientEvent)


def test_a_misspelt_key_would_be_noticed() -> None:
    message = sent(EVERY_MESSAGE["session.update"])
    message["session"]["audio"]["input"]["turn_detection"]["silence_ms"] = 600
    with pytest.raises(AssertionError, match="silence_ms"):
        assert_client_event(orjson.dumps(message))


def test_an_error_can_name_the_message_that_it_answers() -> None:
    """All but the caller's frames: an id would cost more bytes than it is worth, 50 times a second."""
    without_id = [
        kind for kind, message in EVERY_MESSAGE.items() if "event_id" not in sent(message)
    ]
    assert without_id == ["input_audio_buffer.append"]


def test_the_session_is_told_as_a_whole_each_time() -> None:
    session = sent(realtime.session_update(SETTINGS, "You sell flowers.", "cfg_full_1"))["session"]

    assert session["instructions"] == "You sell flowers."
    assert session["output_modalities"] == ["audio"]
    assert session["audio"]["input"]["format"] == {"type": "audio/pcmu"}
    assert session["audio"]["output"] == {"format": {"type": "audio/pcmu"}, "voice": "marin"}
    assert session["audio"]["input"]["transcription"] == {
        "model": "gpt-4o-mini-transcribe",
        "prompt": "ורדים, סחלבים",
    }
    assert [tool["name"] for tool in session["tools"]] == ["end_call"]


def test_the_server_starts_and_stops_no_response_by_itself() -> None:
    session = sent(EVERY_MESSAGE["session.update"])["session"]
    detection = session["audio"]["input"]["turn_detection"]
    assert detection["type"] == "server_vad"
    assert (detection["create_response"], detection["interrupt_response"]) == (False, False)


def test_what_the_caller_may_be_called_is_not_in_the_repr_of_the_settings() -> None:
    assert "סחלבים" not in repr(SETTINGS)


def test_a_response_carries_its_request_in_id_and_metadata() -> None:
    message = sent(realtime.request_response(RequestResponse("req_7", Purpose.ANSWER)))
    assert message["event_id"] == "req_7"
    assert message["response"] == {"metadata": {"request": "req_7", "purpose": "answer"}}


def test_an_answer_in_words_may_call_no_tool() -> None:
    message = sent(realtime.request_response(RequestResponse("req_8", Purpose.WORDS)))
    assert message["response"]["tool_choice"] == "none"


def test_a_response_is_cancelled_by_its_id() -> None:
    message = sent(realtime.cancel_response(CancelResponse("resp_1")))
    assert (message["response_id"], message["event_id"]) == ("resp_1", "cancel_resp_1")


def test_an_item_is_cut_in_whole_milliseconds() -> None:
    message = sent(realtime.truncate_item(TruncateItem("item_9", 1260)))
    assert (message["item_id"], message["content_index"], message["audio_end_ms"]) == (
        "item_9",
        0,
        1260,
    )


def test_an_item_is_deleted_by_its_id() -> None:
    assert sent(realtime.delete_item(DeleteItem("item_9")))["item_id"] == "item_9"


def test_a_note_speaks_as_the_system() -> None:
    item = sent(realtime.add_note(AddNote("Say goodbye now.")))["item"]
    assert item == {
        "type": "message",
        "role": "system",
        "content": [{"type": "input_text", "text": "Say goodbye now."}],
    }


@pytest.mark.parametrize(
    ("role", "said_by", "kind"),
    [
        (Role.CALLER, "user", "input_text"),
        (Role.AGENT, "assistant", "output_text"),
        (Role.SYSTEM, "system", "input_text"),
    ],
)
def test_what_was_said_before_is_told_as_text(role: Role, said_by: str, kind: str) -> None:
    message = sent(realtime.add_item(AddItem(role, "שלום")))
    assert message["item"] == {
        "type": "message",
        "role": said_by,
        "content": [{"type": kind, "text": "שלום"}],
    }
    assert "previous_item_id" not in message


def test_a_greeting_that_was_heard_already_stands_before_everything_else() -> None:
    message = sent(realtime.add_item(AddItem(Role.AGENT, "Hello!", "greeting", first=True)))
    assert message["previous_item_id"] == "root"
    assert message["item"]["id"] == "greeting"


def test_a_tool_is_answered_under_the_id_of_its_call() -> None:
    answer = AnswerTool("call_1", "end_call", "{}", '{"status":"ending"}', succeeded=True)
    assert sent(realtime.answer_tool(answer))["item"] == {
        "type": "function_call_output",
        "call_id": "call_1",
        "output": '{"status":"ending"}',
    }
