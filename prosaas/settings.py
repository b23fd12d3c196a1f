"""The one settings file: everything that differs between installations comes from the
environment (see `.env.example`), and what cannot be right is refused at start."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from prosaas.env import (
    env_bool,
    env_choice,
    env_database,
    env_email,
    env_int,
    env_list,
    env_secret,
    env_str,
    env_url,
    load_dotenv,
)
from prosaas.logs import configure_logs

BASE_DIR = Path(__file__).resolve().parent.parent
load_dotenv(BASE_DIR / ".env")

# Where we are reached

PUBLIC_URL = env_url("PUBLIC_URL", "http://127.0.0.1:8000")
PUBLIC_HOST = urlsplit(PUBLIC_URL).hostname or ""
SERVED_BY_HTTPS = PUBLIC_URL.startswith("https:")
DEBUG = env_bool("DEBUG", False)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", (PUBLIC_HOST, "localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# Keys

SECRET_KEY = env_secret("SECRET_KEY", least=50)
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS")
FIELD_KEYS = env_list("FIELD_KEYS")

# The model and the carrier; a business may have accounts of its own

OPENAI_API_KEY = env_secret("OPENAI_API_KEY", "")
OPENAI_BASE_URL = env_url("OPENAI_BASE_URL", "https://api.openai.com/v1")
OPENAI_WEBSOCKET_BASE_URL = env_url(
    "OPENAI_WEBSOCKET_BASE_URL", "wss://api.openai.com/v1", schemes=("wss", "ws")
)
OPENAI_REALTIME_MODEL = env_str("OPENAI_REALTIME_MODEL", "gpt-realtime-2.1")
OPENAI_TRANSCRIPTION_MODEL = env_str("OPENAI_TRANSCRIPTION_MODEL", "gpt-4o-mini-transcribe")
OPENAI_ANALYSIS_MODEL = env_str("OPENAI_ANALYSIS_MODEL", "gpt-5-mini")
WARM_REALTIME_SESSIONS = env_int("WARM_REALTIME_SESSIONS", 2, most=50)
TWILIO_ACCOUNT_SID = env_str("TWILIO_ACCOUNT_SID", "")
TWILIO_AUTH_TOKEN = env_secret("TWILIO_AUTH_TOKEN", "")
TWILIO_API_BASE_URL = env_url("TWILIO_API_BASE_URL", "https://api.twilio.com")

# Outbound calls. How many calls of all businesses may be under way at a time, and which share of
# the lines is kept for people who ring in.

LIVE_CALLS = env_int("LIVE_CALLS", 50, least=1, most=10_000)
INBOUND_SHARE_PERCENT = env_int("INBOUND_SHARE_PERCENT", 30, least=0, most=100)
# Diallers at work at the same time, over all workers.
DIALLERS = env_int("DIALLERS", 2, least=1, most=50)
# Calls of one business to the ten thousand numbers of one block: more of them is toll fraud.
OUTBOUND_BLOCK_CALLS_A_MINUTE = env_int("OUTBOUND_BLOCK_CALLS_A_MINUTE", 50, least=1)
DIAL_SPOOL_DIR = env_str("DIAL_SPOOL_DIR", str(BASE_DIR / ".state" / "dial-spool"))

# Recordings of calls: a folder that no address leads to, shared by web and workers.

RECORDINGS_DIR = env_str("RECORDINGS_DIR", str(BASE_DIR / ".state" / "recordings"))
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "recordings": {
        "BACKEND": "calls.recording_files.PrivateFolder",
        "OPTIONS": {"location": RECORDINGS_DIR},
    },
}

# Applications

INSTALLED_APPS = [
    "prosaas",
    "tenants",
    "prompts",
    "calls",
    "outbound",
    "tenants.apps.OperatorAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "channels",
    "csp",
    "django_filters",
    "django_htmx",
    "phonenumber_field",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    # Forms carry a masked token, so what is compressed differs with each answer.
    "django.middleware.gzip.GZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenants.middleware.SessionLimits",
]
FORM_RENDERER = "tenants.forms.PageForms"
ROOT_URLCONF = "prosaas.urls"
ASGI_APPLICATION = "prosaas.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tenants.context.business",
                "prosaas.navigation.navigation",
            ],
        },
    },
]

# PostgreSQL. A hung query must not hold a webhook beyond Twilio's patience, nor a
# forgotten transaction its locks; each process keeps a small pool of its own.

DATABASES: dict[str, dict[str, Any]] = {"default": env_database("DATABASE_URL")}
STATEMENT_TIMEOUT_MS = env_int("DATABASE_STATEMENT_TIMEOUT_MS", 5_000)
DATABASES["default"] |= {
    "CONN_MAX_AGE": 0,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": DATABASES["default"].get("OPTIONS", {})
    | {
        "connect_timeout": 5,
        "application_name": "prosaas",
        "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout=2000"
        " -c idle_in_transaction_session_timeout=10000",
        "pool": {
            "min_size": 0,
            "max_size": env_int("DATABASE_POOL_SIZE", 10, least=2, most=200),
            "timeout": 5,
            "max_idle": 300,
        },
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Redis carries hints that may be lost. Nothing may wait for it longer than a caller
# would notice: half a second a try, no tries after the first.

REDIS_URL = env_url("REDIS_URL", schemes=("redis", "rediss"))
REDIS_TIMEOUT_S = 0.5
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {
        # Not the core layer: it waits in a blocking read of 5 s, which a short socket
        # timeout would break, and its receive() raises while Redis is away. Here
        # receive() waits on and hears again when Redis is back; new_channel(),
        # group_add() and the sends raise redis.RedisError meanwhile.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": REDIS_URL,
                    "socket_timeout": REDIS_TIMEOUT_S,
                    "socket_connect_timeout": REDIS_TIMEOUT_S,
                }
            ]
        },
    }
}

# Celery wakes us up; what is due and what is done stands in PostgreSQL. So results are
# not kept, and a task may run twice.

CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": REDIS_TIMEOUT_S,
    "socket_connect_timeout": REDIS_TIMEOUT_S,
}
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 50
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_DEFAULT_QUEUE = "calls"
CELERY_TASK_QUEUES: dict[str, dict[str, Any]] = {
    name: {} for name in ("calls", "dialling", "callbacks", "imports")
}
CELERY_TASK_ROUTES = {
    "outbound.tasks.dial": {"queue": "dialling"},
    "outbound.tasks.keep_watch": {"queue": "callbacks"},
    "outbound.tasks.import_leads": {"queue": "imports"},
    "outbound.tasks.fill_runs": {"queue": "imports"},
}
CELERY_TASK_PUBLISH_RETRY = False  # whoever sends would wait; beat asks again in any case
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

# Languages: Hebrew first

LANGUAGE_CODE = "he"
LANGUAGES = [("he", _("Hebrew")), ("en", _("English")), ("ar", _("Arabic"))]
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SERVED_BY_HTTPS
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["prosaas.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env_str("TIME_ZONE", "UTC")
PHONENUMBER_DB_FORMAT = "E164"

# Signing in

AUTH_USER_MODEL = "tenants.User"
PASSWORD_HASHERS = [
    # Memory-hard and in the standard library, where Argon2 would be one dependency more.
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "tenants.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
# Whoever accepts an invitation has read it at that address.
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
# There is no signing up, so nothing to offer to an address that nobody has.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# "Your password was changed", by a letter to whom it belongs.
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "ProSaaS: "
ACCOUNT_REAUTHENTICATION_TIMEOUT = 5 * 60
ACCOUNT_SESSION_REMEMBER = True  # for as long as tenants.middleware says
ACCOUNT_RATE_LIMITS = {
    "login_failed": "20/15m/ip,5/15m/key",
    "reset_password": "5/15m/ip,3/15m/key",
    "invitation": "30/5m/ip",
    "invite": "30/h/user",
}
# The proxy in front of us adds the address it was asked from; what a client writes there stands
# further left and counts for nothing.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if SERVED_BY_HTTPS else 0
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
MFA_ADAPTER = "tenants.adapters.SecondFactorAdapter"
MFA_FORMS = {"add_webauthn": "tenants.forms.PasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "ProSaaS"
# A code that was typed while it changed is good (RFC 6238, section 5.2: one step, and no more).
MFA_TOTP_TOLERANCE = 1
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SERVED_BY_HTTPS
# Of owners and managers: they can hear what callers said, and spend money.
SECOND_FACTOR_REQUIRED = env_bool("SECOND_FACTOR_REQUIRED", True)
# Counts of failed logins have to outlast a process and be there while Redis is not.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache_entries",
    }
}
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True

# Letters: invitations and new passwords. Without a server they are printed.

EMAIL = env_email("EMAIL_URL", "consolemail://")
EMAIL_BACKEND = EMAIL["EMAIL_BACKEND"]
EMAIL_HOST, EMAIL_PORT = EMAIL.get("EMAIL_HOST") or "localhost", EMAIL.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = EMAIL.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = EMAIL.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(EMAIL.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(EMAIL.get("EMAIL_USE_SSL"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("EMAIL_FROM", f"ProSaaS <no-reply@{PUBLIC_HOST or 'localhost'}>")

# What the browser is told

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_SSL_REDIRECT = SERVED_BY_HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked from inside, past the proxy
SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60 if SERVED_BY_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SERVED_BY_HTTPS
SECURE_HSTS_PRELOAD = SERVED_BY_HTTPS
SESSION_COOKIE_SECURE = SERVED_BY_HTTPS
CSRF_COOKIE_SECURE = SERVED_BY_HTTPS
if SERVED_BY_HTTPS:
    # The browser refuses these names from a neighbour host or over plain HTTP.
    SESSION_COOKIE_NAME = "__Host-sessionid"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    # TLS ends at the proxy in front of us (or at the tunnel), which sets this header.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# Static files straight from the packages: no collecting step between a change and a start.

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = True

LOGGING = configure_logs(
    style=env_choice("LOG_FORMAT", "json", ("json", "console")),
    level=env_choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
    personal_data=env_bool("LOG_PII", False),
)
