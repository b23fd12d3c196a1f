"""What is done to calls from outside a conversation, one subject a module."""

from __future__ import annotations

from calls.actions.admitting import admit_stream
from calls.actions.answering import answer_call, connect_outbound
from calls.actions.answering_verdicts import take_answering_verdict
from calls.actions.callbacks import after_stream, take_call_status, take_stream_status
from calls.actions.directing import end_call, instruct_agent, is_live, listen_in, take_over
from calls.actions.ending import announce_end, finish_call, hang_up, leave_stream
from calls.actions.greeting_clips import make_greeting_clips
from calls.actions.sweeping import close_stale_calls
from calls.actions.transferring import end_transfer, take_whisper_answer, whisper
from calls.actions.trying import admit_test, begin_test, call_of_test, tests_since

__all__ = [
    "admit_stream",
    "admit_test",
    "after_stream",
    "announce_end",
    "answer_call",
    "begin_test",
    "call_of_test",
    "close_stale_calls",
    "connect_outbound",
    "end_call",
    "end_transfer",
    "finish_call",
    "hang_up",
    "instruct_agent",
    "is_live",
    "leave_stream",
    "listen_in",
    "make_greeting_clips",
    "take_answering_verdict",
    "take_call_status",
    "take_over",
    "take_stream_status",
    "take_whisper_answer",
    "tests_since",
    "whisper",
]
