"""Cards for an EHR: an assessed patient and what is about to be ordered in, what is to be said out. Nothing to say, no card."""

from __future__ import annotations

from functools import partial
from typing import Any

from backspasm.advice.consultation import Consultation
from backspasm.advice.investigations import Advice
from backspasm.advice.orders import ImagingVerdict
from backspasm.patients.from_fhir.orders import ImagingOrder
from backspasm.patients.from_fhir.today import Today
from backspasm.presentation import words
from backspasm.presentation.card_types import Action, Indicator, Said, Suggestion, summarised
from backspasm.presentation.plan import WHEN
from backspasm.presentation.rendering import rendered
from backspasm.presentation.sources import cited
from backspasm.records.care_types import When
from backspasm.records.knowledge import Knowledge

#: the urgency from which a record's opening is interrupted, and how loudly
LOUDNESS: dict[str, Indicator] = {"emergency": "critical", "same_day": "critical", "urgent": "warning"}
#: FHIR priority of an order that is due so soon
PRIORITY: dict[When, str] = {"now": "stat", "today": "urgent"}
#: priorities from the calmest on; an order without one is routine
PRIORITIES = ("routine", "urgent", "asap", "stat")
#: how much a card shows before it counts the rest
FLAGS, CAUSES, TESTS, QUESTIONS = 5, 3, 3, 8


def urgency_card(c: Consultation, today: Today, unseen: tuple[str, ...], knowledge: Knowledge) -> Said | None:
    """Red flags and urgency of a patient with back pain; None where the record holds no back pain, or nothing presses.

    Args:
        unseen: what of the record could not be looked at, in words.
    """
    flags = [f for f in c.triage.red_flags if f.rule.urgency in LOUDNESS]
    loudness = _loudness(c, bool(flags))
    if not today.about_back or loudness is None:
        return None
    tests = [a for a in c.investigations if a.verdict == "indicated" and a.when in PRIORITY and not a.part_of]
    causes = sorted(((c.probabilities[x], x) for x in knowledge.causes), reverse=True)[:CAUSES]
    label, meaning = words.URGENCY[c.triage.level]
    named = ", ".join(words.lower_first(f.rule.name) for f in flags)
    what = f"back pain with {named}" if named else "no single red flag, but what is known together asks for it"
    due = f" {knowledge.investigations[tests[0].test].name}: {WHEN[tests[0].when or 'planned']}." if tests else ""
    head = summarised(f"{label}: {what}")
    whole = summarised(f"{label}: {what}.{due}")
    detail = rendered(
        "card_urgency.md.j2",
        meaning=meaning,
        flags=[(f.rule.name, f.rule.plain, _names(f.findings, c, knowledge), f.rule.sources) for f in flags[:FLAGS]],
        more=len(flags) - FLAGS,
        raised=c.triage.level != c.triage.floor,
        tests=[_test(a, knowledge) for a in tests[:TESTS]],
        causes=[(words.cause_name(x, knowledge), words.chance(p)) for p, x in causes],
        not_asked=_asked(c, knowledge),
        unseen=unseen,
        study=partial(cited, knowledge=knowledge),
    ).decode()
    return Said(
        topic="red-flags",
        indicator=loudness,
        summary=whole if not whole.endswith("…") else head,
        detail=detail,
        basis=(c.triage.level, *(f"{f.rule.id}:{','.join(f.findings)}" for f in flags)),
        suggestions=tuple(_propose(a, today, knowledge) for a in tests[:TESTS]),
        selection_behavior="any",
    )


def _loudness(c: Consultation, flagged: bool) -> Indicator | None:
    """How loud, if at all. Probabilities alone never shout; and where little was asked, base rates alone say nothing."""
    if c.triage.level not in LOUDNESS:
        return None
    if not flagged and LOUDNESS[c.triage.level] == "warning" and c.not_asked:
        return None
    return LOUDNESS.get(c.triage.floor, "warning")


def imaging_card(
    order: ImagingOrder,
    verdict: ImagingVerdict,
    c: Consultation,
    today: Today,
    draft: dict[str, Any],
    unseen: tuple[str, ...],
    knowledge: Knowledge,
) -> Said | None:
    """Whether an image of the back is indicated, and why; None where no rule speaks of it.

    Args:
        draft: the order as it came, for a suggestion to change it.
    """
    own, better = verdict.own, verdict.better
    name = order.name or knowledge.investigations[order.test].name
    reasoned = bool(order.reason.concepts or order.reason.references)
    if better is not None and (own is None or own.verdict == "not_indicated" or own.part_of):
        return _replaced(order, name, better, c, today, unseen, knowledge)
    if own is None:
        return None
    if own.verdict == "not_indicated":
        # somebody suspects what must not be missed, or the image is for something else: that is not ours to argue with
        if today.serious or (reasoned and not today.about_back):
            return None
        known = not c.not_asked and today.about_back
        summary = f"{name}: {'not indicated' if known else 'no reason for it in the record'}; {own.because[0]}"
        remove = Suggestion("Remove the order", is_recommended=known or None, actions=(_delete(order.reference, name),))
        said = (remove,)
        return _imaged(order, "warning" if known else "info", summary, own, c, unseen, said, knowledge)
    if own.verdict == "consider":
        return _imaged(order, "info", f"{name}: to be considered; {own.because[0]}", own, c, unseen, (), knowledge)
    due = PRIORITY.get(own.when) if own.when else None
    if due is not None and _calmer(order.priority, due):
        summary = f"{name}: indicated {WHEN[own.when or 'planned']}, ordered as {order.priority or 'routine'}; {own.because[0]}"
        faster = Action("update", f"Set the priority of the order to {due}", draft | {"priority": due})
        said = (Suggestion(f"Order it as {due}", is_recommended=True, actions=(faster,)),)
        return _imaged(order, "critical" if due == "stat" else "warning", summary, own, c, unseen, said, knowledge)
    loudness: Indicator = "warning" if own.cautions else "info"
    when = f" {WHEN[own.when]}" if own.when else ""
    return _imaged(order, loudness, f"{name}: indicated{when}; {own.because[0]}", own, c, unseen, (), knowledge)


def _calmer(given: str | None, due: str) -> bool:
    place = PRIORITIES.index(given) if given in PRIORITIES else 0
    return place < PRIORITIES.index(due)


def _replaced(
    order: ImagingOrder,
    name: str,
    better: Advice,
    c: Consultation,
    today: Today,
    unseen: tuple[str, ...],
    knowledge: Knowledge,
) -> Said:
    wanted = knowledge.investigations[better.test].name
    when = WHEN[better.when or "planned"]
    replace = Suggestion(
        f"Replace it by {wanted}",
        is_recommended=True,
        actions=(_delete(order.reference, name), _create(better, today, knowledge)),
    )
    loudness: Indicator = "critical" if better.when == "now" else "warning"
    summary = f"{wanted} is indicated ({when}) instead: {better.because[0]}"
    return _imaged(order, loudness, summary, better, c, unseen, (replace,), knowledge)


def _imaged(
    order: ImagingOrder,
    indicator: Indicator,
    summary: str,
    advice: Advice,
    c: Consultation,
    unseen: tuple[str, ...],
    suggestions: tuple[Suggestion, ...],
    knowledge: Knowledge,
) -> Said:
    flags = [f.rule.name for f in c.triage.red_flags if f.rule.urgency in LOUDNESS]
    detail = rendered(
        "card_imaging.md.j2",
        test=_test(advice, knowledge),
        asked=advice.verdict,
        flags=flags[:FLAGS],
        known=[words.said(f, c.triage.answers, knowledge) for f in advice.known],
        then=advice.if_negative if advice.verdict != "not_indicated" else "",
        not_asked=_asked(c, knowledge),
        unseen=unseen,
        study=partial(cited, knowledge=knowledge),
    ).decode()
    return Said(
        topic="imaging",
        indicator=indicator,
        summary=summarised(summary),
        detail=detail,
        basis=(order.test, advice.test, advice.verdict, advice.when or "", *advice.rules),
        orders=(order.reference,),
        suggestions=suggestions,
    )


def _test(a: Advice, knowledge: Knowledge) -> dict[str, Any]:
    return {
        "name": knowledge.investigations[a.test].name,
        "when": WHEN[a.when] if a.when else "",
        "because": a.because,
        "cautions": a.cautions,
        "sources": a.sources,
    }


def _propose(a: Advice, today: Today, knowledge: Knowledge) -> Suggestion:
    name = knowledge.investigations[a.test].name
    return Suggestion(f"Order: {name}, {WHEN[a.when or 'planned']}", actions=(_create(a, today, knowledge),))


def _create(a: Advice, today: Today, knowledge: Knowledge) -> Action:
    """A proposal for a test. It has words and no code: which code a place orders by is the place's."""
    name = knowledge.investigations[a.test].name
    resource = {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "proposal",
        "priority": PRIORITY.get(a.when, "routine") if a.when else "routine",
        "code": {"text": name},
        "subject": {"reference": today.reference},
        "reasonCode": [{"text": because} for because in a.because],
    }
    return Action("create", f"Order {name}", resource)


def _delete(reference: str, name: str) -> Action:
    return Action("delete", f"Remove the order of {name}", resource_id=reference)


def _names(findings: tuple[str, ...], c: Consultation, knowledge: Knowledge) -> str:
    return ", ".join(words.said(f, c.triage.answers, knowledge) for f in findings)


def _asked(c: Consultation, knowledge: Knowledge) -> list[str]:
    """Safety questions without an answer, the first of them by name."""
    named = [words.lower_first(words.finding_name(f, knowledge)) for f in c.not_asked[:QUESTIONS]]
    rest = len(c.not_asked) - len(named)
    return [*named, f"{rest} more"] if rest > 0 else named
