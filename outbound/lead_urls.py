from __future__ import annotations

from django.urls import path

from outbound.views import leads as views

app_name = "leads"

urlpatterns = [
    path("", views.leads, name="list"),
    path("new/", views.new, name="new"),
    path("chosen/", views.chosen, name="chosen"),
    path("export/", views.export, name="export"),
    path("fields/", views.fields, name="fields"),
    path("fields/new/", views.new_field, name="new-field"),
    path("fields/<uuid:field_id>/", views.edit_field, name="edit-field"),
    path("fields/<uuid:field_id>/move/", views.move_field, name="move-field"),
    path("fields/<uuid:field_id>/delete/", views.delete_field, name="delete-field"),
    path("imports/", views.imports, name="imports"),
    path("imports/new/", views.upload, name="upload"),
    path("imports/<uuid:import_id>/", views.import_page, name="import"),
    path("imports/<uuid:import_id>/progress/", views.progress, name="progress"),
    path("imports/<uuid:import_id>/stop/", views.stop_import, name="stop-import"),
    path("imports/<uuid:import_id>/errors/", views.errors_file, name="errors"),
    path("lists/", views.lists, name="lists"),
    path("lists/<uuid:list_id>/", views.lead_list, name="of-list"),
    path("lists/<uuid:list_id>/rename/", views.rename, name="rename-list"),
    path("lists/<uuid:list_id>/delete/", views.delete, name="delete-list"),
    path("lists/<uuid:list_id>/export/", views.export_list, name="export-list"),
    path("lists/<uuid:list_id>/take-out/<uuid:lead_id>/", views.take_out, name="take-out"),
    path("duplicates/", views.suggestions, name="duplicates"),
    path("merge/<uuid:keep_id>/<uuid:drop_id>/", views.merge, name="merge"),
    path("merge/<uuid:keep_id>/<uuid:drop_id>/apart/", views.keep_apart, name="keep-apart"),
    path("<uuid:lead_id>/", views.lead, name="lead"),
    path("<uuid:lead_id>/edit/", views.edit, name="edit"),
    path("<uuid:lead_id>/notes/", views.notes, name="notes"),
    path("<uuid:lead_id>/lists/", views.put_in, name="put-in"),
    path("<uuid:lead_id>/do-not-call/", views.do_not_call, name="do-not-call"),
    path("<uuid:lead_id>/jobs/<uuid:job_id>/", views.why_job, name="why"),
]
