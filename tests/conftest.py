from __future__ import annotations

import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, settings

from prosaas.embedded import Valkey
from prosaas.processes import is_root
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


@pytest.fixture(scope="session", autouse=True)
def no_name_server() -> Iterator[None]:
    """The names of the tests are nobody's (https://prosaas.test), and a name server that is asked for
    one of them may take five seconds to say so.
    """
    ask = socket.getaddrinfo

    def only_addresses(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host and host != "localhost" and not is_address(host):
            raise socket.gaierror(socket.EAI_NONAME, "the tests ask no name server")
        return ask(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", only_addresses)
        yield


def is_address(host: str | bytes) -> bool:
    try:
        ip_address(host.decode() if isinstance(host, bytes) else host)
    except ValueError:
        return False
    return True


@pytest.fixture
def valkey() -> Iterator[Valkey]:
    """One to be stopped and started; not started yet."""
    home = Path(tempfile.gettempdir()) / f"prosaas-valkey-{secrets.token_hex(6)}"
    home.mkdir(mode=0o711 if is_root() else 0o700)
    server = Valkey(home, "password")
    yield server
    server.stop()
    shutil.rmtree(home)


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
