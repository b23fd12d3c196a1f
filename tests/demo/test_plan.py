"""What the demo tells its processes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from prosaas.demo.services import Plan

PLAN = Plan(
    web_port=8000,
    public_url="http://127.0.0.1:8000",
    carrier_port=None,
    model_port=None,
    account_sid="AC1",
    auth_token="a token",
    model_key="a key",
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECOND_FACTOR_REQUIRED", raising=False)


def test_who_tries_it_out_at_home_needs_no_second_factor() -> None:
    assert PLAN.environment()["SECOND_FACTOR_REQUIRED"] == "0"


def test_where_strangers_reach_it_the_second_factor_stays() -> None:
    reached = replace(PLAN, public_url="https://demo.prosaas.test")
    assert "SECOND_FACTOR_REQUIRED" not in reached.environment()


def test_what_somebody_has_set_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECOND_FACTOR_REQUIRED", "1")
    assert PLAN.environment()["SECOND_FACTOR_REQUIRED"] == "1"
