from __future__ import annotations

from typing import Any

from django.db import migrations

from tenants.scoping import PlatformReason, platform_scope

SPOKEN = """
INSERT INTO calls_spokenword (id, business_id, call_id, word, began_at)
SELECT gen_random_uuid(), calls_call.business_id, calls_call.id, word, calls_call.created_at
FROM calls_call JOIN calls_turn ON calls_turn.call_id = calls_call.id
CROSS JOIN LATERAL calls_words(calls_turn.text, true) AS word
ON CONFLICT DO NOTHING
"""
NAMED = """
INSERT INTO calls_nameword (id, business_id, lead_id, word)
SELECT gen_random_uuid(), business_id, id, word
FROM calls_lead CROSS JOIN LATERAL calls_words(name, false) AS word
ON CONFLICT DO NOTHING
"""


def find_words(apps: Any, schema_editor: Any) -> None:
    """Of what was said and who was known before the triggers were there."""
    with platform_scope(PlatformReason.MIGRATION), schema_editor.connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(SPOKEN)
        cursor.execute(NAMED)


def forget_words(apps: Any, schema_editor: Any) -> None:
    with platform_scope(PlatformReason.MIGRATION):
        apps.get_model("calls", "SpokenWord").objects.all().delete()
        apps.get_model("calls", "NameWord").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("calls", "0012_lists_isolation")]

    operations = [migrations.RunPython(find_words, forget_words)]
