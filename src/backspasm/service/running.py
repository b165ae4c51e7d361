"""From settings to a running server: what is prepared before the first request, and what uvicorn is told."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

from backspasm.patients.patient import InputError
from backspasm.service.memory import few_arenas
from backspasm.service.security.logs import log_config
from backspasm.service.settings import Settings
from backspasm.service.store.database import StoreError, open_store, shown_address
from backspasm.service.worker import leave

#: an idle connection is kept for so many seconds
KEEP_ALIVE = 15


def prepared(settings: Settings, config: Path | None) -> None:
    """Bring the store up to date, so that no request is taken where it cannot be used; and leave the settings for the workers.

    Raises:
        InputError: naming field, value and mend.
    """
    few_arenas()
    try:
        open_store(settings.store).close()
    except StoreError as error:
        what = f"cannot be used ({error})"
        mend = 'start the database, check address and rights, or use url = "memory" to keep nothing'
        raise InputError.one("store.url", shown_address(settings.store), what, mend) from None
    _port_is_free(settings)
    if settings.workers > 1:
        if settings.store.url == "memory":
            mend = "give the store a file or a database, or take one worker"
            raise InputError.one("workers", settings.workers, "cannot share a store in memory", mend)
        leave(config, settings)
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            shared = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="backspasm-metrics-")
            atexit.register(shutil.rmtree, shared, ignore_errors=True)
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # workers share the cores already
            os.environ.setdefault(name, "1")


def _port_is_free(settings: Settings) -> None:
    """Raises InputError where the address cannot be listened on: said in a word before anything is loaded."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            what = f"cannot be listened on ({error.strerror or type(error).__name__})"
            mend = "name another with --port (0 takes a free one), or stop the program that uses it"
            raise InputError.one("port", f"{settings.host}:{settings.port}", what, mend) from None


def server_config(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for `uvicorn.run`."""
    proxies = list(settings.access.trusted_proxies)
    return {
        "host": settings.host,
        "port": settings.port,
        "workers": settings.workers if settings.workers > 1 else None,
        "http": "backspasm.service.security.protocol:PatientProtocol",
        "ws": "none",
        "access_log": False,  # it would log addresses with their queries
        "log_config": log_config(),
        "server_header": False,
        "date_header": True,
        "proxy_headers": bool(proxies),
        "forwarded_allow_ips": proxies,
        "timeout_keep_alive": KEEP_ALIVE,
        # on SIGTERM no new connection is taken, and requests at work are answered
        "timeout_graceful_shutdown": round(settings.limits.seconds_to_answer) + 1,
    }
