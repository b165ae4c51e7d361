"""An answer given again is the same answer, to the very same question only, and never for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from litestar import Litestar, Request, Response, post
from litestar.params import RawBody
from litestar.testing import TestClient

from backspasm.inference.model import Model
from backspasm.service.app import create_app
from backspasm.service.security.audited import assessed
from backspasm.service.security.repeats import Answer, Repeats, question
from backspasm.service.settings import Limits, Settings
from backspasm.service.store.audit import latest
from backspasm.service.store.database import Store
from tests.doors.service.conftest import BASE_URL, IN_MEMORY
from tests.doors.service.small import calling, guarded, settings_of

calls: list[bytes] = []


@post("/assess", sync_to_thread=False, status_code=200, opt={"repeatable": True})
def assess(body: RawBody, request: Request[Any, Any, Any]) -> Response[str]:
    calls.append(body)
    assessed(request, "d" * 64, "urgent")
    return Response(f"answer {len(calls)}", status_code=400 if body == b"bad" else 200, headers={"X-Own": "kept"})


@post("/simulate", sync_to_thread=True, status_code=200, opt={"repeatable": True})
def slowly(body: RawBody) -> Response[str]:
    calls.append(body)
    time.sleep(0.1)
    return Response(f"answer {len(calls)}", status_code=500 if body == b"bad" else 200)


@post("/read", sync_to_thread=False, status_code=200)
def read() -> str:
    calls.append(b"")
    return f"answer {len(calls)}"


@pytest.fixture
def made() -> Iterator[tuple[TestClient[Litestar], Store]]:
    calls.clear()
    app, store = guarded([assess, read], settings_of())
    with calling(app) as client:
        yield client, store


def test_the_same_question_is_worked_out_once_and_entered_twice(made: tuple[TestClient[Litestar], Store]) -> None:
    client, store = made
    first, second = (client.post("/assess", content=b"case") for _ in range(2))
    assert (first.text, second.text, len(calls)) == ("answer 1", "answer 1", 1)
    assert second.headers["x-own"] == "kept"
    assert dict(second.headers) == dict(first.headers)
    entries = latest(store, 9)
    assert len(entries) == 2
    assert {(e.route, e.input_digest, e.urgency, e.status) for e in entries} == {("/assess", "d" * 64, "urgent", 200)}


def test_any_difference_of_the_question_is_another_question(made: tuple[TestClient[Litestar], Store]) -> None:
    client, _ = made
    client.post("/assess", content=b"case")
    client.post("/assess", content=b"case ")
    client.post("/assess?x=1", content=b"case")
    client.post("/assess", content=b"case", headers={"Accept": "text/html"})
    client.post("/assess", content=b"case", headers={"Content-Type": "text/plain"})
    assert len(calls) == 5


def test_a_failure_and_a_route_that_does_not_repeat_are_worked_out_again(
    made: tuple[TestClient[Litestar], Store],
) -> None:
    client, _ = made
    assert [client.post("/assess", content=b"bad").text for _ in range(2)] == ["answer 1", "answer 2"]
    assert [client.post("/read", content=b"x").text for _ in range(2)] == ["answer 3", "answer 4"]


async def at_once(app: Litestar, body: bytes, count: int) -> list[httpx.Response]:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, timeout=30) as client:
        return list(await asyncio.gather(*(client.post("/simulate", content=body) for _ in range(count))))


def test_who_asks_the_same_at_the_same_time_waits_for_the_one_answer() -> None:
    calls.clear()
    app, store = guarded([slowly], settings_of())
    answers = asyncio.run(at_once(app, b"case", 10))
    assert [(a.status_code, a.text) for a in answers] == [(200, "answer 1")] * 10
    assert len(latest(store, 99)) == 10


def test_who_waited_for_an_answer_that_failed_asks_again() -> None:
    calls.clear()
    app, _ = guarded([slowly], settings_of())
    answers = asyncio.run(at_once(app, b"bad", 3))
    assert [a.status_code for a in answers] == [500] * 3
    assert len(calls) == 3


def test_the_line_of_those_who_wait_is_limited() -> None:
    calls.clear()
    app, _ = guarded([slowly], settings_of(Limits(waiting=2)))
    answers = asyncio.run(at_once(app, b"case", 6))
    assert sorted(a.status_code for a in answers) == [200] * 3 + [503] * 3
    assert len(calls) == 1


def test_it_can_be_switched_off() -> None:
    calls.clear()
    app, _ = guarded([assess], settings_of(Limits(repeat_bytes=0)))
    with calling(app) as client:
        assert [client.post("/assess", content=b"x").text for _ in range(2)] == ["answer 1", "answer 2"]


def test_parts_of_a_question_cannot_be_shifted_into_each_other() -> None:
    assert question("POST", "/a", b"bc", {}, b"") != question("POST", "/a", b"b", {}, b"c")
    assert question("POST", "/a", b"", {"accept": "x"}, b"") != question("POST", "/a", b"", {"content-type": "x"}, b"")


def answer(size: int) -> Answer:
    return Answer(200, (), b"x" * size, "/assess", None)


def test_memory_and_time_are_bounded() -> None:
    now = [0.0]
    repeats = Repeats(1000, 60.0, clock=lambda: now[0])
    for name in "abc":
        repeats.put(name, answer(400))
    assert repeats.get("a") is None  # the one not asked for longest made room
    assert repeats.get("b") is not None
    repeats.put("d", answer(400))
    assert repeats.get("c") is None
    assert repeats.get("b") is not None
    repeats.put("huge", answer(1001))
    assert repeats.get("huge") is None
    assert repeats.get("b") is not None
    now[0] = 61.0
    assert repeats.get("b") is None
    repeats.put("d", answer(900))  # in place of the old one, whose size is given back
    assert repeats.get("d") is not None


def test_a_repeated_assessment_has_the_bytes_of_one_that_was_worked_out(model: Model) -> None:
    case = {"age_years": 46, "present": ["saddle_anaesthesia"], "measured": {"duration_days": 3}}
    kept, fresh = (
        create_app(Settings(limits=Limits(repeat_bytes=size), store=IN_MEMORY), model) for size in (10**8, 0)
    )
    with calling(kept) as client:
        first, again = client.post("/assess", json=case), client.post("/assess", json=case)
        counted = client.get("/metrics").text
    with calling(fresh) as client:
        anew = client.post("/assess", json=case)
    assert first.status_code == 200
    assert first.content == again.content == anew.content
    assert "backspasm_repeated_total 1.0" in counted
