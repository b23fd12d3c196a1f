from __future__ import annotations

import os
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from prosaas.env import (
    env_bool,
    env_choice,
    env_database,
    env_int,
    env_list,
    env_secret,
    env_str,
    env_url,
    load_dotenv,
)

Patch = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def _clean_names(monkeypatch: Patch) -> None:
    for name in ("NAME", "NAME_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_a_value_is_read_without_the_blanks_around_it(monkeypatch: Patch) -> None:
    monkeypatch.setenv("NAME", "  value \n")
    assert env_str("NAME") == "value"


def test_a_missing_value_says_what_to_set() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^Set NAME \(or NAME_FILE, .*\)\.$"):
        env_str("NAME")


def test_a_blank_value_counts_as_not_set(monkeypatch: Patch) -> None:
    monkeypatch.setenv("NAME", " ")
    assert env_str("NAME", "default") == "default"
    with pytest.raises(ImproperlyConfigured):
        env_str("NAME")


def test_a_value_may_come_from_a_file(monkeypatch: Patch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from the file\n")
    monkeypatch.setenv("NAME_FILE", str(tmp_path / "secret"))
    assert env_secret("NAME") == "from the file"


def test_a_file_that_cannot_be_read_is_refused(monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.setenv("NAME_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ImproperlyConfigured, match="NAME_FILE names a file that cannot be read"):
        env_str("NAME", "default")


def test_value_and_file_at_once_are_refused(monkeypatch: Patch, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("one")
    monkeypatch.setenv("NAME_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("NAME", "two")
    with pytest.raises(ImproperlyConfigured, match="NAME or NAME_FILE, not both"):
        env_str("NAME")


def test_a_short_secret_is_refused_and_not_repeated(monkeypatch: Patch) -> None:
    monkeypatch.setenv("NAME", "hunter2")
    with pytest.raises(ImproperlyConfigured, match="at least 50 random") as refusal:
        env_secret("NAME", least=50)
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("word", "meaning"),
    [("1", True), ("true", True), ("Yes", True), ("ON", True), ("0", False), ("False", False)],
)
def test_words_for_yes_and_no(monkeypatch: Patch, word: str, meaning: bool) -> None:
    monkeypatch.setenv("NAME", word)
    assert env_bool("NAME", not meaning) is meaning


def test_a_word_that_is_neither_is_refused(monkeypatch: Patch) -> None:
    monkeypatch.setenv("NAME", "maybe")
    with pytest.raises(ImproperlyConfigured, match="NAME is 'maybe'; set it to 1 or 0"):
        env_bool("NAME", False)


def test_a_bool_and_a_number_have_their_defaults() -> None:
    assert env_bool("NAME", True) is True
    assert env_int("NAME", 7) == 7


def test_a_number_is_read(monkeypatch: Patch) -> None:
    monkeypatch.setenv("NAME", "12")
    assert env_int("NAME", 7, most=12) == 12


@pytest.mark.parametrize("text", ["twelve", "1.5", "1e3"])
def test_what_is_no_whole_number_is_refused(monkeypatch: Patch, text: str) -> None:
    monkeypatch.setenv("NAME", text)
    with pytest.raises(ImproperlyConfigured, match="set it to a whole number"):
        env_int("NAME", 7)


def test_a_number_out_of_bounds_is_refused(monkeypatch: Patch) -> None:
    monkeypatch.setenv("NAME", "-1")
    with pytest.raises(ImproperlyConfigured, match="set it to a number 0 or more"):
        env_int("NAME", 7)
    monkeypatch.setenv("NAME", "51")
    with pytest.raises(ImproperlyConfigured, match="set it to a number between 0 and 50"):
        env_int("NAME", 7, most=50)


def test_a_list_is_split_at_commas(monkeypatch: Patch) -> None:
    monkeypatch.setenv("NAME", "one, two,,")
    assert env_list("NAME") == ["one", "two"]
    monkeypatch.delenv("NAME")
    assert env_list("NAME", ("three",)) == ["three"]


def test_a_choice_is_one_of_the_named(monkeypatch: Patch) -> None:
    assert env_choice("NAME", "json", ("json", "console")) == "json"
    monkeypatch.setenv("NAME", "xml")
    with pytest.raises(ImproperlyConfigured, match="one of: json, console"):
        env_choice("NAME", "json", ("json", "console"))


def test_an_address_loses_its_last_slash(monkeypatch: Patch) -> None:
    monkeypatch.setenv("NAME", "https://calls.example.com/")
    assert env_url("NAME") == "https://calls.example.com"


@pytest.mark.parametrize(
    "text", ["calls.example.com", "ftp://x", "https://:1", "https://[::1", "https://x:99999"]
)
def test_what_is_no_address_is_refused(monkeypatch: Patch, text: str) -> None:
    monkeypatch.setenv("NAME", text)
    with pytest.raises(ImproperlyConfigured, match=r"set it to https://host\[:port\]") as refusal:
        env_url("NAME")
    assert text not in str(refusal.value)


def test_a_database_address_becomes_djangos_dictionary(monkeypatch: Patch) -> None:
    monkeypatch.setenv("NAME", "postgresql://alice:pa%40ss@db.example:5433/calls?sslmode=require")
    assert env_database("NAME") == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "calls",
        "USER": "alice",
        "PASSWORD": "pa@ss",
        "HOST": "db.example",
        "PORT": 5433,
        "OPTIONS": {"sslmode": "require"},
    }


def test_a_database_behind_a_socket_may_be_named(monkeypatch: Patch) -> None:
    monkeypatch.setenv("NAME", "postgresql://alice@/calls?host=/run/postgresql")
    config = env_database("NAME")
    assert (config["NAME"], config["USER"]) == ("calls", "alice")
    assert "/run/postgresql" in (config["HOST"], config["OPTIONS"].get("host"))


@pytest.mark.parametrize(
    "text", ["sqlite:///calls.db", "mysql://a:b@c/d", "postgresql://a:hunter2@b", "://", "calls"]
)
def test_other_databases_are_refused(monkeypatch: Patch, text: str) -> None:
    monkeypatch.setenv("NAME", text)
    with pytest.raises(ImproperlyConfigured, match="set it to postgresql://") as refusal:
        env_database("NAME")
    assert "hunter2" not in str(refusal.value)


def test_a_dotenv_file_fills_what_is_not_set(monkeypatch: Patch, tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("NAME=from the file\nOTHER_NAME=other\n")
    monkeypatch.setenv("NAME", "from the shell")
    monkeypatch.setenv("ENV_FILE", str(file))
    monkeypatch.delenv("OTHER_NAME", raising=False)
    load_dotenv(tmp_path / "not this one")
    assert (os.environ["NAME"], os.environ["OTHER_NAME"]) == ("from the shell", "other")
    monkeypatch.delenv("OTHER_NAME")


def test_the_default_dotenv_is_read_only_where_none_is_named(
    monkeypatch: Patch, tmp_path: Path
) -> None:
    file = tmp_path / "env"
    file.write_text("NAME=from the file\n")
    monkeypatch.setenv("ENV_FILE", "")
    load_dotenv(file)
    assert "NAME" not in os.environ
    monkeypatch.delenv("ENV_FILE")
    load_dotenv(tmp_path / "nothing")
    load_dotenv(file)
    assert os.environ["NAME"] == "from the file"


def test_a_named_dotenv_that_is_not_there_is_refused(monkeypatch: Patch, tmp_path: Path) -> None:
    monkeypatch.setenv("ENV_FILE", str(tmp_path / "nothing"))
    with pytest.raises(ImproperlyConfigured, match="ENV_FILE names a file that is not there"):
        load_dotenv(tmp_path / "env")
