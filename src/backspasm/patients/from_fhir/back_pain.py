"""Which codes and words mean back pain: to find the encounter at issue and when the pain began."""

from __future__ import annotations

import re

from backspasm.patients.from_fhir.structs import Concept
from backspasm.patients.from_fhir.terms import Terms, codings, system_of, words
from backspasm.records.knowledge import Knowledge

#: backache, low back pain (any, acute, chronic, complained of), chronic and thoracic back pain, sciatica, with lumbago
SYMPTOM_SNOMED = frozenset(
    {"161891005", "279039007", "278862001", "278860009", "161894002", "134407002", "279038004", "23056005", "202794004"}
)
#: thoracic to lumbosacral radiculopathy, sciatica, lumbago, thoracic spine pain, other and unspecified dorsalgia,
#: muscle spasm of back, strains of the back
SYMPTOM_ICD = (
    "M5414", "M5415", "M5416", "M5417", "M543", "M544", "M545", "M546", "M5489", "M549",
    "M62830", "S39012", "S29012",
)  # fmt: skip
#: chronic low back pain, chronic back pain
CHRONIC_SNOMED = frozenset({"278860009", "134407002"})
#: groups of causes that show themselves as back pain; leukaemia or a renal colic alone does not make a back pain visit
BACK_GROUPS = frozenset({"mechanical", "infectious"})
BACK_COMPLICATIONS = frozenset({"cauda_equina_syndrome", "spinal_cord_compression", "nerve_root_irritation"})
BACK_FINDINGS = frozenset(
    {"muscle_spasm", "thoracic_pain", "radicular_leg_pain", "bilateral_leg_pain", "paraspinal_spasm"}
)
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

    def is_symptom(self, concept: Concept | None) -> bool:
        """Whether a concept names back pain itself, rather than what lies behind it."""
        return _is_symptom_code(concept) or _said_in_words(concept)

    def concerns(self, concept: Concept | None) -> bool:
        """Whether an encounter for this is an encounter for back pain."""
        return self.is_symptom(concept) or any(
            (m.kind == "cause" and self._group.get(m.id) in BACK_GROUPS)
            or (m.kind == "complication" and m.id in BACK_COMPLICATIONS)
            or (m.kind == "finding" and m.id in BACK_FINDINGS)
            for m in self._terms.of(concept)
        )

    def is_chronic(self, concept: Concept | None) -> bool:
        """Whether the code itself says that the pain is chronic."""
        return any(c.code in CHRONIC_SNOMED for c in codings(concept))


def _is_symptom_code(concept: Concept | None) -> bool:
    for coding in codings(concept):
        system, code = system_of(coding), coding.code or ""
        if system == "snomed" and code in SYMPTOM_SNOMED:
            return True
        if system == "icd10cm" and code.replace(".", "").upper().startswith(SYMPTOM_ICD):
            return True
    return False


def _said_in_words(concept: Concept | None) -> bool:
    """Words count only where there is no code that we can read: a code is more exact."""
    if any(system_of(c) is not None for c in codings(concept)):
        return False
    return any(_WORDS.search(text) and not text.startswith(("no ", "denies")) for text in words(concept))
