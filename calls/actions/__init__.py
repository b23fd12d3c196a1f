"""What is done to calls from outside a conversation, one subject a module."""

from __future__ import annotations

from calls.actions.admitting import admit_stream
from calls.actions.answering import answer_call, connect_outbound
from calls.actions.answering_verdicts import take_answering_verdict
from calls.actions.appointments import cancel_appointment, make_appointment, move_appointment
from calls.actions.callbacks import (
    after_stream,
    take_call_status,
    take_recording_status,
    take_stream_status,
)
from calls.actions.directing import end_call, instruct_agent, is_live, listen_in, take_over
from calls.actions.do_not_call import list_number, unlist_number
from calls.actions.ending import announce_end, end_by_operator, finish_call, hang_up, leave_stream
from calls.actions.forgetting import forget_words
from calls.actions.greeting_clips import make_greeting_clips
from calls.actions.hearing import open_recording
from calls.actions.leads import (
    create_lead,
    delete_lead_field,
    edit_lead,
    move_lead_field,
    save_lead_field,
    write_lead_note,
)
from calls.actions.notes import delete_note, write_note
from calls.actions.recording import keep_recording, recordings_to_keep, start_recording
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
    "cancel_appointment",
    "close_stale_calls",
    "connect_outbound",
    "create_lead",
    "delete_lead_field",
    "delete_note",
    "edit_lead",
    "end_by_operator",
    "end_call",
    "end_transfer",
    "finish_call",
    "forget_words",
    "hang_up",
    "instruct_agent",
    "is_live",
    "keep_recording",
    "leave_stream",
    "list_number",
    "listen_in",
    "make_appointment",
    "make_greeting_clips",
    "move_appointment",
    "move_lead_field",
    "open_recording",
    "recordings_to_keep",
    "save_lead_field",
    "start_recording",
    "take_answering_verdict",
    "take_call_status",
    "take_over",
    "take_recording_status",
    "take_stream_status",
    "take_whisper_answer",
    "tests_since",
    "unlist_number",
    "whisper",
    "write_lead_note",
    "write_note",
]
