from __future__ import annotations

from django.contrib import admin


class OperatorSite(admin.AdminSite):
    pass
