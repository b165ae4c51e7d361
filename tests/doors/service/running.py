"""A real server in a process of its own, as `backspasm serve` starts it."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Server:
    """Where it listens, its process, and what it wrote."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, port: int) -> None:
        self.process, self._log, self.port = process, log, port
        self.url = f"http://127.0.0.1:{port}"

    @property
    def log(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def connect(self, timeout: float = 30.0) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout)


@contextmanager
def serving(folder: Path, config: str = "", code: str = "from backspasm.cli import main; main()") -> Iterator[Server]:
    """A server with the settings of a TOML text, stopped at the end. It keeps its store and its log in the folder."""
    (folder / "service.toml").write_text(config)
    log = folder / "server.log"
    command = [sys.executable, "-c", code, "serve", "--port", "0", "--config", str(folder / "service.toml")]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            stdout=out,
            stderr=out,
            env={**os.environ, "XDG_DATA_HOME": str(folder), "OMP_NUM_THREADS": "1"},
        )
    try:
        yield Server(process, log, _port(process, log))
    finally:
        process.terminate()
        process.wait(30)


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = re.search(r"running on http://127\.0\.0\.1:(\d+)", log.read_text())
        if found and "Application startup complete" in log.read_text():  # of a first worker, where there are several
            return int(found[1])
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(log.read_text())
