"""The database that the workers' own are copied from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

ROOT: Final = Path(__file__).resolve().parents[1]
NAME: Final = "tests_template"
LOCK: Final = 7_316_402


def migrated_template() -> str:
    """Its name; the first worker that asks makes it, and the others wait for it. On servers that are
    named by `DATABASE_URL` it stays, so it is brought up to date each time.
    """
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        known = "SELECT 1 FROM pg_database WHERE datname = %s"
        if session.execute(known, [NAME]).fetchone() is None:
            session.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))
        _migrate(session.info)
        session.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return NAME


def _migrate(server: psycopg.ConnectionInfo) -> None:
    address = f"postgresql://{server.user}:{server.password}@{server.host}:{server.port}/{NAME}"
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        check=True,
    )
