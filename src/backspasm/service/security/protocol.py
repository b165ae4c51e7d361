"""uvicorn's connection with a limit on the time that the headers of a request may take; its own limits begin after them."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

#: for the headers alone, seconds
SECONDS_FOR_HEADERS = 10.0


class PatientProtocol(HttpToolsProtocol):
    """Closes a connection whose headers do not come."""

    _headers_due: asyncio.TimerHandle | None = None
    _in_request = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._expect_headers()

    def data_received(self, data: bytes) -> None:
        if not self._in_request and self._headers_due is None:
            self._expect_headers()  # a further request on the same connection
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._in_request = True
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_request = False
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _expect_headers(self) -> None:
        self._headers_due = self.loop.call_later(SECONDS_FOR_HEADERS, self._too_slow)

    def _stop_waiting(self) -> None:
        if self._headers_due is not None:
            self._headers_due.cancel()
            self._headers_due = None

    def _too_slow(self) -> None:
        self._headers_due = None
        if not self.transport.is_closing():
            self.transport.close()
