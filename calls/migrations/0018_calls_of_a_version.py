from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("calls", "0017_live_orders"),
        ("prompts", "0005_voice_samples"),
        ("tenants", "0007_invitation"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="promptbinding",
            index=models.Index(
                fields=["business", "version", "created_at"], name="binding_of_version"
            ),
        ),
    ]
