"""What has to be known at once: urgency, red flags and the must-not-miss ledger, from the fixed parameter set alone.

The whole assessment begins with this value, so both say the same. It leaves out what needs the joint draws (intervals) and what
looks ahead (questions, tests, treatments, the course), and takes a small part of the time.
"""

from __future__ import annotations

import hashlib

import msgspec
from msgspec import Struct

from backspasm.advice import must_not_miss
from backspasm.advice.must_not_miss import LedgerEntry
from backspasm.advice.red_flags import Fired, fired_rules, floor
from backspasm.advice.urgency import ExpectedLoss, expected_loss
from backspasm.inference.model import Model
from backspasm.inference.posterior import Posterior, posterior
from backspasm.inference.strata import Stratum, strata_of
from backspasm.patients.answers import Answers, answers_of
from backspasm.patients.patient import Patient


class Triage(Struct, frozen=True):
    """``level`` is the more urgent of ``floor`` (of the rules) and the level of least expected loss.

    ``found``: the posterior at the fixed parameter set, without a draws axis.
    """

    patient: Patient
    answers: Answers
    strata: tuple[Stratum, ...]
    found: Posterior
    level: str
    floor: str
    expected: ExpectedLoss
    red_flags: tuple[Fired, ...]
    must_not_miss: tuple[LedgerEntry, ...]
    knowledge_digest: str
    input_digest: str


def triage(patient: Patient, model: Model) -> Triage:
    """Urgency and its reasons for one patient.

    Raises:
        InputError: where the patient's answers contradict each other.
    """
    knowledge = model.knowledge
    answers = answers_of(patient, knowledge)
    strata = strata_of(patient, knowledge)
    found = posterior(answers.items, strata, model.means, model.layout, knowledge)
    fired = fired_rules(patient, answers, knowledge)
    loss = expected_loss(found, model)
    lowest = floor(fired, knowledge)
    against = must_not_miss.against(answers.items, strata, model)
    return Triage(
        patient=patient,
        answers=answers,
        strata=strata,
        found=found,
        level=min(lowest, loss.level, key=knowledge.index.urgency.index),
        floor=lowest,
        expected=loss,
        red_flags=fired,
        must_not_miss=must_not_miss.ledger(answers, strata, found, against, model),
        knowledge_digest=knowledge.digest,
        input_digest=input_digest(patient),
    )


def input_digest(patient: Patient) -> str:
    """SHA-256 of the patient as canonical JSON: the identity of an input."""
    return hashlib.sha256(msgspec.json.encode(patient, order="deterministic")).hexdigest()
