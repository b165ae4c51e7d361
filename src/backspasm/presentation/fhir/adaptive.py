"""The adaptive interview as a QuestionnaireResponse that goes to and fro: answers in, the next question added, until none.

The method is the `$next-question` of Structured Data Capture (HL7 SDC 3.0): the response carries the questions asked so
far as a contained Questionnaire. Nothing is kept between calls; the response is the whole state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from backspasm.advice.interview import Ask, ask
from backspasm.advice.situation import situation_of
from backspasm.inference.model import Model
from backspasm.patients.from_case import from_case
from backspasm.patients.from_fhir.own import AGE, CONTAINED, CONTAINED_ID, PLACE, SEX, is_own
from backspasm.patients.from_fhir.response import case_of_response
from backspasm.patients.from_fhir.structs import QuestionnaireResponse
from backspasm.patients.patient import InputError, shortened
from backspasm.presentation.fhir.answers import GROUP, PERSON
from backspasm.presentation.fhir.names import ENDED, URGENT, Json, urgency_coding
from backspasm.presentation.fhir.questionnaire import contained, finding_item, person_group
from backspasm.presentation.next_step import REASON

#: a response in one of these states asks for no more questions
DONE = frozenset({"completed", "amended"})
#: heads the linkIds of questions, in the order in which they were asked
ASKED = f"{GROUP}question."
_OWN_EXTENSIONS = frozenset({URGENT, ENDED})


def next_question(response: Json, model: Model) -> Json:
    """The response with the next question added to its contained Questionnaire, or completed where none would help.

    A question that was put and left without an answer counts as "don't know", and is not put again. The urgency as it
    stands is an extension of every answer, so that an emergency shows at once.

    Raises:
        InputError: for a response that is none of ours, an impossible answer, or answers that contradict each other.
    """
    decoded = _decoded(response)
    for name in ("contained", "extension"):
        if not isinstance(response.get(name, []), list):
            raise InputError.one(name, shortened(response[name]), "is no list", "send it as it was received")
    if response.get("status") in DONE:
        return response
    if decoded.status not in {None, "in-progress"}:
        raise InputError.one("status", decoded.status, "cannot be continued", "send a response that is in-progress")
    if response.get("questionnaire") is not None and not is_own(decoded.questionnaire):
        mend = f"begin with {CONTAINED!r} and an empty contained Questionnaire, or leave questionnaire out"
        raise InputError.one("questionnaire", shortened(decoded.questionnaire), "is not ours", mend)
    items = _items_so_far(response)
    links = tuple(_links(items))
    headings = [i["linkId"] for i in _every(items) if i.get("type") == "group"]
    answered = case_of_response(decoded, [*headings, GROUP + PERSON], model.knowledge)
    if AGE not in links and answered.case[AGE] is None:
        missing = {AGE, SEX, PLACE} - {k for k, v in answered.case.items() if v is not None}
        return _going_on(response, [*items, _only(person_group(model.knowledge), missing)], model, None)
    patient = from_case(answered.case, model.knowledge)
    unknown = tuple(f for f in links if f in model.knowledge.findings and f not in answered.findings)
    situation = situation_of(patient, model)
    found = ask(situation, unknown)
    level = model.knowledge.index.urgency[situation.level]
    if found.stop:
        ended = {"url": ENDED, "valueString": REASON[found.reason]}
        return _returned(response, items, model, level, [ended]) | {"status": "completed"}
    return _going_on(response, [*items, _question(found, len(items), model)], model, level)


def _decoded(response: Json) -> QuestionnaireResponse:
    if response.get("resourceType") != "QuestionnaireResponse":
        given = shortened(response.get("resourceType") or "")
        raise InputError.one("resourceType", given, "is no QuestionnaireResponse", "send a QuestionnaireResponse")
    try:
        return msgspec.convert(response, type=QuestionnaireResponse)
    except msgspec.ValidationError as error:
        raise InputError.one("QuestionnaireResponse", "", f"malformed: {error}", "correct the field named") from None


def _items_so_far(response: Json) -> list[Json]:
    """The items of the contained Questionnaire.

    Raises:
        InputError: where it is no Questionnaire with linkIds.
    """
    for inner in response.get("contained", []):
        if isinstance(inner, dict) and inner.get("id") == CONTAINED_ID:
            items = inner.get("item", [])
            if _well_formed(items):
                return list(items)
            raise InputError.one(
                "contained", CONTAINED_ID, "is no Questionnaire whose items have linkIds", "send it as it was received"
            )
    return []


def _well_formed(items: Any) -> bool:
    if not isinstance(items, list):
        return False
    return all(
        isinstance(i, dict) and isinstance(i.get("linkId"), str) and _well_formed(i.get("item", [])) for i in items
    )


def _every(items: Iterable[Json]) -> Iterator[Json]:
    for item in items:
        yield item
        yield from _every(item.get("item", []))


def _links(items: Iterable[Json]) -> Iterator[str]:
    return (item["linkId"] for item in _every(items))


def _only(group: Json, links: set[str]) -> Json:
    return group | {"item": [i for i in group["item"] if i["linkId"] in links]}


def _question(found: Ask, count: int, model: Model) -> Json:
    """The findings of one breath as a group."""
    asked = [finding_item(q.finding, model.knowledge) for q in found.questions]
    title = "Any of these?" if len(asked) > 1 else "One question"
    return {"linkId": f"{ASKED}{count}", "text": title, "type": "group", "item": asked}


def _going_on(response: Json, items: list[Json], model: Model, level: str | None) -> Json:
    return _returned(response, items, model, level, []) | {"status": "in-progress"}


def _returned(response: Json, items: list[Json], model: Model, level: str | None, more: list[Json]) -> Json:
    """The caller's own response, with our parts renewed."""
    inner = [c for c in response.get("contained", []) if not (isinstance(c, dict) and c.get("id") == CONTAINED_ID)]
    kept = [e for e in response.get("extension", []) if not (isinstance(e, dict) and e.get("url") in _OWN_EXTENSIONS)]
    urgency = [{"url": "level", "valueCoding": urgency_coding(level)}] if level else []
    extensions = kept + ([{"url": URGENT, "extension": urgency}] if urgency else []) + more
    out = response | {"contained": [*inner, contained(model.knowledge, items)], "questionnaire": CONTAINED}
    out.pop("extension", None)
    return out | ({"extension": extensions} if extensions else {})
