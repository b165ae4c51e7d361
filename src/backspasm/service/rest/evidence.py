"""The studies and assumptions behind every number."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from backspasm.patients.patient import InputError
from backspasm.presentation.evidence_cells import opened
from backspasm.records.problems import did_you_mean
from backspasm.records.types import AGE_GROUPS
from backspasm.service.media_types import HTML, JSON
from backspasm.service.rest.answers import finished, wanted


@get("/evidence", sync_to_thread=True)
def every(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """All studies, assumptions and treatments."""
    return _opened(None, None, "adult", request, state)


@get("/evidence/{identifier:str}", sync_to_thread=True)
def one(
    identifier: FromPath[str],
    request: Request[Any, Any, Any],
    state: State,
    cause: FromQuery[str | None] = None,
    age: FromQuery[str] = "adult",
) -> Response[bytes]:
    """A study, an assumption, a treatment or the rates of a finding."""
    return _opened(identifier, cause, age, request, state)


@get("/evidence/{identifier:str}/{part:str}", sync_to_thread=True)
def part_of(
    identifier: FromPath[str],
    part: FromPath[str],
    request: Request[Any, Any, Any],
    state: State,
    cause: FromQuery[str | None] = None,
    age: FromQuery[str] = "adult",
) -> Response[bytes]:
    """A fact of a study, or the rate of a finding in a cause."""
    return _opened(f"{identifier}/{part}", cause, age, request, state)


def _opened(
    identifier: str | None, cause: str | None, age: str, request: Request[Any, Any, Any], state: State
) -> Response[bytes]:
    form = wanted(request, (JSON, HTML))
    group = next((a for a in AGE_GROUPS if a == age), None)
    if group is None:
        raise InputError.one(
            "age", age, "unknown age group", did_you_mean(age, AGE_GROUPS, f"one of {', '.join(AGE_GROUPS)}")
        )
    try:
        found = opened(identifier, cause, group, state.model)
    except KeyError as error:
        raise NotFoundException(detail=str(error.args[0])) from None
    return finished(found.as_json() if form == JSON else found.as_html(), form)


ROUTES = (every, one, part_of)
