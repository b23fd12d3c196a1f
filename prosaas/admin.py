"""Pages of the operator's admin that look over all apps: found by Django's autodiscovery."""

from __future__ import annotations

from typing import cast

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from prosaas.backoffice.overview import overview
from prosaas.backoffice.stuck import stuck
from prosaas.backoffice.tasks import tasks
from tenants.admin_site import OperatorSite, SitePage

site = cast(OperatorSite, admin.site)
site.register_page(SitePage("overview", _("Overview"), overview))
site.register_page(SitePage("stuck", _("Stuck calls"), stuck))
site.register_page(SitePage("tasks", _("Tasks"), tasks))
