"""How long an answer of a record still speaks for today. Numbers are named assumptions of the knowledge base."""

from __future__ import annotations

from backspasm.patients.from_fhir.ledger import Context, Ledger
from backspasm.patients.from_fhir.moments import Moment
from backspasm.records.knowledge import Knowledge

#: findings that stay what they are: something that happened, or a disposition. A later "no" does not undo them
LASTING = frozenset(
    {
        "history_of_cancer", "minor_skin_cancer_only", "previous_fragility_fracture", "previous_episodes",
        "recent_infection", "recent_spinal_procedure", "significant_trauma", "osteoporosis", "tuberculosis_exposure",
        "known_aortic_aneurysm", "family_history_spondyloarthritis", "uveitis", "psoriasis",
        "inflammatory_bowel_disease", "hla_b27",
    }
)  # fmt: skip
#: states that go on for years while they are recorded as active
STATES = frozenset(
    {
        "immunosuppression", "iv_drug_use", "diabetes", "dialysis_or_vascular_access", "alcohol_misuse",
        "corticosteroid_use", "anticoagulant_use", "smoking", "hypertension", "height_loss", "enthesitis",
        "peripheral_arthritis",
    }
)  # fmt: skip
#: measured or tested, and slow to change
SLOW = frozenset({"haemoglobin", "platelets", "calcium", "creatinine", "egfr", "paraprotein"})


#: every number of days with which the readers of a record compare the time since a resource
WINDOWS = (
    "observation_window_acute", "observation_window_sign", "observation_window_general", "observation_window_state",
    "pregnancy_window", "recent_infarction_window", "medication_window",
)  # fmt: skip


def is_dated(finding: str, context: Context) -> bool:
    """Whether it matters how long ago the finding happened."""
    return finding in LASTING or context.knowledge.findings[finding].time is not None


def window_of(finding: str, present: bool | None, context: Context) -> float | None:
    """Days for which an observation of a finding counts; None for ever.

    Args:
        present: the answer to a yes-or-no finding, None for a value. A sign seen weeks ago still warns; that it was
            not there weeks ago does not reassure.
    """
    return days_valid(finding, present, context.knowledge)


def days_valid(finding: str, present: bool | None, knowledge: Knowledge) -> float | None:
    """As window_of, without a record at hand."""
    if finding in LASTING:
        return None
    if finding in STATES:
        return knowledge.number("observation_window_state")
    index = knowledge.index.findings
    if finding in SLOW or finding in index.get("imaging", ()):
        return knowledge.number("observation_window_general")
    if present and finding not in index.get("laboratory", ()):
        return knowledge.number("observation_window_sign")
    return knowledge.number("observation_window_acute")


def in_time(finding: str, present: bool | None, when: Moment | None, context: Context, ledger: Ledger) -> bool:
    """Whether an answer is young enough to speak for the day of the encounter; else it is listed as too old."""
    window, days = window_of(finding, present, context), context.visit.days_before(when)
    if window is None or days is None or days <= window:
        return True
    ledger.count(finding, f"too old: recorded more than {window:g} days before the encounter")
    return False
