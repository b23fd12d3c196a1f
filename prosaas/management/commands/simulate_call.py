from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db import connections

from prosaas.demo.setting import running_demo
from prosaas.demo.telephone import CarrierDoorError, call_business
from prosaas.embedded import state_home
from tenants.models import Business
from tenants.scoping import PlatformReason, platform_scope

PEOPLE = ("polite_caller", "interrupter", "silent_caller", "impatient")
CALL_WITHIN_S = 300.0
LOOK_EVERY_S = 0.2


class Command(BaseCommand):
    help = (
        "Place an inbound call through the real HTTP and WebSocket doors, from the stand-in carrier "
        "of a running demo, and show its transcript while it goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--business", default="harbor-plumbing", help="its slug")
        parser.add_argument("--person", default="polite_caller", choices=PEOPLE)

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        running = running_demo(state_home())
        if running is None or not running.carrier_url:
            raise CommandError(
                "No demo with a stand-in carrier is running: start scripts/demo first."
            )
        business = _business(options["business"])
        try:
            conversation = call_business(
                running.door, business, running.public_url, options["person"], self._say
            )
        except (CarrierDoorError, LookupError) as error:
            raise CommandError(str(error)) from error
        self._say(f"{business.slug:>14}  {options['person']} rings ({conversation.call_sid})")
        deadline = time.monotonic() + CALL_WITHIN_S
        while not conversation.over:
            if time.monotonic() > deadline:
                raise CommandError(f"{conversation.call_sid} did not end in {CALL_WITHIN_S:.0f} s.")
            conversation.look()
            connections.close_all()
            time.sleep(LOOK_EVERY_S)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _business(slug: str) -> Business:
    with platform_scope(PlatformReason.ROUTE_NUMBER):
        business = Business.objects.filter(slug=slug).first()
    if business is None:
        raise CommandError(f"There is no business {slug}.")
    return business
