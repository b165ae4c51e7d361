"""Whose urgency changes under another knowledge base, and because of which study, rule or assumption.

For everybody who changes, each study on which the two differ is left out in turn: where that alone takes the difference away,
the study is the reason. A rule is a reason where it fires in one only and sets the floor there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import msgspec
import numpy as np

from backspasm.advice.many.crowd import Crowd, crowd_of
from backspasm.advice.many.triage import Triage, triage
from backspasm.inference.model import Model
from backspasm.inference.refitting import Refitter
from backspasm.patients.patient import Patient
from backspasm.records.knowledge import Knowledge

#: the reason where no single one takes the difference away
TOGETHER = "several changes together"
#: decimals of a probability, as everywhere
DECIMALS = 6


class Without(msgspec.Struct, frozen=True):
    """A knowledge base without one study. ``ours``: it is the one that screens, else the other one."""

    study: str
    ours: bool
    model: Model


class Comparison(msgspec.Struct, frozen=True, dict=True):
    """The knowledge that screens, and the other one."""

    model: Model
    other: Model

    @cached_property
    def studies(self) -> tuple[str, ...]:
        """Studies that only one of the two has, or that say something else in the other."""
        mine, theirs = self.model.knowledge.studies, self.other.knowledge.studies
        return tuple(s for s in sorted({*mine, *theirs}) if mine.get(s) != theirs.get(s))

    @cached_property
    def assumptions(self) -> tuple[str, ...]:
        """Assumptions that differ."""
        mine, theirs = self.model.knowledge.assumptions, self.other.knowledge.assumptions
        return tuple(a for a in sorted({*mine, *theirs}) if mine.get(a) != theirs.get(a))

    @cached_property
    def variants(self) -> tuple[Without, ...]:
        """Both knowledge bases without each study on which they differ."""
        out = []
        for model, ours in ((self.model, True), (self.other, False)):
            own = [s for s in self.studies if s in model.knowledge.studies]
            refitter = Refitter(model) if own else None
            out += [Without(s, ours, refitter.without({s})) for s in own if refitter is not None]
        return tuple(out)


def changes(crowd: Crowd, found: Triage, comparison: Comparison) -> list[dict[str, Any] | None]:
    """For each patient what is different under the other knowledge, or None where the urgency stays."""
    patients = [crowd.people.patient_at(i) for i in range(len(crowd))]
    theirs = crowd_of([for_knowledge(p, comparison.other.knowledge) for p in patients], comparison.other)
    judged = triage(theirs)
    levels = comparison.model.knowledge.index.urgency
    known = comparison.other.knowledge.index.urgency
    mine_level = [levels[i] for i in found.level.tolist()]
    their_level = [known[i] for i in judged.level.tolist()]
    out: list[dict[str, Any] | None] = [None] * len(patients)
    changed = [i for i, (a, b) in enumerate(zip(mine_level, their_level, strict=True)) if a != b]
    if not changed:
        return out
    reasons = _reasons([patients[i] for i in changed], comparison)
    for place, i in enumerate(changed):
        because = [f"rule {r}" for r in _rules(i, found, judged, comparison)]
        because += [
            f"study {w.study}" for w, level in reasons if level[place] == (their_level[i] if w.ours else mine_level[i])
        ]
        best = int(theirs.ranking[i, 0])
        out[i] = {
            "urgency": their_level[i],
            "top_cause": comparison.other.parameters.causes[best],
            "top_probability": round(float(theirs.causes[i, best]), DECIMALS),
            "because": list(dict.fromkeys(because)) or _else(comparison),
        }
    return out


def for_knowledge(patient: Patient, knowledge: Knowledge) -> Patient:
    """The patient as far as the other knowledge base has words for what is known."""
    findings = knowledge.findings
    return msgspec.structs.replace(
        patient,
        setting=patient.setting if patient.setting in knowledge.index.settings else None,
        present=tuple(f for f in patient.present if f in findings and findings[f].kind == "boolean"),
        absent=tuple(f for f in patient.absent if f in findings and findings[f].kind == "boolean"),
        measured={m: v for m, v in patient.measured.items() if m in findings and findings[m].kind == "measured"},
        days_ago={f: d for f, d in patient.days_ago.items() if f in findings},
        comorbidities=tuple(c for c in patient.comorbidities if c in knowledge.comorbidities),
    )


def _reasons(patients: Sequence[Patient], comparison: Comparison) -> list[tuple[Without, list[str]]]:
    """The urgency of each under every knowledge base with a study left out."""
    out = []
    for variant in comparison.variants:
        knowledge = variant.model.knowledge
        crowd = crowd_of([for_knowledge(p, knowledge) for p in patients], variant.model)
        out.append((variant, [knowledge.index.urgency[i] for i in triage(crowd).level.tolist()]))
    return out


def _rules(i: int, found: Triage, judged: Triage, comparison: Comparison) -> list[str]:
    """Rules that fire in one only, and set the floor there."""
    out = []
    for mine, yours, model in ((found, judged, comparison.model), (judged, found, comparison.other)):
        knowledge = model.knowledge
        for name, fires in mine.rules.items():
            sets_it = knowledge.index.urgency.index(knowledge.red_flags[name].urgency) == mine.level[i]
            elsewhere = yours.rules.get(name)
            if fires[i] and sets_it and (elsewhere is None or not elsewhere[i]):
                out.append(name)
            elif fires[i] and sets_it and np.any(yours.level[i] > mine.level[i]):
                out.append(name)  # it fires in both, and asks for less in the other
    return out


def _else(comparison: Comparison) -> list[str]:
    """Where neither a rule nor a single study explains it."""
    if not comparison.studies and comparison.assumptions:
        return [f"assumption {a}" for a in comparison.assumptions]
    return [TOGETHER]
