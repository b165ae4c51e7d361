"""What a resource says in one situation, told by the very readers of one record, who are shown it on a made-up day."""

from __future__ import annotations

import msgspec
import numpy as np
from msgspec import Struct

from backspasm.patients.childhood import is_child
from backspasm.patients.from_fhir.bundle import Found
from backspasm.patients.from_fhir.conditions import Problem, read_problem
from backspasm.patients.from_fhir.history import read_allergy, read_family, read_procedure, read_report
from backspasm.patients.from_fhir.intake import UnusableError, told
from backspasm.patients.from_fhir.ledger import Context, Ledger, Said
from backspasm.patients.from_fhir.many.moments import Ints
from backspasm.patients.from_fhir.medications import Shelf, read_medication
from backspasm.patients.from_fhir.moments import Moment, moment_of
from backspasm.patients.from_fhir.observations import read_observation
from backspasm.patients.from_fhir.own import PLACE, is_own
from backspasm.patients.from_fhir.questionnaire import read_own_fields, read_response
from backspasm.patients.from_fhir.record import Reader
from backspasm.patients.from_fhir.structs import (
    AllergyIntolerance,
    Condition,
    DiagnosticReport,
    Element,
    FamilyMemberHistory,
    MedicationUse,
    Observation,
    Period,
    Procedure,
    QuestionnaireResponse,
    ResponseItem,
)
from backspasm.patients.from_fhir.visit import Visit
from backspasm.patients.from_fhir.windows import WINDOWS
from backspasm.records.knowledge import Knowledge

#: the day on which every resource is shown to its reader; any other would do
_TODAY = moment_of("2000-12-31T12:00:00Z")
assert _TODAY is not None
TODAY: Moment = _TODAY
_SHELF = Shelf(())


class Say(Struct, frozen=True):
    """An answer to a yes-or-no finding. ``began``: it is as old as the resource; ``ended``: ``open`` is not told, ``began``
    as old as the resource too, ``end`` since the end that the resource names."""

    finding: str
    present: bool
    began: bool = False
    ended: str = "open"


class Effect(Struct, frozen=True):
    """All that a resource enters into the ledger. ``pain``: it is a problem of back pain itself.

    ``days_ago``, ``setting``: what an item of our intake says beside findings.
    """

    says: tuple[Say, ...] = ()
    values: tuple[tuple[str, float], ...] = ()
    systolic: tuple[float, ...] = ()
    comorbidities: tuple[str, ...] = ()
    medications: tuple[str, ...] = ()
    allergies: tuple[str, ...] = ()
    stated: tuple[str, ...] = ()
    weeks: tuple[float, ...] = ()
    days_ago: tuple[tuple[str, float], ...] = ()
    setting: str | None = None
    pain: bool = False


NOTHING = Effect()


class Situation(Struct, frozen=True):
    """What the reading of a resource depends on beside its class. ``age``: days before the encounter; None without a date.

    The rest is asked of conditions: over by the encounter, of this very encounter, and of an adult.
    """

    age: int | None
    over: bool = False
    here: bool = False
    adult: bool = False


class Buckets:
    """Ages in days that no reader tells apart: between two numbers of days with which they compare lies one bucket."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._limits = np.array(sorted({0.0, *(knowledge.number(name) for name in WINDOWS)}))
        self.undated = len(self._limits) + 1

    def of(self, days: Ints, there: np.typing.NDArray[np.bool_]) -> Ints:
        """The bucket of each age."""
        out: Ints = np.where(there, np.searchsorted(self._limits, days, side="left"), self.undated)
        return out

    def example(self, bucket: int) -> int | None:
        """An age of the bucket: the oldest, so that it differs from 0 wherever it can."""
        if bucket == self.undated:
            return None
        return int(self._limits[bucket]) if bucket < len(self._limits) else int(self._limits[-1]) + 1


def effect_of(resource: Element, situation: Situation, reader: Reader) -> Effect:
    """What a resource of a class says in a situation."""
    ledger, context = Ledger(), _context(situation, reader)
    when = None if situation.age is None else TODAY.plus(-situation.age)
    pain = False
    text = None if when is None or when.instant is None else when.instant.isoformat()
    match resource:
        case Condition():
            pain = read_problem(_problem(resource, when, situation), context, ledger) is not None
        case Observation():
            read_observation("", msgspec.structs.replace(resource, effective_date_time=text), context, ledger)
        case MedicationUse():
            use = msgspec.structs.replace(resource, effective_period=Period(end=text))
            read_medication(Found("", "", None, use), use, _SHELF, context, ledger)
        case AllergyIntolerance():
            read_allergy("", resource, context, ledger)
        case Procedure():
            read_procedure("", msgspec.structs.replace(resource, performed_date_time=text), context, ledger)
        case DiagnosticReport():
            read_report("", msgspec.structs.replace(resource, effective_date_time=text), context, ledger)
        case FamilyMemberHistory():
            read_family("", msgspec.structs.replace(resource, date=text), context, ledger)
    return _collected(ledger, situation, pain)


def effect_of_item(item: ResponseItem, questionnaire: str | None, age: int, reader: Reader) -> Effect:
    """What one item of a response to a questionnaire says at an age of the response."""
    ledger, situation = Ledger(), Situation(age)
    context, when = _context(situation, reader), TODAY.plus(-age)
    response = QuestionnaireResponse(questionnaire=questionnaire, item=(item,))
    own = Ledger()
    read_response("", response, when, context, ledger)
    days = read_own_fields(response, "", when, context, own) if is_own(questionnaire) else {}
    found = _collected(ledger, situation, False)
    return msgspec.structs.replace(found, days_ago=tuple(days.items()), setting=_place(response, reader.knowledge))


def _place(response: QuestionnaireResponse, knowledge: Knowledge) -> str | None:
    if not is_own(response.questionnaire):
        return None
    (item,) = response.item
    if item.link_id != PLACE:
        return None
    try:
        return next((str(t.value) for t in reversed(list(told(item, knowledge)))), None)
    except UnusableError:
        return None


def _context(situation: Situation, reader: Reader) -> Context:
    knowledge = reader.knowledge
    adult = knowledge.number("child_age")
    age = adult if situation.adult else None
    assert is_child(age, knowledge) is not True
    visit = Visit(TODAY, TODAY, ended=True)
    return Context(knowledge, reader.terms, reader.back, visit, age)


def _problem(condition: Condition, when: Moment | None, situation: Situation) -> Problem:
    """The problem with its dates. Its end lies before its beginning, so that the two are told apart in what is said of it."""
    began = None if situation.age is None else float(situation.age)
    ended = 0.0 if not situation.over else None if began is None else began + 1
    return Problem("", condition, when, when, began, ended, situation.over, situation.here)


def _collected(ledger: Ledger, situation: Situation, pain: bool) -> Effect:
    ledgered = [(f, s) for f, said in ledger.said.items() for s in said]
    return Effect(
        says=tuple(_say(f, s) for f, s in ledgered),
        values=tuple((f, v.value) for f, values in ledger.values.items() for v in values),
        systolic=tuple(v.value for v in ledger.systolic),
        comorbidities=tuple(ledger.comorbidities),
        medications=tuple(ledger.medications),
        allergies=tuple(ledger.allergies),
        stated=(*sorted(ledger.stated), *(("allergies",) if ledger.no_known_allergy else ())),
        weeks=tuple(v.value for v in ledger.pregnancy_weeks),
        pain=pain,
    )


def _say(finding: str, said: Said) -> Say:
    if said.began is None and said.ended is None:
        return Say(finding, said.present)
    same = said.ended is not None and said.ended == said.began
    ended = "open" if said.ended is None else "began" if same else "end"
    return Say(finding, said.present, said.began is not None, ended)
