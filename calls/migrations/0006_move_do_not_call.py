from __future__ import annotations

from typing import Any

from django.db import migrations

from tenants.scoping import PlatformReason, platform_scope


def list_numbers(apps: Any, schema_editor: Any) -> None:
    """What stood with the lead stands in a list of its own, which outlives the lead."""
    lead, listed = apps.get_model("calls", "Lead"), apps.get_model("calls", "DoNotCall")
    with platform_scope(PlatformReason.MIGRATION):
        marked = lead.objects.exclude(do_not_call_at=None).iterator(chunk_size=1000)
        listed.objects.bulk_create(
            (
                listed(
                    business_id=person.business_id,
                    phone_e164=person.phone_e164,
                    since=person.do_not_call_at,
                    via=person.do_not_call_via,
                )
                for person in marked
            ),
            batch_size=1000,
            ignore_conflicts=True,
        )


def mark_leads(apps: Any, schema_editor: Any) -> None:
    lead, listed = apps.get_model("calls", "Lead"), apps.get_model("calls", "DoNotCall")
    with platform_scope(PlatformReason.MIGRATION):
        for entry in listed.objects.iterator(chunk_size=1000):
            people = lead.objects.filter(
                business_id=entry.business_id, phone_e164=entry.phone_e164, do_not_call_at=None
            )
            # "A list" was no way of saying so at that time.
            via = entry.via if entry.via != "import" else "owner"
            people.update(do_not_call_at=entry.since, do_not_call_via=via)


class Migration(migrations.Migration):
    dependencies = [("calls", "0005_do_not_call")]

    operations = [migrations.RunPython(list_numbers, mark_leads)]
