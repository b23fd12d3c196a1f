from __future__ import annotations

from django.db import migrations

from tenants.rls import CompositeForeignKey, EnableRLS


class Migration(migrations.Migration):
    dependencies = [("prompts", "0003_greeting_clip")]

    operations = [
        EnableRLS("GreetingClip"),
        CompositeForeignKey("GreetingClip", "version"),
    ]
