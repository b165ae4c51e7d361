"""A response to our own questionnaire as a case: every answer is held to what was asked, and no fault is passed over."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from backspasm.patients.from_fhir.intake import UnusableError, flat, is_field, told
from backspasm.patients.from_fhir.own import AGE, DAYS_AGO
from backspasm.patients.from_fhir.quantities import UnreadableError
from backspasm.patients.from_fhir.questionnaire import number_of, reply_to
from backspasm.patients.from_fhir.structs import QuestionnaireResponse, ResponseItem
from backspasm.patients.patient import InputError, InputProblem, shortened
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import did_you_mean


class Answered(Struct, frozen=True):
    """The fields of a case, and the findings to which some answer was given."""

    case: dict[str, Any]
    findings: frozenset[str]


def case_of_response(response: QuestionnaireResponse, headings: Iterable[str], knowledge: Knowledge) -> Answered:
    """The case that a response tells.

    Args:
        response: to our intake or interview.
        headings: linkIds that group others and ask nothing.

    Raises:
        InputError: for every unknown linkId and every answer that is none to its question.
    """
    case: dict[str, Any] = {AGE: None}
    problems: list[InputProblem] = []
    answered: set[str] = set()
    groups = frozenset(headings)
    for item in flat(response.item):
        link = item.link_id or ""
        if link in groups and not item.answer:
            continue
        try:
            if is_field(link):
                _field(item, case, knowledge)
            elif link in knowledge.findings:
                if _finding(item, case, knowledge):
                    answered.add(link)
            else:
                mend = did_you_mean(link, knowledge.findings, "answer the items of the questionnaire")
                problems.append(InputProblem("item.linkId", shortened(link), "is no question of ours", mend))
        except UnusableError as error:
            problems.append(InputProblem(shortened(link), "", error.what, error.mend))
        except UnreadableError as error:
            mend = "answer as the item of the questionnaire asks"
            problems.append(InputProblem(shortened(link), "", str(error), mend))
    if problems:
        raise InputError(problems)
    return Answered(case, frozenset(answered))


def _field(item: ResponseItem, case: dict[str, Any], knowledge: Knowledge) -> None:
    for answer in told(item, knowledge):
        if answer.finding is not None:
            if answer.finding not in knowledge.findings:
                raise UnusableError("is no question of ours", f"use the id of a finding before {DAYS_AGO}")
            case.setdefault("days_ago", {})[answer.finding] = answer.value
        elif answer.field in {"medications", "allergies", "comorbidities"}:
            listed = case.setdefault(answer.field, [])
            if answer.value is not None:
                listed.append(answer.value)
        else:
            case[answer.field] = "unknown" if answer.value == "other" else answer.value


def _finding(item: ResponseItem, case: dict[str, Any], knowledge: Knowledge) -> bool:
    """Enter the answers to one finding; whether there was any."""
    finding, some = item.link_id or "", False
    for answer in item.answer:
        if knowledge.findings[finding].kind == "measured":
            value = number_of(finding, answer, knowledge)
            if value is not None:
                case.setdefault("measured", {})[finding] = value
                some = True
            continue
        present = reply_to(finding, answer)
        if present is not None and finding == "pregnancy":
            case["pregnant"] = present
        elif present is not None:
            case.setdefault("present" if present else "absent", []).append(finding)
        some = some or present is not None
    return some
