"""Structured logs without personal data.

A log line is a fixed text and fields. What belongs to a person (a number, a name, a
sentence that was spoken) goes under a key that begins with `pii.`, which is dropped
unless LOG_PII=1. Behind that stands a second net for what others log: telephone
numbers and media tokens are blotted out wherever they show.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

# /ws/media/<token> lets its bearer speak on a call until it is used or a minute old; the others
# are the links of letters, good for days.
MEDIA_TOKEN = re.compile(r"(/(?:ws/media|invitation|password/reset/key)/)[^\s/?\"'<>]+")
# E.164 with its plus sign; without it a number cannot be told from any other.
E164 = re.compile(r"(?:\+|%2B)[1-9]\d{6,14}(?!\d)", re.IGNORECASE)


def configure_logs(*, style: str, level: str, personal_data: bool) -> dict[str, Any]:
    """Set structlog up, and return the LOGGING setting that sends everybody else's log
    lines through the same filter."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    net: list[Processor] = (
        [blot_tokens] if personal_data else [drop_personal_data, blot_tokens, blot_numbers]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [*shared, structlog.stdlib.ExtraAdder()],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.StackInfoRenderer(),
                    structlog.processors.format_exc_info,
                    *net,
                    _renderer(style),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Django's own handlers would print a second, unfiltered line.
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # One line a request, with the token of every media socket in it.
            "daphne.access": {"level": "CRITICAL"},
            "django.channels.server": {"level": "WARNING"},
            "uvicorn.access": {"level": "CRITICAL"},
            # Two lines a socket; further down it would print the request with the key in it.
            "picows": {"level": "WARNING"},
        },
    }


def drop_personal_data(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: value for key, value in event.items() if not key.startswith("pii.")}


def blot_tokens(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _replaced(MEDIA_TOKEN, r"\1[token]", value) for key, value in event.items()}


def blot_numbers(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _replaced(E164, "[number]", value) for key, value in event.items()}


def _replaced(pattern: re.Pattern[str], by: str, value: object) -> object:
    """In the text of any value: an object is as likely to carry a number as a string."""
    if isinstance(value, bool | int | float | None):
        return value
    if isinstance(value, dict):
        return {key: _replaced(pattern, by, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_replaced(pattern, by, item) for item in value]
    return pattern.sub(by, str(value))


def _renderer(style: str) -> Processor:
    if style == "console":
        return structlog.dev.ConsoleRenderer(colors=False)
    return structlog.processors.JSONRenderer(ensure_ascii=False)
