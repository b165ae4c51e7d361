"""What is logged: a line for each request with method, route template, status and time, and the kind of each fault. Never a path,
a query, a header, a body, or the message of an exception, since those may name a patient."""

from __future__ import annotations

import logging
import time
from typing import Any

access = logging.getLogger("backspasm.access")

#: libraries that log addresses, which may hold the id of a patient
_QUOTING = ("httpx", "httpcore", *(f"httpcore.{part}" for part in ("connection", "http11", "http2", "proxy", "socks")))
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def silence_quoting_libraries() -> None:
    """Whatever level the operator chooses, these write nothing. A filter, since configuring logs enables loggers again."""
    for name in _QUOTING:
        logger = logging.getLogger(name)
        logger.disabled = True
        if _nothing not in logger.filters:
            logger.addFilter(_nothing)


def _nothing(_: logging.LogRecord) -> bool:
    return False


def log_access(method: str, route: str, status: int, seconds: float) -> None:
    """One line; ``route`` is a template of the service's own, and the method one of the known."""
    shown = method if method in _METHODS else "OTHER"
    access.info("%s %s %d %.0f ms", shown, route, status, seconds * 1000)


def log_config(level: str = "INFO") -> dict[str, Any]:
    """For `logging.config.dictConfig`: one line an event on standard error, with its time in UTC."""
    to_stderr = {"handlers": ["stderr"], "level": level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"()": "backspasm.service.security.logs.UtcLine"},
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "loggers": {"backspasm": to_stderr, "uvicorn": to_stderr},
    }


class UtcLine(logging.Formatter):
    """Time, level, logger and message on one line: whatever would begin a new one is shown as its escape."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")
        self.converter = time.gmtime

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (the name is logging's)
        line = super().formatMessage(record)
        if line.isprintable():
            return line
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
