"""What speaks for and against something that is about to be ordered: a medicine, or an image of the back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct

from backspasm.advice.consultation import Consultation
from backspasm.advice.investigations import Advice
from backspasm.advice.prescribing import NotChecked, PatientFacts, TreatmentVerdict, not_checked, verdict_of
from backspasm.advice.taken_medicines import TakenVerdict, reasons_against, taken_verdicts
from backspasm.advice.treatments import Considered, HeldBack
from backspasm.records.knowledge import Knowledge
from backspasm.records.treatment_types import PatientCondition

#: classes of medicines for back pain: what is ordered of them is judged even where no rule speaks against it
BACK_CLASSES = frozenset({"nsaid", "topical_nsaid", "muscle_relaxant", "opioid"})
#: the class of which a member that is no treatment of ours is judged by those that are
STANDS_FOR = "opioid"
#: medicines and classes that rules look for, by digest of the knowledge
_NAMED: dict[str, frozenset[str]] = {}


class MedicineVerdict(Struct, frozen=True):
    """One ordered ingredient.

    ``against``: what speaks against it; ``upset``: medicines taken already against which it newly speaks; ``not_advised``: it is no
    treatment of what this patient probably has; ``held_back``: the cause comes first; ``instead``: what may be given in its place,
    the best first; ``not_checked``: hazards that are not known.
    """

    medicine: str
    against: TreatmentVerdict | None
    upset: tuple[TakenVerdict, ...]
    not_advised: Considered | None
    held_back: HeldBack | None
    instead: tuple[Considered, ...]
    not_checked: tuple[NotChecked, ...]


class ImagingVerdict(Struct, frozen=True):
    """``own``: the advice on what is ordered, None where no rule speaks of it; ``better``: the test that is indicated instead."""

    own: Advice | None
    better: Advice | None


def for_back_pain(medicine: str, knowledge: Knowledge) -> bool:
    """Whether a medicine is given for back pain: it is of such a class, or one of our treatments."""
    treats = any(medicine in t.medicines for t in knowledge.treatments.values())
    return treats or bool(BACK_CLASSES.intersection(knowledge.medicines[medicine].classes))


def concerns_us(medicine: str, knowledge: Knowledge) -> bool:
    """Whether a rule may speak of a medicine: it is for back pain, or some rule looks whether it is taken."""
    named = _NAMED.get(knowledge.digest)
    if named is None:
        named = frozenset(n for rule in knowledge.prescribing.values() for n in _named(rule.when))
        _NAMED.clear()
        _NAMED[knowledge.digest] = named
    return for_back_pain(medicine, knowledge) or bool(named & {medicine, *knowledge.medicines[medicine].classes})


def _named(condition: PatientCondition) -> Iterator[str]:
    """Medicines and classes that a condition looks for."""
    if condition.medicine is not None:
        yield condition.medicine
    for part in (*condition.all_of, *condition.any_of):
        yield from _named(part)


def judge_medicine(
    medicine: str, together: dict[str, str], c: Consultation, about_back: bool, knowledge: Knowledge
) -> MedicineVerdict:
    """Judge an ingredient that is about to be ordered.

    Args:
        medicine: id of the ingredient.
        together: other ingredients ordered at the same time, with their names; they count as taken.
        about_back: whether the order is for a painful back; else nothing is said of what helps.
    """
    facts = msgspec.structs.replace(c.facts, taken=c.facts.taken | together)
    reasons = reasons_against(medicine, facts, knowledge)
    treatment = _treatment(medicine, knowledge)
    ours = for_back_pain(medicine, knowledge)
    return MedicineVerdict(
        medicine=medicine,
        against=verdict_of(medicine, reasons) if reasons else None,
        upset=_upset(medicine, facts, knowledge),
        not_advised=_not_advised(medicine, c, knowledge) if about_back else None,
        held_back=next((h for h in c.treatments.held_back if h.treatment == treatment), None) if about_back else None,
        instead=_instead(medicine, c, knowledge) if about_back and ours else (),
        not_checked=not_checked(c.facts, knowledge, (treatment,), {}) if treatment else _unknown(c, knowledge),
    )


def _treatment(medicine: str, knowledge: Knowledge) -> str | None:
    return next((t.id for t in knowledge.treatments.values() if medicine in t.medicines), None)


def _unknown(c: Consultation, knowledge: Knowledge) -> tuple[NotChecked, ...]:
    """For a medicine that is none of our treatments: what is unknown whatever is ordered."""
    return tuple(n for n in not_checked(c.facts, knowledge, (), {}) if n.hazard in {"medicines", "allergy", "age"})


def _upset(medicine: str, facts: PatientFacts, knowledge: Knowledge) -> tuple[TakenVerdict, ...]:
    """Verdicts on what is taken already that were not there, or milder, without the new medicine."""
    if medicine in facts.taken:
        return ()
    before = {t.verdict.treatment: {r.rule for r in t.verdict.reasons} for t in taken_verdicts(facts, knowledge)}
    name = knowledge.medicines[medicine].id.replace("_", " ")
    after = taken_verdicts(msgspec.structs.replace(facts, taken=facts.taken | {medicine: name}), knowledge)
    out = []
    for taken in after:
        treatment = taken.verdict.treatment
        new = tuple(r for r in taken.verdict.reasons if r.rule not in before.get(treatment, ()))
        if treatment != medicine and new:
            out.append(TakenVerdict(taken.name, verdict_of(treatment, new)))
    return tuple(out)


def _not_advised(medicine: str, c: Consultation, knowledge: Knowledge) -> Considered | None:
    """The advice against a treatment with this medicine; an opioid without a record of its own is judged as opioids are."""
    own = {t.id for t in knowledge.treatments.values() if medicine in t.medicines}
    if not own and STANDS_FOR in knowledge.medicines[medicine].classes:
        own = {
            t.id
            for t in knowledge.treatments.values()
            if any(STANDS_FOR in knowledge.medicines[m].classes for m in t.medicines)
        }
    return next((n for n in c.treatments.not_advised if n.treatment in own), None)


def _instead(medicine: str, c: Consultation, knowledge: Knowledge) -> tuple[Considered, ...]:
    """Treatments to consider that share no class with the medicine, need no care and are no last resort."""
    classes = BACK_CLASSES.intersection(knowledge.medicines[medicine].classes)
    out = []
    for considered in c.treatments.consider:
        medicines = knowledge.treatments[considered.treatment].medicines
        shared = any(classes.intersection(knowledge.medicines[m].classes) for m in medicines)
        if not shared and medicine not in medicines and considered.verdict is None and considered.use.role != "last":
            out.append(considered)
    return tuple(out)


def judge_image(test: str, c: Consultation) -> ImagingVerdict:
    """Judge an image that is about to be ordered, by the advice on tests for this patient."""
    found = {a.test: a for a in c.investigations}
    own = found.get(test)
    better = found.get(own.part_of) if own is not None and own.part_of else None
    if better is None and (own is None or own.verdict == "not_indicated"):
        better = next((a for a in _images(c.investigations) if a.verdict == "indicated" and a.test != test), None)
    return ImagingVerdict(own, better)


#: images of the back among the investigations
IMAGES = ("mri_lumbar", "mri_whole_spine", "ct_spine", "radiograph", "bone_scan", "sacroiliac_mri")


def _images(investigations: Iterable[Advice]) -> Iterable[Advice]:
    return (a for a in investigations if a.test in IMAGES)
