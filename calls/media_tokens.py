"""The token in the path of a call's media socket.

It is made from the call's id, the number of its media stream and a key, and stored nowhere, so that
a webhook delivered twice gets the same one. A forged token is recognised before the database is
asked anything. When it ends, that it serves once and which stream is due is said by the call's row.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
import uuid
from typing import NamedTuple

from django.utils.crypto import salted_hmac

SALT = "calls.media_tokens"
STREAM = struct.Struct(">16sH")
# With these 18 bytes a token is a multiple of three long, and base64 needs no padding.
MAC_BYTES = 18
TOKEN_BYTES = STREAM.size + MAC_BYTES


class StreamOfCall(NamedTuple):
    call_id: uuid.UUID
    number: int


def mint(call_id: uuid.UUID, number: int) -> str:
    stream = STREAM.pack(call_id.bytes, number)
    return base64.urlsafe_b64encode(stream + _mac(stream)).decode()


def call_of(token: str) -> StreamOfCall | None:
    """None for whatever this installation has not minted, letter by letter."""
    try:
        raw = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(raw) != TOKEN_BYTES:
        return None
    call_id, number = STREAM.unpack_from(raw)
    stream = StreamOfCall(uuid.UUID(bytes=call_id), number)
    # The text is compared and not the bytes: base64 writes the same bytes in several ways.
    return stream if hmac.compare_digest(mint(*stream).encode(), token.encode()) else None


def _mac(stream: bytes) -> bytes:
    return salted_hmac(SALT, stream, algorithm="sha256").digest()[:MAC_BYTES]
