"""What was asked of the model and does not come: asked for again, of another one, or not at all."""

from __future__ import annotations

from typing import Final, Protocol

from calls.engine import events
from calls.engine.commands import Purpose, ReportLimit
from calls.engine.core import Core, Phase
from calls.engine.ending import Ending
from calls.engine.link import ModelLink
from calls.engine.responses import RATE_LIMIT_CODES
from calls.engine.timers import Timer

# What comes to nothing is asked for once more, or the caller hears nothing but silence.
WORTH_REPEATING: Final = (Purpose.GREETING, Purpose.ANSWER, Purpose.WORDS, Purpose.RESUMPTION)
# By when something of what was asked for is to be heard.
ANSWER_TIMERS: Final = (Timer.GREETING_AUDIO, Timer.ANSWER_RECREATE, Timer.ANSWER_GIVE_UP)


class Bereaved(Protocol):
    def model_went(self, now: float) -> None: ...


class Retries:
    def __init__(self, core: Core, link: ModelLink, end: Ending, conversation: Bereaved) -> None:
        self._core = core
        self._link = link
        self._end = end
        self._conversation = conversation
        self._recreated = False  # the response at hand has had its second chance
        self._rate_limited = 0
        self._retry = Purpose.ANSWER  # what the rate limit keeps waiting

    def forget(self) -> None:
        """Something else is asked for."""
        self._recreated = False
        self._rate_limited = 0

    def arm(self, now: float) -> None:
        core = self._core
        if core.online:  # a session that is being looked for has a deadline of its own
            core.timers.set(Timer.ANSWER_RECREATE, now + core.limits.answer_recreate_s)
            core.timers.set(Timer.ANSWER_GIVE_UP, now + core.limits.answer_give_up_s)

    def recreate(
        self, purpose: Purpose, event: events.ResponseFinished | events.ModelError, now: float
    ) -> None:
        """A response came to nothing: unless we ask again, the caller hears nothing but silence."""
        core = self._core
        core.metrics.counters["response_recreated"] += 1
        if purpose not in WORTH_REPEATING or core.phase is Phase.CLOSING:
            return
        if isinstance(event, events.ResponseFinished) and event.error_code in RATE_LIMIT_CODES:
            self._wait_for_rate_limit(purpose, event, now)
        elif self._recreated:
            self.renew_model("two responses came to nothing", now, purpose)
        else:
            self._recreated = True
            core.do(*core.arbiter.request(purpose))

    def renew_model(self, detail: str, now: float, purpose: Purpose = Purpose.ANSWER) -> None:
        """What this session cannot do, another one may."""
        core = self._core
        if not self._link.reconnect(now):
            self._end.lose_model(detail, now)
            return
        if core.arbiter.idle:
            core.do(*core.arbiter.request(purpose))
        self._conversation.model_went(now)

    def _wait_for_rate_limit(
        self, purpose: Purpose, event: events.ResponseFinished, now: float
    ) -> None:
        limits = self._core.limits
        self._core.do(ReportLimit(event.error_code))
        if self._rate_limited >= limits.rate_limit_tries:
            self._end.lose_model(f"the response failed: {event.error_code}", now)
            return
        self._rate_limited += 1
        self._retry = purpose
        wait_s = min(max(event.retry_after_s, 0.5), limits.rate_limit_wait_s)
        self._core.timers.clear(Timer.ANSWER_RECREATE, Timer.ANSWER_GIVE_UP)
        self._core.timers.set(Timer.RATE_LIMIT, now + wait_s)

    def rate_limit_over(self, now: float) -> None:
        self.arm(now)
        self._core.do(*self._core.arbiter.request(self._retry))

    def answer_overdue(self, _now: float) -> None:
        self._core.metrics.counters["answer_overdue"] += 1
        arbiter = self._core.arbiter
        purpose = arbiter.next_purpose or Purpose.ANSWER
        self._core.do(*arbiter.abandon())
        self._core.do(*arbiter.request(purpose))

    def answer_lost(self, now: float) -> None:
        self.renew_model("no audio came in answer to the caller", now)
