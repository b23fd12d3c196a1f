"""What can be put between the two stand-ins: the product behind either server, and the relay."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from bench.doors import HOST
from bench.installation import SLUG

PRODUCT = "prosaas.asgi:application"
PRODUCT_WITH_QUERY = "bench.slow_query:application"
QUERY_S = 0.5
QUERY_HAS_RUN = "a slow query has run"  # a line of its log for each


@dataclass(frozen=True, slots=True)
class Address:
    """Where everything is found in one trial, and by which keys."""

    product_port: int
    media_port: int  # of the relay, whose media has a port of its own
    carrier_port: int
    model_port: int
    account_sid: str
    auth_token: str
    model_key: str

    @property
    def public_url(self) -> str:
        return f"http://{HOST}:{self.product_port}"

    @property
    def model_url(self) -> str:
        return f"ws://{HOST}:{self.model_port}/v1"

    @property
    def voice_url(self) -> str:
        return f"{self.public_url}/twiml/incoming/{SLUG}"

    @property
    def status_url(self) -> str:
        return f"{self.public_url}/webhooks/twilio/call-status/{SLUG}"

    def of_carrier(self) -> list[str]:
        account = ["--account-sid", self.account_sid, "--auth-token", self.auth_token]
        return ["--port", str(self.carrier_port), *account, "--allow-insecure-ws"]

    def of_model(self) -> list[str]:
        """No delay: all that it has to say leaves at once, and what time passes is not its own."""
        delays = ["--first-delta-ms", "0", "0", "--times-real-time", "0", "0"]
        return ["--port", str(self.model_port), "--key", self.model_key, *delays, "--figures-only"]


@dataclass(frozen=True, slots=True)
class Candidate:
    name: str
    module: str
    application: str = ""  # empty for the relay, which is none of the product
    ready_path: str = "/readyz"

    @property
    def is_product(self) -> bool:
        return bool(self.application)

    def arguments(self, address: Address, greeting: str) -> list[str]:
        match self.module:
            case "daphne":
                bind = ["-b", HOST, "-p", str(address.product_port)]
                return [*bind, "--access-log", os.devnull, self.application]
            case "uvicorn":
                bind = ["--host", HOST, "--port", str(address.product_port)]
                quiet = ["--no-access-log", "--log-level", "warning"]
                fast = ["--loop", "uvloop", "--lifespan", "on"]
                return [*bind, *fast, *quiet, self.application]
            case _:
                ports = ["--port", str(address.product_port), "--media-port"]
                model = ["--model-url", address.model_url, "--key", address.model_key]
                return [*ports, str(address.media_port), *model, "--greeting", greeting]

    def environment(self, address: Address, base: Mapping[str, str]) -> dict[str, str]:
        return dict(base) | {
            "PUBLIC_URL": address.public_url,
            "OPENAI_API_KEY": address.model_key,
            "OPENAI_BASE_URL": f"http://{HOST}:{address.model_port}/v1",
            "OPENAI_WEBSOCKET_BASE_URL": address.model_url,
            "TWILIO_ACCOUNT_SID": address.account_sid,
            "TWILIO_AUTH_TOKEN": address.auth_token,
            "TWILIO_API_BASE_URL": f"http://{HOST}:{address.carrier_port}",
        }


RELAY = Candidate("relay", "bench.relay", ready_path="/")


def product(server: str, *, with_query: bool = False) -> Candidate:
    if with_query:
        return Candidate(f"{server} with a query", server, PRODUCT_WITH_QUERY)
    return Candidate(server, server, PRODUCT)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
