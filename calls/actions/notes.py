from __future__ import annotations

from datetime import datetime

from calls.models import Call, CallNote
from tenants.access import Action, require
from tenants.actions import record_audit
from tenants.models import User
from tenants.scoping import business_scope


def write_note(*, call: Call, text: str, by: User, now: datetime) -> CallNote:
    with business_scope(call.business_id):
        require(by, call.business, Action.WRITE_NOTES)
        note = CallNote(business_id=call.business_id, call=call, by=by, at=now, text=text.strip())
        note.full_clean()
        note.save(force_insert=True)
        return note


def delete_note(*, note: CallNote, by: User, now: datetime) -> bool:
    """One's own only. False when it is gone already."""
    with business_scope(note.business_id):
        require(by, note.business, Action.WRITE_NOTES)
        mine = CallNote.objects.for_business(note.business_id).filter(pk=note.pk, by=by)
        deleted = mine.delete()[0] == 1
        if deleted:
            subject = str(note.call_id)
            record_audit(
                business=note.business, action="note.deleted", by=by, now=now, subject=subject
            )
        return deleted
