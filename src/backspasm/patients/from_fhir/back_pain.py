"""Which codes (``back_pain.yaml``) and words mean back pain: to find the encounter at issue and when the pain began."""

from __future__ import annotations

import re

from backspasm.patients.from_fhir.structs import Concept
from backspasm.patients.from_fhir.terms import Terms, codings, plain_code, system_of, words
from backspasm.records.knowledge import Knowledge

_WORDS = re.compile(
    r"\b(low(er)?|upper|mid(dle)?|thoracic|lumbar)?[ -]*back[ -]*(pain|ache|spasm|strain|injury)s?\b"
    r"|\b(lumbago|sciatica|dorsalgia|lumbalgia)\b|\bspasms? of (the )?back\b|\bpain in (the )?back\b"
    r"|\bspin(e|al)[ _-]*(injury|fracture)\b",
    re.IGNORECASE,
)


class BackPain:
    """Tells concepts that are about a painful back from the rest."""

    def __init__(self, knowledge: Knowledge, terms: Terms) -> None:
        self._terms = terms
        self._group = knowledge.cause_group
        codes = self._codes = knowledge.back_pain
        self._exact = frozenset((c.system, plain_code(c.system, c.code)) for c in codes.symptoms if c.match == "exact")
        # only ICD-10-CM has prefixes: of the others no code tells what lies above it
        self._prefixes = tuple(plain_code(c.system, c.code) for c in codes.symptoms if c.match == "prefix")
        self._chronic = frozenset(codes.chronic)

    def is_symptom(self, concept: Concept | None) -> bool:
        """Whether a concept names back pain itself, rather than what lies behind it."""
        return self._is_symptom_code(concept) or _said_in_words(concept)

    def concerns(self, concept: Concept | None) -> bool:
        """Whether an encounter for this is an encounter for back pain."""
        return self.is_symptom(concept) or any(
            (m.kind == "cause" and self._group.get(m.id) in self._codes.cause_groups)
            or (m.kind == "complication" and m.id in self._codes.complications)
            or (m.kind == "finding" and m.id in self._codes.findings)
            for m in self._terms.of(concept)
        )

    def is_chronic(self, concept: Concept | None) -> bool:
        """Whether the code itself says that the pain is chronic."""
        return any(c.code in self._chronic for c in codings(concept))

    def _is_symptom_code(self, concept: Concept | None) -> bool:
        for coding in codings(concept):
            system = system_of(coding)
            if system is None or not coding.code:
                continue
            code = plain_code(system, coding.code)
            if (system, code) in self._exact or (system == "icd10cm" and code.startswith(self._prefixes)):
                return True
        return False


def _said_in_words(concept: Concept | None) -> bool:
    """Words count only where there is no code that we can read: a code is more exact."""
    if any(system_of(c) is not None for c in codings(concept)):
        return False
    return any(_WORDS.search(text) and not text.startswith(("no ", "denies")) for text in words(concept))
