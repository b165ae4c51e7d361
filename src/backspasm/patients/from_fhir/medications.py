"""What the patient takes: requests, statements and administrations of medicines."""

from __future__ import annotations

import re
from collections.abc import Iterable

from backspasm.patients.from_fhir.bundle import Found
from backspasm.patients.from_fhir.identity import address, addresses_of
from backspasm.patients.from_fhir.ledger import Context, Ledger, add
from backspasm.patients.from_fhir.moments import Moment, first_of
from backspasm.patients.from_fhir.structs import Concept, Medication, MedicationUse
from backspasm.patients.from_fhir.terms import Terms, codings, system_of, words

#: states in which a medicine is being taken; "completed" only counts if it was not long ago
ACTIVE = frozenset({"active", "in-progress", "recorded"})
#: an intent that is not an order
NOT_ORDERED = frozenset({"proposal", "plan", "option"})
_LOCAL = re.compile(
    r"\b(topical|cream|ointment|lotion|gel|shampoo|inhal\w*|metered dose|actuat|nasal|intranasal|ophthalmic|otic"
    r"|eye|ear|drops?|cutaneous|rectal foam|mouthwash)\b",
    re.IGNORECASE,
)


class Shelf:
    """The Medication resources of the bundle, by address."""

    def __init__(self, found: Iterable[Found]) -> None:
        self._codes: dict[str, Concept | None] = {}
        for item in found:
            if isinstance(item.resource, Medication):
                for where in addresses_of(item):
                    self._codes[where] = item.resource.code

    def concept(self, use: MedicationUse) -> Concept | None:
        """The medicine of a request: coded in it, contained in it, or referred to."""
        if use.medication_codeable_concept is not None:
            return use.medication_codeable_concept
        name = use.medication_reference.reference if use.medication_reference else None
        if name is None:
            return None
        if name.startswith("#"):
            return next((c.code for c in use.contained if c.id == name.removeprefix("#")), None)
        return self._codes.get(address(name))


def read_medication(found: Found, use: MedicationUse, shelf: Shelf, context: Context, ledger: Ledger) -> None:
    """Enter a medicine that is taken at the time of the encounter."""
    period = use.effective_period
    start = first_of(use.authored_on, use.effective_date_time, period.start if period else None, use.date_asserted)
    if ledger.skip_future(found.type, context, use.encounter or use.context, start):
        return
    why_not = _not_taken(use, start, context)
    if why_not is not None:
        ledger.count(found.type, why_not)
        return
    concept = shelf.concept(use)
    names = names_of(concept, context)
    if not names:
        ledger.leave(found.reference, "names no medicine that can be read")
        return
    coded = _by_code(concept, context.terms)
    if _disagree(coded, _by_words(concept, context.terms)):
        # a wrong code under the right name happens; the name is what people read and check
        ledger.leave(found.reference, f"its code means {', '.join(coded)}, its words {', '.join(names)}: words taken")
    local = is_local(words_of_use(concept, use))
    for name in names:
        medicine = context.knowledge.medicines.get(name)
        if local and medicine is not None and medicine.implies:
            # a steroid cream or inhaler is not the steroid course that the finding means
            ledger.leave(found.reference, f"{name} for local use: not counted as taken by mouth or vein")
        else:
            add(ledger.medications, name, found.reference)


def _not_taken(use: MedicationUse, start: Moment | None, context: Context) -> str | None:
    """Why a medicine does not count as taken, or None if it does."""
    status = use.status or "unknown"
    if use.do_not_perform:
        return "a request not to give it"
    if use.intent in NOT_ORDERED:
        return f"intent {use.intent}: not ordered"
    if status in ACTIVE:
        return None
    if status != "completed":
        return f"status {status}: not taken"
    period = use.effective_period
    last = first_of(period.end if period else None) or start
    until = context.visit.until
    days = 0.0 if last is not None and until is not None and last.after(until) else context.visit.days_before(last)
    if days is not None and days <= context.number("medication_window"):
        return None
    return "completed long before the encounter, or at an unknown time"


def _by_code(concept: Concept | None, terms: Terms) -> list[str]:
    coded = [c.code for c in codings(concept) if c.code and system_of(c) == "rxnorm"]
    return [name for code in coded for name in terms.medicines.get(code, ())]


def _by_words(concept: Concept | None, terms: Terms) -> list[str]:
    # "acetaminophen 325 MG / oxycodone 5 MG Oral Tablet" is two medicines
    parts = dict.fromkeys(part for text in words(concept) for part in text.split(" / "))
    return [name for part in parts for name in terms.medicines_named(part)]


def _disagree(coded: list[str], named: list[str]) -> bool:
    """Whether code and words mean different medicines; ``oxycodone_paracetamol`` and ``oxycodone`` agree."""
    return bool(coded and named) and not any(name in code or code in name for name in named for code in coded)


def medicines_of(concept: Concept | None, terms: Terms) -> tuple[str, ...]:
    """Ids of our medicines in a concept, by code, else by words; of both where they disagree the words."""
    coded, named = _by_code(concept, terms), _by_words(concept, terms)
    return tuple(dict.fromkeys(named if _disagree(coded, named) else coded or named))


def names_of(concept: Concept | None, context: Context) -> tuple[str, ...]:
    """Our ingredients in the medicine, by code, else by words; the display where none is known."""
    found = medicines_of(concept, context.terms)
    if found:
        return found
    shown = (*(c.display for c in codings(concept)), concept.text if concept else None)
    return tuple(" ".join(text.split()) for text in shown if text and text.strip())[:1]


def name_of(concept: Concept | None, context: Context) -> str | None:
    """The first name of a medicine or substance."""
    return next(iter(names_of(concept, context)), None)


def words_of_use(concept: Concept | None, use: MedicationUse) -> tuple[str, ...]:
    """The words of a medicine and of the routes by which it is given."""
    return (*words(concept), *(t for d in use.dosage_instruction for t in words(d.route)))


def is_local(texts: Iterable[str]) -> bool:
    """Whether the words say that a medicine acts where it is put: a cream, an inhaler, eye drops."""
    return any(_LOCAL.search(text) for text in texts)
