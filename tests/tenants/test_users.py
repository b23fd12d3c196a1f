from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError

from tenants.models import User
from tests.people import make_user

pytestmark = pytest.mark.django_db


def test_an_address_is_kept_in_lower_case() -> None:
    assert User.objects.create_user("Alice@ProSaaS.Test", "x").email == "alice@prosaas.test"


def test_a_person_signs_in_however_the_address_is_written() -> None:
    alice = make_user("alice")
    assert authenticate(username="ALICE@prosaas.test", password="correct horse") == alice
    assert authenticate(username="alice@prosaas.test", password="wrong horse") is None


def test_two_accounts_never_differ_in_case_alone() -> None:
    make_user("alice")
    with pytest.raises(IntegrityError):
        User.objects.bulk_create([User(email="ALICE@prosaas.test")])


def test_a_new_person_is_no_operator() -> None:
    dora = make_user("dora")
    assert not dora.is_staff
    assert not dora.is_superuser


def test_a_superuser_is_an_operator() -> None:
    boss = User.objects.create_superuser("boss@prosaas.test", "x")
    assert boss.is_staff
    assert boss.is_superuser
