from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class PageForms(TemplatesSetting):
    """How every form of the web UI looks: label, field, help and errors of each field."""

    form_template_name = "parts/form.html"
    field_template_name = "parts/field.html"
