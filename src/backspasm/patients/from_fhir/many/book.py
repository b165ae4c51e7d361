"""What classes of resources mean: worked out once for each class by the readers of one record, and remembered in bounds."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.patients.answers import said_by
from backspasm.patients.from_fhir.conditions import is_closed
from backspasm.patients.from_fhir.intake import USED
from backspasm.patients.from_fhir.ledger import Context
from backspasm.patients.from_fhir.many.effects import TODAY, Buckets, Effect, Situation, effect_of, effect_of_item
from backspasm.patients.from_fhir.many.lean import Keyed
from backspasm.patients.from_fhir.observations import is_ours, main_part
from backspasm.patients.from_fhir.own import INTAKE, is_own
from backspasm.patients.from_fhir.quantities import UnreadableError, checked, conversion_of, converted
from backspasm.patients.from_fhir.record import Reader, tells_of_back_pain
from backspasm.patients.from_fhir.setting import setting_of
from backspasm.patients.from_fhir.special import SPECIAL, read_gestation
from backspasm.patients.from_fhir.structs import (
    Condition,
    DiagnosticReport,
    Element,
    Encounter,
    Observation,
    Procedure,
    Quantity,
    QuestionnaireResponse,
    ResponseItem,
)
from backspasm.patients.from_fhir.terms import codes, is_family_history
from backspasm.patients.from_fhir.visit import Candidate, Visit, is_about, took_place
from backspasm.patients.from_fhir.windows import window_of
from backspasm.patients.patient import Patient

#: classes and effects that are remembered at most; beyond that everything is forgotten and learnt anew
MOST_CLASSES = 40_000
MOST_EFFECTS = 100_000
#: a situation in one number: these flags, and so many numbers for each bucket of ages
OVER, HERE, ADULT, FLAGS = 1, 2, 4, 8
SITUATIONS = 128
#: class of what only the reader of one record can read
ODD = 0


class Meaning(Struct, frozen=True):
    """What holds for every resource of a class.

    ``silent``: it says nothing in any situation. ``by_value``: what it says depends on its number; where nothing but the number
    counts, ``measures`` has each finding with the days for which its value is good. ``tells`` (of back pain),
    ``chronic``, ``closed``: of conditions. ``held``, ``about``, ``setting``: of encounters. ``own``, ``used``: of responses.
    """

    resource: Element = Element()
    silent: bool = False
    by_value: bool = False
    measures: tuple[tuple[str, float | None], ...] = ()
    tells: bool = False
    chronic: bool = False
    closed: bool = False
    held: bool = False
    about: bool = False
    setting: str | None = None
    own: bool = False
    used: bool = False


class Book:
    """Classes of one knowledge base by their keys, and what they say in the situations that occurred."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.buckets = Buckets(reader.knowledge)
        assert (self.buckets.undated + 1) * FLAGS <= SITUATIONS
        self._context = Context(reader.knowledge, reader.terms, reader.back, Visit(TODAY, TODAY, ended=True))
        self._forget()

    def _forget(self) -> None:
        self.meanings: list[Meaning] = [Meaning()]
        self._classes: dict[tuple[str, type[Element], tuple[str, ...]], dict[bytes, int]] = {}
        self._marks: dict[str, NDArray[np.bool_]] = {}
        self._longest: NDArray[np.float64] = np.zeros(0)
        self._effects: dict[int, Effect] = {}
        self._of_value: dict[tuple[int, Quantity], Effect] = {}
        self._conversions: dict[tuple[str, str | None, str | None], Any] = {}
        self._implied: dict[tuple[str, str], tuple[str, ...]] = {}

    def __len__(self) -> int:
        """Everything that is remembered."""
        return (
            len(self.meanings) + len(self._effects) + len(self._of_value) + len(self._conversions) + len(self._implied)
        )

    def make_room(self) -> None:
        """Forget everything if it has become too much; never in the middle of a batch."""
        if len(self.meanings) > MOST_CLASSES or len(self) > MOST_CLASSES + MOST_EFFECTS:
            self._forget()

    def marked(self, name: str) -> NDArray[np.bool_]:
        """Of every class whether the mark of that name holds."""
        known = self._marks.get(name)
        if known is None or len(known) < len(self.meanings):
            own = np.array([getattr(m, name) for m in self.meanings[0 if known is None else len(known) :]], dtype=bool)
            known = self._marks[name] = own if known is None else np.concatenate([known, own])
        return known

    def longest(self) -> NDArray[np.float64]:
        """Of every class the days after which a number of it says nothing any more; infinite where that is not known."""
        known = self._longest
        if len(known) < len(self.meanings):
            own = [
                max((np.inf if w is None else w for _, w in m.measures), default=np.inf)
                for m in self.meanings[len(known) :]
            ]
            known = self._longest = np.concatenate([known, np.array(own, dtype=np.float64)])
        return known

    def classes(self, kind: str, lean: Keyed, struct: type[Element], keys: list[bytes]) -> list[int]:
        """The class of each resource of a type, as a struct reads it."""
        known = self._classes.setdefault((kind, struct, lean.common), {})
        get = known.get
        out = [get(key, -1) for key in keys]
        if -1 in out:
            for i, place in enumerate(out):
                if place < 0:
                    key = keys[i]
                    found = known.get(key)
                    if found is None:
                        found = known[key] = self._learn(kind, lean, struct, key)
                    out[i] = found
        return out

    def _learn(self, kind: str, lean: Keyed, struct: type[Element], key: bytes) -> int:
        text = lean.text(key, kind)
        if text is None:
            return ODD
        try:
            resource = msgspec.json.decode(text, type=struct)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return ODD
        meaning = self._meaning(resource)
        if meaning is None:
            return ODD
        self.meanings.append(meaning)
        return len(self.meanings) - 1

    def _meaning(self, resource: Element) -> Meaning | None:
        """None for what only the reader of one record can read."""
        if getattr(resource, "contained", ()):
            return None
        match resource:
            case Observation():
                return self._observation(resource)
            case Condition():
                back = self.reader.back
                pain, relatives = back.is_symptom(resource.code), is_family_history(resource.code)
                return Meaning(
                    resource,
                    silent=not (pain or relatives or self.reader.terms.of(resource.code)),
                    tells=tells_of_back_pain(resource, back),
                    chronic=back.is_chronic(resource.code),
                    closed=is_closed(resource),
                )
            case Encounter():
                candidate = Candidate(resource, "", frozenset())
                setting = setting_of(resource, self.reader.knowledge.index.settings)
                about = is_about(candidate, self.reader.back)
                return Meaning(resource, held=took_place(candidate), about=about, setting=setting)
            case Procedure():
                return Meaning(resource, silent=not self.reader.terms.of(resource.code))
            case DiagnosticReport():
                return Meaning(resource, silent=not resource.conclusion_code)
            case QuestionnaireResponse():
                used = resource.status is None or resource.status in USED
                return Meaning(resource, own=is_own(resource.questionnaire), used=used)
            case ResponseItem():
                if resource.item or any(answer.item for answer in resource.answer):
                    return None  # items in items speak of each other
        return Meaning(resource)

    def _observation(self, resource: Observation) -> Meaning | None:
        if resource.focus:
            return None
        context = self._context
        parts = [p for p in (main_part(resource), *resource.component) if is_ours(p, context)]
        if any(SPECIAL.get(c) is read_gestation for p in parts for c in codes(p.code)):
            return None  # its weeks go on with the days
        if not parts:
            return Meaning(resource, silent=True)
        return Meaning(resource, by_value=True, measures=self._measures(resource))

    def _measures(self, resource: Observation) -> tuple[tuple[str, float | None], ...]:
        """Findings that a bare number of this class is the value of; none where anything else counts."""
        plain = msgspec.structs.replace(resource, code=None, status=None, issued=None)
        if plain != Observation() or resource.status not in {None, "final", "amended", "corrected", "preliminary"}:
            return ()
        findings = self.reader.knowledge.findings
        asked = self.reader.terms.findings(resource.code)
        special = any(c in SPECIAL for c in codes(resource.code)) or is_family_history(resource.code)
        if special or any(findings[f].kind != "measured" for f in asked):
            return ()
        return tuple((f, window_of(f, None, self._context)) for f in asked)

    def situation(self, code: int) -> Situation:
        """The situation that a number below ``SITUATIONS`` stands for."""
        bucket, flags = divmod(code, FLAGS)
        age = self.buckets.example(bucket)
        return Situation(age, bool(flags & OVER), bool(flags & HERE), bool(flags & ADULT))

    def effect(self, code: int) -> Effect:
        """What class ``code // SITUATIONS`` says in situation ``code % SITUATIONS``."""
        known = self._effects.get(code)
        if known is None:
            place, situation = divmod(code, SITUATIONS)
            resource = self.meanings[place].resource
            known = self._effects[code] = effect_of(resource, self.situation(situation), self.reader)
        return known

    def effect_of_value(self, code: int, quantity: Quantity) -> Effect:
        """As effect, of an observation with a number."""
        key = (code, quantity)
        known = self._of_value.get(key)
        if known is None:
            place, situation = divmod(code, SITUATIONS)
            resource = msgspec.structs.replace(self.meanings[place].resource, value_quantity=quantity)
            known = self._of_value[key] = effect_of(resource, self.situation(situation), self.reader)
        return known

    def effect_of_item(self, code: int) -> Effect:
        """As effect, of an item of a response; a flag says whether the questionnaire is ours."""
        known = self._effects.get(code)
        if known is None:
            place, situation = divmod(code, SITUATIONS)
            bucket, own = divmod(situation, FLAGS)
            item, age = self.meanings[place].resource, self.buckets.example(bucket)
            assert isinstance(item, ResponseItem)
            assert age is not None
            known = self._effects[code] = effect_of_item(item, INTAKE if own else None, age, self.reader)
        return known

    def implied(self, field: str, name: str) -> tuple[str, ...]:
        """Findings that are present with a name on the list of that field of a patient."""
        known = self._implied.get((field, name))
        if known is None:
            patient = Patient(None, **{field: (name,)})  # type: ignore[arg-type]
            known = self._implied[field, name] = tuple(said_by(patient, self.reader.knowledge))
        return known

    def value(self, finding: str, quantity: Quantity) -> float | None:
        """The value of a measured finding in its own unit; None where it cannot be read."""
        if quantity.value is None:
            return None
        key = (finding, quantity.code, quantity.unit)
        conversion = self._conversions.get(key, self)
        if conversion is self:
            try:
                conversion = conversion_of(self.reader.knowledge.findings[finding], quantity)
            except UnreadableError:
                conversion = None
            self._conversions[key] = conversion
        if conversion is None:
            return None
        try:
            return checked(finding, converted(quantity.value, conversion), self.reader.knowledge)
        except UnreadableError:
            return None


_BOOKS: dict[str, Book] = {}
#: knowledge bases whose books are kept
_KEPT = 2


def book_of(reader: Reader) -> Book:
    """The book of a knowledge base, kept between batches."""
    digest = reader.knowledge.digest
    book = _BOOKS.get(digest)
    if book is None:
        while len(_BOOKS) >= _KEPT:
            _BOOKS.pop(next(iter(_BOOKS)))
        book = _BOOKS[digest] = Book(reader)
    book.make_room()
    return book
