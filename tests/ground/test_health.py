from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Takes connections and never says a word, as behind a black hole."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_process_that_is_up_says_so(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_ready_when_both_servers_answer(client: Client) -> None:
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"database": "ok", "redis": "ok"}


@pytest.mark.django_db
def test_not_ready_while_redis_is_away(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "redis": "refused"}


@pytest.mark.django_db
def test_not_ready_while_redis_is_silent(
    client: Client, settings: Settings, silent_port: int
) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{silent_port}/0"
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {"database": "ok", "redis": "no answer within 0.5 s"}


@pytest.mark.django_db
@pytest.mark.parametrize("silent", [False, True])
def test_not_ready_while_the_database_is_away(
    client: Client, monkeypatch: pytest.MonkeyPatch, silent_port: int, silent: bool
) -> None:
    monkeypatch.setitem(connection.settings_dict, "PORT", silent_port if silent else 1)
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["redis"] == "ok"
    assert response.json()["database"] == ("no answer within 0.5 s" if silent else "refused")
    assert connection.settings_dict["PASSWORD"] not in response.content.decode()
