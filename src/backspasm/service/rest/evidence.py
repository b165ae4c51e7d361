"""The studies and assumptions behind every number."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import Parameter

from backspasm.patients.patient import InputError
from backspasm.presentation.evidence_cells import opened
from backspasm.records.problems import did_you_mean
from backspasm.records.types import AgeGroup
from backspasm.service.rest.answers import HTML, JSON, finished, wanted

AGES: tuple[AgeGroup, ...] = get_args(AgeGroup)


@get("/evidence", sync_to_thread=True)
def every(request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """All studies, assumptions and treatments."""
    return _opened(None, None, "adult", request, state)


@get(["/evidence/{identifier:str}", "/evidence/{identifier:str}/{part:str}"], sync_to_thread=True)
def one(
    identifier: str,
    request: Request[Any, Any, Any],
    state: State,
    cause: str | None = None,
    age: Annotated[str, Parameter(query="age")] = "adult",
    part: str | None = None,
) -> Response[bytes]:
    """A study, an assumption, a treatment or a finding; with a part, a fact of the study or a rate of the cause."""
    group = next((a for a in AGES if a == age), None)
    if group is None:
        mend = did_you_mean(age, AGES, f"one of {', '.join(AGES)}")
        raise InputError.one("age", age, "unknown age group", mend)
    return _opened(identifier if part is None else f"{identifier}/{part}", cause, group, request, state)


def _opened(
    identifier: str | None, cause: str | None, age: AgeGroup, request: Request[Any, Any, Any], state: State
) -> Response[bytes]:
    form = wanted(request, (JSON, HTML))
    try:
        found = opened(identifier, cause, age, state.model)
    except KeyError as error:
        raise NotFoundException(detail=str(error.args[0])) from None
    return finished(found.as_json() if form == JSON else found.as_html(), form)


ROUTES = (every, one)
