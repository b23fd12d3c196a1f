from __future__ import annotations

import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from calls.media_tokens import call_id_of, mint


def test_a_token_names_its_call() -> None:
    call_id = uuid.uuid4()
    assert call_id_of(mint(call_id)) == call_id


def test_the_same_call_gets_the_same_token() -> None:
    call_id = uuid.uuid4()
    assert mint(call_id) == mint(call_id)


def test_a_token_fits_into_a_path() -> None:
    assert set(mint(uuid.uuid4())) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def test_no_letter_of_a_token_may_change() -> None:
    token = mint(uuid.uuid4())
    for place, letter in enumerate(token):
        other = "A" if letter != "A" else "B"
        assert call_id_of(token[:place] + other + token[place + 1 :]) is None


def test_a_token_of_another_installation_is_worth_nothing(settings: Settings) -> None:
    token = mint(uuid.uuid4())
    settings.SECRET_KEY = "the key of another installation"
    assert call_id_of(token) is None


def test_the_code_of_one_call_does_not_open_another() -> None:
    mine, other = (base64.urlsafe_b64decode(mint(uuid.uuid4()) + "=") for _ in range(2))
    forged = base64.urlsafe_b64encode(other[:16] + mine[16:]).decode().rstrip("=")
    assert call_id_of(forged) is None


@pytest.mark.parametrize("token", ["", "=", "AAAA", "A" * 43, "A" * 44, "ש" * 43, "a/b", "+" * 43])
def test_what_is_no_token_is_none(token: str) -> None:
    assert call_id_of(token) is None


@given(st.text())
def test_no_text_raises(token: str) -> None:
    assert call_id_of(token) is None
