"""What one caller may cost: bytes, requests a minute, places, time. Whoever is turned away is told, and never half answered."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import httpx
import pytest
from litestar import Litestar, post
from litestar.params import RawBody

from backspasm.service.security.rate import MOST_CALLERS, Rates
from backspasm.service.security.refusals import RefusedError
from backspasm.service.security.slots import Slots
from backspasm.service.settings import Access, ApiKey, Limits
from tests.doors.service.conftest import BASE_URL
from tests.doors.service.small import WARD, WITH_KEY, calling, guarded, settings_of


@post("/assess", sync_to_thread=False, status_code=200)
def echo(body: RawBody) -> dict[str, int]:
    return {"bytes": len(body)}


# --- size -----------------------------------------------------------------------------------------------------------------


def test_a_body_that_is_too_large_is_refused_and_the_largest_is_not() -> None:
    app, _ = guarded([echo], settings_of(Limits(body_bytes=1000)))
    with calling(app) as client:
        assert client.post("/assess", content=b"x" * 1000).json() == {"bytes": 1000}
        answer = client.post("/assess", content=b"x" * 1001)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["connection"] == "close"
    assert "1,000 bytes" in answer.json()["detail"]


def test_the_size_is_known_before_the_body_is_read() -> None:
    """A body that says it is large is refused although not one byte of it was received."""
    app, _ = guarded([echo], settings_of(Limits(body_bytes=1000)))
    status = asyncio.run(raw(app, [(b"content-length", b"100000000")], never_received))
    assert status == 413


def test_a_body_without_a_stated_size_is_read_up_to_the_limit_only() -> None:
    app, _ = guarded([echo], settings_of(Limits(body_bytes=1000)))
    received = 0

    async def endless() -> dict[str, Any]:
        nonlocal received
        received += 100
        return {"type": "http.request", "body": b"x" * 100, "more_body": True}

    assert asyncio.run(raw(app, [(b"transfer-encoding", b"chunked")], endless)) == 413
    assert received == 1100


@pytest.mark.parametrize("stated", [b"-1", b"1e3", b"ten", "²".encode(), b""])
def test_a_size_that_is_no_number_is_refused(stated: bytes) -> None:
    app, _ = guarded([echo], settings_of())
    assert asyncio.run(raw(app, [(b"content-length", stated)], never_received)) == 400


async def never_received() -> dict[str, Any]:
    raise AssertionError("the body was read")


async def raw(app: Litestar, headers: list[tuple[bytes, bytes]], receive: Any) -> int:
    """The status of a request whose body comes from ``receive``."""
    seen: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            seen.append(message["status"])

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/assess",
        "raw_path": b"/assess",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000"), *headers],
        "client": ("127.0.0.1", 1),
        "state": {},
    }
    await app(scope, receive, send)
    return seen[0]


# --- requests a minute ----------------------------------------------------------------------------------------------------


def test_a_caller_who_asks_too_often_is_told_when_to_come_back() -> None:
    app, _ = guarded([echo], settings_of(Limits(requests_per_minute=3)))
    with calling(app) as client:
        assert [client.post("/assess").status_code for _ in range(4)] == [200, 200, 200, 429]
        answer = client.post("/assess")
    assert int(answer.headers["retry-after"]) in range(1, 21)
    assert answer.json()["title"] == "Too many requests"


def test_one_caller_does_not_use_up_the_rate_of_another() -> None:
    other = ApiKey(name="ward 4", sha256="4" * 64)
    app, _ = guarded([echo], settings_of(Limits(requests_per_minute=2), Access(api_keys=(WARD, other))))
    with calling(app) as client:
        stranger = [client.post("/assess").status_code for _ in range(3)]
        ward = [client.post("/assess", headers=WITH_KEY).status_code for _ in range(3)]
    assert stranger == [401, 401, 429]  # and a stranger cannot try keys without end
    assert ward == [200, 200, 429]


def test_a_bucket_fills_steadily_and_never_overflows() -> None:
    now = [0.0]
    rates = Rates(60, clock=lambda: now[0])
    for _ in range(60):
        rates.take("a")
    with pytest.raises(RefusedError) as refused:
        rates.take("a")
    assert refused.value.headers == {"Retry-After": "1"}
    now[0] = 2.5
    rates.take("a")
    rates.take("a")
    with pytest.raises(RefusedError):
        rates.take("a")
    now[0] = 10_000.0
    for _ in range(60):
        rates.take("a")
    with pytest.raises(RefusedError):
        rates.take("a")


def test_memory_for_callers_is_bounded() -> None:
    rates = Rates(1, clock=lambda: 0.0)
    for n in range(MOST_CALLERS + 500):
        rates.take(f"{n}")
    assert len(rates._buckets) == MOST_CALLERS


# --- places ---------------------------------------------------------------------------------------------------------------


class Work:
    """A route that counts how many work at the same time, and holds each up for a while."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.most, self.calls, self._now = seconds, 0, 0, 0
        self._lock = threading.Lock()

        @post("/assess", sync_to_thread=True, status_code=200)
        def work() -> str:
            with self._lock:
                self._now += 1
                self.calls += 1
                self.most = max(self.most, self._now)
            time.sleep(self.seconds)
            with self._lock:
                self._now -= 1
            return "done"

        self.route = work


async def many(app: Litestar, count: int) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, timeout=30) as client:
        return list(await asyncio.gather(*(client.post("/assess", content=f"{n}") for n in range(count))))


def test_never_more_are_at_work_than_places_and_all_who_wait_are_answered() -> None:
    work = Work(0.02)
    app, _ = guarded([work.route], settings_of(Limits(concurrent_assessments=2, waiting=20)))
    answers = asyncio.run(many(app, 16))
    assert {a.status_code for a in answers} == {200}
    assert (work.most, work.calls) == (2, 16)


def test_who_finds_the_line_full_is_sent_away_at_once() -> None:
    work = Work(0.1)
    app, _ = guarded([work.route], settings_of(Limits(concurrent_assessments=1, waiting=2)))
    answers = asyncio.run(many(app, 8))
    assert sorted(a.status_code for a in answers) == [200] * 3 + [503] * 5
    refused = next(a for a in answers if a.status_code == 503)
    assert refused.headers["retry-after"] == "1"
    assert "nothing was assessed" in refused.json()["title"]


def test_work_without_end_is_answered_in_time_and_keeps_its_place_until_it_ends() -> None:
    """A thread cannot be stopped; if it gave its place back, slow requests would pile up behind the caller's back."""
    work = Work(0.6)
    app, _ = guarded([work.route], settings_of(Limits(concurrent_assessments=1, seconds_to_answer=0.15)))

    async def scene() -> tuple[list[int], list[int]]:
        first = await many(app, 2)  # one at work for too long, one that waits for its place for too long
        await asyncio.sleep(0.7)
        work.seconds = 0.0
        return sorted(a.status_code for a in first), [a.status_code for a in await many(app, 1)]

    assert asyncio.run(scene()) == ([503, 504], [200])
    assert work.most == 1


def test_places_are_given_in_the_order_of_arrival_and_never_lost() -> None:
    async def scene() -> list[int]:
        slots, order = Slots(1, 10, 5.0), []

        async def one(n: int) -> None:
            await slots.take()
            await asyncio.sleep(0)
            order.append(n)
            slots.free()

        tasks = [asyncio.create_task(one(n)) for n in range(6)]
        await asyncio.sleep(0)
        tasks[2].cancel()  # a caller who waited leaves
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.wait_for(slots.take(), 1)  # the place is free at the end
        return order

    assert asyncio.run(scene()) == [0, 1, 3, 4, 5]


def test_a_place_that_comes_in_the_moment_of_leaving_goes_to_the_next() -> None:
    async def scene() -> None:
        slots = Slots(1, 10, 5.0)
        await slots.take()
        leaver = asyncio.create_task(slots.take())
        await asyncio.sleep(0)
        slots.free()  # the place is the leaver's now, who has not run yet
        leaver.cancel()
        await asyncio.gather(leaver, return_exceptions=True)
        await asyncio.wait_for(slots.take(), 1)

    asyncio.run(scene())


def test_health_is_answered_however_busy_the_service_is() -> None:
    from backspasm.service.health import health

    work = Work(0.3)
    app, _ = guarded(
        [work.route, health], settings_of(Limits(concurrent_assessments=1, waiting=1, requests_per_minute=2))
    )

    async def scene() -> list[int]:
        busy = asyncio.create_task(many(app, 2))
        await asyncio.sleep(0.05)
        transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
            begin = time.perf_counter()
            found = [(await client.get("/health")).status_code for _ in range(5)]
            assert time.perf_counter() - begin < 0.2
        await busy
        return found

    assert asyncio.run(scene()) == [200] * 5
