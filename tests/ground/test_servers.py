from __future__ import annotations

import pytest
from django.db import connection


@pytest.mark.django_db
def test_the_role_of_the_tests_has_no_way_past_row_level_security() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, False)
