"""What a response to our own intake says beside findings: age, sex, setting, lists, weeks of pregnancy, days since."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import get_args

from msgspec import Struct

from backspasm.patients.from_fhir.bundle import Found
from backspasm.patients.from_fhir.moments import moment_of
from backspasm.patients.from_fhir.own import (
    AGE,
    COMORBIDITY,
    DAYS_AGO,
    GENDER,
    LISTS,
    PLACE,
    SETTING,
    SEX,
    WEEKS,
    is_own,
)
from backspasm.patients.from_fhir.structs import QuestionnaireResponse, ResponseAnswer, ResponseItem
from backspasm.patients.from_fhir.visit import Visit
from backspasm.patients.patient import Sex
from backspasm.records.knowledge import Knowledge

#: linkId of a list's emptiness -> the list
EMPTY = {link: name for name, link in LISTS.items()}
USED = frozenset({"completed", "amended", "in-progress"})


class Told(Struct, frozen=True):
    """One answer that is not about a finding. ``field``: of the case; ``finding``: whose days since are told."""

    field: str
    value: float | str | None
    finding: str | None = None


class UnusableError(Exception):
    """An answer that cannot be used: ``what`` is wrong and how to ``mend`` it."""

    def __init__(self, what: str, mend: str) -> None:
        self.what, self.mend = what, mend
        super().__init__(what)


def flat(items: Iterable[ResponseItem]) -> Iterator[ResponseItem]:
    """Every item, however deep, in order."""
    for item in items:
        yield item
        yield from flat(item.item)
        for answer in item.answer:
            yield from flat(answer.item)


def is_field(link: str | None) -> bool:
    """Whether a linkId of our intake asks for something else than a finding."""
    return link is not None and (link in {AGE, SEX, PLACE, WEEKS, *LISTS, *EMPTY} or link.endswith(DAYS_AGO))


def told(item: ResponseItem, knowledge: Knowledge) -> Iterator[Told]:
    """The answers of one item for which ``is_field`` holds.

    Raises:
        UnusableError: where an answer is of the wrong kind, or names what is not known.
    """
    link = item.link_id or ""
    for answer in item.answer:
        if link in EMPTY:
            if answer.value_boolean:
                yield Told(EMPTY[link], None)
        elif link.endswith(DAYS_AGO):
            yield Told("days_ago", number(answer), link.removesuffix(DAYS_AGO))
        elif link in {AGE, WEEKS}:
            yield Told(link, number(answer))
        elif link == SEX:
            yield Told(SEX, _code(answer, GENDER, ("male", "female", "unknown", "other"), "sex"))
        elif link == PLACE:
            yield Told(PLACE, _code(answer, SETTING, knowledge.index.settings, "setting"))
        elif link == "comorbidities":
            yield Told(link, _code(answer, COMORBIDITY, knowledge.index.comorbidities, "disease"))
        else:
            yield Told(link, _text(answer))


def number(answer: ResponseAnswer) -> float:
    """A number without a unit, or in the unit that was asked for. Raises UnusableError."""
    quantity = answer.value_quantity
    value = quantity.value if quantity is not None else None
    if value is None:
        value = answer.value_decimal if answer.value_decimal is not None else answer.value_integer
    if value is None or not math.isfinite(value):
        raise UnusableError("is not given as a number", "answer with valueDecimal or valueInteger")
    return float(value)


def _code(answer: ResponseAnswer, system: str, known: tuple[str, ...], what: str) -> str:
    coding = answer.value_coding
    if coding is None or coding.code not in known or coding.system not in {system, None}:
        given = "" if coding is None else f" {coding.code!r}"
        raise UnusableError(f"is no{given} {what} that is known", f"answer with a valueCoding of {system}")
    return coding.code


def _text(answer: ResponseAnswer) -> str:
    coding = answer.value_coding
    text = answer.value_string if answer.value_string is not None else coding.display if coding is not None else None
    name = " ".join((text or "").split())
    if not name or not name.isprintable():
        raise UnusableError("is not a name", "answer with a valueString, such as naproxen")
    return name


class Person(Struct, frozen=True):
    """Age (years), sex and setting as answered, with the response that said so."""

    reference: str
    age_years: float | None = None
    sex: Sex = "unknown"
    setting: str | None = None


def answered_person(found: Iterable[Found], visit: Visit, knowledge: Knowledge) -> Person | None:
    """What the latest response to our intake says of the person; None without such a response.

    What is unusable in it is named when the whole response is read.
    """
    latest: tuple[str, Found] | None = None
    for item in found:
        response = item.resource
        if not isinstance(response, QuestionnaireResponse) or not is_own(response.questionnaire):
            continue
        when = moment_of(response.authored)
        if (response.status or "completed") not in USED or visit.in_future(response.encounter, when):
            continue
        if latest is None or (response.authored or "") >= latest[0]:
            latest = (response.authored or "", item)
    if latest is None:
        return None
    response = latest[1].resource
    assert isinstance(response, QuestionnaireResponse)
    answers: dict[str, float | str | None] = {}
    for entry in flat(response.item):
        if entry.link_id in {AGE, SEX, PLACE}:
            try:
                answers |= {t.field: t.value for t in told(entry, knowledge)}
            except UnusableError:
                continue
    age, low, high = answers.get(AGE), knowledge.number("age_years_lowest"), knowledge.number("age_years_highest")
    sex, setting = answers.get(SEX), answers.get(PLACE)
    return Person(
        latest[1].reference,
        age if isinstance(age, float) and low <= age <= high else None,
        next((known for known in get_args(Sex) if known == sex), "unknown"),
        str(setting) if setting else None,
    )
