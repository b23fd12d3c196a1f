"""Names of channel layer groups. The business is part of each, so no name reaches over to another."""

from __future__ import annotations

import uuid


def call_group(business_id: uuid.UUID, call_id: uuid.UUID) -> str:
    return f"t.{business_id}.call.{call_id}"


def team_group(business_id: uuid.UUID) -> str:
    """The open pages of a business, which show what goes on in its calls."""
    return f"t.{business_id}.live"


def listening_group(business_id: uuid.UUID, call_id: uuid.UUID) -> str:
    """Whoever listens in to this call."""
    return f"t.{business_id}.ear.{call_id}"
