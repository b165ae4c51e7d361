"""The addresses of the page. Everything a browser sends is the form; everything it gets back is the page or a part of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from litestar import MediaType, Request, Response, get, post
from litestar.background_tasks import BackgroundTask
from litestar.concurrency import sync_to_thread
from litestar.datastructures import State, UploadFile
from litestar.exceptions import HTTPException
from litestar.utils.scope.state import ScopeState

from backspasm.advice.assessment import Assessment, assess, differential_of
from backspasm.advice.course import course_of
from backspasm.patients.patient import InputError
from backspasm.patients.reading import read_patient
from backspasm.presentation.json_bytes import json_bytes
from backspasm.presentation.leaflet import leaflet
from backspasm.presentation.report import report
from backspasm.service.page.chart import ChartView, chart_view
from backspasm.service.page.entry import Entry, entry_of, read_entry
from backspasm.service.page.panels import UnknownPanelError, panel
from backspasm.service.page.screen import Screen, Token, changes, form_of, fragment, page, screen_of
from backspasm.service.page.workbench import Workbench, workbench
from backspasm.service.security.audited import assessed

Asked = Request[Any, Any, State]
#: nothing of a patient stays in a cache
HEADERS = {"Cache-Control": "no-store"}


class Sent(msgspec.Struct, frozen=True):
    """What a browser sent. ``do``: the buttons that were pressed. ``live``: by the page's script, which wants the changed parts only."""

    entry: Entry
    do: tuple[str, ...]
    opens: str
    query: str
    had: frozenset[str]
    live: bool
    token: Token


async def sent(request: Asked) -> Sent:
    """The form of a request."""
    form = await request.form()
    texts = {k: v for k, v in form.items() if isinstance(v, str)}
    entry = read_entry(texts, _texts(form.getall("unread", [])), _texts(form.getall("remark", [])))
    return Sent(
        entry,
        tuple(_texts([*form.getall("did", []), *form.getall("do", [])])),
        texts.get("open", ""),
        texts.get("find", "").strip(),
        frozenset(_texts(form.getall("had", []))),
        request.headers.get("HX-Request") == "true",
        token_of(request),
    )


def _texts(values: list[Any]) -> list[str]:
    return [v for v in values if isinstance(v, str)]


def token_of(request: Asked) -> Token:
    """The token against forged requests, where the application makes one, and the header that carries it."""
    text = ScopeState.from_scope(request.scope).csrf_token
    config = request.app.csrf_config
    return Token(text if isinstance(text, str) else "", config.header_name if config is not None else "")


def html(data: bytes, status: int = 200) -> Response[bytes]:
    return Response(data, status_code=status, media_type=MediaType.HTML, headers=HEADERS)


async def _work(work: Callable[..., Response[bytes]], *values: Any) -> Response[bytes]:
    """Runs what needs the processor beside the loop that serves others."""
    return await sync_to_thread(work, *values)


@get("/", include_in_schema=False)
async def start(request: Asked, state: State) -> Response[bytes]:
    """The empty page."""
    bench = workbench(state)
    answer = await _work(_start, bench, token_of(request))
    answer.background = BackgroundTask(sync_to_thread, bench.warm)
    return answer


def _start(bench: Workbench, token: Token) -> Response[bytes]:
    return html(page(screen_of(Entry(), bench), bench, token))


@post("/", include_in_schema=False, status_code=200)
async def update(request: Asked, state: State) -> Response[bytes]:
    """The form, changed: the parts that change with it, or the whole page where no script runs."""
    return await _work(_update, request, await sent(request), workbench(state))


def _update(request: Asked, asked: Sent, bench: Workbench) -> Response[bytes]:
    screen = screen_of(asked.entry, bench, asked.do, asked.query)
    enter(request, screen.assessed)
    if asked.live:
        return html(changes(screen, bench, asked.token, asked.had))
    return html(page(screen, bench, asked.token, course=_chart(screen, bench)))


@post("/page/find", include_in_schema=False, status_code=200)
async def find(request: Asked, state: State) -> Response[bytes]:
    """Findings by what is typed."""
    return await _work(_find, await sent(request), workbench(state))


def _find(asked: Sent, bench: Workbench) -> Response[bytes]:
    if not asked.live:
        screen = screen_of(asked.entry, bench, query=asked.query)
        return html(page(screen, bench, asked.token, course=_chart(screen, bench)))
    found = bench.finder.find(asked.query)
    return html(fragment("found.html.j2", query=asked.query, found=found, states=asked.entry.findings(), oob=False))


@post("/page/course", include_in_schema=False, status_code=200)
async def course(request: Asked, state: State) -> Response[bytes]:
    """The course to expect, which is simulated after the rest is shown."""
    return await _work(_course, await sent(request), workbench(state))


def _course(asked: Sent, bench: Workbench) -> Response[bytes]:
    if not asked.live:
        screen = screen_of(asked.entry, bench)
        return html(page(screen, bench, asked.token, course=_chart(screen, bench)))
    return html(fragment("course.html.j2", course=_chart(form_of(asked.entry, bench), bench)))


def _chart(screen: Screen, bench: Workbench) -> ChartView | None:
    patient = screen.made.patient
    if patient is None or screen.entry.empty:
        return None
    expected = course_of(patient, differential_of(patient, bench.model), bench.knowledge)
    return None if expected is None else chart_view(expected, bench.knowledge.cycle)


@post("/page/panel", include_in_schema=False, status_code=200)
async def opened(request: Asked, state: State) -> Response[bytes]:
    """What stands behind a number."""
    return await _work(_opened, await sent(request), workbench(state))


def _opened(asked: Sent, bench: Workbench) -> Response[bytes]:
    screen = screen_of(asked.entry, bench)
    try:
        values = panel(asked.opens, screen.assessed, bench)
    except UnknownPanelError:
        raise HTTPException("Nothing has this address any more; the answer has changed", status_code=404) from None
    if asked.live:
        return html(fragment("panel.html.j2", panel=values, k=bench.knowledge))
    return html(page(screen, bench, asked.token, opened=values, course=_chart(screen, bench)))


@post("/page/leaflet", include_in_schema=False, status_code=200)
async def leaflet_page(request: Asked, state: State) -> Response[bytes]:
    """The page for the patient, or for the parents of a child."""
    return await _work(_leaflet, request, await sent(request), workbench(state))


def _leaflet(request: Asked, asked: Sent, bench: Workbench) -> Response[bytes]:
    a, _ = _assessed(asked, bench)
    enter(request, a)
    return html(fragment("leaflet.html.j2", leaflet=leaflet(a, bench.knowledge)))


@post("/page/report", include_in_schema=False, status_code=200)
async def report_file(request: Asked, state: State) -> Response[bytes]:
    """The whole assessment as one file that needs nothing else."""
    return await _work(_report, request, await sent(request), workbench(state))


def _report(request: Asked, asked: Sent, bench: Workbench) -> Response[bytes]:
    shown, _ = _assessed(asked, bench)
    a = assess(shown.patient, bench.model)  # with the course, which the page fetches by itself
    enter(request, a)
    return _file(report(a, bench.model), "assessment.html", "text/html; charset=utf-8")


@post("/page/case", include_in_schema=False, status_code=200)
async def case_file(request: Asked, state: State) -> Response[bytes]:
    """The case as JSON: what `backspasm assess` reads."""
    return await _work(_case, await sent(request), workbench(state))


def _case(asked: Sent, bench: Workbench) -> Response[bytes]:
    _, case = _assessed(asked, bench)
    return _file(json_bytes(case), "case.json", "application/json")


@post("/page/record", include_in_schema=False, status_code=200)
async def record(request: Asked, state: State) -> Response[bytes]:
    """A file: a FHIR R4 Bundle, a case or a note fills the form."""
    form = await request.form()
    upload = form.get("record")
    data = await upload.read() if isinstance(upload, UploadFile) else b""
    return await _work(_record, request, data, workbench(state), token_of(request))


def _record(request: Asked, data: bytes, bench: Workbench, token: Token) -> Response[bytes]:
    patient = read_patient(data, bench.knowledge)
    screen = screen_of(entry_of(patient), bench)
    enter(request, screen.assessed)
    return html(page(screen, bench, token, course=_chart(screen, bench)))


def enter(request: Asked, a: Assessment | None) -> None:
    """What the audit trail keeps of an answer: digest and urgency, nothing that was entered."""
    if a is not None:
        assessed(request, a.input_digest, a.urgency.level)


def _assessed(asked: Sent, bench: Workbench) -> tuple[Assessment, dict[str, Any]]:
    """The assessment of a form, and its case. Raises InputError where it cannot be assessed."""
    screen = screen_of(asked.entry, bench)
    if screen.assessed is None:
        faults = screen.made.faults
        said = "; ".join(f"{f.field}: {f.text}. Mend: {f.mend}" for f in faults) or "nothing was entered"
        raise InputError.one("form", "", said, "go back and correct it")
    return screen.assessed, screen.made.case


def _file(data: bytes, name: str, media_type: str) -> Response[bytes]:
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)
