from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from outbound.retries import RetriesInvalid, default_retries, parse_retries


def test_somebody_busy_is_called_again_as_often_as_was_said() -> None:
    policy = parse_retries({"busy": {"times": 2, "after_s": 60}})
    assert policy.delay("busy", so_often=1) == timedelta(minutes=1)
    assert policy.delay("busy", so_often=2) == timedelta(minutes=1)
    assert policy.delay("busy", so_often=3) is None
    assert policy.delay("no_answer", so_often=1) is None


def test_which_attempt_is_the_last() -> None:
    policy = parse_retries({"voicemail": {"times": 1, "after_s": 60}})
    assert not policy.is_last({}, "voicemail")
    assert policy.is_last({"voicemail": 1}, "voicemail")
    assert policy.is_last({}, "busy")


def test_the_defaults_can_be_stored() -> None:
    assert parse_retries(default_retries()).delay("busy", so_often=1) is not None


@pytest.mark.parametrize(
    "stored",
    [
        [],
        "often",
        {"completed": {"times": 1, "after_s": 60}},
        {"busy": 3},
        {"busy": {"times": 3}},
        {"busy": {"times": "3", "after_s": 60}},
        {"busy": {"times": True, "after_s": 60}},
        {"busy": {"times": 11, "after_s": 60}},
        {"busy": {"times": 1, "after_s": 0}},
        {"busy": {"times": 1, "after_s": 10**9}},
    ],
)
def test_nonsense_is_refused_with_a_sentence(stored: Any) -> None:
    with pytest.raises(RetriesInvalid, match=r"\w+ \w+"):
        parse_retries(stored)
