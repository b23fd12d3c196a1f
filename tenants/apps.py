from __future__ import annotations

# The module, not AdminConfig itself: Django takes every AppConfig class it finds in this file
# for a candidate of the app.
from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TenantsConfig(AppConfig):
    name = "tenants"
    verbose_name = _("Businesses")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from tenants import account_events, catalogue, checks, scoping

        connection_created.connect(scoping.take_over, dispatch_uid="tenants.take_over")
        post_migrate.connect(
            catalogue.refuse_unsafe_schema, sender=self, dispatch_uid="tenants.catalogue"
        )
        checks.register_checks()
        account_events.listen()


class OperatorAdminConfig(admin_apps.AdminConfig):
    """Stands in INSTALLED_APPS in the place of `django.contrib.admin`."""

    default = False
    default_site = "tenants.admin_site.OperatorSite"
