from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.access import Action, may
from tenants.decorators import page
from tenants.http import BusinessRequest


@dataclass(frozen=True, slots=True)
class Screen:
    view: str
    title: Promise
    about: Promise
    action: Action = Action.EDIT_SETTINGS


SCREENS = (
    Screen("settings:business", _("Business"), _("Name, language and time zone.")),
    Screen("settings:numbers", _("Telephone numbers"), _("Which numbers the agent answers.")),
    Screen("settings:hours", _("Opening hours"), _("Hours of each day, holidays, closed days.")),
    Screen(
        "settings:conversation",
        _("How the agent listens"),
        _("When it falls silent, how patient it is, how long a call may be."),
    ),
    Screen(
        "settings:permissions",
        _("What the agent may do"),
        _("Write down details, make appointments, put callers through."),
    ),
    Screen("settings:appointment-rules", _("Appointments"), _("How long they take and how soon.")),
    Screen(
        "settings:keeping",
        _("Recordings and transcripts"),
        _("Whether calls are recorded, and when what was said is deleted."),
    ),
    Screen("settings:people", _("People who take over"), _("Whom callers may be put through to.")),
    Screen("settings:tools", _("Own tools"), _("What the agent asks your own systems.")),
    Screen(
        "settings:keys",
        _("Access keys"),
        _("Accounts of OpenAI and Twilio, if the business has its own."),
        Action.EDIT_CREDENTIALS,
    ),
)


@page(Action.EDIT_SETTINGS)
def overview(request: BusinessRequest) -> HttpResponse:
    screens = [screen for screen in SCREENS if may(request.role, screen.action)]
    return render(request, "settings/overview.html", {"screens": screens})
