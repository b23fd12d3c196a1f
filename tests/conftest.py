from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings

from tests.template import migrated_template, what_migrations_made_stays

pytest_plugins = ["tests.people"]

# No property is about time, and a shared machine stalls now and then.
settings.register_profile("prosaas", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("prosaas")


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Each test begins in English: a request leaves its language to whatever comes after it in
    the thread. A test of Hebrew says so, and a request has a language of its own."""
    with translation.override("en"):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None,
) -> None:
    """Each worker's database is a copy of one that has been migrated once: the migrations take
    longer than most files of tests.
    """
    from django.conf import settings

    settings.DATABASES["default"]["TEST"]["TEMPLATE"] = migrated_template()


@pytest.fixture(scope="session", autouse=True)
def emptying_keeps_what_migrations_made() -> Iterator[None]:
    with what_migrations_made_stays():
        yield


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first: begun last, it would keep one worker busy and the others idle."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
