from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from outbound.admin.columns import PhoneSearch, told
from outbound.models import NumberTest
from outbound.wording import of_test
from tenants.admin_site import ReadOnlyAdmin, ltr


@admin.register(NumberTest)
class NumberTestAdmin(PhoneSearch, ReadOnlyAdmin):
    list_display = ("created_at", "business", "to_e164", "state", "became")
    list_filter = ("state",)
    list_select_related = ("business",)
    search_fields = ("to_e164",)
    ordering = ("-created_at", "-pk")
    fields = (
        "business",
        "target",
        "to_e164",
        "from_e164",
        "state",
        "became",
        "trouble",
        "error_code",
        "sid",
        "account_sid",
        "by",
        "created_at",
        "spoken_at",
        "ended_at",
        "look_at",
        "reserved_s",
        "usage_day",
    )

    @admin.display(description=_("in one sentence"))
    def became(self, test: NumberTest) -> SafeString:
        return told(of_test(test))

    @admin.display(description=_("call SID"))
    def sid(self, test: NumberTest) -> SafeString:
        return ltr(test.call_sid or "-")
