from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Max, Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from prompts.actions import publish, record_again, roll_back, save_draft
from prompts.advice import Severity
from prompts.advice_texts import sentence
from prompts.differences import changes
from prompts.forms import AsTyped
from prompts.models import Direction, GreetingClip, Prompt, PromptVersion
from prompts.wav import wav
from tenants.admin_site import BusinessAdmin, ModelAdmin, ReadOnlyAdmin

if TYPE_CHECKING:
    VersionModelForm = forms.ModelForm[PromptVersion]
else:
    VersionModelForm = forms.ModelForm

WRITTEN = ("created_at", "created_by", "text_sha256")
RECORDED = ("recording",)
VERSIONS_SHOWN: Final = 50
LEVELS = {Severity.HINT: messages.INFO, Severity.WARNING: messages.WARNING}


@admin.register(Prompt)
class PromptAdmin(ReadOnlyAdmin):
    """A prompt with its versions: compare, publish, roll back. New words are a new version."""

    list_display = ("business", "direction", "published_number", "last_number")
    list_filter = ("direction",)
    list_select_related = ("business", "published")
    ordering = ("business__name", "direction")
    fields = ("business", "direction", "published_number")
    change_form_template = "prompts/admin/prompt.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Prompt]:
        prompts: QuerySet[Prompt] = super().get_queryset(request)
        return prompts.annotate(last=Max("versions__number"))

    @admin.display(description=_("published version"), ordering="published__number")
    def published_number(self, prompt: Prompt) -> int | None:
        return prompt.published.number if prompt.published else None

    @admin.display(description=_("last version"), ordering="last")
    def last_number(self, prompt: Prompt) -> int | None:
        return getattr(prompt, "last", None)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<uuid:prompt_id>/compare/", wrap(self.compare), name="prompts_prompt_compare"),
            path(
                "<uuid:prompt_id>/publish/",
                wrap(require_POST(self.publish)),
                name="prompts_prompt_publish",
            ),
            *super().get_urls(),
        ]

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        versions = (
            PromptVersion.objects.filter(prompt__id=object_id)
            .select_related("created_by")
            .defer("text")
            .order_by("-number")[:VERSIONS_SHOWN]
        )
        context = (extra_context or {}) | {"versions": versions}
        return super().change_view(request, object_id, form_url, context)

    def compare(self, request: HttpRequest, prompt_id: UUID) -> HttpResponse:
        """What the version would change against the published one, with the button that does it."""
        prompt = self._prompt(prompt_id)
        version = get_object_or_404(prompt.versions, number=number_in(request.GET))
        before = prompt.published
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Version %(number)s") % {"number": version.number},
            "prompt": prompt,
            "version": version,
            "before": before,
            "is_older": before is not None and version.number < before.number,
            "text_changes": changes(before.text if before else "", version.text),
            "greeting_changes": changes(before.greeting if before else "", version.greeting),
            "findings": [sentence(finding) for finding in version.advice()],
        }
        return TemplateResponse(request, "prompts/admin/compare.html", context)

    def publish(self, request: HttpRequest, prompt_id: UUID) -> HttpResponse:
        prompt = self._prompt(prompt_id)
        version = get_object_or_404(prompt.versions, number=number_in(request.POST))
        is_older = prompt.published is not None and version.number < prompt.published.number
        act = roll_back if is_older else publish
        try:
            act(version=version, by=request.user, now=timezone.now())  # type: ignore[arg-type]  # a User, or the site had sent them away
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            text = gettext("Version %(number)s is published: calls that begin now use it.")
            self.message_user(request, text % {"number": version.number}, messages.SUCCESS)
        return redirect("admin:prompts_prompt_change", prompt_id)

    def _prompt(self, prompt_id: UUID) -> Prompt:
        found = Prompt.objects.select_related("business", "published")
        return get_object_or_404(found, pk=prompt_id)


class VersionForm(VersionModelForm):
    direction = forms.ChoiceField(label=_("direction"), choices=Direction)

    class Meta:
        model = PromptVersion
        fields = ("business", "direction", "text", "greeting", "greeting_mode", "voice")
        field_classes: ClassVar[dict[str, type[forms.Field]]] = {
            "text": AsTyped,
            "greeting": AsTyped,
        }


@admin.register(PromptVersion)
class PromptVersionAdmin(BusinessAdmin):
    """Written once and never changed: saving writes the next version, as a draft."""

    form = VersionForm
    list_display = ("prompt", "number", "created_at", "created_by")
    list_filter = ("prompt__direction",)
    list_select_related = ("prompt__business", "created_by")
    ordering = ("business__name", "prompt__direction", "-number")
    directions: ClassVar[dict[str, str]] = {"text": "auto", "greeting": "auto"}

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return VersionForm.Meta.fields
        return (
            "prompt",
            "number",
            "words",
            "opening",
            "greeting_mode",
            "voice",
            *RECORDED,
            *WRITTEN,
        )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("words", "opening", *RECORDED, *WRITTEN)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """`?prompt=` starts from that prompt's last version."""
        prompt = Prompt.objects.filter(id__in=uuids_in(request.GET, "prompt")).first()
        if prompt is None:
            return {}
        last = prompt.versions.order_by("number").last()
        words = last.words() if last else {}
        return {"business": prompt.business_id, "direction": prompt.direction, **words}

    def save_model(
        self, request: HttpRequest, obj: PromptVersion, form: forms.Form, change: bool
    ) -> None:
        written = save_draft(
            business=obj.business,
            direction=form.cleaned_data["direction"],
            by=request.user,  # type: ignore[arg-type]  # a User, or the site had sent them away
            now=timezone.now(),
            **obj.words(),
        )
        obj.pk, obj.prompt, obj.number = written.pk, written.prompt, written.number
        for finding in written.advice():
            self.message_user(request, sentence(finding), LEVELS[finding.severity])

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        # save_draft has audited it, with the hash of the text.
        return ModelAdmin.log_addition(self, request, obj, message)

    @admin.display(description=_("text"))
    def words(self, version: PromptVersion) -> SafeString:
        return as_written(version.text)

    @admin.display(description=_("greeting"))
    def opening(self, version: PromptVersion) -> SafeString:
        return as_written(version.greeting)

    @admin.display(description=_("recorded greeting"))
    def recording(self, version: PromptVersion) -> SafeString | str:
        if not version.wants_clip:
            return "-"
        clip = GreetingClip.objects.defer("audio").filter(version=version).first()
        if clip is None:
            return gettext("waiting to be spoken")
        address = reverse("admin:prompts_greetingclip_change", args=[clip.pk])
        return format_html('<a href="{}">{}</a> {}', address, state_of(clip), player_of(clip))


@admin.register(GreetingClip)
class GreetingClipAdmin(ReadOnlyAdmin):
    """What callers hear first, and why they do not hear it yet."""

    list_display = ("version", "state", "attempts", "tried_at", "made_at")
    list_filter = (("made_at", admin.EmptyFieldListFilter), "version__prompt__direction")
    list_select_related = ("version__prompt__business",)
    ordering = ("-tried_at", "pk")
    fields = ("business", "version", "state", "listen", "attempts", "tried_at", "made_at")
    actions = ("try_again",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[GreetingClip]:
        clips: QuerySet[GreetingClip] = super().get_queryset(request)
        return clips.defer("audio")

    def get_urls(self) -> list[URLPattern]:
        audio = self.admin_site.admin_view(self.audio)
        return [
            path("<uuid:clip_id>/audio/", audio, name="prompts_greetingclip_audio"),
            *super().get_urls(),
        ]

    @admin.display(description=_("state"))
    def state(self, clip: GreetingClip) -> str:
        return state_of(clip)

    @admin.display(description=_("listen"))
    def listen(self, clip: GreetingClip) -> SafeString | str:
        return player_of(clip) or "-"

    @admin.action(description=_("Have the greeting spoken again if it is not made"))
    def try_again(self, request: HttpRequest, queryset: QuerySet[GreetingClip]) -> None:
        again = sum(
            record_again(clip=clip, by=request.user, now=timezone.now())  # type: ignore[arg-type]  # a User, or the site had sent them away
            for clip in queryset.select_related("business", "version__prompt")
        )
        text = ngettext(
            "%(count)s greeting is tried again.", "%(count)s greetings are tried again.", again
        )
        self.message_user(request, text % {"count": again})

    def audio(self, request: HttpRequest, clip_id: UUID) -> HttpResponse:
        """The site has asked for the permission, and forbids everybody to keep what it serves."""
        clip = get_object_or_404(GreetingClip.objects.made(), pk=clip_id)
        inline = {"Content-Disposition": "inline"}
        return HttpResponse(wav(bytes(clip.audio or b"")), content_type="audio/wav", headers=inline)


def state_of(clip: GreetingClip) -> str:
    if clip.duration_ms is not None:
        return gettext("made, %(seconds).1f s") % {"seconds": clip.duration_ms / 1000}
    if clip.is_given_up:
        return gettext("given up: %(problem)s") % {"problem": clip.problem}
    if clip.problem:
        return gettext("is tried again: %(problem)s") % {"problem": clip.problem}
    return gettext("waiting to be spoken")


def player_of(clip: GreetingClip) -> SafeString:
    if clip.made_at is None:
        return SafeString("")
    address = reverse("admin:prompts_greetingclip_audio", args=[clip.pk])
    return format_html('<audio controls preload="none" src="{}"></audio>', address)


def as_written(text: str) -> SafeString:
    """Each author's own direction, whatever the language of the page."""
    return format_html('<div class="prompt-words" dir="auto">{}</div>', text)


def uuids_in(fields: QueryDict, name: str) -> list[UUID]:
    """One, or none when there is nothing of the kind."""
    try:
        return [UUID(fields.get(name, ""))]
    except ValueError:
        return []


def number_in(fields: QueryDict) -> int:
    """0, which no version has, for what is not a number: the page is not found then."""
    given = fields.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else 0
