"""The token in the path of a call's media socket.

It is made from the call's id and a key and stored nowhere, so that a webhook delivered twice gets
the same one. A forged token is recognised before the database is asked anything. When it ends and
that it serves once is said by the call's row.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import uuid

from django.utils.crypto import salted_hmac

SALT = "calls.media_tokens"
MAC_BYTES = 16
TOKEN_BYTES = 16 + MAC_BYTES


def mint(call_id: uuid.UUID) -> str:
    return base64.urlsafe_b64encode(call_id.bytes + _mac(call_id)).decode().rstrip("=")


def call_id_of(token: str) -> uuid.UUID | None:
    """None for whatever this installation has not minted, letter by letter."""
    try:
        raw = base64.b64decode(token + "=", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != TOKEN_BYTES:
        return None
    call_id = uuid.UUID(bytes=raw[:16])
    # The text is compared and not the bytes: base64 writes the same bytes in several ways.
    return call_id if hmac.compare_digest(mint(call_id).encode(), token.encode()) else None


def _mac(call_id: uuid.UUID) -> bytes:
    return salted_hmac(SALT, call_id.bytes, algorithm="sha256").digest()[:MAC_BYTES]
