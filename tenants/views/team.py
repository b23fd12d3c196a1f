"""Who works in the business, and as what."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.core import ratelimit
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tenants.access import Action
from tenants.decorators import page
from tenants.forms import InviteForm, RoleForm
from tenants.http import BusinessRequest
from tenants.letters import link_of, send_invitation
from tenants.models import Invitation, Membership
from tenants.role_words import roles
from tenants.scoping import business_scope
from tenants.team import (
    Invited,
    cancel_invitation,
    change_role,
    invite_member,
    remove_member,
    send_invitation_again,
)


@page(Action.SEE_TEAM)
def team(request: BusinessRequest) -> HttpResponse:
    return _team_page(request, InviteForm())


# The mail server is asked with no transaction open.
@page(Action.EDIT_TEAM, scoped=False)
@require_POST
def invite(request: BusinessRequest) -> HttpResponse:
    form = InviteForm(request.POST)
    if not ratelimit.consume(request, action="invite"):
        form.add_error(None, _("That were many invitations. Please go on in an hour."))
    if form.is_valid():
        try:
            invited = invite_member(
                business=request.business,
                email=form.cleaned_data["email"],
                role=form.cleaned_data["role"],
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _invited_page(request, invited)
    with business_scope(request.business):
        return _team_page(request, form)


@page(Action.EDIT_TEAM, scoped=False)
@require_POST
def invite_again(request: BusinessRequest, invitation_id: uuid.UUID) -> HttpResponse:
    with business_scope(request.business):
        invitation = _invitation(request, invitation_id)
    if not ratelimit.consume(request, action="invite"):
        messages.error(request, _("That were many invitations. Please go on in an hour."))
        return redirect("tenants:team")
    try:
        invited = send_invitation_again(invitation=invitation, by=request.user, now=timezone.now())
    except ValidationError as error:
        messages.error(request, error.messages[0])
        return redirect("tenants:team")
    return _invited_page(request, invited)


@page(Action.EDIT_TEAM)
def cancel(request: BusinessRequest, invitation_id: uuid.UUID) -> HttpResponse:
    invitation = _invitation(request, invitation_id)
    if request.method == "POST":
        try:
            cancel_invitation(invitation=invitation, by=request.user, now=timezone.now())
            messages.success(request, _("The invitation is canceled; its link is worth nothing."))
        except ValidationError as error:
            messages.error(request, error.messages[0])
        return redirect("tenants:team")
    return _ask(
        request,
        title=_("Cancel the invitation"),
        text=_("The link that %(email)s has got will be worth nothing.")
        % {"email": invitation.email},
        yes=_("Cancel the invitation"),
    )


@page(Action.EDIT_TEAM)
def role(request: BusinessRequest, membership_id: uuid.UUID) -> HttpResponse:
    membership = _membership(request, membership_id)
    form = RoleForm(request.POST or None, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        try:
            change_role(
                membership=membership,
                role=form.cleaned_data["role"],
                by=request.user,
                now=timezone.now(),
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The role is changed."))
            return redirect("/" if membership.user_id == request.user.pk else "tenants:team")
    context = {"member": membership, "form": form, "roles": roles()}
    return render(request, "tenants/role.html", context)


@page(Action.EDIT_TEAM)
def remove(request: BusinessRequest, membership_id: uuid.UUID) -> HttpResponse:
    membership = _membership(request, membership_id)
    if request.method == "POST":
        try:
            remove_member(membership=membership, by=request.user, now=timezone.now())
        except ValidationError as error:
            messages.error(request, error.messages[0])
            return redirect("tenants:team")
        messages.success(
            request,
            _("%(email)s is no longer on the team.") % {"email": membership.user.email},
        )
        return redirect("/" if membership.user_id == request.user.pk else "tenants:team")
    return _ask(
        request,
        title=_("Remove from the team"),
        text=_("%(email)s will see nothing of this business any more, from this moment.")
        % {"email": membership.user.email},
        yes=_("Remove"),
    )


def _team_page(request: BusinessRequest, form: InviteForm) -> HttpResponse:
    members = Membership.objects.for_business(request.business).select_related("user")
    invitations = Invitation.objects.for_business(request.business).unanswered()
    context = {
        "members": members.order_by("user__email"),
        "invitations": invitations.order_by("email"),
        "now": timezone.now(),
        "roles": roles(),
        "form": form,
    }
    return render(request, "tenants/team.html", context)


def _invited_page(request: BusinessRequest, invited: Invited) -> HttpResponse:
    """No redirect behind this form: the link would have to be kept somewhere meanwhile. Sent
    again by a reload, the form is refused, since the address has its invitation.
    """
    context = {
        "invitation": invited.invitation,
        "link": link_of(invited),
        "sent": send_invitation(invited),
    }
    with business_scope(request.business):
        return render(request, "tenants/invited.html", context)


def _ask(request: BusinessRequest, **texts: Any) -> HttpResponse:
    return render(request, "parts/ask.html", {"back": reverse("tenants:team"), **texts})


def _membership(request: BusinessRequest, membership_id: uuid.UUID) -> Membership:
    rows = Membership.objects.for_business(request.business).select_related("user", "business")
    return get_object_or_404(rows, pk=membership_id)


def _invitation(request: BusinessRequest, invitation_id: uuid.UUID) -> Invitation:
    rows = Invitation.objects.for_business(request.business).unanswered()
    return get_object_or_404(rows.select_related("business", "invited_by"), pk=invitation_id)
