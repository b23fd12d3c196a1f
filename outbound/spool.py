"""A CallSid that the database cannot be told of now, kept in a file until it can.

The call runs; its callbacks and the carrier's list would say so as well. This is the quickest way.
"""

from __future__ import annotations

import json
import os
import re
import uuid
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings

from calls.placing import Placed, Placing
from outbound.binding import bind, locked
from outbound.intents import Intent
from outbound.models import DialAttempt
from outbound.protocol import database_now
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)

NAME: Final = re.compile(r"[0-9a-f-]{36}\.json")


def keep(intent: Intent, placing: Placing) -> None:
    if not isinstance(placing, Placed):
        return  # the row says "being sent", and our lock will say that we are not
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = {"business_id": str(intent.business_id), "call_sid": placing.call_sid}
    unfinished = folder / f"{intent.attempt_id}.part"
    with unfinished.open("w") as out:
        json.dump(kept, out)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(folder / f"{intent.attempt_id}.json")


def deliver() -> None:
    for file in sorted(_folder().glob("*.json")) if _folder().is_dir() else ():
        if NAME.fullmatch(file.name):
            _bind(file)
            file.unlink(missing_ok=True)


def _bind(file: Path) -> None:
    try:
        kept = json.loads(file.read_text())
        attempt_id, business_id = uuid.UUID(file.stem), uuid.UUID(kept["business_id"])
        call_sid = str(kept["call_sid"])
    except FileNotFoundError:
        return  # another dialler has delivered it
    except (ValueError, KeyError, TypeError):
        logger.exception("spooled_call_not_readable", file=file.name)
        return
    with business_scope(business_id):
        found = DialAttempt.objects.for_business(business_id).filter(pk=attempt_id).first()
        if found is not None:
            attempt, job = locked(found)
            bind(attempt, job, call_sid=call_sid, now=database_now())
    logger.warning("spooled_call_delivered", attempt_id=str(attempt_id))


def _folder() -> Path:
    return Path(settings.DIAL_SPOOL_DIR)
