"""All calls of the stand-in carrier: who has an account, who is dialled when, which call is which."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from websockets.asyncio.client import ClientConnection

from prosaas.simulator.call_plan import Callee, CallFaults, CallSettings, Fetch
from prosaas.simulator.call_record import CallRecord
from prosaas.simulator.callees import Directory
from prosaas.simulator.clock import Clock
from prosaas.simulator.media_socket import Signature, open_socket
from prosaas.simulator.network import Network
from prosaas.simulator.outbound_faults import FaultsByLot
from prosaas.simulator.people import Person, silent_caller
from prosaas.simulator.phone_call import PhoneCall
from prosaas.simulator.twiml import Dial
from prosaas.simulator.webhooks import Account, Exchange, PublicAddress, WebhookSender

DEFAULT_CALLER = "+972501234567"


class Switchboard:
    """Every call is a task of one group: what fails in a call is raised where the carrier is
    closed, and is not swallowed.
    """

    def __init__(
        self,
        *,
        accounts: tuple[Account, ...],
        clock: Clock,
        address: PublicAddress,
        calls_per_second: float,
        allow_insecure_ws: bool,
        details_kept: int = 1000,
    ) -> None:
        """`calls_per_second` of each account; zero or less: no limit. `details_kept`: of so many
        ended calls that had no media all is kept; of older ones what is in the book.
        """
        self.accounts = {account.sid: account for account in accounts}
        self.calls: dict[str, PhoneCall] = {}  # by sid: under way, or ended and still kept
        self.directory = Directory()
        self.outbound_faults: deque[CallFaults] = deque()  # one for each outbound call to come…
        self.faults_by_lot: FaultsByLot | None = None  # …and then
        self.clock = clock
        self.address = address
        self._default_account = accounts[0]
        self._calls_per_second = calls_per_second
        self._dial_next_at: dict[str, float] = {}
        self._ended: deque[PhoneCall] = deque()
        self._details_kept = details_kept
        self._sender = WebhookSender(clock, address)
        self._tasks: asyncio.TaskGroup | None = None
        self.network = Network(
            clock=clock,
            sender=self._sender,
            address=address,
            allow_insecure_ws=allow_insecure_ws,
            spawn=self._spawn,
            epoch=datetime.now(UTC) - timedelta(seconds=clock.now()),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self._sender.open()
        try:
            async with asyncio.TaskGroup() as self._tasks:
                yield
        finally:
            await self._sender.close()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        if self._tasks is None:
            raise RuntimeError("the carrier has not been started")
        return self._tasks.create_task(work)

    @property
    def callees(self) -> dict[str, Callee]:
        """By number: who answers when it is dialled."""
        return self.directory.numbers

    def account(self, sid: str) -> Account:
        return self.accounts[sid] if sid else self._default_account

    async def place_call(
        self,
        *,
        to: str,
        voice_url: str,
        from_: str = DEFAULT_CALLER,
        person: Person | None = None,
        status_callback: str = "",
        status_events: frozenset[str] = frozenset({"completed"}),
        fallback_url: str = "",
        account_sid: str = "",
        faults: CallFaults | None = None,
    ) -> PhoneCall:
        """Somebody dials one of the product's numbers."""
        call = PhoneCall(
            network=self.network,
            account=self.account(account_sid),
            direction="inbound",
            to=to,
            from_=from_,
            settings=CallSettings(
                source=Fetch(voice_url, fallback_url=fallback_url),
                status_callback=status_callback,
                status_events=status_events,
            ),
            person=person or silent_caller(),
            put_through=self.put_through,
            faults=faults,
        )
        self._begin(call, call.ring())
        return call

    def dial(
        self, account: Account, to: str, from_: str, settings: CallSettings, queued_s: float = 0.0
    ) -> PhoneCall:
        """The product has asked for a call. Taken in order, at the pace of the account, and
        `queued_s` later than that.
        """
        callee = self.directory.pick(to)
        call = PhoneCall(
            network=self.network,
            account=account,
            direction="outbound-api",
            to=to,
            from_=from_,
            settings=settings,
            person=callee.person,
            put_through=self.put_through,
            faults=self._next_faults(to),
        )
        call.record.queue_time_s = self._turn_in(account) + queued_s
        self._begin(call, call.dial(callee))
        return call

    def _turn_in(self, account: Account) -> float:
        """Seconds until the account may dial again, which is then taken up."""
        if self._calls_per_second <= 0:
            return 0.0
        now = self.clock.now()
        dialled_at = max(now, self._dial_next_at.get(account.sid, now))
        self._dial_next_at[account.sid] = dialled_at + 1 / self._calls_per_second
        return dialled_at - now

    def _next_faults(self, number: str) -> CallFaults | None:
        if self.outbound_faults:
            return self.outbound_faults.popleft()
        return self.faults_by_lot.next(number) if self.faults_by_lot else None

    def put_through(self, caller: PhoneCall, verb: Dial) -> PhoneCall:
        """The other leg of a call that is told to <Dial>. Not held back like calls by REST are."""
        callee = self.directory.pick(verb.number)
        leg = PhoneCall(
            network=self.network,
            account=caller.account,
            direction="outbound-dial",
            to=verb.number,
            from_=verb.caller_id or caller.from_,
            settings=CallSettings(
                source=Fetch(verb.screening_url, verb.screening_method),
                time_limit_s=verb.time_limit_s,
            ),
            person=callee.person,
            put_through=self.put_through,
            parent_sid=caller.sid,
        )
        self._begin(leg, leg.be_put_through(callee, verb.timeout_s))
        return leg

    def _begin(self, call: PhoneCall, course: Coroutine[Any, Any, None]) -> None:
        self.calls[call.sid] = call
        self.network.book.enter(call.record)
        self._spawn(self._see_through(call, course))

    async def _see_through(self, call: PhoneCall, course: Coroutine[Any, Any, None]) -> None:
        await course
        if call.streams:
            return
        self._ended.append(call)
        if len(self._ended) > self._details_kept:
            self._let_go(self._ended.popleft())

    def _let_go(self, call: PhoneCall) -> None:
        call.record.webhooks = tuple(about.without_content() for about in call.requests())
        del self.calls[call.sid]

    def requests_about(self, record: CallRecord) -> Sequence[Exchange]:
        """What the application was asked and told, as far as it is still known."""
        call = self.calls.get(record.sid)
        return record.webhooks if call is None else call.requests()

    async def knock(
        self, url: str, *, account_sid: str = "", signature: Signature = "right"
    ) -> ClientConnection:
        """Opens a media socket that belongs to no call: a replay, a forgery, a second one. Raises
        StreamError, which carries the HTTP status, when it is not let in.
        """
        account = self.account(account_sid)
        return await open_socket(url, account, self.address, signature)
