"""A real PostgreSQL that the tests start for themselves: in a folder of its own, reachable by a Unix socket only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

#: PostgreSQL refuses to run as root
UNPRIVILEGED = "nobody"


def programs() -> Path:
    """The folder of initdb and postgres; the newest of Debian's."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    if on_path:
        return Path(on_path).resolve().parent
    pytest.fail("PostgreSQL is needed by these tests: sudo apt-get install postgresql (or `make test`, as root)")


@contextmanager
def running() -> Iterator[str]:
    """The folder of its socket while it runs; user ``backspasm`` may do everything, without a password."""
    folder = Path(tempfile.mkdtemp(prefix="backspasm-pg-"))
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:
        as_user = {"user": UNPRIVILEGED, "extra_groups": []}
        shutil.chown(folder, UNPRIVILEGED)
    data = folder / "data"

    def run(program: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (folder / f"{program}.log").open("wb") as log:
            return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
                [programs() / program, "-D", data, *arguments],
                cwd=folder,
                stdout=subprocess.DEVNULL,
                stderr=log,
                **as_user,
            )

    try:
        made = run("initdb", "-U", "backspasm", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        assert made.wait(60) == 0, (folder / "initdb.log").read_text()
        server = run("postgres", "-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off")
        try:
            _wait_for(folder, server)
            yield str(folder)
        finally:
            server.send_signal(signal.SIGINT)  # ends what is still connected, then stops
            server.wait(30)
    finally:
        shutil.rmtree(folder)


def _wait_for(folder: Path, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            psycopg.connect(host=str(folder), user="backspasm", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > end:
                raise AssertionError((folder / "postgres.log").read_text()) from None
            time.sleep(0.05)


def new_database(folder: str, name: str) -> str:
    """An empty database; returns its address."""
    with psycopg.connect(host=folder, user="backspasm", dbname="postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"postgresql://backspasm@/{name}?host={folder}"
