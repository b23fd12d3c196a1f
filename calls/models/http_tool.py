from __future__ import annotations

from django.core.validators import MaxLengthValidator, MinLengthValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tenants.fields import EncryptedTextField
from tenants.scoping import BusinessOwned


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
        validators=[MinLengthValidator(24)],
        help_text=_("Requests are signed with it."),
    )
    active = models.BooleanField(_("active"), default=True)

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
