"""The intake as a Questionnaire, and the adaptive interview."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, RawBody

from backspasm.presentation.fhir.adaptive import next_question
from backspasm.presentation.fhir.names import Json
from backspasm.presentation.fhir.questionnaire import intake, interview
from backspasm.records.knowledge import Knowledge
from backspasm.service.fhir.bodies import answered, check_body, check_format, parameter, resource

MADE = {"intake": intake, "interview": interview}


def made(name: str, knowledge: Knowledge) -> Json:
    """The Questionnaire of this id. Raises NotFoundException."""
    if name not in MADE:
        raise NotFoundException(detail=f"Questionnaire: unknown id. Mend: one of {', '.join(MADE)}")
    return MADE[name](knowledge)


@get("/Questionnaire", sync_to_thread=True)
def search(request: Request[Any, Any, Any], state: State, url: FromQuery[str | None] = None) -> Response[bytes]:
    """Both Questionnaires, or the one of this canonical url."""
    check_format(request)
    found = [made(name, state.model.knowledge) for name in MADE]
    wanted = (url or "").partition("|")[0]
    entries = [
        {"fullUrl": f"{state.settings.url}/fhir/Questionnaire/{q['id']}", "resource": q, "search": {"mode": "match"}}
        for q in found
        if not wanted or q["url"] == wanted
    ]
    bundle: Json = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    return answered(bundle | ({"entry": entries} if entries else {}))


@get("/Questionnaire/{identifier:str}", sync_to_thread=True)
def read(identifier: FromPath[str], request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """One Questionnaire."""
    check_format(request)
    return answered(made(identifier, state.model.knowledge))


@post("/Questionnaire/$next-question", status_code=200, sync_to_thread=True)
def ask(body: RawBody, request: Request[Any, Any, Any], state: State) -> Response[bytes]:
    """The next question of an adaptive interview, added to the response; or the response completed.

    Takes a QuestionnaireResponse, or Parameters with one as `questionnaire-response`; gives it back as it came.
    """
    check_format(request)
    check_body(request)
    data = resource(body)
    if data["resourceType"] != "Parameters":
        return answered(next_question(data, state.model))
    found = next_question(parameter(data, "questionnaire-response"), state.model)
    return answered({"resourceType": "Parameters", "parameter": [{"name": "return", "resource": found}]})


ROUTES = (search, read, ask)
