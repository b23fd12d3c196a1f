"""The operator's admin: every business in one place, for the operators of the installation only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Field, Model, OrderBy, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from django.views.i18n import set_language

from tenants import impersonation
from tenants.actions import record_audit
from tenants.models import Business, User
from tenants.scoping import BusinessOwned, PlatformReason, platform_scope
from tenants.second_factor import operator_lacks_second_factor, to_second_factor

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# What is one's own: who only looks may do that as well.
OF_ONES_OWN: Final = frozenset({"admin:logout", "admin:password_change"})


@dataclass(frozen=True, slots=True)
class SitePage:
    """A page that is no model's."""

    name: str  # in the address as well
    label: _StrPromise
    view: Callable[[HttpRequest], TemplateResponse]


class OperatorSite(admin.AdminSite):
    site_header = _("ProSaaS operators")
    site_title = _("ProSaaS operators")
    index_title = _("Installation")
    site_url = None

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self.pages: list[SitePage] = []

    def register(self, model_or_iterable: Any, *args: Any, **options: Any) -> None:
        """Addresses and second factors of people are nobody's to edit by hand, nor to look at."""
        one = isinstance(model_or_iterable, type)
        models: list[Any] = [model_or_iterable] if one else list(model_or_iterable)
        ours = [model for model in models if model._meta.app_label not in {"account", "mfa"}]
        super().register(ours, *args, **options)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """By the one door for everybody, which counts failures and asks for the second factor."""
        if request.user.is_authenticated:
            raise PermissionDenied("not an operator")
        wanted = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(wanted, settings.LOGIN_URL)

    def register_page(self, page: SitePage) -> None:
        """The first of them is the front page as well."""
        self.pages.append(page)

    def has_permission(self, request: HttpRequest) -> bool:
        # An owner who was made staff by mistake would see every business.
        user = request.user
        return super().has_permission(request) and isinstance(user, User) and user.is_operator

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """The permission is asked outside the scope, so a stranger never gets as far."""
        inside = in_platform_scope(changed_by_full_operators(view))
        return super().admin_view(with_second_factor(inside), cacheable)

    def unscoped_view(self, view: View) -> View:
        """For what asks the outside, or locks rows in an order of its own: no transaction is open
        around it.
        """
        return super().admin_view(with_second_factor(changed_by_full_operators(view)))

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [
            path("language/", set_language, name="language"),
            path("leave/", self.unscoped_view(require_POST(self.leave)), name="leave"),
            *(
                path(f"{page.name}/", self.admin_view(page.view), name=page.name)
                for page in self.pages
            ),
            *super().get_urls(),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        now = timezone.now()
        seen_as = impersonation.current(request, now)
        return super().each_context(request) | {
            "site_pages": [(page.label, reverse(f"admin:{page.name}")) for page in self.pages],
            "may_change": is_full_operator(request),
            "impersonation": seen_as,
            "minutes_left": seen_as.minutes_left(now) if seen_as else None,
        }

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        if self.pages:
            return self.pages[0].view(request)
        return super().index(request, extra_context)

    def leave(self, request: HttpRequest) -> HttpResponse:
        """No business is seen as its owner sees it any more."""
        impersonation.end(request, timezone.now())
        return redirect("admin:index")

    def logout(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        if request.method == "POST":
            impersonation.end(request, timezone.now())
        return super().logout(request, extra_context)


def is_full_operator(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_full_operator


def require_full_operator(request: HttpRequest) -> None:
    if not is_full_operator(request):
        raise PermissionDenied("This operator looks and changes nothing.")


def changed_by_full_operators(view: View) -> View:
    """Whatever a page's own permissions say: nothing is posted by one who only looks."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        match = request.resolver_match
        is_own = match is not None and match.view_name in OF_ONES_OWN
        if request.method not in SAFE_METHODS and not is_own:
            require_full_operator(request)
        return view(request, *args, **kwargs)

    return cast(View, guarded)


def with_second_factor(view: View) -> View:
    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if operator_lacks_second_factor(operator_of(request)):
            return to_second_factor(request)
        return view(request, *args, **kwargs)

    return cast(View, asked)


def in_platform_scope(view: View) -> View:
    @wraps(view)
    def scoped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with platform_scope(PlatformReason.ADMIN):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                # Lazy querysets are read while rendering, which Django would do after the scope.
                response.render()
            return response

    return cast(View, scoped)


class AuditedAdmin(ModelAdmin):
    """Each change leaves an audit event beside Django's own log entry, which can be edited away."""

    # Of what is typed, where it is not that of the page: +972… would be typed as 972…+.
    directions: ClassVar[dict[str, str]] = {}

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return super().get_actions(request) if is_full_operator(request) else {}

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name in self.directions:
            field.widget.attrs["dir"] = self.directions[db_field.name]
        return field

    def log_addition(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._audit(request, "admin.added", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Model, message: Any) -> Any:
        self._audit(request, "admin.changed", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for obj in queryset:
            self._audit(request, "admin.deleted", obj, [])
        return super().log_deletions(request, queryset)

    def _audit(self, request: HttpRequest, action: str, obj: Model, message: Any) -> None:
        record_audit(
            business=business_of(obj),
            action=action,
            by=operator_of(request),
            now=timezone.now(),
            subject=f"{obj._meta.label_lower} {obj.pk}",
            facts={"fields": changed_fields(message)},
        )


class BusinessAdmin(AuditedAdmin):
    """For the rows of businesses. A row never moves from one business to another."""

    list_select_related: ClassVar[tuple[str, ...]] = ("business",)
    raw_id_fields: ClassVar[tuple[str, ...]] = ("business",)
    search_fields: ClassVar[tuple[str, ...]] = ("business__name", "business__slug")
    ordering: ClassVar[tuple[str | OrderBy, ...]] = ("business__name", "pk")
    list_per_page = 50
    show_full_result_count = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        fields = tuple(super().get_readonly_fields(request, obj))
        return (*fields, "business") if obj is not None else fields


class ReadOnly:
    """What the product writes and nobody edits."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyAdmin(ReadOnly, BusinessAdmin):
    """Of a business."""


def operator_of(request: HttpRequest) -> User:
    """The site lets nobody in who is not a User."""
    return cast(User, request.user)


def business_of(obj: Model) -> Business | None:
    if isinstance(obj, Business):
        return obj
    return obj.business if isinstance(obj, BusinessOwned) else None


def changed_fields(message: Any) -> list[str]:
    """The names, never the values, out of the admin's change message."""
    parts = message if isinstance(message, list) else []
    return sorted(
        {
            str(field)
            for part in parts
            for change in part.values()
            for field in change.get("fields", [])
        }
    )


def ltr(value: object) -> SafeString:
    """A telephone number or an id: in a right-to-left line +972… would show as 972…+."""
    return format_html('<bdi dir="ltr">{}</bdi>', value)
