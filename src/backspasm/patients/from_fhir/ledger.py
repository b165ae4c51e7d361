"""What the resources of a record say, collected before anything is decided."""

from __future__ import annotations

from collections import Counter

from msgspec import Struct

from backspasm.patients.from_fhir.back_pain import BackPain
from backspasm.patients.from_fhir.intake import Person
from backspasm.patients.from_fhir.moments import Moment
from backspasm.patients.from_fhir.structs import Reference
from backspasm.patients.from_fhir.terms import Terms
from backspasm.patients.from_fhir.visit import Visit
from backspasm.patients.patient import Unread
from backspasm.records.knowledge import Knowledge

#: how many codes a summary names before it stops
SHOWN = 10


class Said(Struct, frozen=True):
    """One resource's answer to a yes-or-no finding.

    ``when`` is the date of the answer. For what happened before (a crash, an infection, a cancer) ``began`` and
    ``ended`` say when; both are days before the encounter.
    """

    present: bool
    reference: str
    when: Moment | None = None
    began: float | None = None
    ended: float | None = None


class Value(Struct, frozen=True):
    """One resource's value of a measured finding, in the finding's unit."""

    value: float
    reference: str
    when: Moment | None = None


class Context(Struct, frozen=True):
    """What every reader needs: the knowledge, what codes mean, the encounter at issue, and the age then in years."""

    knowledge: Knowledge
    terms: Terms
    back: BackPain
    visit: Visit
    age_years: float | None = None
    #: what a response to our own intake says of the person
    person: Person | None = None

    def number(self, assumption: str) -> float:
        return self.knowledge.number(assumption)


class Ledger:
    """Collects answers, values, lists, notes and what was not read."""

    def __init__(self) -> None:
        self.said: dict[str, list[Said]] = {}
        self.values: dict[str, list[Value]] = {}
        self.comorbidities: dict[str, list[str]] = {}
        self.medications: dict[str, list[str]] = {}
        self.allergies: dict[str, list[str]] = {}
        #: the record says that there is no known allergy: not the same as saying nothing
        self.no_known_allergy = False
        #: lists that were asked for, even where they are empty
        self.stated: set[str] = set()
        self.systolic: list[Value] = []
        self.pregnancy_weeks: list[Value] = []
        self.notes: list[str] = []
        self.unread: list[Unread] = []
        self._sums: dict[tuple[str, str], Counter[str]] = {}

    def say(self, finding: str, said: Said) -> None:
        self.said.setdefault(finding, []).append(said)

    def measure(self, finding: str, value: Value) -> None:
        self.values.setdefault(finding, []).append(value)

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def leave(self, what: str, why: str) -> None:
        """Something that was not used, and why."""
        self.unread.append(Unread(what, why))

    def count(self, what: str, why: str, code: str = "") -> None:
        """Something of which a record may hold hundreds: they are summed up into one line, with the codes concerned."""
        self._sums.setdefault((what, why), Counter())[code] += 1

    def all_unread(self) -> tuple[Unread, ...]:
        """Everything not read, single lines first, sums last."""
        sums = [
            Unread(f"{what} ({sum(found.values())})", why + _shown(found)) for (what, why), found in self._sums.items()
        ]
        return tuple(dict.fromkeys([*self.unread, *sums]))

    def skip_future(self, what: str, context: Context, encounter: Reference | None, *moments: Moment | None) -> bool:
        """True, and counted, where a resource tells of a time after the assessment."""
        if not context.visit.in_future(encounter, *moments):
            return False
        self.count(what, "dated after the encounter at issue; not known then")
        return True


def add(listed: dict[str, list[str]], name: str, reference: str) -> None:
    """Note that a resource names a member of a list."""
    references = listed.setdefault(name, [])
    if reference not in references:
        references.append(reference)


def _shown(found: Counter[str]) -> str:
    named = sorted(code for code in found if code)
    if not named:
        return ""
    more = f" and {len(named) - SHOWN} more" if len(named) > SHOWN else ""
    return f": {', '.join(named[:SHOWN])}{more}"
