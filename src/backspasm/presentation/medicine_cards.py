"""Cards on a medicine that is about to be ordered: what speaks against it, and whether it helps at all."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from backspasm.advice.orders import MedicineVerdict
from backspasm.advice.prescribing import STRICTNESS, Reason
from backspasm.advice.treatments import Considered
from backspasm.patients.from_fhir.orders import MedicineOrder
from backspasm.patients.from_fhir.today import Today
from backspasm.presentation.card_types import Action, Indicator, Said, Suggestion, summarised
from backspasm.presentation.fhir.names import SYSTEMS
from backspasm.presentation.rendering import rendered
from backspasm.presentation.sources import cited
from backspasm.presentation.treatments import treatment_name
from backspasm.presentation.words import lower_first, plain
from backspasm.records.knowledge import Knowledge
from backspasm.records.treatment_types import Strength

LOUDNESS: dict[Strength, Indicator] = {
    "contraindicated": "critical",
    "advised_against": "warning",
    "caution": "info",
    "lower_dose": "info",
}
STRENGTH: dict[Strength, str] = {
    "contraindicated": "contraindicated",
    "advised_against": "advised against",
    "caution": "with care",
    "lower_dose": "in a lower dose",
}
#: how many treatments are offered in place of the ordered one
OFFERED = 3
#: what of the patient made a rule hold and changes by itself as time goes by
_OF_TIME = "age "


class Against(Struct, frozen=True):
    """One reason, and what it speaks against: the order itself, or a medicine that is taken."""

    about: str
    reason: Reason


def medicine_cards(
    order: MedicineOrder,
    judged: tuple[MedicineVerdict, ...],
    today: Today,
    unseen: tuple[str, ...],
    knowledge: Knowledge,
) -> tuple[Said, ...]:
    """What is to be said of one order, whose ingredients were judged one by one."""
    safety = _safety(order, judged, today, unseen, knowledge)
    # what was not checked stands on one card, not on both
    rest = judged if safety is None else tuple(msgspec.structs.replace(j, not_checked=()) for j in judged)
    choice = _choice(order, rest, unseen, knowledge)
    return tuple(card for card in (safety, choice) if card is not None)


def _safety(
    order: MedicineOrder,
    judged: tuple[MedicineVerdict, ...],
    today: Today,
    unseen: tuple[str, ...],
    knowledge: Knowledge,
) -> Said | None:
    against = _against(order, judged)
    if not against:
        return None
    strictest = against[0].reason.strength
    barred = strictest in {"contraindicated", "advised_against"}
    instead = next((j.instead for j in judged if j.instead), ()) if barred else ()
    met = "; ".join(dict.fromkeys(w for a in against if a.reason.strength == strictest for w in _met(a, order)))
    own = {"against": [_line(a) for a in against]}
    detail = _detail("card_medicine.md.j2", order, judged, instead, unseen, knowledge, own)
    return Said(
        topic="medicine-safety",
        indicator=LOUDNESS[strictest],
        summary=summarised(f"{order.name}: {STRENGTH[strictest]}: {met}"),
        detail=detail,
        basis=(*_medicines(judged), *sorted(f"{a.reason.rule}:{_lasting(a.reason)}" for a in against)),
        orders=(order.reference,),
        suggestions=_suggestions(order, instead, today, knowledge) if barred else (),
    )


def _against(order: MedicineOrder, judged: tuple[MedicineVerdict, ...]) -> list[Against]:
    """Every reason once, the strictest first."""
    found = [Against(order.name, r) for j in judged if j.against for r in j.against.reasons]
    found += [Against(t.name, r) for j in judged for t in j.upset for r in t.verdict.reasons]
    unique: dict[tuple[str, str], Against] = {}
    for one in found:
        unique.setdefault((one.about, one.reason.because), one)
    return sorted(unique.values(), key=lambda a: STRICTNESS.index(a.reason.strength))


def _met(a: Against, order: MedicineOrder) -> tuple[str, ...]:
    """What of the patient makes the reason hold: for a medicine that is taken, that medicine."""
    return a.reason.met if a.about == order.name else (f"takes {a.about}",)


def _lasting(reason: Reason) -> str:
    return ",".join(w for w in reason.met if not w.startswith(_OF_TIME))


def _line(a: Against) -> dict[str, Any]:
    r = a.reason
    return {
        "about": a.about,
        "strength": STRENGTH[r.strength],
        "because": r.because,
        "met": r.met,
        "sources": r.sources,
    }


def _choice(
    order: MedicineOrder, judged: tuple[MedicineVerdict, ...], unseen: tuple[str, ...], knowledge: Knowledge
) -> Said | None:
    """That the cause comes first, or that the medicine does not help with what the patient probably has."""
    held = next((j.held_back for j in judged if j.held_back), None)
    not_advised = next((j.not_advised for j in judged if j.not_advised), None)
    if held is None and not_advised is None:
        return None
    because = held.because if held else not_advised.use.because if not_advised else ""
    summary = (
        f"{order.name}: {'treat the cause first' if held else 'not advised for this pain'}; {lower_first(because)}"
    )
    instead = next((j.instead for j in judged if j.instead), ())
    sources = () if held or not_advised is None else not_advised.use.sources
    own = {"held": held is not None, "because": because, "sources": sources}
    detail = _detail("card_choice.md.j2", order, judged, instead, unseen, knowledge, own)
    return Said(
        topic="treatment-choice",
        indicator="warning" if held else "info",
        summary=summarised(summary),
        detail=detail,
        basis=(*_medicines(judged), "held back" if held else "not advised", because),
        orders=(order.reference,),
        suggestions=(_removal(order, recommended=False),) if held else (),
    )


def _detail(
    template: str,
    order: MedicineOrder,
    judged: tuple[MedicineVerdict, ...],
    instead: tuple[Considered, ...],
    unseen: tuple[str, ...],
    knowledge: Knowledge,
    own: dict[str, Any],
) -> str:
    """The body of a card; ``own``: what it has beside what every card on a medicine has."""
    page = rendered(
        template,
        name=order.name,
        instead=[_instead(i, knowledge) for i in instead],
        not_checked=list(dict.fromkeys(n.what for j in judged for n in j.not_checked)),
        unseen=unseen,
        study=partial(cited, knowledge=knowledge),
        **own,
    )
    return page.decode()


def _medicines(judged: tuple[MedicineVerdict, ...]) -> tuple[str, ...]:
    return tuple(sorted(j.medicine for j in judged))


def _instead(c: Considered, knowledge: Knowledge) -> tuple[str, str]:
    return treatment_name(c.treatment, knowledge), c.use.because


def _suggestions(
    order: MedicineOrder, instead: tuple[Considered, ...], today: Today, knowledge: Knowledge
) -> tuple[Suggestion, ...]:
    """To remove the order, or to replace it by a medicine that nothing known speaks against."""
    drugs = [i for i in instead if knowledge.treatments[i.treatment].kind == "drug"][:OFFERED]
    replaced = []
    for place, drug in enumerate(drugs):
        name = treatment_name(drug.treatment, knowledge)
        actions = (_delete(order), _create(drug, today, knowledge))
        replaced.append(Suggestion(f"Replace it by {name}", is_recommended=place == 0 or None, actions=actions))
    return (*replaced, _removal(order, recommended=not replaced))


def _removal(order: MedicineOrder, recommended: bool) -> Suggestion:
    return Suggestion("Remove the order", is_recommended=recommended or None, actions=(_delete(order),))


def _delete(order: MedicineOrder) -> Action:
    return Action("delete", f"Remove the order of {order.name}", resource_id=order.reference)


def _create(c: Considered, today: Today, knowledge: Knowledge) -> Action:
    """A proposal without a dose: that is the prescriber's."""
    record = knowledge.treatments[c.treatment]
    codes = [code for m in record.medicines for code in knowledge.medicines[m].rxnorm[:1]]
    concept: dict[str, Any] = {"text": record.name}
    if codes:
        concept["coding"] = [{"system": SYSTEMS["rxnorm"], "code": codes[0], "display": plain(record.medicines[0])}]
    resource = {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "proposal",
        "medicationCodeableConcept": concept,
        "subject": {"reference": today.reference},
    }
    return Action("create", f"Order {record.name}; the dose is yours", resource)
