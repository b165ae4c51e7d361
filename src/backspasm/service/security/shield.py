"""Everything that stands before the routes, in the order in which it costs: address, origin, rate, caller, body, line, time.

It wraps the whole application rather than its routes, so that an unknown path and a wrong method are guarded, counted and answered
with the same headers.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from backspasm.service.security import callers, hosts
from backspasm.service.security.audited import UNKNOWN, Assessed, caller_name, set_caller, told
from backspasm.service.security.body import DisconnectedError, read_body, replayed
from backspasm.service.security.headers import NO_STORE, security_headers
from backspasm.service.security.logs import log_access
from backspasm.service.security.metrics import Metrics
from backspasm.service.security.paths import Door, door_of
from backspasm.service.security.rate import Rates
from backspasm.service.security.refusals import RefusedError, send_refusal, too_busy
from backspasm.service.security.repeats import Answer, Flights, Repeats, question
from backspasm.service.security.slots import Slots
from backspasm.service.security.trail import Trail
from backspasm.service.settings import Settings
from backspasm.service.store.audit import AuditEntry, now
from backspasm.service.store.database import Store, StoreError

#: of requests that no route answered
UNMATCHED = "(none)"
_LINE_FREE = frozenset({Door.open, Door.metrics})


@dataclass
class _Exchange:
    """What is seen of one request while it is answered. Mutable: it follows the messages as they pass."""

    send: Send
    started: float
    status: int = 0
    route: str = UNMATCHED
    open: bool = True

    async def forward(self, message: Message) -> None:
        if self.open:
            if message["type"] == "http.response.start":
                self.status = message["status"]
            await self.send(message)


class Shield:
    """An ASGI application around another one."""

    def __init__(
        self,
        inner: ASGIApp,
        settings: Settings,
        store: Store,
        metrics: Metrics,
        knowledge: str,
        repeatable: frozenset[str] = frozenset(),
    ) -> None:
        """``knowledge``: its digest. ``repeatable``: paths whose answers may be given again."""
        self._inner, self._settings, self._store, self._metrics = inner, settings, store, metrics
        self._knowledge, self._repeatable = knowledge, repeatable
        self._headers = security_headers(settings)
        self._hosts = hosts.allowed_hosts(settings)
        self.reset()

    def reset(self) -> None:
        """Begin anew, at every start of the application: nobody waits, nothing is kept."""
        limits = self._settings.limits
        self._rates = Rates(limits.requests_per_minute)
        self._slots = Slots(limits.concurrent_assessments, limits.waiting, limits.seconds_to_answer)
        self._repeats = Repeats(limits.repeat_bytes, limits.repeat_seconds)
        self._flights = Flights(limits.waiting)
        self._trail = Trail(self._store)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        exchange = _Exchange(self._with_headers(send), time.perf_counter())
        try:
            await self._guarded(scope, receive, exchange)
        except RefusedError as error:
            self._metrics.refused.labels(error.reason).inc()
            if not exchange.status:
                await send_refusal(error, scope["path"], exchange.forward)
        except DisconnectedError:
            exchange.status = 499  # as proxies name a caller who left; no answer is sent
        finally:
            exchange.open = False
            seconds = time.perf_counter() - exchange.started
            log_access(scope["method"], exchange.route, exchange.status, seconds)
            method = scope["method"] if exchange.route != UNMATCHED else "-"
            self._metrics.requests.labels(method, exchange.route, str(exchange.status)).inc()
            self._metrics.seconds.labels(exchange.route).observe(seconds)

    async def _guarded(self, scope: HTTPScope, receive: Receive, exchange: _Exchange) -> None:
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        method, door = scope["method"], door_of(scope["path"])
        hosts.check_host(headers, self._hosts)
        hosts.check_origin(method, headers, self._settings)
        caller = callers.caller_of(headers, self._settings, self._store.secret)
        set_caller(scope, caller)
        if door not in _LINE_FREE:
            nameless = caller in {callers.LOCAL, UNKNOWN}
            self._rates.take(f"address {(scope['client'] or ('',))[0]}" if nameless else f"caller {caller}")
        callers.require_caller(door, caller, headers, method)
        body = await read_body(headers, receive, self._settings.limits)
        if door in _LINE_FREE:
            await self._inner(scope, replayed(body, receive), self._noting(scope, exchange))
            return
        if method != "POST" or scope["path"] not in self._repeatable or not self._settings.limits.repeat_bytes:
            await self._in_line(scope, replayed(body, receive), exchange, "")
            return
        key = question(method, scope["path"], scope["query_string"], headers, body)
        while (kept := self._repeats.get(key)) is None and self._flights.asked(key):
            await self._flights.wait(key, self._settings.limits.seconds_to_answer)
        if kept is not None:
            await self._again(kept, scope, exchange)
            return
        self._flights.begin(key)
        try:
            await self._in_line(scope, replayed(body, receive), exchange, key)
        finally:
            self._flights.end(key)

    async def _in_line(self, scope: HTTPScope, receive: Receive, exchange: _Exchange, key: str) -> None:
        """Wait for a place, answer in time. Work that takes too long goes on and keeps its place until it ends (a thread cannot be
        stopped), so that there are never more at work than places."""
        await self._slots.take()
        self._metrics.at_work.inc()
        send = self._noting(scope, exchange, key)
        work = asyncio.ensure_future(self._inner(scope, receive, send))
        work.add_done_callback(self._ended)
        limit = self._settings.limits.seconds_to_answer
        done, _ = await asyncio.wait({work}, timeout=limit)
        if not done:
            raise RefusedError(
                504, "too_long", "No answer in time; nothing was assessed", f"more than {limit:g} s of work"
            )
        work.result()

    def _ended(self, work: asyncio.Future[None]) -> None:
        self._metrics.at_work.dec()
        self._slots.free()
        if not work.cancelled():
            work.exception()  # seen: who waits for the work raises it

    async def _again(self, kept: Answer, scope: HTTPScope, exchange: _Exchange) -> None:
        exchange.route = kept.route
        await self._enter(scope, kept.route, kept.status, kept.assessed)
        self._metrics.repeated.inc()
        await exchange.forward({"type": "http.response.start", "status": kept.status, "headers": list(kept.headers)})
        await exchange.forward({"type": "http.response.body", "body": kept.body, "more_body": False})

    def _noting(self, scope: HTTPScope, exchange: _Exchange, key: str = "") -> Send:
        """Send, but for a route's first message: that waits until the audit trail has its entry; and keep what may be repeated."""
        start: Message | None = None
        refused = False

        async def noting(message: Message) -> None:
            nonlocal start, refused
            if refused or not exchange.open:
                return
            if message["type"] == "http.response.start":
                start = message
                exchange.route = scope.get("path_template") or UNMATCHED
                assessment = told(scope)
                if assessment is not None or _is_entered(scope, exchange.route):
                    try:
                        await self._enter(scope, exchange.route, message["status"], assessment)
                    except RefusedError as error:
                        refused = True
                        self._metrics.refused.labels(error.reason).inc()
                        await send_refusal(error, scope["path"], exchange.forward)
                        return
            elif key and start is not None and start["type"] == "http.response.start":
                self._keep(key, start, message, scope, exchange.route)
            await exchange.forward(message)

        return noting

    def _keep(self, key: str, start: Message, message: Message, scope: HTTPScope, route: str) -> None:
        if start["type"] != "http.response.start" or message["type"] != "http.response.body":
            return
        if start["status"] < 300 and not message.get("more_body"):
            headers = tuple((bytes(k), bytes(v)) for k, v in start["headers"])
            self._repeats.put(key, Answer(start["status"], headers, message["body"], route, told(scope)))

    async def _enter(self, scope: HTTPScope, route: str, status: int, what: Assessed | None) -> None:
        """Write the audit entry. Raises RefusedError (503) where it is required and cannot be written."""
        if what is not None:
            self._metrics.assessments.labels(what.urgency).inc()
        entry = AuditEntry(
            when=now(),
            caller=caller_name(scope),
            method=scope["method"],
            route=route,
            status=status,
            knowledge_digest=self._knowledge,
            input_digest=what.input_digest if what else None,
            urgency=what.urgency if what else None,
            note=what.note if what else None,
        )
        try:
            await self._trail.enter(entry)
        except StoreError:
            self._metrics.store_failures.inc()
            if self._settings.store.audit_required:
                raise too_busy("audit", "the audit trail cannot be written, so the answer is held back", 10) from None

    def _with_headers(self, send: Send) -> Send:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = {bytes(k).lower() for k, _ in message["headers"]}
                own = [pair for pair in (*self._headers, NO_STORE) if pair[0] not in there]
                message["headers"] = [*message["headers"], *own]
            await send(message)

        return with_headers


def _is_entered(scope: HTTPScope, route: str) -> bool:
    """Whatever sends data to a route is entered, even where nothing was assessed."""
    return route != UNMATCHED and scope["method"] not in hosts.SAFE and door_of(scope["path"]) is not Door.open
