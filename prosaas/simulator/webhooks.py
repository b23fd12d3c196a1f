"""Signed requests from the stand-in carrier to the product."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import aiohttp

from prosaas.simulator.clock import Clock


@dataclass(frozen=True, slots=True)
class Account:
    sid: str
    auth_token: str = field(repr=False)


def sign(auth_token: str, url: str, params: Mapping[str, str] | None = None) -> str:
    """The value of X-Twilio-Signature: HMAC-SHA1 over the address and the sorted parameters."""
    signed = url + "".join(name + value for name, value in sorted((params or {}).items()))
    digest = hmac.new(auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """The product's address as the carrier knows it, and where it is really found.

    With `deliver_to` the carrier plays the reverse proxy as well: it signs the public address and
    connects to the other one, so that https and wss can be tried on a machine without either.
    """

    public_url: str = ""
    deliver_to: str = ""

    def covers(self, url: str) -> bool:
        return bool(self.deliver_to) and urlsplit(url).netloc == urlsplit(self.public_url).netloc

    def http_route(self, url: str) -> tuple[str, dict[str, str]]:
        """The address to connect to, and the headers that a proxy would add."""
        if not self.covers(url):
            return url, {}
        public, inner = urlsplit(url), urlsplit(self.deliver_to)
        route = urlunsplit((inner.scheme, inner.netloc, public.path, public.query, ""))
        return route, {"Host": public.netloc, "X-Forwarded-Proto": public.scheme}


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """The carrier's defaults, which an address may override in its fragment."""

    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})
    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 15.0

    @classmethod
    def from_fragment(cls, fragment: str) -> RetryPolicy:
        given = dict(parse_qsl(fragment))
        wanted = given.get("rp", "ct").split(",")
        return cls(
            retries=min(int(given.get("rc", 1)), 5),
            retry_on=frozenset(("ct", "rt", "4xx", "5xx") if "all" in wanted else wanted),
            connect_s=int(given.get("ct", 5000)) / 1000,
            read_s=int(given.get("rt", 15000)) / 1000,
            total_s=int(given.get("tt", 15000)) / 1000,
        )


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request to the product and what came of it."""

    about: str
    url: str
    params: Mapping[str, str]
    idempotency_token: str
    sent_at: float
    answered_at: float
    status: int | None = None
    content_type: str = ""
    body: str = ""
    failure: str = ""  # why it counts as failed; the first word is the carrier's retry class
    method: str = "POST"

    @property
    def retry_class(self) -> str:
        return self.failure.partition(" ")[0]

    def without_content(self) -> Exchange:
        """What went where and how it was taken: a fraction of the memory."""
        return replace(self, params={}, idempotency_token="", body="")


class WebhookSender:
    def __init__(self, clock: Clock, address: PublicAddress) -> None:
        self._clock = clock
        self._address = address
        self._session: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        # No connection is kept: every webhook of the real carrier may come from another machine.
        connector = aiohttp.TCPConnector(limit=0, force_close=True)
        self._session = aiohttp.ClientSession(connector=connector)

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(
        self,
        account: Account,
        about: str,
        url: str,
        method: str,
        params: Mapping[str, str],
        *,
        idempotency_token: str = "",
    ) -> list[Exchange]:
        """All attempts, the last one being the one that counts."""
        bare_url, _, fragment = url.partition("#")
        policy = RetryPolicy.from_fragment(fragment)
        give_up_at = self._clock.now() + policy.total_s
        token = idempotency_token or secrets.token_hex(16)
        attempts: list[Exchange] = []
        while True:
            attempt = await self._attempt(
                _Request(account, about, bare_url, method, params, token), policy, give_up_at
            )
            attempts.append(attempt)
            again = attempt.retry_class in policy.retry_on and len(attempts) <= policy.retries
            if not again or self._clock.now() >= give_up_at:
                return attempts

    async def _attempt(self, request: _Request, policy: RetryPolicy, give_up_at: float) -> Exchange:
        sent_at = self._clock.now()
        total = self._clock.real_seconds(max(0.01, give_up_at - sent_at))
        limits = aiohttp.ClientTimeout(
            total=total,
            sock_connect=self._clock.real_seconds(policy.connect_s),
            sock_read=self._clock.real_seconds(policy.read_s),
        )
        try:
            status, content_type, body = await self._exchange(request, limits)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            return request.outcome(sent_at, self._clock.now(), failure=f"ct {error}")
        except (TimeoutError, aiohttp.ClientError, asyncio.IncompleteReadError) as error:
            return request.outcome(sent_at, self._clock.now(), failure=f"rt {error!r}")
        failure = "" if status < 300 else f"{status // 100}xx answered {status}"
        return request.outcome(
            sent_at, self._clock.now(), failure, status=status, content_type=content_type, body=body
        )

    async def _exchange(
        self, request: _Request, limits: aiohttp.ClientTimeout
    ) -> tuple[int, str, str]:
        if self._session is None:
            raise RuntimeError("open() comes first")
        route, proxy_headers = self._address.http_route(request.signed_url)
        async with self._session.request(
            request.method,
            route,
            data=request.body,
            headers=request.headers | proxy_headers,
            timeout=limits,
            allow_redirects=False,
        ) as response:
            return response.status, response.content_type, await response.text()


@dataclass(frozen=True, slots=True)
class _Request:
    account: Account
    about: str
    url: str
    method: str
    params: Mapping[str, str]
    idempotency_token: str

    @property
    def signed_url(self) -> str:
        if self.method == "POST":
            return self.url
        return f"{self.url}{'&' if '?' in self.url else '?'}{urlencode(self.params)}"

    @property
    def body(self) -> bytes | None:
        return urlencode(self.params).encode() if self.method == "POST" else None

    @property
    def headers(self) -> dict[str, str]:
        signed_params = self.params if self.method == "POST" else {}
        headers = {
            "User-Agent": "TwilioProxy/1.1",
            "X-Twilio-Signature": sign(self.account.auth_token, self.signed_url, signed_params),
            "I-Twilio-Idempotency-Token": self.idempotency_token,
        }
        if self.method == "POST":
            headers["Content-Type"] = "application/x-www-form-urlencoded; charset=UTF-8"
        return headers

    def outcome(
        self,
        sent_at: float,
        answered_at: float,
        failure: str,
        *,
        status: int | None = None,
        content_type: str = "",
        body: str = "",
    ) -> Exchange:
        return Exchange(
            about=self.about,
            url=self.signed_url,
            params=self.params,
            idempotency_token=self.idempotency_token,
            sent_at=sent_at,
            answered_at=answered_at,
            status=status,
            content_type=content_type,
            body=body,
            failure=failure,
            method=self.method,
        )
