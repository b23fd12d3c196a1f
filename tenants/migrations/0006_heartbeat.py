from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """The model only. Its table is outbound's, with its rows: outbound's 0003 hands it over."""

    dependencies = [("tenants", "0005_operators_who_look")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.CreateModel(
                    name="Heartbeat",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "task",
                            models.CharField(max_length=64, unique=True, verbose_name="task"),
                        ),
                        ("at", models.DateTimeField(verbose_name="last ran")),
                        (
                            "detail",
                            models.JSONField(blank=True, default=dict, verbose_name="what it did"),
                        ),
                    ],
                    options={"verbose_name": "heartbeat", "verbose_name_plural": "heartbeats"},
                )
            ]
        )
    ]
