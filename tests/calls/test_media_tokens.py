from __future__ import annotations

import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from calls.media_tokens import STREAM, call_of, mint


@pytest.mark.parametrize("number", [0, 1, 32_767])
def test_a_token_names_its_call_and_its_stream(number: int) -> None:
    call_id = uuid.uuid4()
    assert call_of(mint(call_id, number)) == (call_id, number)


def test_the_same_stream_gets_the_same_token_and_another_one_another() -> None:
    call_id = uuid.uuid4()
    assert mint(call_id, 1) == mint(call_id, 1)
    assert len({mint(call_id, number) for number in range(3)}) == 3


def test_a_token_fits_into_a_path() -> None:
    assert set(mint(uuid.uuid4(), 0)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


def test_no_letter_of_a_token_may_change() -> None:
    token = mint(uuid.uuid4(), 1)
    for place, letter in enumerate(token):
        other = "A" if letter != "A" else "B"
        assert call_of(token[:place] + other + token[place + 1 :]) is None


def test_a_token_of_another_installation_is_worth_nothing(settings: Settings) -> None:
    token = mint(uuid.uuid4(), 0)
    settings.SECRET_KEY = "the key of another installation"
    assert call_of(token) is None


def raw(token: str) -> bytes:
    return base64.urlsafe_b64decode(token)


def test_the_code_of_one_call_does_not_open_another() -> None:
    mine, other = raw(mint(uuid.uuid4(), 0)), raw(mint(uuid.uuid4(), 0))
    assert call_of(base64.urlsafe_b64encode(other[:16] + mine[16:]).decode()) is None


def test_the_next_token_of_a_call_cannot_be_guessed_from_this_one() -> None:
    call_id = uuid.uuid4()
    code = raw(mint(call_id, 0))[STREAM.size :]
    forged = base64.urlsafe_b64encode(STREAM.pack(call_id.bytes, 1) + code).decode()
    assert call_of(forged) is None


@pytest.mark.parametrize("token", ["", "=", "AAAA", "A" * 47, "A" * 48, "ש" * 48, "a/b", "+" * 48])
def test_what_is_no_token_is_none(token: str) -> None:
    assert call_of(token) is None


@given(st.text())
def test_no_text_raises(token: str) -> None:
    assert call_of(token) is None
