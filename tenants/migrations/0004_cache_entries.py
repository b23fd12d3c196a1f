from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    """The table of Django's database cache, as `createcachetable` would make it."""

    dependencies = [("tenants", "0003_refused_key")]

    operations = [
        migrations.RunSQL(
            sql=[
                """CREATE TABLE cache_entries (
                    cache_key varchar(255) NOT NULL PRIMARY KEY,
                    value text NOT NULL,
                    expires timestamptz NOT NULL
                )""",
                "CREATE INDEX cache_entries_expires ON cache_entries (expires)",
            ],
            reverse_sql="DROP TABLE cache_entries",
        )
    ]
