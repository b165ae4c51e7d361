"""A tiny real server for tests: what a path answers is said by the test, what was asked is remembered."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = tuple[int, dict[str, str], bytes]


def answered(data: Any, status: int = 200, **headers: str) -> Reply:
    body = data if isinstance(data, bytes) else json.dumps(data).encode()
    return status, {"Content-Type": "application/fhir+json", **headers}, body


@dataclass
class Ehr:
    """``answer``: from method, path with query, headers and body to a reply."""

    answer: Callable[[str, str, dict[str, str], bytes], Reply]
    url: str = ""
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        return [path for _, path, _, _ in self.asked]


@contextmanager
def running(answer: Callable[[str, str, dict[str, str], bytes], Reply]) -> Iterator[Ehr]:
    """The server on a free port of this machine."""
    ehr = Ehr(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._reply("GET")

        def do_OPTIONS(self) -> None:
            self._reply("OPTIONS")

        def do_POST(self) -> None:
            self._reply("POST")

        def _reply(self, method: str) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {k.lower(): v for k, v in self.headers.items()}
            ehr.asked.append((method, self.path, headers, body))
            status, own, data = ehr.answer(method, self.path, headers, body)
            self.send_response(status)
            for name, value in own.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            with suppress(ConnectionError):  # a client that has seen enough hangs up
                self.wfile.write(data)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    ehr.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield ehr
    finally:
        server.shutdown()
        server.server_close()
