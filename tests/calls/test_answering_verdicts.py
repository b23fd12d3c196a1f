"""The carrier says who has answered: kept on the row, and told to the process that carries the call."""

from __future__ import annotations

import uuid
from unittest.mock import AsyncMock, Mock, patch

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from calls.actions import take_answering_verdict
from calls.models import Call, EndReason
from tenants.models import Business
from tenants.scoping import business_scope
from tests.people import NOW


@pytest.fixture
def call(alices: Business) -> Call:
    with business_scope(alices):
        return Call.objects.create(
            business=alices,
            direction="outbound",
            language="he",
            call_sid="CA1",
            machine_policy="leave_message",
            machine_message="Your flowers are ready.",
        )


def stored(call: Call) -> Call:
    with business_scope(call.business_id):
        return Call.objects.get(pk=call.pk)


def take(call: Call, answered_by: str) -> None:
    take_answering_verdict(
        call_id=call.pk, business_id=call.business_id, answered_by=answered_by, now=NOW
    )


def announced(
    call: Call, answered_by: str, commit: DjangoCaptureOnCommitCallbacks
) -> list[tuple[str, dict[str, str]]]:
    layer = Mock(group_send=AsyncMock())
    with (
        patch("calls.actions.announcing.get_channel_layer", return_value=layer),
        commit(execute=True),
    ):
        take(call, answered_by)
    told = [each.args for each in layer.group_send.await_args_list]
    # The pages of the team have a group of their own.
    return [(group, message) for group, message in told if message["type"] == "call.answered"]


def test_it_stands_on_the_row_and_its_process_is_told(
    call: Call, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    [(group, message)] = announced(call, "machine_start", django_capture_on_commit_callbacks)
    assert str(call.pk) in group
    assert message == {"type": "call.answered", "call_id": str(call.pk)}
    row = stored(call)
    assert (row.carrier_answered_by, row.carrier_answered_at) == ("machine_start", NOW)
    assert row.answered_by == ""  # which is for the conversation to say


def test_said_twice_it_is_told_once(
    call: Call, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    take(call, "human")
    assert announced(call, "human", django_capture_on_commit_callbacks) == []


def test_after_the_end_it_is_kept_and_changes_nothing_else(call: Call) -> None:
    with business_scope(call.business_id):
        call.finish(end_reason=EndReason.SILENCE, end_detail="", metrics={}, now=NOW)
    take(call, "machine_end_beep")
    row = stored(call)
    assert (row.carrier_answered_by, row.end_reason) == ("machine_end_beep", "silence")


def test_a_word_that_is_not_known_is_passed_over(
    call: Call, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    assert announced(call, "hologram", django_capture_on_commit_callbacks) == []
    assert stored(call).carrier_answered_by == ""


def test_it_is_said_of_no_other_business_call(call: Call, charlies: Business) -> None:
    with pytest.raises(ObjectDoesNotExist):
        take_answering_verdict(
            call_id=call.pk, business_id=charlies.pk, answered_by="human", now=NOW
        )
    with pytest.raises(ObjectDoesNotExist):
        take_answering_verdict(
            call_id=uuid.uuid4(), business_id=call.business_id, answered_by="human", now=NOW
        )
    assert stored(call).carrier_answered_by == ""


def test_whoever_calls_us_is_no_machine(alices: Business) -> None:
    with business_scope(alices), pytest.raises(IntegrityError), transaction.atomic():
        Call.objects.create(
            business=alices, direction="inbound", language="he", machine_policy="hang_up"
        )


def test_what_the_first_stream_has_found_stays(call: Call) -> None:
    with business_scope(call.business_id):
        call.add_metrics({"answered_by": "screening", "machine_message_heard": None})
        call.add_metrics({"answered_by": "", "machine_message_heard": True})
    row = stored(call)
    assert (row.answered_by, row.machine_message_heard) == ("screening", True)
