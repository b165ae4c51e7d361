"""Whether a situation of the knowledge base holds for one assessed patient."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from msgspec import Struct

from backspasm.advice.must_not_miss import GROUPS, chances, compression_probability, members
from backspasm.advice.red_flags import Fired
from backspasm.inference.model import Model
from backspasm.inference.posterior import Posterior
from backspasm.patients.answers import Answers
from backspasm.patients.childhood import is_child
from backspasm.patients.patient import Patient
from backspasm.records.care_types import Situation
from backspasm.records.knowledge import Knowledge


class Circumstances(Struct, frozen=True, dict=True):
    """What is known and found about one patient: everything that a situation may ask."""

    patient: Patient
    answers: Answers
    level: str
    fired: tuple[Fired, ...]
    probability: dict[str, float]
    ranking: tuple[str, ...]
    listed: tuple[str, ...]
    knowledge: Knowledge

    @cached_property
    def rules(self) -> frozenset[str]:
        """Ids of the safety rules that fired."""
        return frozenset(f.rule.id for f in self.fired)

    @cached_property
    def flags(self) -> dict[str, int]:
        """For each cause and complication, and for ``any``, the most urgent level (0 is the most) of a rule that points to it."""
        order = self.knowledge.index.urgency.index
        out: dict[str, int] = {}
        for f in self.fired:
            level = order(f.rule.urgency)
            for name in ("any", *f.rule.points_to):
                out[name] = min(level, out.get(name, level))
        return out

    @property
    def child(self) -> bool:
        """Known to be a child; an unknown age is not taken for one, nor for an adult."""
        return is_child(self.patient.age_years, self.knowledge) is True


def circumstances(
    patient: Patient,
    answers: Answers,
    level: str,
    fired: tuple[Fired, ...],
    found: Posterior,
    listed: tuple[str, ...],
    model: Model,
) -> Circumstances:
    """Gather probabilities of causes, complications and ledger groups.

    Args:
        found: posterior at the mean parameters, without a draws axis.
        listed: ledger groups shown for this patient.
    """
    probability = chances(found, model)
    for group in GROUPS:
        if group == "compression":
            probability[group] = float(compression_probability(found, model))
        else:
            probability[group] = sum(probability[c] for c in members(group, model))
    ranking = tuple(model.parameters.causes[i] for i in np.argsort(-found.causes, kind="stable"))
    return Circumstances(patient, answers, level, fired, probability, ranking, listed, model.knowledge)


def holds(situation: Situation | None, c: Circumstances) -> bool:
    """Whether the situation holds; None always does. What was not asked is neither present nor denied."""
    s = situation
    if s is None:
        return True
    number = c.knowledge.number
    if s.finding is not None:
        return s.finding in c.answers.present
    if s.denied is not None:
        return s.denied in c.answers.absent
    if s.measured is not None:
        value = c.answers.measured.get(s.measured)
        if value is None:
            return False
        return (s.at_least is None or value >= number(s.at_least)) and (s.at_most is None or value <= number(s.at_most))
    age = c.patient.age_years
    if s.age_under is not None:
        return age is not None and age < number(s.age_under)
    if s.age_from is not None:
        return age is not None and age >= number(s.age_from)
    if s.sex is not None:
        return c.patient.sex == s.sex
    if s.comorbidity is not None:
        return s.comorbidity in c.patient.comorbidities
    if s.pregnancy is not None:
        return _pregnancy(s.pregnancy, c)
    if s.rule is not None:
        return s.rule in c.rules
    if s.flagged is not None:
        level = c.flags.get(s.flagged)
        return level is not None and (s.level is None or level <= c.knowledge.index.urgency.index(s.level))
    if s.likely is not None:
        if s.within is not None and s.likely not in c.ranking[: round(number(s.within))]:
            return False
        return s.at_least is not None and c.probability.get(s.likely, 0) >= number(s.at_least)
    if s.urgency_from is not None:
        order = c.knowledge.index.urgency.index
        return order(c.level) <= order(s.urgency_from)
    if s.all_of:
        return all(holds(part, c) for part in s.all_of)
    if s.any_of:
        return any(holds(part, c) for part in s.any_of)
    if s.none_of:
        return not any(holds(part, c) for part in s.none_of)
    return sum(holds(part, c) for part in s.count_of) >= number(s.count or "")


def _pregnancy(wanted: str, c: Circumstances) -> bool:
    """``stated``: pregnancy is known. ``possible``: nobody said, and age and sex allow it."""
    if wanted == "stated":
        return "pregnancy" in c.answers.present
    age, number = c.patient.age_years, c.knowledge.number
    if c.answers.asked("pregnancy") or c.patient.sex == "male":
        return False
    return age is None or number("childbearing_age_from") <= age < number("childbearing_age_until")
