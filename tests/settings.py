"""The product's settings with an environment of the tests' own: whatever the developer
has in the shell or in `.env`, no test reaches a real service or a real key."""

from __future__ import annotations

import os
from unittest import mock

# Tools that only read the settings (mypy's plugin) have no servers; `tests.servers` has
# named them by now where tests run.
NOWHERE = {
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
ENVIRONMENT = {
    "ENV_FILE": "",
    "SECOND_FACTOR_REQUIRED": "0",
    "EMAIL_URL": "memorymail://",
    "SECRET_KEY": "a key of the tests, as long as a key has to be at the least",
    "FIELD_KEYS": "dGVzdHMtdGVzdHMtdGVzdHMtdGVzdHMtdGVzdHMtMDE=",
    "PUBLIC_URL": "https://prosaas.test",
    "ALLOWED_HOSTS": "prosaas.test,testserver,localhost,127.0.0.1",
    "OPENAI_API_KEY": "sk-installation",
    "OPENAI_BASE_URL": "http://127.0.0.1:1/v1",
    "OPENAI_WEBSOCKET_BASE_URL": "ws://127.0.0.1:1/v1",
    "WARM_REALTIME_SESSIONS": "0",
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000000",
    "TWILIO_AUTH_TOKEN": "a token of the tests",
    "TWILIO_API_BASE_URL": "http://127.0.0.1:1",
    # A shared machine is slow at times; what is slow by our fault has tests of its own.
    "DATABASE_STATEMENT_TIMEOUT_MS": "30000",
}
KEPT = {name: os.environ[name] for name in NOWHERE if os.environ.get(name)}

with mock.patch.dict(os.environ, NOWHERE | KEPT | ENVIRONMENT):
    from prosaas.settings import *  # noqa: F403

# The test client speaks plain HTTP to a host that is configured as https.
SECURE_SSL_REDIRECT = False
# Making users must not cost a tenth of a second each.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
