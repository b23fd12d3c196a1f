from __future__ import annotations

import http.client
import time
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, no_translations
from django.db import connections

from prosaas.demo import campaign, services, setting
from prosaas.demo.children import ChildDiedError, Children
from prosaas.demo.services import HOST, Plan, PortTakenError
from prosaas.demo.telephone import (
    CarrierDoor,
    CarrierDoorError,
    Conversation,
    call_business,
    number_of,
)
from prosaas.embedded import state_home
from prosaas.processes import exit_on_signals
from tenants.models import Business

READY_WITHIN_S = 60.0
CALL_WITHIN_S = 120.0
CAMPAIGN_WITHIN_S = 240.0
LOOK_EVERY_S = 0.2


class Command(BaseCommand):
    help = (
        "Run the whole product in this terminal: database, web, worker, two businesses, a call "
        "to each, and a small campaign. Stand-ins take the place of Twilio and OpenAI where no keys are set."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, help="of the web server; default: 8000 if free")
        parser.add_argument(
            "--exit", action="store_true", help="stop after the calls instead of waiting for Ctrl-C"
        )

    @no_translations
    def handle(self, *args: Any, **options: Any) -> None:
        state = state_home()
        logs = state / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        children = Children(logs)
        with exit_on_signals():
            try:
                self._run(options, state, children)
            except KeyboardInterrupt:
                self._say("\nStopping.")
            except (ChildDiedError, CarrierDoorError, PortTakenError) as error:
                raise CommandError(str(error)) from error
            finally:
                children.stop()
                (state / "demo.json").unlink(missing_ok=True)

    def _run(self, options: dict[str, Any], state: Path, children: Children) -> None:
        began = time.monotonic()
        plan = services.make_plan(options["port"])
        self._introduce(plan)
        call_command("migrate", verbosity=0, interactive=False)
        login = setting.password(state)
        businesses = setting.create_businesses(login)
        setting.create_operator(login)
        services.start(plan, children)
        self._wait_until_ready(plan, children)
        setting.note_running(state, plan)
        self._say(f"ready after {time.monotonic() - began:.1f} s\n")
        if plan.carrier_port:
            _bring_numbers(plan, businesses)
            self._call_each(plan, businesses, children)
            self._run_campaign(plan, businesses[0], children)
        self._explain(plan, login, state)
        while not options["exit"]:
            children.check()
            time.sleep(1)

    def _introduce(self, plan: Plan) -> None:
        carrier = "a stand-in, not Twilio" if plan.carrier_port else "Twilio, with your account"
        model = "a stand-in, not OpenAI" if plan.model_port else "OpenAI, with your key"
        self._say(f"ProSaaS demo\n  carrier: {carrier}\n  model:   {model}")

    def _wait_until_ready(self, plan: Plan, children: Children) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not _is_ready(plan):
            children.check()
            if time.monotonic() > deadline:
                raise CommandError(
                    f"{plan.local_url}/readyz was not ready in {READY_WITHIN_S:.0f} s."
                )
            time.sleep(0.1)

    def _call_each(self, plan: Plan, businesses: Sequence[Business], children: Children) -> None:
        door = _door(plan)
        conversations = [
            call_business(door, business, plan.public_url, "polite_caller", self._say)
            for business in businesses
        ]
        for conversation in conversations:
            self._say(f"{conversation.business.slug:>14}  a scripted caller rings")
        self._follow(conversations, children)

    def _follow(self, conversations: list[Conversation], children: Children) -> None:
        deadline = time.monotonic() + CALL_WITHIN_S
        while conversations and time.monotonic() < deadline:
            children.check()
            for conversation in conversations:
                conversation.look()
            conversations = [one for one in conversations if not one.over]
            connections.close_all()
            time.sleep(LOOK_EVERY_S)
        for conversation in conversations:
            self.stderr.write(f"{conversation.business.slug}: the call did not end in time")

    def _run_campaign(self, plan: Plan, business: Business, children: Children) -> None:
        run = campaign.prepare(business, _door(plan))
        self._say(f"\n{business.slug} calls ten people on its list: {run.name}")
        services.manage(plan, "outbound", "start", str(run.pk))
        progress = campaign.Progress(run, self._say)
        if not progress.watch(for_s=CAMPAIGN_WITHIN_S, check=children.check):
            self.stderr.write("The campaign did not end in time.")
        self._say(progress.table())

    def _explain(self, plan: Plan, login: str, state: Path) -> None:
        owners = "".join(
            f"  owner:       {sample.owner_email}  ({sample.slug})\n" for sample in setting.SAMPLES
        )
        self._say(
            f"\nThe demo runs; Ctrl-C stops it and leaves nothing behind.\n"
            f"  log in:      {plan.local_url}/accounts/login/\n"
            f"{owners}"
            f"  operator:    {setting.OPERATOR_EMAIL}, then {plan.local_url}/admin/\n"
            f"  password:    {login}\n"
            f"  logs:        {state / 'logs'}"
        )
        if plan.carrier_port:
            self._say("  another call: python manage.py simulate_call --business healthy-smile")
        else:
            self._say(
                "  to call it:  set your Twilio number's voice URL to\n"
                f"               {plan.public_url}/twiml/incoming/healthy-smile\n"
                "               and its call status URL to\n"
                f"               {plan.public_url}/webhooks/twilio/call-status/healthy-smile\n"
                "               and give the business that number in the admin."
            )

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _bring_numbers(plan: Plan, businesses: Sequence[Business]) -> None:
    """So that the number doctor finds at the stand-in what it would find at Twilio."""
    _door(plan).bring({number_of(business): business for business in businesses}, plan.public_url)


def _door(plan: Plan) -> CarrierDoor:
    return setting.Running(
        plan.public_url, plan.carrier_url, plan.account_sid, plan.auth_token
    ).door


def _is_ready(plan: Plan) -> bool:
    connection = http.client.HTTPConnection(HOST, plan.web_port, timeout=2)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
