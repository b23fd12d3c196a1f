from __future__ import annotations

import uuid

import time_machine

from tenants.ids import time_ordered


def test_what_is_made_later_is_larger() -> None:
    with time_machine.travel("2026-11-04T09:30:00Z", tick=False) as clock:
        earlier = [time_ordered() for _ in range(100)]
        clock.shift(0.001)
        later = [time_ordered() for _ in range(100)]
    assert max(earlier) < min(later)


def test_it_is_a_version_7_that_tells_its_millisecond() -> None:
    with time_machine.travel("2026-11-04T09:30:00Z", tick=False):
        made = time_ordered()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert made.int >> 80 == 1_793_784_600_000


def test_nobody_can_guess_one_of_the_same_millisecond() -> None:
    with time_machine.travel("2026-11-04T09:30:00Z", tick=False):
        assert len({time_ordered() for _ in range(10_000)}) == 10_000
