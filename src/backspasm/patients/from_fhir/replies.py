"""Yes, no or neither: what the coded and worded answers of FHIR resources mean for a yes-or-no finding."""

from __future__ import annotations

from backspasm.patients.from_fhir.structs import Coding, Concept
from backspasm.patients.from_fhir.terms import codings, words

#: SNOMED CT, LOINC and HL7: yes, present, positive, detected, reactive
YES = frozenset(
    {
        "373066001", "52101004", "10828004", "260373001", "11214006", "LA33-6", "LA9633-4", "LA6576-8", "LA11882-0",
        "Y", "yes", "true", "positive", "present", "POS", "DET",
    }
)  # fmt: skip
#: SNOMED CT, LOINC and HL7: no, absent, negative, not detected, non-reactive, no growth
NO = frozenset(
    {
        "373067005", "2667000", "260385009", "260415000", "131194007", "264868006", "LA32-8", "LA9634-2", "LA6577-6",
        "LA11883-8", "N", "no", "false", "negative", "absent", "NEG", "ND",
    }
)  # fmt: skip
#: SNOMED CT
NORMAL, ABNORMAL = "17621005", "263654008"
#: HL7 ObservationInterpretation: abnormal, high, positive, detected, reactive; and their opposites
INTERPRETED_YES = frozenset({"A", "AA", "H", "HH", "HU", "POS", "DET", "RR"})
INTERPRETED_NO = frozenset({"N", "NEG", "ND", "NR"})
YES_WORDS = frozenset(
    {"yes", "y", "true", "present", "positive", "pos", "detected", "reactive", "+", "++", "+++", "++++"}
)
NO_WORDS = frozenset(
    {
        "no", "n", "false", "absent", "negative", "neg", "not detected", "none detected", "non-reactive", "nonreactive",
        "none", "no growth", "not present", "-", "denied", "denies", "nil",
    }
)  # fmt: skip


def reply_of(concept: Concept | None, finding: str) -> bool | None:
    """True, False, or None where the concept is neither a yes nor a no."""
    for coding in codings(concept):
        answer = reply_of_coding(coding, finding)
        if answer is not None:
            return answer
    return next((a for text in words(concept) if (a := reply_of_text(text, finding)) is not None), None)


def reply_of_coding(coding: Coding, finding: str) -> bool | None:
    """As reply_of, for a bare Coding."""
    if coding.code in YES:
        return True
    if coding.code in NO:
        return False
    if coding.code in (NORMAL, ABNORMAL):
        return _normality(coding.code == NORMAL, finding)
    return None


def reply_of_text(text: str, finding: str) -> bool | None:
    """Only whole answers count: words around them could turn their sense."""
    plain = " ".join(text.lower().split()).rstrip(".")
    if plain in YES_WORDS:
        return True
    if plain in ("normal", "abnormal"):
        return _normality(plain == "normal", finding)
    return False if plain in NO_WORDS else None


def interpreted(interpretations: tuple[Concept, ...], finding: str) -> bool | None:
    """What the laboratory's interpretation says of a test that is positive or negative; low is no answer."""
    for concept in interpretations:
        for coding in codings(concept):
            if coding.code in INTERPRETED_YES:
                return _normality(False, finding)
            if coding.code in INTERPRETED_NO:
                return _normality(True, finding)
    return None


def _normality(normal: bool, finding: str) -> bool:
    """A normal result denies every finding but the one that says so."""
    return normal if finding.endswith("_normal") else not normal
