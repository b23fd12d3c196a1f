"""Names of channel layer groups. The business is part of each, so no name reaches over to another."""

from __future__ import annotations

import uuid


def call_group(business_id: uuid.UUID, call_id: uuid.UUID) -> str:
    return f"t.{business_id}.call.{call_id}"
