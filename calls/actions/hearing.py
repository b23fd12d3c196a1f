from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from django.core.files import File

from calls.models import Recording, recordings_storage
from tenants.access import Action, require
from tenants.actions import record_audit
from tenants.models import User
from tenants.scoping import business_scope

logger = structlog.get_logger(__name__)


def open_recording(*, recording: Recording, by: User, now: datetime) -> File[Any]:
    """The audio, for whoever may hear it; that they did is on record before they do.

    Raises `PermissionDenied`, and `Recording.DoesNotExist` for one that is not stored. The file is
    the caller's to close.
    """
    with business_scope(recording.business_id):
        business = recording.business
        require(by, business, Action.HEAR_RECORDING)
        rows = Recording.objects.for_business(recording.business_id).stored()
        stored: Recording = rows.get(pk=recording.pk)
        audio = _opened(stored)
        record_audit(
            business=business,
            action="recording.heard",
            by=by,
            now=now,
            subject=str(stored.pk),
            facts={"call": str(stored.call_id)},
        )
        return audio


def _opened(recording: Recording) -> File[Any]:
    try:
        return recordings_storage().open(recording.file_name)
    except FileNotFoundError as error:
        logger.error("recording_file_lost", recording_id=str(recording.pk))
        raise Recording.DoesNotExist("The file is not there.") from error
