"""The heartbeats keep their rows while their model moves from one app to another."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tenants.models import Heartbeat
from tests.people import NOW

HELD_OVER = ("outbound", "0003_heartbeat_moves_down")


def tables() -> set[str]:
    return {name for name in connection.introspection.table_names() if "heartbeat" in name}


@pytest.mark.django_db
def test_the_table_changes_its_name_and_keeps_its_rows_both_ways() -> None:
    Heartbeat.objects.create(task="keep_watch", at=NOW)
    executor = MigrationExecutor(connection)
    migration = executor.loader.get_migration(*HELD_OVER)
    before = executor.loader.project_state(
        [("outbound", "0002_isolation"), ("tenants", "0006_heartbeat")]
    )
    with connection.schema_editor(atomic=False) as editor:
        migration.unapply(before.clone(), editor)
        assert tables() == {"outbound_heartbeat"}
        migration.apply(before.clone(), editor)
    assert tables() == {"tenants_heartbeat"}
    assert Heartbeat.objects.get().task == "keep_watch"
