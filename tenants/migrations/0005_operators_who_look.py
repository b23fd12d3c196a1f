from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tenants", "0004_cache_entries")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="looks_only",
            field=models.BooleanField(
                default=False,
                help_text="An operator who sees every page and may press no button.",
                verbose_name="looks and changes nothing",
            ),
        ),
        migrations.AddConstraint(
            model_name="user",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("looks_only", False),
                    models.Q(("is_staff", True), ("is_superuser", False)),
                    _connector="OR",
                ),
                name="user_looks_only_is_an_operator",
                violation_error_message=(
                    "Who only looks is an operator, and has not the rights of one who changes things."
                ),
            ),
        ),
    ]
