"""Which processes make up the product, and what stands in for what is not there."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from prosaas.demo.children import Children

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
BASE_DIR = Path(__file__).resolve().parent.parent.parent


class PortTakenError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Plan:
    """Addresses and accounts of one run of the demo."""

    web_port: int
    public_url: str
    carrier_port: int | None  # None: the real one
    model_port: int | None  # None: the real one
    account_sid: str
    auth_token: str = field(repr=False)
    model_key: str = field(repr=False)

    @property
    def local_url(self) -> str:
        return f"http://{HOST}:{self.web_port}"

    @property
    def carrier_url(self) -> str:
        return f"http://{HOST}:{self.carrier_port}" if self.carrier_port else ""

    def environment(self) -> dict[str, str]:
        """What the product's processes get. Stand-ins are reached by the settings that would
        reach the real services: nothing in the product knows the difference.
        """
        environment = dict(os.environ) | {
            "DJANGO_SETTINGS_MODULE": "prosaas.settings",
            "PYTHONPATH": str(BASE_DIR),
            "PYTHONUNBUFFERED": "1",
            "PUBLIC_URL": self.public_url,
        }
        if self.public_url == self.local_url:
            # Nobody outside this machine reaches the door, and trying out should begin at once.
            environment["SECOND_FACTOR_REQUIRED"] = environment.get("SECOND_FACTOR_REQUIRED") or "0"
        if self.carrier_port:
            environment |= {
                "TWILIO_API_BASE_URL": self.carrier_url,
                "TWILIO_ACCOUNT_SID": self.account_sid,
                "TWILIO_AUTH_TOKEN": self.auth_token,
            }
        if self.model_port:
            environment |= {
                "OPENAI_API_KEY": self.model_key,
                "OPENAI_BASE_URL": f"http://{HOST}:{self.model_port}/v1",
                "OPENAI_WEBSOCKET_BASE_URL": f"ws://{HOST}:{self.model_port}/v1",
            }
        return environment


def make_plan(port: int | None) -> Plan:
    """Real services where the environment has their keys, stand-ins where it has none."""
    web_port = _web_port(port)
    real_carrier = bool(settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN)
    named = "PUBLIC_URL" in os.environ
    return Plan(
        web_port=web_port,
        public_url=settings.PUBLIC_URL if named else f"http://{HOST}:{web_port}",
        carrier_port=None if real_carrier else _free_port(),
        model_port=None if settings.OPENAI_API_KEY else _free_port(),
        account_sid=settings.TWILIO_ACCOUNT_SID or "AC" + secrets.token_hex(16),
        auth_token=settings.TWILIO_AUTH_TOKEN or secrets.token_hex(16),
        model_key="stand-in-" + secrets.token_hex(8),
    )


def start(plan: Plan, children: Children) -> None:
    environment = plan.environment()
    if plan.model_port:
        children.start(
            "model", _python("-m", "prosaas.simulator.model", *_model(plan)), environment
        )
    if plan.carrier_port:
        command = _python("-m", "prosaas.simulator.carrier", *_carrier(plan))
        children.start("carrier", command, environment)
    # Access logs are off: the paths of media sockets carry their tokens.
    web = _python("-m", "daphne", "-b", HOST, "-p", str(plan.web_port), "--access-log", os.devnull)
    children.start("web", [*web, "prosaas.asgi:application"], environment)
    celery = _python("-m", "celery", "-A", "prosaas.celery", "--workdir", str(BASE_DIR))
    threads = ["--pool", "threads", "--without-gossip", "--without-mingle"]
    # A dialler is at work for as long as there is somebody to call; nothing else waits behind it.
    children.start(
        "dialler", [*celery, "worker", *threads, "-c", "1", "-Q", "dialling"], environment
    )
    others = "calls,callbacks,imports"
    children.start("worker", [*celery, "worker", *threads, "-c", "3", "-Q", others], environment)
    children.start("beat", [*celery, "beat", "--pidfile="], environment)


def manage(plan: Plan, *arguments: str) -> None:
    """A command as an operator of this installation would type it. Raises CalledProcessError."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), *arguments]
    subprocess.run(command, env=plan.environment(), check=True, capture_output=True, text=True)  # noqa: S603


def _python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def _model(plan: Plan) -> list[str]:
    return ["--port", str(plan.model_port), "--key", plan.model_key]


def _carrier(plan: Plan) -> list[str]:
    address = ["--port", str(plan.carrier_port), "--account-sid", plan.account_sid]
    if plan.public_url == plan.local_url:
        return [*address, "--allow-insecure-ws"]
    insecure = [] if urlsplit(plan.public_url).scheme == "https" else ["--allow-insecure-ws"]
    return [*address, "--public-url", plan.public_url, "--deliver-to", plan.local_url, *insecure]


def _web_port(wanted: int | None) -> int:
    if wanted is not None:
        if not _is_free(wanted):
            raise PortTakenError(f"Port {wanted} is in use; choose another with --port.")
        return wanted
    return DEFAULT_PORT if _is_free(DEFAULT_PORT) else _free_port()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
