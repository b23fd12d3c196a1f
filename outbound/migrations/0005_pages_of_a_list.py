from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outbound", "0004_counted_by_status_and_broken_settings")]

    operations = [
        migrations.AddIndex(
            model_name="leadlistentry",
            index=models.Index(
                fields=["business", "list", "-added_at", "-id"], name="leadlistentry_pages"
            ),
        ),
    ]
