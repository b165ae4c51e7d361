"""Questionnaire responses: items that ask for a finding by its id, or by a code of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from backspasm.patients.from_fhir.bundle import Found
from backspasm.patients.from_fhir.intake import USED, UnusableError, flat, is_field, told
from backspasm.patients.from_fhir.ledger import Context, Ledger, Said, Value, add
from backspasm.patients.from_fhir.moments import Moment, moment_of
from backspasm.patients.from_fhir.own import WEEKS, is_own
from backspasm.patients.from_fhir.quantities import UnreadableError, checked, in_unit_of
from backspasm.patients.from_fhir.replies import reply_of_coding, reply_of_text
from backspasm.patients.from_fhir.structs import (
    Coding,
    Concept,
    Quantity,
    QuestionnaireResponse,
    ResponseAnswer,
    ResponseItem,
)
from backspasm.patients.from_fhir.terms import Terms
from backspasm.patients.from_fhir.windows import in_time
from backspasm.patients.patient import shortened
from backspasm.records.knowledge import Knowledge

#: characters of a linkId shown in a message
SHORT = 40
#: a value with its unit in words, as in "420 mL"; what is written in any other way is not guessed at
_WORDED = re.compile(r"(\d{1,7}(?:\.\d{1,6})?) ?([^\d\s.,<>=+-]\S{0,15})", re.ASCII)
_TAIL = re.compile(r"[/#|]")


def read_questionnaires(found: Iterable[Found], context: Context, ledger: Ledger) -> None:
    """Enter the latest response to each questionnaire that was given by the end of the encounter."""
    latest: dict[str, tuple[Found, QuestionnaireResponse, Moment | None]] = {}
    for item in found:
        response = item.resource
        if not isinstance(response, QuestionnaireResponse):
            continue
        when = moment_of(response.authored)
        if ledger.skip_future("QuestionnaireResponse", context, response.encounter, when):
            continue
        if response.status is not None and response.status not in USED:
            ledger.leave(item.reference, f"status {response.status}")
            continue
        name = response.questionnaire or ""
        if name in latest:
            older, item_kept = _older(latest[name], (item, response, when))
            ledger.leave(
                older[0].reference, f"an earlier response to the same questionnaire than {item_kept[0].reference}"
            )
            latest[name] = item_kept
        else:
            latest[name] = (item, response, when)
    for item, response, when in latest.values():
        read_response(item.reference, response, when, context, ledger)


_Dated = tuple[Found, QuestionnaireResponse, Moment | None]


def _older(first: _Dated, second: _Dated) -> tuple[_Dated, _Dated]:
    """The older and the newer of two responses; one without a date is the older."""
    if first[2] is not None and (second[2] is None or second[2].key < first[2].key):
        return second, first
    return first, second


def read_response(
    reference: str, response: QuestionnaireResponse, when: Moment | None, context: Context, ledger: Ledger
) -> None:
    """Enter the answers of one response."""
    if response.status == "in-progress":
        ledger.note(f"{reference} was not finished; the answers given so far are used")
    if when is None:
        ledger.note(f"{reference} has no date; taken as given at the encounter")
        when = context.visit.start
    unknown: list[str] = []
    days = read_own_fields(response, reference, when, context, ledger) if is_own(response.questionnaire) else {}
    for item in flat(response.item):
        finding = asked_finding(item, context.knowledge, context.terms)
        if finding is None:
            # a heading has items of its own and no answer: there is nothing in it to be missed
            mine = is_own(response.questionnaire) and is_field(item.link_id)
            if item.answer and item.link_id and not mine:
                unknown.append(shortened(item.link_id, SHORT))
            continue
        for answer in item.answer:
            try:
                _enter(finding, answer, reference, when, context, ledger, days.get(finding))
            except UnreadableError as error:
                ledger.leave(reference, f"{finding}: {error}")
    for link in unknown:
        ledger.count(reference, "linkIds that are no finding's id", link)


def read_own_fields(
    response: QuestionnaireResponse, reference: str, when: Moment | None, context: Context, ledger: Ledger
) -> dict[str, float]:
    """Enter the lists and the week of pregnancy that our own intake asks for; days since, by finding, are returned."""
    days: dict[str, float] = {}
    lists = {"medications": ledger.medications, "allergies": ledger.allergies, "comorbidities": ledger.comorbidities}
    for item in flat(response.item):
        if not is_field(item.link_id):
            continue
        try:
            for answer in told(item, context.knowledge):
                if answer.finding is not None and isinstance(answer.value, float):
                    days[answer.finding] = answer.value
                elif answer.field == WEEKS and isinstance(answer.value, float):
                    _weeks(Value(answer.value, reference, when), context, ledger)
                elif answer.field in lists:
                    ledger.stated.add(answer.field)
                    if isinstance(answer.value, str):
                        add(lists[answer.field], answer.value, reference)
        except UnusableError as error:
            ledger.leave(reference, f"{shortened(item.link_id, SHORT)}: {error.what}")
    return days


def _weeks(given: Value, context: Context, ledger: Ledger) -> None:
    least, most = context.number("pregnancy_weeks_lowest"), context.number("pregnancy_weeks_highest")
    if least <= given.value <= most:
        ledger.pregnancy_weeks.append(given)
    else:
        ledger.leave(given.reference, f"{WEEKS}: is impossible (expected {least:g} to {most:g})")


def asked_finding(item: ResponseItem, knowledge: Knowledge, terms: Terms) -> str | None:
    """The finding that an item asks for: its id ends the linkId or the definition, or one of its codes does."""
    for address in (item.link_id, item.definition):
        if not address:
            continue
        tail = _TAIL.split(address)[-1]
        if tail in knowledge.findings:
            return tail
        for system in ("http://loinc.org", "http://snomed.info/sct"):
            found = terms.findings(Concept(coding=(Coding(system, tail),)))
            if len(found) == 1:
                return found[0]
    return None


def _enter(
    finding: str,
    answer: ResponseAnswer,
    reference: str,
    when: Moment | None,
    context: Context,
    ledger: Ledger,
    days_ago: float | None,
) -> None:
    if context.knowledge.findings[finding].kind == "measured":
        value = number_of(finding, answer, context.knowledge)
        if value is not None and in_time(finding, None, when, context, ledger):
            ledger.measure(finding, Value(value, reference, when))
        return
    present = reply_to(finding, answer)
    if present is not None and in_time(finding, present, when, context, ledger):
        ledger.say(finding, Said(present, reference, when, began=days_ago if present else None))


def number_of(finding: str, answer: ResponseAnswer, knowledge: Knowledge) -> float | None:
    """The value of a measured finding in its own unit; None where there is no answer. Raises UnreadableError."""
    if answer.value_quantity is not None:
        return in_unit_of(finding, answer.value_quantity, knowledge)
    plain = answer.value_decimal if answer.value_decimal is not None else answer.value_integer
    if plain is not None:
        return checked(finding, float(plain), knowledge)
    worded = _WORDED.fullmatch(answer.value_string.strip()) if answer.value_string is not None else None
    if worded is not None:
        return in_unit_of(finding, Quantity(value=float(worded[1]), unit=worded[2]), knowledge)
    if answer.value_coding is not None or answer.value_string is not None or answer.value_boolean is not None:
        raise UnreadableError("is not given as a number")
    return None


def reply_to(finding: str, answer: ResponseAnswer) -> bool | None:
    """Yes, no, or None for "unknown" and for nothing at all: both mean not asked. Raises UnreadableError."""
    if answer.value_boolean is not None:
        return answer.value_boolean
    if answer.value_coding is not None:
        coded = reply_of_coding(answer.value_coding, finding)
        return coded if coded is not None else reply_of_text(answer.value_coding.display or "", finding)
    if answer.value_string is not None:
        said = reply_of_text(answer.value_string, finding)
        if said is None:
            raise UnreadableError("its answer is neither a yes nor a no")
        return said
    if answer.value_integer is not None or answer.value_decimal is not None or answer.value_quantity is not None:
        raise UnreadableError("its answer is a number, not a yes or no")
    return None
