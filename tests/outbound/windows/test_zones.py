from __future__ import annotations

import pytest

from outbound.windows.zones import ZoneUnknown, callee_of


def zones(number: str) -> list[str]:
    return sorted(zone.key for zone in callee_of(number).zones)


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+97231234567", "Asia/Jerusalem"),
        ("+972501234567", "Asia/Jerusalem"),  # no valid number by the library's plans
        ("+12125550100", "America/New_York"),
        ("+18085550100", "Pacific/Honolulu"),
        ("+16712345678", "Pacific/Guam"),
        ("+18765550100", "America/Jamaica"),
        ("+33612345678", "Europe/Paris"),
        ("+213551234567", "Africa/Algiers"),
        ("+74012345678", "Europe/Kaliningrad"),
    ],
)
def test_a_number_rings_in_one_zone(number: str, zone: str) -> None:
    assert zones(number) == [zone]


def test_an_area_that_two_zones_share_is_in_both() -> None:
    assert zones("+12085550100") == ["America/Boise", "America/Los_Angeles"]


def test_a_number_without_an_area_may_ring_from_newfoundland_to_guam() -> None:
    assert {"America/St_Johns", "America/New_York", "Pacific/Honolulu", "Pacific/Guam"} <= set(
        zones("+18005550100")
    )


@pytest.mark.parametrize("number", ["+61412345678", "+61400000000"])
def test_an_australian_mobile_may_be_anywhere_in_australia(number: str) -> None:
    assert {"Australia/Sydney", "Australia/Perth"} <= set(zones(number))


def test_palestinian_numbers_keep_palestinian_time() -> None:
    assert zones("+970599123456") == ["Asia/Gaza", "Asia/Hebron"]


@pytest.mark.parametrize(
    "number",
    [
        "",
        "0501234567",
        "+",
        "+972",
        "+9725",
        "+97250123",
        "+999123456789",
        "+8835100123456",
        "+80012345678",
    ],
)
def test_a_number_that_rings_nobody_knows_where_has_no_zone(number: str) -> None:
    with pytest.raises(ZoneUnknown):
        callee_of(number)


def test_a_zone_that_this_machine_does_not_know_is_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "outbound.windows.zones.time_zones_for_number", lambda number: ("Europe/Atlantis",)
    )
    with pytest.raises(ZoneUnknown):
        callee_of("+97231234567")
