"""A connection goes from hand to hand; a business must not go with it."""

from __future__ import annotations

import random
import signal
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

import pytest
from django.db import DatabaseError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from tenants.models import Business
from tenants.scoping import (
    PlatformReason,
    ScopeLeaked,
    ScopeMissing,
    business_scope,
    current_business_id,
    platform_scope,
)
from tests.rows import bare_business

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 100
BUSINESSES = 1_000
ROUNDS = 20


@pytest.fixture
def pool_of_four() -> Iterator[None]:
    """Threads make connections of their own from these settings, all out of one pool."""
    options = connections.settings["default"]["OPTIONS"]
    before = options.get("pool")
    connection.close()
    if before:
        connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's has one
    options["pool"] = {"min_size": 4, "max_size": 4, "timeout": 60}
    try:
        yield
    finally:
        connection.close()
        connection.close_pool()  # type: ignore[attr-defined]
        options["pool"] = before


def make_businesses(many: int) -> list[uuid.UUID]:
    with platform_scope(PlatformReason.CREATE_BUSINESS):
        rows = Business.objects.bulk_create(
            Business(slug=f"b{n}", name=f"b{n}", timezone="UTC", language="en") for n in range(many)
        )
    return [row.pk for row in rows]


@pytest.mark.usefixtures("pool_of_four")
def test_a_hundred_threads_on_four_connections_never_meet_another_business() -> None:
    ids = make_businesses(BUSINESSES)

    def draw(seed: int) -> list[tuple[uuid.UUID, list[uuid.UUID]]]:
        chance = random.Random(seed)
        seen = []
        for _round in range(ROUNDS):
            mine = chance.choice(ids)
            with business_scope(mine):
                seen.append((mine, list(Business.objects.values_list("pk", flat=True))))
            connection.close()  # back to the pool, for whoever waits
        return seen

    with ThreadPoolExecutor(THREADS) as threads:
        seen = [each for answers in threads.map(draw, range(THREADS)) for each in answers]
    assert len(seen) == THREADS * ROUNDS
    assert [pair for pair in seen if pair[1] != [pair[0]]] == []


def settings_left() -> list[str | None]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('app.business', true), current_setting('app.platform', true)"
        )
        return list(cursor.fetchone())


def assert_clean() -> None:
    assert not any(settings_left())
    assert current_business_id() is None
    with pytest.raises(ScopeMissing):
        Business.objects.count()


def test_an_exception_leaves_nothing_on_the_connection() -> None:
    flowers = bare_business("flowers")
    with pytest.raises(ZeroDivisionError), business_scope(flowers):
        raise ZeroDivisionError
    assert_clean()


def test_a_statement_that_times_out_leaves_nothing_on_the_connection() -> None:
    flowers = bare_business("flowers")
    with (
        pytest.raises(DatabaseError, match="statement timeout"),
        business_scope(flowers),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET LOCAL statement_timeout = 20; SELECT pg_sleep(5)")
    assert_clean()


def test_a_cancelled_statement_leaves_nothing_on_the_connection() -> None:
    flowers = bare_business("flowers")
    connection.ensure_connection()
    assert connection.connection is not None
    canceller = threading.Timer(0.2, connection.connection.cancel)
    canceller.start()
    with (
        pytest.raises(DatabaseError, match="user request"),
        business_scope(flowers),
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT pg_sleep(5)")
    canceller.join()
    assert_clean()


def test_a_signal_in_mid_transaction_leaves_nothing_on_the_connection() -> None:
    flowers = bare_business("flowers")

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(TimeoutError), business_scope(flowers):  # noqa: PT012 - the alarm is the point
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            threading.Event().wait(5)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert_clean()


def test_a_connection_that_was_lost_leaves_no_scope_behind() -> None:
    flowers = bare_business("flowers")
    with pytest.raises(DatabaseError), business_scope(flowers):  # noqa: PT012 - in two steps
        assert connection.connection is not None
        connection.connection.close()
        Business.objects.count()
    connection.close()
    assert_clean()


@pytest.mark.usefixtures("pool_of_four")
def test_a_business_set_for_the_session_is_noticed_by_the_next_user() -> None:
    flowers = bare_business("flowers")

    def careless() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('app.business', %s, false)", [str(flowers.pk)])
            cursor.execute("SELECT pg_backend_pid()")
            pid = int(cursor.fetchone()[0])
        connection.close()
        return pid

    def next_user(pid: int) -> int:
        for _attempt in range(8):
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    assert cursor.fetchone()[0] != pid
            except ScopeLeaked:
                return 1
            finally:
                connection.close()
        return 0

    connection.close()
    with ThreadPoolExecutor(1) as one:
        pid = one.submit(careless).result()
        noticed = [one.submit(next_user, pid).result() for _ in range(3)]
    assert sum(noticed) == 1


def test_every_new_connection_has_a_guard() -> None:
    def look() -> bool:
        try:
            Business.objects.count()
        except ScopeMissing:
            return True
        finally:
            connection.close()
        return False

    with ThreadPoolExecutor(1) as one:
        assert one.submit(look).result()


def test_the_scope_of_one_thread_is_not_that_of_another() -> None:
    flowers = bare_business("flowers")

    def look() -> uuid.UUID | None:
        try:
            return current_business_id()
        finally:
            connection.close()

    with business_scope(flowers), ThreadPoolExecutor(1) as one:
        assert one.submit(look).result() is None


def wrappers(database: BaseDatabaseWrapper) -> list[str]:
    return [type(wrapper).__name__ for wrapper in database.execute_wrappers]


def test_a_reopened_connection_has_one_guard_and_not_two() -> None:
    connection.close()
    connection.ensure_connection()
    connection.close()
    connection.ensure_connection()
    assert wrappers(connection).count("ScopeGuard") == 1
