"""What speaks against the medicines that each of many patients takes; the twin of ``taken_medicines.taken_verdicts``.

What is said of a medicine depends only on which conditions of the rules about it hold, and few combinations occur: each is
resolved once. Conditions over the lists of medicines and allergies are judged once for each pair of lists, by the same code
as for one patient; conditions over everything else as columns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from backspasm.advice.kidney import estimated_egfr
from backspasm.advice.many.crowd import Crowd
from backspasm.advice.many.ragged import Ragged, ragged, row_keys, starts_of
from backspasm.advice.prescribing import ITSELF, Reason, holds, patient_facts, verdict_of
from backspasm.advice.taken_medicines import rules_about
from backspasm.inference.columns import SEXES, Flags
from backspasm.inference.model import Model
from backspasm.patients.answers import Answers
from backspasm.patients.medicines import taken
from backspasm.patients.patient import Patient
from backspasm.records.treatment_types import PatientCondition, PrescribingRule, Verdict

#: pairs of lists, and combinations of conditions, that are remembered
MOST_KEPT = 65_536
Words = tuple[str, ...]


class Taken(Struct, frozen=True):
    """A medicine on a list, and which conditions over the lists hold of the rules about it."""

    medicine: str
    on_lists: tuple[bool, ...]


@dataclass(frozen=True)
class Against:
    """For each verdict the reasons of every patient, in order: positions in ``entries``, each as ``medicine:rule``."""

    entries: tuple[str, ...]
    avoid: Ragged
    caution: Ragged


@dataclass(frozen=True)
class _About:
    """Rules about one medicine that is taken, each with the treatment that it is asked about; their conditions over the
    lists, and over everything else (positions in ``_conditions``)."""

    rules: tuple[tuple[PrescribingRule, str], ...]
    lists: tuple[tuple[PatientCondition, str], ...]
    others: tuple[int, ...]


def taken_against(crowd: Crowd) -> Against:
    """What speaks against what is taken already: medicines that must not be taken on, and those that ask for care."""
    people, model = crowd.people, crowd.model
    medications, allergies = people.medications, people.allergies
    rows = np.flatnonzero(np.array([bool(names) for names in medications.kept], dtype=bool)[medications.place])
    pair = medications.place[rows] * len(allergies.kept) + allergies.place[rows]
    pairs, which = np.unique(pair, return_inverse=True)
    lists = [
        _taken(medications.kept[p // len(allergies.kept)], allergies.kept[p % len(allergies.kept)], model)
        for p in pairs.tolist()
    ]
    kinds: dict[Taken, int] = {}
    own = ragged([kinds.setdefault(t, len(kinds)) for t in names] for names in lists).take(which.reshape(-1))
    # one row for each medicine of each patient: its kind, and which of the other conditions hold
    places, kind_of = np.repeat(rows, np.diff(own.starts)), own.values
    held, masks = _held(crowd, list(kinds))
    keys = np.concatenate([kind_of.astype(">u4")[:, None].view(np.uint8), held[places] & masks[kind_of]], axis=1)
    cases, case = np.unique(row_keys(keys), return_inverse=True)
    named = list(kinds)
    found = [_verdict(named[int.from_bytes(k[:4], "big")], k[4:], model) for k in (c.tobytes() for c in cases)]
    words: dict[str, int] = {}
    counts = np.zeros(len(crowd), dtype=np.intp)
    counts[rows] = np.diff(own.starts)
    starts = starts_of(counts)

    def of(verdict: Verdict) -> Ragged:
        each = ragged([words.setdefault(e, len(words)) for e in es] if v == verdict else [] for v, es in found)
        return each.take(case.reshape(-1)).joined(starts)

    avoid, caution = of("avoid"), of("caution")
    return Against(tuple(words), avoid, caution)


@lru_cache(maxsize=MOST_KEPT)
def _taken(medications: Words, allergies: Words, model: Model) -> tuple[Taken, ...]:
    """Every medicine on a list, in order, with what the lists say of it."""
    # no condition over lists is a negation, and each is met by one medicine or one allergy
    own = taken(medications, model.knowledge)
    out = []
    for medicine in own:
        each = [_met_by(medicine, other, None, model) for other in own]
        each += [_met_by(medicine, None, allergy, model) for allergy in allergies]
        out.append(Taken(medicine, tuple(map(any, zip(*each, strict=True)))))
    return tuple(out)


@lru_cache(maxsize=MOST_KEPT)
def _met_by(medicine: str, other: str | None, allergy: str | None, model: Model) -> tuple[bool, ...]:
    """Which conditions over lists, of the rules about a medicine, one other medicine or one allergy meets."""
    patient = Patient(None, allergies=() if allergy is None else (allergy,))
    facts = patient_facts(patient, _NOTHING, model.knowledge)
    if other is not None:
        facts = structs.replace(facts, taken={other: other})
    lists = _about(medicine, model).lists
    return tuple(holds(c, facts, treatment, model.knowledge) is not None for c, treatment in lists)


_NOTHING = Answers((), (), {}, (), (), (), ())


@lru_cache(maxsize=4096)
def _about(medicine: str, model: Model) -> _About:
    # taken already: that speaks against proposing it, not against taking it
    rules = tuple((r, t) for r, t in rules_about(medicine, model.knowledge) if r.when.medicine != ITSELF)
    place = {condition: i for i, condition in enumerate(_conditions(model))}
    lists: dict[tuple[PatientCondition, str], None] = {}
    others: set[int] = set()
    for rule, treatment in rules:
        for leaf in _leaves(rule.when):
            if _of_lists(leaf):
                lists[leaf, treatment] = None
            else:
                others.add(place[leaf])
    return _About(rules, tuple(lists), tuple(sorted(others)))


def _of_lists(leaf: PatientCondition) -> bool:
    return leaf.medicine is not None or leaf.allergy is not None


def _leaves(condition: PatientCondition) -> Iterator[PatientCondition]:
    parts = (*condition.all_of, *condition.any_of)
    if not parts:
        yield condition
    for part in parts:
        yield from _leaves(part)


@lru_cache(maxsize=8)
def _conditions(model: Model) -> tuple[PatientCondition, ...]:
    """Every condition that looks at something else than the lists of medicines and allergies."""
    every = (leaf for rule in model.knowledge.prescribing.values() for leaf in _leaves(rule.when))
    return tuple(dict.fromkeys(leaf for leaf in every if not _of_lists(leaf)))


def _held(crowd: Crowd, kinds: list[Taken]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Which conditions hold for each patient, and which matter to each medicine, as bits: (n, B) and (kinds, B)."""
    conditions = _conditions(crowd.model)
    matters = np.zeros((len(kinds), len(conditions)), dtype=bool)
    for i, kind in enumerate(kinds):
        matters[i, list(_about(kind.medicine, crowd.model).others)] = True
    held = np.zeros((len(conditions), len(crowd)), dtype=bool)
    ask = _Asking(crowd)
    for c in np.flatnonzero(matters.any(axis=0)).tolist():
        held[c] = ask.holds(conditions[c])
    return np.packbits(held, axis=0).T, np.packbits(matters, axis=1)


@lru_cache(maxsize=MOST_KEPT)
def _verdict(taken: Taken, bits: bytes, model: Model) -> tuple[Verdict | None, tuple[str, ...]]:
    """The verdict on a medicine, and its reasons, where such conditions hold; None where nothing speaks against it."""
    about, conditions = _about(taken.medicine, model), _conditions(model)
    held = np.unpackbits(np.frombuffer(bits, dtype=np.uint8))[: len(conditions)].tolist()
    true_of = {condition: bool(holds) for condition, holds in zip(conditions, held, strict=True)}
    on_lists = dict(zip(about.lists, taken.on_lists, strict=True))

    def met(condition: PatientCondition, treatment: str) -> bool:
        if condition.all_of:
            return all(met(part, treatment) for part in condition.all_of)
        if condition.any_of:
            return any(met(part, treatment) for part in condition.any_of)
        return on_lists[condition, treatment] if _of_lists(condition) else true_of[condition]

    reasons = [
        Reason(rule.id, rule.verdict, rule.strength, rule.because, (), rule.sources)
        for rule, treatment in about.rules
        if met(rule.when, treatment)
    ]
    if not reasons:
        return None, ()
    found = verdict_of(taken.medicine, reasons)
    return found.verdict, tuple(f"{found.treatment}:{r.rule}" for r in found.reasons if r.verdict == found.verdict)


class _Asking:
    """Conditions of prescribing asked of a crowd; the twin of ``prescribing.holds``."""

    def __init__(self, crowd: Crowd) -> None:
        self.crowd, self.knowledge = crowd, crowd.model.knowledge
        self.egfr = _egfr(crowd)

    def holds(self, c: PatientCondition) -> Flags:
        """For whom it holds. Unknown makes nothing hold."""
        crowd, number = self.crowd, self.knowledge.number_at
        if c.finding is not None:
            return crowd.present(c.finding)
        if c.measured is not None:
            return self._measured(c)
        if c.comorbidity is not None:
            return crowd.has(c.comorbidity)
        if c.egfr_below is not None:
            return np.asarray(self.egfr < number(c.egfr_below))
        if c.age_under is not None or c.age_from is not None:
            young = crowd.nobody if c.age_under is None else crowd.age < number(c.age_under)
            old = crowd.nobody if c.age_from is None else crowd.age >= number(c.age_from)
            return np.asarray(young | old)
        pregnant = crowd.present("pregnancy")
        if c.pregnant_from_week is None:
            return pregnant
        weeks = crowd.people.weeks  # not known: the safe reading, it may be late
        return np.asarray(pregnant & (np.isnan(weeks) | (weeks >= number(c.pregnant_from_week))))

    def _measured(self, c: PatientCondition) -> Flags:
        value = self.crowd.measured(c.measured or "")
        if value is None:
            return self.crowd.nobody
        out = ~np.isnan(value)
        if c.at_least is not None:
            out &= value >= self.knowledge.number_at(c.at_least)
        if c.at_most is not None:
            out &= value <= self.knowledge.number_at(c.at_most)
        return out


def _egfr(crowd: Crowd) -> NDArray[np.float64]:
    """As ``kidney.kidney_function``: measured, or estimated from creatinine in adults; NaN where neither is known."""
    number = crowd.model.knowledge.number
    measured, creatinine = crowd.measured("egfr"), crowd.measured("creatinine")
    out = np.full(len(crowd), np.nan) if measured is None else measured.copy()
    if creatinine is None:
        return out
    adult = crowd.age >= number("child_under")
    missing = np.isnan(out) & ~np.isnan(creatinine) & adult
    for sex in (*SEXES, "unknown"):
        rows = np.flatnonzero(missing & crowd.people.of_sex(sex))
        out[rows] = estimated_egfr(creatinine[rows], crowd.age[rows], sex, crowd.model.knowledge)
    return out
