"""A socket is opened from a page of ours, or not at all."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from calls.sockets.door import is_ours


def headers(origin: str | None, host: str = "prosaas.test") -> dict[bytes, bytes]:
    found = {b"host": host.encode()}
    return found if origin is None else found | {b"origin": origin.encode()}


def test_a_page_of_ours_may() -> None:
    assert is_ours(headers("https://prosaas.test"))
    assert is_ours(headers("HTTPS://PROSAAS.test"))
    assert is_ours(headers("https://localhost:8000", "localhost:8000"))
    # Behind a proxy that has put a name of its own into the request.
    assert is_ours(headers("https://prosaas.test", "backend:9000"))


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "https://evil.test",
        "https://prosaas.test.evil.test",
        "https://prosaas.test:444",
        "http://prosaas.test",
        "https://prosaas.test@evil.test",
        "file://prosaas.test",
    ],
)
def test_nobody_else_may(origin: str | None) -> None:
    assert not is_ours(headers(origin))


def test_a_name_that_an_attacker_points_at_us_is_not_ours(settings: Settings) -> None:
    assert not is_ours(headers("https://rebound.test", "rebound.test"))
    settings.ALLOWED_HOSTS = ["rebound.test"]
    assert is_ours(headers("https://rebound.test", "rebound.test"))


def test_on_a_machine_of_ones_own_plain_http_is_enough(settings: Settings) -> None:
    settings.SERVED_BY_HTTPS = False
    settings.PUBLIC_URL = "http://127.0.0.1:8000"
    assert is_ours(headers("http://127.0.0.1:8000", "127.0.0.1:8000"))
    assert not is_ours(headers("http://127.0.0.1:9000", "127.0.0.1:8000"))
