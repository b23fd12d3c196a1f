"""Numbers as people read them."""

from __future__ import annotations

import pytest

from calls.telephones import readable


@pytest.mark.parametrize(
    ("e164", "shown"),
    [
        ("+972501234567", "+972 50-123-4567"),
        ("+97235550100", "+972 3-555-0100"),
        ("+12025550123", "+1 202-555-0123"),
        ("+447400123456", "+44 7400 123456"),
        # A country that has no such numbers, short codes, what carriers call a hidden caller.
        ("+972300000005", "+972 300000005"),
        ("+1", "+1"),
        ("12345", "12345"),
        ("anonymous", "anonymous"),
        ("sip:dana@example.com", "sip:dana@example.com"),
        ("+99999999999999999999", "+99999999999999999999"),
        ("", ""),
    ],
)
def test_a_number_is_shown_in_its_groups_and_never_broken_over_two_lines(
    e164: str, shown: str
) -> None:
    assert readable(e164) == shown.replace(" ", "\N{NO-BREAK SPACE}")
