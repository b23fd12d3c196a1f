"""Minutes made seconds: the protocol by its own setting, and what else would outlast a trial."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from unittest import mock

from outbound.protocol import Protocol

# A new call is in the stand-in's list after this at the latest; below `settle_s`, as it has to be.
LIST_LAG_S: Final = 1.2

PROTOCOL: Final = Protocol(
    intent_good_s=0.5,
    look_good_s=0.2,
    looks_s=(0.2, 0.5, 1.0),
    settle_s=2.5,
    absent_again_s=0.5,
    human_after_s=30.0,
    queued_at_most_s=5.0,
    congested_first_s=0.2,
    congested_most_s=2.0,
    retry_unplaced_s=0.3,
)

SOONER: Final = {
    "calls.actions.sweeping.QUIET": timedelta(seconds=2),
    "outbound.gates.LINE_FREE_IN": timedelta(seconds=0.8),
    "outbound.gates.LINE_BUSY_FOR": timedelta(seconds=2),
}


def scale_down() -> None:
    """In this process, for good."""
    for name, value in SOONER.items():
        mock.patch(name, value).start()
