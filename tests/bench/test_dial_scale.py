"""The long queue that the cost of a dial is measured with fits the tables that there are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection

from bench.dial_scale import backlog
from bench.dial_scale.backlog import Backlog
from outbound.models import DialAttempt, JobStatus, OutboundCallJob
from tenants.scoping import PlatformReason, platform_scope
from tests.people import NOW


@pytest.fixture
def own_connection(transactional_db: None) -> Iterator[None]:
    """The filling takes its statements all the time in the world; nobody behind it is to have that."""
    yield
    connection.close()


@pytest.mark.usefixtures("own_connection")
def test_the_queue_is_made_and_grows() -> None:
    for queued in (100, 150):
        Backlog(queued, called_before=20).fill(account_sid=settings.TWILIO_ACCOUNT_SID, now=NOW)
        with platform_scope(PlatformReason.DIAL):
            jobs = OutboundCallJob.objects
            # Rounded down to a whole number for each of the shorter runs.
            assert queued - 10 < jobs.filter(status=JobStatus.QUEUED).count() <= queued
            assert DialAttempt.objects.filter(run=backlog.big_run()).count() == 20
