from __future__ import annotations

import base64

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from prosaas.simulator.model import Handshake
from tests.simulator.realtime_client import KEY, client_of, model

QUERY = "/realtime?model=gpt-realtime-2.1"


async def _refusal(url: str, headers: dict[str, str]) -> InvalidStatus:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(url, additional_headers=headers, proxy=None):
            pass
    return caught.value


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer sk-charlie"},
        {"Authorization": "Basic " + base64.b64encode(b"alice:x").decode()},
    ],
)
async def test_nobody_enters_without_the_key(headers: dict[str, str]) -> None:
    async with model() as running:
        refusal = await _refusal(running.url + QUERY, headers)
        assert refusal.response.status_code == 401
        assert b"invalid_api_key" in refusal.response.body
        assert running.sessions == []
        assert running.refused == [401]


async def test_without_a_model_the_request_is_bad() -> None:
    async with model() as running:
        refusal = await _refusal(running.url + "/realtime", {"Authorization": f"Bearer {KEY}"})
    assert refusal.response.status_code == 400


async def test_other_paths_are_not_found() -> None:
    async with model() as running:
        refusal = await _refusal(running.url + "/live?model=x", {"Authorization": f"Bearer {KEY}"})
    assert refusal.response.status_code == 404


async def test_a_stand_in_says_that_it_is_one() -> None:
    async with model() as running, client_of(running) as client:
        response = client.connection.response
        assert response is not None
        assert response.headers["X-ProSaaS-Stand-In"] == "realtime-model"
        assert "stand-in" in response.headers["Server"]
        assert "Sec-WebSocket-Extensions" not in response.headers  # no compression


async def test_the_first_event_is_the_session_with_its_defaults() -> None:
    async with model() as running, client_of(running) as client:
        created = await client.receive()
    assert created["type"] == "session.created"
    settings = created["session"]
    assert settings["id"].startswith("sess_")
    assert settings["model"] == "gpt-realtime-2.1"
    assert settings["audio"]["input"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert settings["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 24000}
    assert settings["audio"]["input"]["transcription"] is None


async def test_the_header_of_the_beta_interface_is_flagged() -> None:
    async with model() as running:
        headers = {"Authorization": f"Bearer {KEY}", "OpenAI-Beta": "realtime=v1"}
        async with connect(running.url + QUERY, additional_headers=headers, proxy=None):
            bob = await running.session()
        async with client_of(running):
            alice = await running.session(1)
    assert bob.flags == ["OpenAI-Beta: realtime=v1"]
    assert alice.flags == []


async def test_headers_and_model_are_on_record() -> None:
    async with model() as running:
        headers = {"Authorization": f"Bearer {KEY}", "OpenAI-Safety-Identifier": "c0ffee"}
        async with connect(running.url + QUERY, additional_headers=headers, proxy=None):
            session = await running.session()
    assert session.model == "gpt-realtime-2.1"
    assert session.headers["openai-safety-identifier"] == "c0ffee"


async def test_a_refused_attempt_is_followed_by_one_that_succeeds() -> None:
    async with model(handshakes=[Handshake(status=503)]) as running:
        refusal = await _refusal(running.url + QUERY, {"Authorization": f"Bearer {KEY}"})
        assert refusal.response.status_code == 503
        async with client_of(running) as client:
            await client.until("session.created")


async def test_a_key_may_be_refused_after_the_upgrade() -> None:
    async with (
        model(handshake=Handshake(error_code="invalid_api_key")) as running,
        client_of(running) as client,
    ):
        event = await client.receive()
        assert event["type"] == "error"
        assert event["error"]["code"] == "invalid_api_key"
        with pytest.raises(ConnectionClosed):
            await client.receive()
    assert client.types() == ["error"]


async def test_a_connection_is_closed_for_its_age() -> None:
    async with (
        model(handshake=Handshake(lifetime=3600), speed=1e6) as running,
        client_of(running) as client,
    ):
        await client.until("session.created")
        with pytest.raises(ConnectionClosed) as caught:
            await client.receive()
    assert caught.value.rcvd is not None
    assert caught.value.rcvd.code == 1001
    assert caught.value.rcvd.reason == "Your session hit the maximum duration of 60 minutes."
