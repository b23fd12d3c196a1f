from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0008_number_requests")]

    operations = [
        migrations.CreateModel(
            name="LimitedKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "fingerprint",
                    models.CharField(max_length=64, unique=True, verbose_name="fingerprint"),
                ),
                ("code", models.CharField(max_length=64, verbose_name="limited as")),
                ("limited_at", models.DateTimeField(verbose_name="last limited")),
                ("until", models.DateTimeField(verbose_name="half of the lines until")),
            ],
            options={"verbose_name": "limited key", "verbose_name_plural": "limited keys"},
        ),
    ]
