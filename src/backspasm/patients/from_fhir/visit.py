"""The encounter at issue, and what was known by then: the record is read without a look into its future."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from backspasm.patients.from_fhir.back_pain import BackPain
from backspasm.patients.from_fhir.identity import address
from backspasm.patients.from_fhir.moments import Moment, days_between, first_of, moment_of
from backspasm.patients.from_fhir.structs import Concept, Encounter, Reference

#: an encounter in one of these states has not taken place
NOT_HELD = frozenset({"planned", "cancelled", "entered-in-error"})


class Visit(Struct, frozen=True):
    """When the patient is assessed.

    ``start`` is None where the record holds no date at all. ``until`` is the last moment whose news counts.
    """

    start: Moment | None
    until: Moment | None
    encounter: Encounter | None = None
    reference: str | None = None
    addresses: frozenset[str] = frozenset()
    about_back: bool = False
    ended: bool = False

    def holds(self, encounter: Reference | None) -> bool:
        """Whether a resource says that it belongs to the encounter at issue."""
        return (
            encounter is not None and encounter.reference is not None and address(encounter.reference) in self.addresses
        )

    def in_future(self, encounter: Reference | None, *moments: Moment | None) -> bool:
        """Whether a date lies after the assessment. An encounter without an end still runs: what is of it counts."""
        if self.until is None or (not self.ended and self.holds(encounter)):
            return False
        return any(m is not None and m.after(self.until) for m in moments)

    def days_before(self, moment: Moment | None) -> float | None:
        """Days from a date to the start of the encounter; 0 for what happened in it; None where a date is missing."""
        if moment is None or self.start is None:
            return None
        return days_between(moment, self.start)


class Candidate(Struct, frozen=True):
    """An encounter of the patient with its name, addresses and whether a linked condition is back pain."""

    encounter: Encounter
    reference: str
    addresses: frozenset[str]
    linked: bool = False


def choose(
    candidates: Iterable[Candidate], back: BackPain, latest: Moment | None, span: float, longest: float
) -> Visit:
    """The latest encounter for back pain; else the latest encounter; else the latest date in the record.

    Args:
        latest: the latest date on which anything was recorded.
        span: days that an encounter without an end is taken to last.
        longest: days after which an end is taken for an error of the record, lest years of later news be read.
    """
    held = [c for c in candidates if took_place(c)]
    about = [c for c in held if is_about(c, back)]
    dated = [(m.key, c) for c in about or held if (m := start_of(c.encounter)) is not None]
    if dated:
        chosen = max(dated, key=lambda pair: pair[0])[1]
    elif held:
        chosen = (about or held)[-1]
    else:
        return Visit(latest, latest)
    return visit_at(chosen, bool(about), latest, span, longest)


def took_place(candidate: Candidate) -> bool:
    return candidate.encounter.status not in NOT_HELD


def is_about(candidate: Candidate, back: BackPain) -> bool:
    """Whether the encounter is about back pain: by its own codes, or by a condition linked to it."""
    return candidate.linked or any(back.concerns(concept) for concept in _reasons(candidate.encounter))


def visit_at(chosen: Candidate, about: bool, latest: Moment | None, span: float, longest: float) -> Visit:
    """The assessment at one encounter; ``latest``, ``span`` and ``longest`` as in ``choose``."""
    start, until, ended = _times(chosen.encounter, latest, span, longest)
    return Visit(start, until, chosen.encounter, chosen.reference, chosen.addresses, about, ended)


def _times(
    encounter: Encounter, latest: Moment | None, span: float, longest: float
) -> tuple[Moment | None, Moment | None, bool]:
    start = start_of(encounter) or latest
    end = moment_of(encounter.period.end) if encounter.period else None
    if start is not None and end is not None and end.after(start.plus(longest)):
        return start, start.plus(longest), True
    if start is None or (end is not None and not start.after(end)):
        return start, end or latest, end is not None
    return start, start.plus(span), False


def start_of(encounter: Encounter) -> Moment | None:
    """When it began, or at least ended; None where no date is readable."""
    return first_of(encounter.period.start, encounter.period.end) if encounter.period else None


def _reasons(encounter: Encounter) -> Iterator[Concept]:
    yield from encounter.reason_code
    yield from encounter.type


def references_of(encounter: Encounter) -> frozenset[str]:
    """Addresses of the conditions that an encounter names as its reason or diagnosis."""
    named = (*encounter.reason_reference, *(d.condition for d in encounter.diagnosis))
    return frozenset(address(r.reference) for r in named if r is not None and r.reference)


def class_code(encounter: Encounter | None) -> str:
    """The class of an encounter (AMB, EMER, ...), upper case, or nothing."""
    return ((encounter.class_.code if encounter and encounter.class_ else None) or "").upper()
