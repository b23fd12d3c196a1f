"""What an admitted media socket brings into a call, and how a refused one is told apart.

No model is imported here, so that the bridge can know both.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from calls.engine.limits import Limits
from calls.engine.profile import Profile


@dataclass(frozen=True, slots=True)
class AdmittedCall:
    """The snapshot that one media stream of a call runs on, from its first frame to its last."""

    call_id: uuid.UUID
    business_id: uuid.UUID
    business_slug: str
    direction: str
    call_sid: str
    account_sid: str
    language: str
    compact: str = field(repr=False)
    full: str = field(repr=False)
    transcription: str = field(repr=False)
    compact_sha256: str
    full_sha256: str
    voice: str
    greeting: str = field(repr=False)
    openai_api_key: str = field(repr=False)
    api_key_owner: str
    limits: Limits = field(default_factory=Limits)
    profile: Profile = field(default_factory=Profile)
    # The session's own description of each function that the model may call.
    tools: tuple[dict[str, Any], ...] = ()
    # The caller has been told, and nobody has asked the carrier yet.
    recording_id: uuid.UUID | None = None
    # Somebody of the business tries its agent out: there is no carrier, and nothing is really done.
    is_test: bool = False


class StreamRefused(Exception):  # noqa: N818 - a verdict, not a fault
    """A media socket that gets no call. `reason` is a short code for logs, counters and tests."""

    def __init__(self, reason: str, *, call_id: uuid.UUID | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.call_id = call_id
