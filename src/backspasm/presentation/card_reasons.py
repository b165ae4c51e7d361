"""Reasons that a clinician may give for not following a card: those of HL7, and a few that back pain needs.

Codes and displays of HL7's code system `non-adherence-reason-codes` (CDS Hooks 3.0 ballot; CC0).
"""

from __future__ import annotations

from backspasm.presentation.card_types import Coding

HL7 = "http://terminology.hl7.org/CodeSystem/non-adherence-reason-codes"
OWN = "urn:backspasm:override-reason"
TOPIC = "urn:backspasm:card-topic"

#: what kinds of advice there are
TOPICS = {
    "red-flags": "Red flags and urgency",
    "imaging": "Imaging of the back",
    "medicine-safety": "Safety of a medicine",
    "treatment-choice": "Choice of treatment",
}

_COMPLETED = Coding("action-completed", HL7, "Recommended action was already completed")
_MORE = Coding(
    "need-more-info",
    HL7,
    "Could not address recommended action due to need for more information/pending results/pending consult",
)
_RECIPIENT = Coding("inappropriate-recipient", HL7, "PC CDS delivered to inappropriate recipient/role")
_RISK = Coding("risk-benefit-ratio", HL7, "Recipient assessment of risk/benefit ratio")
_TOLERATED = Coding(
    "action-performed-no-adverse-effect", HL7, "Intended action was performed previously without adverse effect"
)
_EXPERT = Coding("expert-contradicts", HL7, "Advice from expert contradicts the recommended action")
_REFUSES = Coding("patient-refuses", HL7, "Patient refuses/declines (no context given)*")
_MITIGATED = Coding("mitigate-risk-negative-outcome", HL7, "Action taken to mitigate risk of negative outcome")
_UNSUCCESSFUL = Coding("action-unsuccessful", HL7, "Recommended action was previously unsuccessful")
_LATEST = Coding("does-not-align-latest-evidence", HL7, "Recommended action does not align with the latest evidence")

_EXAMINED = Coding("examined-not-there", OWN, "Examined by me: the sign is not there")
_PLANNED = Coding("known-and-planned", OWN, "Known, and already being looked into")
_STALE = Coding("record-out-of-date", OWN, "The record is out of date")
_NOT_BACK = Coding("not-for-back-pain", OWN, "This is not about back pain")
_UNRECORDED = Coding("sign-not-recorded", OWN, "There is a warning sign that is not in the record")
_SIX_WEEKS = Coding("six-weeks-of-care", OWN, "Pain in spite of six weeks of care that is not in the record")
_PALLIATIVE = Coding("palliative-care", OWN, "Palliative care: other weights count")

#: for each topic the reasons offered, the most usual first
REASONS: dict[str, tuple[Coding, ...]] = {
    "red-flags": (_PLANNED, _EXAMINED, _COMPLETED, _STALE, _NOT_BACK, _RECIPIENT, _MORE),
    "imaging": (_UNRECORDED, _SIX_WEEKS, _NOT_BACK, _EXPERT, _COMPLETED, _RISK, _LATEST),
    "medicine-safety": (_RISK, _TOLERATED, _MITIGATED, _STALE, _EXPERT, _PALLIATIVE, _REFUSES),
    "treatment-choice": (_NOT_BACK, _UNSUCCESSFUL, _RISK, _PALLIATIVE, _EXPERT, _LATEST, _REFUSES),
}
