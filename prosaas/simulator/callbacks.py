"""Status callbacks of one call, in order or in whatever disorder a test asks for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field

from prosaas.simulator.clock import Clock
from prosaas.simulator.webhooks import Account, Exchange, WebhookSender

# A callback that is not answered holds back the next one no longer than this.
_PATIENCE_S = 2.0


@dataclass(frozen=True, slots=True)
class CallbackFaults:
    """What goes wrong, by the name of the event: ringing, in-progress, completed, stream-started…

    Anything here but `drop` and `repeat` gives up the order of the callbacks.
    """

    drop: frozenset[str] = frozenset()
    drop_chance: float = 0.0
    repeat: Mapping[str, int] = field(default_factory=dict)  # how many times more
    repeat_chance: float = 0.0
    delay_s: Mapping[str, float] = field(default_factory=dict)
    delay_all_s: float = 0.0
    shuffle_s: float = 0.0  # each one is held back by a random time up to this
    swap: tuple[str, str] | None = None  # the first one is held until the second has been sent
    after_the_end: frozenset[str] = frozenset()  # held until everything else has been delivered
    seed: int = 0

    @property
    def keeps_order(self) -> bool:
        waits = self.delay_s or self.delay_all_s or self.shuffle_s
        return not waits and self.swap is None and not self.after_the_end


@dataclass(frozen=True, slots=True)
class Callback:
    event: str
    url: str
    method: str
    params: Mapping[str, str]


class Courier:
    """Sends the callbacks of one call without ever holding the call up."""

    def __init__(
        self,
        sender: WebhookSender,
        account: Account,
        clock: Clock,
        faults: CallbackFaults,
        start: Callable[[Coroutine[object, object, None]], asyncio.Task[None]],
    ) -> None:
        self.exchanges: list[Exchange] = []
        self._sender = sender
        self._account = account
        self._clock = clock
        self._faults = faults
        self._dice = random.Random(faults.seed)
        self._start = start
        self._deliveries: list[asyncio.Task[None]] = []
        self._held: Callback | None = None
        self._last: list[Callback] = []
        self._ending = False

    def post(self, callback: Callback) -> None:
        if not callback.url or self._is_dropped(callback.event):
            return
        if callback.event in self._faults.after_the_end and not self._ending:
            self._last.append(callback)
            return
        if self._faults.swap is not None and callback.event == self._faults.swap[0]:
            self._held = callback
            return
        self._dispatch(callback)
        if self._faults.swap is not None and callback.event == self._faults.swap[1]:
            self._release()

    async def delivered(self) -> None:
        """Returns when everything that was posted has been answered or given up."""
        self._release()
        await self._deliver_all()
        self._ending = True
        for callback in self._last:
            self._dispatch(callback)
        await self._deliver_all()

    async def _deliver_all(self) -> None:
        while pending := [delivery for delivery in self._deliveries if not delivery.done()]:
            await asyncio.wait(pending)

    def _is_dropped(self, event: str) -> bool:
        return event in self._faults.drop or self._dice.random() < self._faults.drop_chance

    def _release(self) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._dispatch(held, after=self._deliveries[-1] if self._deliveries else None)

    def _dispatch(self, callback: Callback, after: asyncio.Task[None] | None = None) -> None:
        repeats = self._faults.repeat.get(callback.event, 0)
        if self._dice.random() < self._faults.repeat_chance:
            repeats += 1
        for _ in range(1 + repeats):
            if self._faults.keeps_order and self._deliveries:
                after = self._deliveries[-1]
            delay = self._faults.delay_all_s + self._faults.delay_s.get(callback.event, 0.0)
            delay += self._dice.random() * self._faults.shuffle_s
            self._deliveries.append(self._start(self._deliver(callback, delay, after)))

    async def _deliver(
        self, callback: Callback, delay: float, after: asyncio.Task[None] | None
    ) -> None:
        if after is not None:
            await asyncio.wait({after}, timeout=self._clock.real_seconds(_PATIENCE_S))
        if delay:
            await self._clock.sleep(delay)
        self.exchanges += await self._sender.send(
            self._account, callback.event, callback.url, callback.method, callback.params
        )
