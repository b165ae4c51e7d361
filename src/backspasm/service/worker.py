"""The application of one process, from what the command that started it left in the environment."""

from __future__ import annotations

import os
from pathlib import Path

from litestar import Litestar
from msgspec.structs import replace

from backspasm.inference.model import load
from backspasm.service.app import create_app
from backspasm.service.memory import few_arenas
from backspasm.service.settings import Settings, read_settings

#: the file of settings, and what the command line set instead; nothing secret, since an environment can be read
CONFIG, HOST, PORT = "BACKSPASM_SERVE_CONFIG", "BACKSPASM_SERVE_HOST", "BACKSPASM_SERVE_PORT"


def leave(config: Path | None, settings: Settings) -> None:
    """Leave for the workers what they need to read the same settings."""
    os.environ[CONFIG] = str(config.resolve()) if config else ""
    os.environ[HOST], os.environ[PORT] = settings.host, str(settings.port)


def application() -> Litestar:
    """Called by uvicorn in each worker."""
    few_arenas()
    named = os.environ[CONFIG]
    settings = read_settings(Path(named) if named else None)
    return create_app(replace(settings, host=os.environ[HOST], port=int(os.environ[PORT])), load())
