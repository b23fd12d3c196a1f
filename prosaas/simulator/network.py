"""What all calls of one stand-in carrier share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from prosaas.simulator.call_book import CallBook
from prosaas.simulator.clock import Clock
from prosaas.simulator.webhooks import PublicAddress, WebhookSender

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]


@dataclass(slots=True)
class Network:
    clock: Clock
    sender: WebhookSender
    address: PublicAddress
    allow_insecure_ws: bool
    spawn: Spawn
    epoch: datetime  # the date and time at which the clock would have shown zero
    rest_url: str = ""  # known once the carrier listens
    book: CallBook = field(default_factory=CallBook)

    def wall_time(self, at: float) -> datetime:
        return self.epoch + timedelta(seconds=at)

    def timestamp(self) -> datetime:
        return self.wall_time(self.clock.now())
