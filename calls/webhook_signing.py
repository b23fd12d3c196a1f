"""How a business knows that a request is ours: the Standard Webhooks form, so that a library checks
it in any language (https://www.standardwebhooks.com)."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from datetime import datetime

PREFIX = "whsec_"
SHORTEST = 16


def key_of(secret: str) -> bytes:
    """Behind the prefix stands base64, as the libraries make it; any other secret is its own bytes.

    Raises `ValueError`.
    """
    if not secret.startswith(PREFIX):
        return secret.encode()
    key = b64decode(secret.removeprefix(PREFIX), validate=True)
    if len(key) < SHORTEST:
        raise ValueError("The key is too short.")
    return key


def signed(*, secret: str, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """The headers of a request. The id stays the same when the same message comes again."""
    timestamp = str(int(now.timestamp()))
    content = b".".join((message_id.encode(), timestamp.encode(), body))
    digest = hmac.new(key_of(secret), content, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{b64encode(digest).decode()}",
    }
