"""The database that the workers' own are copied from."""

from __future__ import annotations

import hashlib
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
