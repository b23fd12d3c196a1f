from __future__ import annotations

from django.urls import path

from prompts import views

app_name = "prompts"

urlpatterns = [
    path("", views.overview, name="overview"),
    path("versions/<uuid:version_id>/", views.version, name="version"),
    path("versions/<uuid:version_id>/publish/", views.publish_version, name="publish"),
    path("versions/<uuid:version_id>/greeting.wav", views.greeting, name="greeting"),
    path("<slug:direction>/", views.edit, name="edit"),
    path("<slug:direction>/advice/", views.advice, name="advice"),
    path("<slug:direction>/versions/", views.versions, name="versions"),
    path("<slug:direction>/start/", views.start, name="start"),
    path(
        "<slug:direction>/start/<slug:industry>/<slug:language>/", views.questions, name="questions"
    ),
]
