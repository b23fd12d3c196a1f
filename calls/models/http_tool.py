from __future__ import annotations

from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from calls.destinations import DestinationRefused, destination
from calls.json_schema import SchemaError, check_schema
from calls.tool_names import BuiltIn
from calls.webhook_signing import key_of
from tenants.fields import EncryptedTextField
from tenants.scoping import BusinessOwned, BusinessOwnedQuerySet

SHORTEST_SECRET = 24

REFUSALS = {
    "not_an_address": _("This is not an address."),
    "not_https": _("The address must begin with https://."),
    "holds_a_password": _("The address must hold neither user name nor password."),
    "not_a_name": _("The address must name a server on the internet, such as api.example.com."),
    "port_of_another_service": _("The port must be 443, or 1024 and above."),
}


def validate_secret(value: str) -> None:
    try:
        key_of(value)
    except ValueError as error:
        raise ValidationError(
            _("What follows whsec_ must be base64, of 16 bytes at least."), code="secret"
        ) from error


class HttpToolQuerySet(BusinessOwnedQuerySet["HttpTool"]):
    def ready(self) -> Self:
        return self.filter(active=True).order_by("name")


class HttpTool(BusinessOwned):
    """A tool of the business's own: the agent asks an address of the business."""

    name = models.CharField(
        _("name for the model"),
        max_length=64,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]{0,63}$")],
    )
    description = models.TextField(
        _("when to use it"),
        validators=[MaxLengthValidator(1000)],
        help_text=_("The model reads this to decide."),
    )
    parameters = models.JSONField(
        _("parameters"), default=dict, help_text=_("A JSON Schema of type object.")
    )
    url = models.URLField(_("address"), max_length=500)
    secret = EncryptedTextField(
        _("secret"),
        validators=[MinLengthValidator(SHORTEST_SECRET), validate_secret],
        help_text=_("Requests are signed with it."),
    )
    active = models.BooleanField(_("active"), default=True)

    objects: ClassVar = HttpToolQuerySet.as_manager()

    class Meta:
        verbose_name = _("tool of the business")
        verbose_name_plural = _("tools of the businesses")
        constraints = [
            models.UniqueConstraint(fields=["business", "name"], name="httptool_name_once"),
            models.CheckConstraint(
                condition=Q(name__regex=r"^[a-z][a-z0-9_]{0,63}$"),
                name="httptool_name",
                violation_error_message=_("Small Latin letters, digits and underscores only."),
            ),
            models.CheckConstraint(
                condition=Q(url__startswith="https://"),
                name="httptool_https",
                violation_error_message=_("The address must begin with https://."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.name in set(BuiltIn):
            raise ValidationError({"name": _("The agent has a tool of this name already.")})
        try:
            destination(self.url)
        except DestinationRefused as refused:
            raise ValidationError({"url": REFUSALS[refused.reason]}) from refused
        try:
            check_schema(self.parameters)
        except SchemaError as error:
            raise ValidationError(
                {
                    "parameters": ValidationError(
                        _("These parameters cannot be offered to the model: %(problem)s."),
                        code="schema",
                        params={"problem": error},
                    )
                }
            ) from error
