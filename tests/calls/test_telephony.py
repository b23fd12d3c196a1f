from __future__ import annotations

import base64
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from pytest_django import Settings

from calls import telephony
from calls.telephony import CallUnknown, RecordingTooLarge, TelephonyError
from tenants.credentials import TwilioAccount

ACCOUNT = TwilioAccount("AC" + "1" * 32, "a token")
SID = "CA" + "2" * 32
PATH = f"/2010-04-01/Accounts/{ACCOUNT.account_sid}/Calls/{SID}.json"


class RestApi:
    """Answers every request with `reply`, and remembers what was asked."""

    def __init__(self) -> None:
        self.reply: tuple[int, bytes] = (200, b"{}")
        self.promises = 0  # bytes that are announced and never come
        self.asked: list[tuple[str, str, str, dict[str, list[str]]]] = []
        self.go_on = threading.Event()
        self.go_on.set()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answers(self, status: int, body: dict[str, Any] | str) -> None:
        text = body if isinstance(body, str) else json.dumps(body)
        self.reply = (status, text.encode())

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        api = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                fields = parse_qs(self.rfile.read(length).decode())
                authorization = self.headers.get("Authorization", "")
                api.asked.append((self.command, self.path, authorization, fields))
                api.go_on.wait()
                status, body = api.reply
                with suppress(OSError):  # who asked has given up waiting
                    self.send_response(status)
                    self.send_header("Content-Length", str(len(body) + api.promises))
                    self.end_headers()
                    self.wfile.write(body)

            do_POST = do_DELETE = do_GET  # noqa: N815 - the names are the library's

            def log_message(self, *args: object) -> None:
                """The test's output is not the place for an access log."""

        return Handler


@pytest.fixture
def api(settings: Settings) -> Iterator[RestApi]:
    rest = RestApi()
    settings.TWILIO_API_BASE_URL = rest.url
    thread = threading.Thread(target=rest.server.serve_forever, args=(0.01,))
    thread.start()
    yield rest
    rest.go_on.set()
    rest.server.shutdown()
    rest.server.server_close()
    thread.join()


def error(status: int, code: int) -> dict[str, Any]:
    return {"status": status, "code": code, "message": "No.", "more_info": ""}


def test_hanging_up_completes_the_call_at_the_carrier(api: RestApi) -> None:
    api.answers(200, {"sid": SID, "status": "completed"})

    telephony.hang_up(ACCOUNT, SID)

    [(method, path, authorization, fields)] = api.asked
    assert (method, path, fields) == ("POST", PATH, {"Status": ["completed"]})
    basic = base64.b64encode(f"{ACCOUNT.account_sid}:{ACCOUNT.auth_token}".encode()).decode()
    assert authorization == f"Basic {basic}"


@pytest.mark.parametrize(("status", "code"), [(404, 20404), (400, 21220)])
def test_a_call_that_is_over_already_is_hung_up(status: int, code: int, api: RestApi) -> None:
    api.answers(status, error(status, code))
    telephony.hang_up(ACCOUNT, SID)
    assert len(api.asked) == 1


def test_a_call_is_told_as_the_carrier_tells_it(api: RestApi) -> None:
    api.answers(
        200,
        {
            "sid": SID,
            "status": "completed",
            "duration": "61",
            "end_time": "Sun, 22 Nov 2026 09:01:00 +0000",
        },
    )
    call = telephony.fetch_call(ACCOUNT, SID)

    assert (call.status, call.duration_s) == ("completed", 61)
    assert call.ended_at == datetime(2026, 11, 22, 9, 1, tzinfo=UTC)
    assert [asked[:2] for asked in api.asked] == [("GET", PATH)]


def test_a_call_that_still_runs_has_neither_length_nor_end(api: RestApi) -> None:
    api.answers(200, {"sid": SID, "status": "in-progress", "duration": None, "end_time": None})
    call = telephony.fetch_call(ACCOUNT, SID)
    assert (call.status, call.duration_s, call.ended_at) == ("in-progress", None, None)


def test_a_call_that_the_carrier_does_not_know_is_said_to_be_unknown(api: RestApi) -> None:
    api.answers(404, error(404, 20404))
    with pytest.raises(CallUnknown):
        telephony.fetch_call(ACCOUNT, SID)


@pytest.mark.parametrize(
    ("status", "body", "permanent"),
    [
        (401, error(401, 20003), True),
        (400, error(400, 21211), True),
        (429, error(429, 20429), False),
        (500, error(500, 20500), False),
        (503, "<html>busy</html>", False),
        (200, "not JSON", False),
        (200, {"status": "completed", "duration": "long"}, False),
        (302, "", False),
        (
            403,
            {"type": "t", "title": "No", "status": 403, "code": 20003, "detail": "No."},
            True,
        ),
    ],
)
def test_an_error_says_whether_asking_again_is_of_use(
    status: int, body: dict[str, Any] | str, permanent: bool, api: RestApi
) -> None:
    api.answers(status, body)
    with pytest.raises(TelephonyError) as raised:
        telephony.fetch_call(ACCOUNT, SID)

    assert raised.value.permanent is permanent
    assert SID not in str(raised.value)
    assert len(api.asked) == 1  # the library does not ask again behind our back


def test_a_carrier_that_is_not_there_may_be_asked_again(settings: Settings) -> None:
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:1"
    with pytest.raises(TelephonyError) as raised:
        telephony.hang_up(ACCOUNT, SID)
    assert not raised.value.permanent


def test_a_carrier_that_does_not_answer_is_given_up(
    api: RestApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telephony, "TIMEOUT_S", 0.05)
    api.go_on.clear()
    with pytest.raises(TelephonyError, match="ReadTimeout") as raised:
        telephony.fetch_call(ACCOUNT, SID)
    assert not raised.value.permanent


def test_nobody_waits_longer_than_five_seconds() -> None:
    assert telephony.TIMEOUT_S == 5.0


def test_the_library_writes_no_addresses_into_the_log(
    api: RestApi, caplog: pytest.LogCaptureFixture
) -> None:
    api.answers(200, {"sid": SID, "status": "completed"})
    with caplog.at_level(logging.DEBUG, logger="twilio.http_client"):
        telephony.hang_up(ACCOUNT, SID)
    assert not [record for record in caplog.records if SID in record.getMessage()]


@pytest.mark.parametrize(
    ("status", "body"),
    [(500, error(500, 20500)), (503, "<html>busy</html>"), (429, error(429, 20429)), (200, {})],
)
def test_a_list_that_is_not_given_is_an_error_like_any_other(
    status: int, body: dict[str, Any] | str, api: RestApi
) -> None:
    api.answers(status, body)
    with pytest.raises(TelephonyError) as raised:
        telephony.find_calls(ACCOUNT, to="+972501112233", from_="+972541112233")
    assert raised.value.permanent is False


def listed(place: int, minutes: int, **more: Any) -> dict[str, Any]:
    known = {
        "sid": f"CA{place:032}",
        "to": f"+97250111000{place}",
        "from": "+972541112233",
        "status": "completed",
        "direction": "outbound-api",
        "duration": "20",
        "date_created": f"Mon, 02 Nov 2026 08:{minutes:02}:00 +0000",
        "end_time": f"Mon, 02 Nov 2026 08:{minutes:02}:30 +0000",
    }
    return known | more


def test_calls_made_since_are_told_in_their_order(api: RestApi) -> None:
    """Of those before nothing is asked, whatever page they stand on."""
    older = [listed(5, 10), listed(6, 0), listed(7, 55)]
    newer = [listed(1, 50, duration=None, end_time=None), listed(3, 40), listed(2, 45)]
    rang_in = listed(4, 48, direction="inbound")
    calls = [newer[0], rang_in, *newer[1:], *older]
    api.answers(200, {"calls": calls, "next_page_uri": None})
    made = telephony.calls_made(ACCOUNT, since=datetime(2026, 11, 2, 8, 40, tzinfo=UTC))
    assert [call.call_sid[-1] for call in made] == ["3", "2", "1"]
    assert (made[0].to, made[0].from_) == ("+972501110003", "+972541112233")
    assert (made[0].duration_s, made[0].status) == (20, "completed")
    assert made[0].ended_at == datetime(2026, 11, 2, 8, 40, 30, tzinfo=UTC)
    assert (made[2].duration_s, made[2].ended_at) == (None, None)


# Recordings

RECORDING = "RE" + "3" * 32
RECORDINGS = f"/2010-04-01/Accounts/{ACCOUNT.account_sid}/Recordings"
WAV = b"RIFF" + bytes(range(256)) * 1000


def told(**more: Any) -> dict[str, Any]:
    known = {
        "sid": RECORDING,
        "status": "completed",
        "duration": "61",
        "channels": 2,
        "source": "StartCallRecordingAPI",
    }
    return known | more


def download(at_most: int = 10**6) -> bytes:
    return b"".join(telephony.download_recording(ACCOUNT, RECORDING, at_most=at_most))


def test_a_recording_is_begun_on_two_channels_and_with_its_silences(api: RestApi) -> None:
    api.answers(201, told(status="in-progress", duration=None))

    sid = telephony.start_recording(ACCOUNT, SID, callback="https://prosaas.test/recording")

    [(method, path, _, fields)] = api.asked
    assert sid == RECORDING
    assert (method, path) == ("POST", PATH.replace(".json", "/Recordings.json"))
    assert fields == {
        "RecordingChannels": ["dual"],
        "RecordingStatusCallback": ["https://prosaas.test/recording"],
        "RecordingStatusCallbackMethod": ["POST"],
        "RecordingStatusCallbackEvent": ["in-progress", "completed", "absent"],
        "Trim": ["do-not-trim"],
    }


def test_of_a_calls_recordings_those_that_we_asked_for_are_found(api: RestApi) -> None:
    others = told(sid="RE" + "4" * 32, source="Trunking")
    api.answers(200, {"recordings": [told(duration=None, status="in-progress"), others]})
    [found] = telephony.find_recordings(ACCOUNT, SID)
    assert (found.recording_sid, found.status, found.duration_s) == (RECORDING, "in-progress", None)


def test_a_recording_is_told_as_the_carrier_tells_it(api: RestApi) -> None:
    api.answers(200, told(start_time="Mon, 02 Nov 2026 08:00:04 +0000"))
    found = telephony.fetch_recording(ACCOUNT, RECORDING)
    assert (found.status, found.duration_s, found.channels) == ("completed", 61, 2)
    assert found.started_at == datetime(2026, 11, 2, 8, 0, 4, tzinfo=UTC)
    api.answers(200, told(duration="-1", start_time="soon"))
    found = telephony.fetch_recording(ACCOUNT, RECORDING)
    assert (found.duration_s, found.started_at) == (None, None)


@pytest.mark.parametrize("status", [204, 404])
def test_a_recording_is_deleted_also_when_it_is_gone(status: int, api: RestApi) -> None:
    api.answers(status, "" if status == 204 else error(404, 20404))
    telephony.delete_recording(ACCOUNT, RECORDING)
    assert [asked[:2] for asked in api.asked] == [("DELETE", f"{RECORDINGS}/{RECORDING}.json")]


def test_the_audio_comes_in_pieces_from_the_carriers_own_address(api: RestApi) -> None:
    api.reply = (200, WAV)
    pieces = list(telephony.download_recording(ACCOUNT, RECORDING, at_most=len(WAV)))
    assert len(pieces) > 1
    assert b"".join(pieces) == WAV
    [(method, path, authorization, _)] = api.asked
    assert (method, path) == ("GET", f"{RECORDINGS}/{RECORDING}.wav")
    assert authorization.startswith("Basic ")


@pytest.mark.parametrize(
    ("status", "body"), [(404, WAV), (500, WAV), (200, b"<html>busy</html>"), (200, b"")]
)
def test_what_is_no_audio_is_not_taken_for_it(status: int, body: bytes, api: RestApi) -> None:
    api.reply = (status, body)
    with pytest.raises(TelephonyError) as raised:
        download()
    assert raised.value.permanent is False


def test_audio_that_breaks_off_is_not_the_whole(api: RestApi) -> None:
    api.reply, api.promises = (200, WAV), 1000
    with pytest.raises(TelephonyError, match="was not given"):
        download()


def test_more_than_the_longest_call_is_not_fetched(api: RestApi) -> None:
    api.reply = (200, WAV)
    with pytest.raises(RecordingTooLarge) as raised:
        download(at_most=len(WAV) - 1)
    assert raised.value.permanent


def test_a_recording_that_is_not_given_in_time_is_given_up(
    api: RestApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telephony, "TIMEOUT_S", 0.05)
    api.go_on.clear()
    with pytest.raises(TelephonyError, match="ReadTimeout"):
        download()


def test_a_recording_that_comes_drop_by_drop_is_given_up(
    api: RestApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telephony, "DOWNLOAD_WITHIN_S", -1.0)
    api.reply = (200, WAV)
    with pytest.raises(TelephonyError, match="in time") as raised:
        download()
    assert not raised.value.permanent


def test_a_number_is_told_as_it_is_set_up(api: RestApi) -> None:
    number = {
        "phone_number": "+97231110001",
        "voice_url": "https://prosaas.test/twiml/incoming/flowers",
        "voice_method": "POST",
        "status_callback": None,
        "voice_application_sid": "",
        "trunk_sid": "TK1",
    }
    api.answers(200, {"incoming_phone_numbers": [number]})
    found = telephony.find_number(ACCOUNT, "+97231110001")
    assert found == telephony.CarrierNumber(
        voice_url="https://prosaas.test/twiml/incoming/flowers",
        voice_method="POST",
        status_url="",
        handled_elsewhere=True,
    )
    ((command, path, _authorization, _fields),) = api.asked
    assert command == "GET"
    assert path.startswith(f"/2010-04-01/Accounts/{ACCOUNT.account_sid}/IncomingPhoneNumbers.json?")
    assert "PhoneNumber=%2B97231110001" in path


def test_a_number_of_somebody_else_is_none(api: RestApi) -> None:
    api.answers(200, {"incoming_phone_numbers": []})
    assert telephony.find_number(ACCOUNT, "+97231110001") is None
