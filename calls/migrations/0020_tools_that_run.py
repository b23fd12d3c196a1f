from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0019_names_in_one_place"),
        ("tenants", "0008_number_requests"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="toolcall",
            index=models.Index(
                condition=models.Q(status="running"),
                fields=["created_at"],
                name="toolcall_running",
            ),
        ),
    ]
