"""The businesses that are called, one for each situation: `python -m bench.turns.businesses`.

Reads a JSON list of them on its standard input and makes their rows, in one process, since to
start Django a hundred times would take longer than the bench.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import tempfile
from base64 import b64decode
from pathlib import Path
from typing import TypedDict

import django
from django.core.management import call_command
from django.db import connection

# A tool whose row takes its time to be written down runs for so long, and the caller has something
# to speak into.
SLOW_TOOL = """
CREATE OR REPLACE FUNCTION bench_slow_tool() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(1.5);
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER bench_slow_tool BEFORE INSERT ON calls_toolcall
    FOR EACH ROW WHEN (NEW.name = 'look_it_up') EXECUTE FUNCTION bench_slow_tool();
"""


class Wanted(TypedDict):
    slug: str
    language: str
    number: str
    prompt: str
    greeting: str
    stored_greeting: str  # base64 of its audio, empty for one that the model speaks
    barge_in: str


def main() -> None:
    django.setup()
    with connection.cursor() as cursor:
        cursor.execute(SLOW_TOOL)
    for wanted in json.load(sys.stdin):
        _make(wanted)


def _make(wanted: Wanted) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as prompt:
        prompt.write(wanted["prompt"])
        prompt.flush()
        with contextlib.redirect_stdout(io.StringIO()):
            call_command(
                "create_business",
                slug=wanted["slug"],
                name="Stopwatches",
                language=wanted["language"],
                timezone="Asia/Jerusalem",
                number=[wanted["number"]],
                inbound_prompt=Path(prompt.name),
                greeting=wanted["greeting"],
            )
    _settle(wanted)


def _settle(wanted: Wanted) -> None:
    from django.utils import timezone

    from calls.models import AgentSettings
    from prompts.models import Direction, GreetingClip, Prompt
    from tenants.models import Business
    from tenants.scoping import PlatformReason, business_scope, platform_scope

    with platform_scope(PlatformReason.CREATE_BUSINESS):
        business = Business.objects.get(slug=wanted["slug"])
    audio = b64decode(wanted["stored_greeting"])
    with business_scope(business.pk):
        settings = AgentSettings.objects.of(business)
        settings.barge_in = wanted["barge_in"]
        settings.save()
        version = Prompt.objects.published_version(business, Direction.INBOUND)
        if version is not None and audio:
            GreetingClip.objects.update_or_create(
                business=business,
                version=version,
                defaults={
                    "audio": audio,
                    "duration_ms": len(audio) // 8,
                    "made_at": timezone.now(),
                },
            )


if __name__ == "__main__":
    main()
