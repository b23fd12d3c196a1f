from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """Tasks of every app have a heartbeat now; the rows stay, under the name of its new app."""

    dependencies = [("outbound", "0002_isolation"), ("tenants", "0006_heartbeat")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE outbound_heartbeat RENAME TO tenants_heartbeat",
                    "ALTER TABLE tenants_heartbeat RENAME TO outbound_heartbeat",
                )
            ],
            state_operations=[migrations.DeleteModel("Heartbeat")],
        )
    ]
