from __future__ import annotations

from django.urls import path

from calls.views import voices

app_name = "voices"

urlpatterns = [
    path("sample/", voices.sample, name="sample"),
    path("<slug:voice>.wav", voices.sample_audio, name="audio"),
]
