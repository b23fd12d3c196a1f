"""The database that the workers' own are copied from, and what stays in those between tests."""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from django.core.management.color import Style
from django.core.management.commands import flush
from psycopg import sql

ROOT: Final = Path(__file__).resolve().parents[1]
NAME: Final = "tests_template"
LOCK: Final = 7_316_402
# What `migrate` has put there and no test changes: to make it anew after each test that commits
# takes longer than most of those tests.
KEPT: Final = frozenset(
    {"django_content_type", "auth_permission", "auth_group", "auth_group_permissions"}
)


def migrated_template() -> str:
    """Its name; the first worker that asks makes it, and the others wait for it. The server keeps
    it for the next run of pytest, with what it was made of, and it is made anew when that changes.
    """
    name, made_of = sql.Identifier(NAME), _fingerprint()
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if _remark(session) != made_of:
            session.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(name))
            session.execute(sql.SQL("CREATE DATABASE {}").format(name))
            _migrate(session.info)
            remark = sql.SQL("COMMENT ON DATABASE {} IS {}").format(name, sql.Literal(made_of))
            session.execute(remark)
        session.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return NAME


@contextlib.contextmanager
def what_migrations_made_stays() -> Iterator[None]:
    """In place of what Django does after a test that commits: empty all, and migrate's last part."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(flush, "sql_flush", _all_but_kept)
        patch.setattr(flush, "emit_post_migrate_signal", lambda *_args, **_more: None)
        yield


def _all_but_kept(style: Style, connection: Any, **options: bool) -> list[str]:
    there = connection.introspection.django_table_names(only_existing=True, include_views=False)
    statements: list[str] = connection.ops.sql_flush(style, set(there) - KEPT, **options)
    return statements


def _fingerprint() -> str:
    """Of every migration, ours and the libraries'."""
    digest = hashlib.sha256()
    for file in [*sorted(ROOT.glob("*/migrations/*.py")), ROOT / "requirements.lock"]:
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def _remark(session: psycopg.Connection[tuple[str | None]]) -> str | None:
    found = session.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [NAME]
    ).fetchone()
    return found[0] if found else None


def _migrate(server: psycopg.ConnectionInfo) -> None:
    address = f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}/{NAME}"
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        check=True,
    )
