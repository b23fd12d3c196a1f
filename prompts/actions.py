from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from prompts.models import DEFAULT_VOICE, GreetingClip, GreetingMode, Prompt, PromptVersion
from tenants.access import Action, require
from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.scoping import business_scope


def save_draft(
    *,
    business: Business,
    direction: str,
    text: str,
    by: User | None,
    now: datetime,
    greeting: str = "",
    greeting_mode: str = GreetingMode.CACHED,
    voice: str = DEFAULT_VOICE,
) -> PromptVersion:
    """Write the next version. Calls go on with the published one."""
    with business_scope(business):
        require(by, business, Action.EDIT_PROMPT)
        prompt = _locked(business, direction)
        version = PromptVersion(
            business=business,
            prompt=prompt,
            number=prompt.last_number() + 1,
            text=text,
            greeting=greeting,
            greeting_mode=greeting_mode,
            voice=voice,
            created_by=by,
            created_at=now,
        )
        version.full_clean()
        version.save(force_insert=True)
        _audit("prompt.draft_saved", version, by, now)
        return version


def publish(*, version: PromptVersion, by: User | None, now: datetime) -> Prompt:
    """Calls that begin from now on use this version. Publishing it again changes nothing."""
    with business_scope(version.business_id):
        require(by, version.business, Action.PUBLISH_PROMPT)
        return _point_at(version, "prompt.published", by, now)


def roll_back(*, version: PromptVersion, by: User | None, now: datetime) -> Prompt:
    """Publish a version older than the one that is published now."""
    with business_scope(version.business_id):
        require(by, version.business, Action.PUBLISH_PROMPT)
        prompt = Prompt.objects.select_for_update(of=["self"]).get(pk=version.prompt_id)
        if prompt.published is None or version.number >= prompt.published.number:
            raise ValidationError(
                _("Version %(number)s is not older than the published one."),
                code="not_older",
                params={"number": version.number},
            )
        return _point_at(version, "prompt.rolled_back", by, now)


def record_again(*, clip: GreetingClip, by: User | None, now: datetime) -> bool:
    """Let the greeting be tried anew, as if it never had been. False when it is made by now."""
    with business_scope(clip.business_id):
        require(by, clip.business, Action.EDIT_PROMPT)
        if not clip.try_again():
            return False
        _audit("greeting.tried_again", clip.version, by, now)
        return True


def _locked(business: Business, direction: str) -> Prompt:
    """The prompt's row, locked: two authors at once get two numbers, one after the other."""
    prompt = Prompt(business=business, direction=direction)
    prompt.clean_fields(exclude=["business"])
    Prompt.objects.bulk_create([prompt], ignore_conflicts=True)
    return Prompt.objects.select_for_update(of=["self"]).get(business=business, direction=direction)


def _point_at(version: PromptVersion, action: str, by: User | None, now: datetime) -> Prompt:
    prompt = Prompt.objects.select_for_update(of=["self"]).get(pk=version.prompt_id)
    if prompt.published_id != version.pk:
        prompt.published = version
        prompt.save(update_fields=["published"])
        _audit(action, version, by, now)
    return prompt


def _audit(action: str, version: PromptVersion, by: User | None, now: datetime) -> None:
    record_audit(
        business=version.business,
        action=action,
        by=by,
        now=now,
        subject=str(version.pk),
        facts={
            "direction": version.prompt.direction,
            "number": version.number,
            "text_sha256": version.text_sha256,
        },
    )
