from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from prosaas.logs import configure_logs

NUMBER = "+972501234567"
TOKEN = "bG9uZy10b2tlbi1vZi1hLWNhbGw"

Output = Callable[[], str]
Capture = Callable[..., Output]


@pytest.fixture
def capture() -> Iterator[Capture]:
    """Sets the logs up and returns what reads them; afterwards those of the test run are back."""
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def start(*, style: str = "json", level: str = "INFO", personal_data: bool = False) -> Output:
        config = configure_logs(style=style, level=level, personal_data=personal_data)
        stream = io.StringIO()
        config["handlers"]["stderr"]["stream"] = stream
        logging.config.dictConfig(config | {"loggers": {}})
        return stream.getvalue

    yield start
    root.handlers, root.level = handlers, level
    structlog.configure(**before)


@pytest.fixture
def logs(capture: Capture) -> Output:
    return capture()


def log() -> Any:
    return structlog.get_logger("calls.bridge")


def test_a_line_is_one_json_object_with_its_fields(logs: Output) -> None:
    log().info("call ended", call_id="c1", frames_in=7)
    line = json.loads(logs())
    assert line["event"] == "call ended"
    assert (line["call_id"], line["frames_in"], line["level"]) == ("c1", 7, "info")
    assert line["logger"] == "calls.bridge"
    assert line["timestamp"].endswith("Z")


def test_personal_fields_are_dropped(logs: Output) -> None:
    log().info("caller spoke", call_id="c1", **{"pii.text": "my name is Alice", "pii.from": NUMBER})
    assert json.loads(logs())["call_id"] == "c1"
    assert "Alice" not in logs()
    assert "pii" not in logs()
    assert NUMBER not in logs()


def test_numbers_are_blotted_out_wherever_they_stand(logs: Output) -> None:
    log().info("placed to " + NUMBER, to=NUMBER, tried=[NUMBER], raw={"From": NUMBER})
    assert NUMBER.lstrip("+") not in logs()
    assert logs().count("[number]") == 4


def test_what_other_libraries_log_is_blotted_out_too(logs: Output) -> None:
    logging.getLogger("httpx2").info("POST /Calls.json?To=%%2B%s", NUMBER.lstrip("+"))
    logging.getLogger("django.request").warning("Not Found: %s", f"/ws/media/{TOKEN}")
    assert NUMBER.lstrip("+") not in logs()
    assert TOKEN not in logs()
    assert "/ws/media/[token]" in logs()


def test_the_text_of_an_exception_is_blotted_out_too(logs: Output) -> None:
    try:
        raise ValueError(f"no route for {NUMBER} at wss://host/ws/media/{TOKEN}?x=1")
    except ValueError:
        logging.getLogger("calls").exception("call failed")
        log().exception("call failed")
    assert "ValueError" in logs()
    assert NUMBER.lstrip("+") not in logs()
    assert TOKEN not in logs()


def test_times_and_identifiers_stay_readable(logs: Output) -> None:
    log().info("seen", at="2026-11-05T10:00:00+02:00", call_sid="CA" + "0" * 32, ms=1_234_567_890)
    assert "[number]" not in logs()
    assert "1234567890" in logs()


def test_hebrew_is_written_as_hebrew(logs: Output) -> None:
    log().info("business opened", name="מספרה")
    assert "מספרה" in logs()


def test_personal_fields_show_when_the_operator_asks_for_them(capture: Capture) -> None:
    logs = capture(personal_data=True)
    log().info("caller spoke", **{"pii.from": NUMBER}, path=f"/ws/media/{TOKEN}")
    assert json.loads(logs())["pii.from"] == NUMBER
    assert TOKEN not in logs()


def test_the_console_is_filtered_as_well(capture: Capture) -> None:
    logs = capture(style="console")
    log().info("placed", to=NUMBER, **{"pii.text": "my name is Alice"})
    assert "placed" in logs()
    assert NUMBER.lstrip("+") not in logs()
    assert "Alice" not in logs()


def test_what_is_below_the_level_is_not_written(capture: Capture) -> None:
    logs = capture(level="WARNING")
    log().info("quiet")
    log().warning("loud")
    assert "quiet" not in logs()
    assert "loud" in logs()


def test_no_server_writes_a_line_per_request() -> None:
    loggers = configure_logs(style="json", level="INFO", personal_data=False)["loggers"]
    for name in ("daphne.access", "uvicorn.access"):
        assert loggers[name]["level"] == "CRITICAL"
