"""A throw-away installation: servers, tables, a business that answers its telephone."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.processes import BASE_DIR, run
from prosaas.embedded import Servers

SLUG = "bench"
NUMBER = "+12025550100"
PROMPT = "You answer the telephone of a shop that sells nothing but stopwatches. Be brief. " * 12


@dataclass(frozen=True, slots=True)
class Installation:
    home: Path
    environment: Mapping[str, str]

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    def greet_with(self, greeting: str) -> None:
        """Makes the business, or brings it up to date."""
        prompt = self.home / "prompt.txt"
        prompt.write_text(PROMPT)
        business = {
            "slug": SLUG,
            "name": "Stopwatches",
            "language": "en",
            "timezone": "America/New_York",
            "number": NUMBER,
            "inbound-prompt": str(prompt),
            "greeting": greeting,
        }
        options = [f"--{name}={value}" for name, value in business.items()]
        run("manage", "create_business", *options, environment=self.environment)


@contextlib.contextmanager
def installed() -> Iterator[Installation]:
    home = Path(tempfile.gettempdir()) / f"prosaas-bench-{secrets.token_hex(6)}"
    try:
        with Servers(home, durable=False) as servers:
            installation = Installation(home, _environment(servers.environment()))
            installation.logs.mkdir()
            run("manage", "migrate", "--verbosity", "0", environment=installation.environment)
            yield installation
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _environment(servers: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the developer's own: neither `.env` nor keys reach the product under test."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {
        **kept,
        **servers,
        "DJANGO_SETTINGS_MODULE": "prosaas.settings",
        "ENV_FILE": "",
        "PYTHONPATH": str(BASE_DIR),
        "LOG_FORMAT": "json",
    }
