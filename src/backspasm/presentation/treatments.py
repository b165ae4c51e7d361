"""Treatments as data, as a block of the report, and one treatment with its trials."""

from __future__ import annotations

from collections import Counter
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from backspasm.advice.prescribing import NotChecked, TreatmentVerdict
from backspasm.advice.taken_medicines import TakenVerdict
from backspasm.advice.treatments import Considered, TreatmentAdvice
from backspasm.presentation import words
from backspasm.presentation.effects import CERTAINTY, effect_words, leading_fact
from backspasm.presentation.headings import heading
from backspasm.records.knowledge import Knowledge
from backspasm.records.treatment_types import PatientCondition, PrescribingRule, Treatment

PLACES = 6
#: how much the report shows before "and so many more"
SHOWN, AVOID, NAMES, TRIALS = 4, 4, 4, 2
ROLES = {
    "first": "first",
    "second": "second choice",
    "last": "last resort",
    "meanwhile": "meanwhile",
    "not_advised": "not advised",
}
CAUSE_FIRST = "Treat the cause first: only what is safe meanwhile is listed, and no recipe for a strain"
AGE_NOT_STUDIED = "nobody of this age was studied"
BY_VEIN = "While an operation may be needed the patient stays fasted: medicines by vein rather than by mouth."


# --- data ----------------------------------------------------------------------------------------------------------


def treatments_data(advice: TreatmentAdvice, knowledge: Knowledge) -> dict[str, Any]:
    """The contract's `treatments`, with the reasons behind each entry."""
    return {
        "assessed": True,
        "cause_first": {"holds": bool(advice.cause_first), "because": list(advice.cause_first)},
        "stage": advice.stage,
        "consider": [_considered(c, knowledge) for c in advice.consider],
        "not_advised": [
            {"treatment": c.treatment, "because": c.use.because, "sources": list(c.use.sources)}
            for c in advice.not_advised
        ],
        "held_back": [{"treatment": h.treatment, "because": h.because} for h in advice.held_back],
        "avoid": [_verdict(v) for v in advice.avoid],
        "taken": [_taken(t) for t in advice.taken],
        "not_checked": [not_checked_words(n, knowledge) for n in advice.not_checked],
        "disputes": [dispute_data(d, knowledge) for d in advice.disputes],
    }


def _considered(c: Considered, knowledge: Knowledge) -> dict[str, Any]:
    record = knowledge.treatments[c.treatment]
    return {
        "treatment": c.treatment,
        "name": record.name,
        "kind": record.kind,
        "role": c.use.role,
        "for": list(c.causes),
        "probability": None if c.probability is None else round(c.probability, PLACES),
        "because": c.use.because,
        "effects": [_fact(a, knowledge) for a in c.use.effects],
        "certainty": certainty(c, knowledge),
        "harms": [_fact(a, knowledge) for a in record.harms],
        "studied": record.studied,
        "age_studied": c.age_studied,
        "dose": [_fact(a, knowledge) for a in record.dose],
        "advice": [_fact(a, knowledge) for a in record.advice],
        "authorised": [_fact(a, knowledge) for a in record.authorised],
        "verdict": "caution" if c.verdict is not None else "none",
        "cautions": [] if c.verdict is None else [r.because for r in c.verdict.reasons],
        "sources": list(dict.fromkeys((*c.use.sources, *c.use.effects))),
    }


def certainty(c: Considered, knowledge: Knowledge) -> str:
    """Certainty of the leading graded effect, or that none was graded."""
    facts = [found[1] for a in c.use.effects if (found := knowledge.fact(a)) is not None]
    graded = [f.certainty for f in facts if f.certainty not in {None, "not_graded"}]
    return str(graded[0]) if graded else "not_graded"


def _fact(address: str, knowledge: Knowledge) -> dict[str, Any]:
    found = knowledge.fact(address)
    if found is None:
        return {"fact": address}
    study, fact = found
    if fact.kind not in {"treatment_effect", "adverse_event"}:
        return {"fact": address, "says": fact.statement or ""}
    out: dict[str, Any] = {"fact": address, "says": effect_words(fact), "outcome": fact.outcome, "at": fact.at}
    out |= {"measure": fact.measure, "value": fact.value, "low": fact.low, "high": fact.high, "unit": fact.unit}
    out |= {"direction": fact.direction, "certainty": fact.certainty or "not_graded"}
    return out | {"against": fact.against.described if fact.against else None, "population": study.population}


def _verdict(v: TreatmentVerdict) -> dict[str, Any]:
    return {
        "treatment": v.treatment,
        "verdict": v.verdict,
        "because": v.because,
        "sources": list(v.sources),
        "reasons": [
            {
                "rule": r.rule,
                "verdict": r.verdict,
                "strength": r.strength,
                "because": r.because,
                "met": list(r.met),
                "sources": list(r.sources),
            }
            for r in v.reasons
        ],
    }


def _taken(t: TakenVerdict) -> dict[str, Any]:
    out = _verdict(t.verdict)
    return {"name": t.name, "medicine": out.pop("treatment"), **out}


def dispute_data(identifier: str, knowledge: Knowledge) -> dict[str, Any]:
    """A dispute on treatments: what each side says, with its facts, and how it is read here."""
    d = knowledge.treatment_disputes[identifier]
    return {
        "id": d.id,
        "question": d.question,
        "sides": [{"says": s.says, "facts": list(s.facts)} for s in d.sides],
        "why_they_differ": d.why_they_differ,
        "reading": d.reading,
    }


def not_checked_words(n: NotChecked, knowledge: Knowledge) -> str:
    """One unchecked hazard in words, with the treatments that it bears on."""
    if not n.treatments:
        return n.what
    names = [treatment_name(t, knowledge) for t in n.treatments]
    more = f" and {len(names) - NAMES} more" if len(names) > NAMES else ""
    return f"{n.what} (bears on {', '.join(names[:NAMES])}{more})"


# --- the report ----------------------------------------------------------------------------------------------------


def treatment_name(treatment: str, knowledge: Knowledge) -> str:
    return knowledge.treatments[treatment].name


def alike(considered: tuple[Considered, ...], knowledge: Knowledge) -> tuple[tuple[Considered, ...], ...]:
    """Treatments of which the same is said for this patient together (such as two anti-inflammatory drugs), in order."""
    out: dict[object, list[Considered]] = {}
    for c in considered:
        care = () if c.verdict is None else tuple(r.because for r in c.verdict.reasons)
        same = (c.use.role, c.use.because, c.use.effects, c.causes, knowledge.treatments[c.treatment].kind, care)
        out.setdefault(same, []).append(c)
    return tuple(tuple(group) for group in out.values())


def avoided(
    advice: TreatmentAdvice, knowledge: Knowledge
) -> tuple[tuple[tuple[str, ...], tuple[TreatmentVerdict, ...]], ...]:
    """Names and verdicts of treatments that are barred or ask for care, together where the same of the patient is the
    strictest reason; those to avoid first, then the larger groups."""
    grouped: dict[tuple[str, tuple[str, ...]], list[TreatmentVerdict]] = {}
    for v in advice.avoid:
        grouped.setdefault((v.verdict, v.reasons[0].met), []).append(v)
    ordered = sorted(grouped.items(), key=lambda item: (item[0][0] != "avoid", -len(item[1])))
    return tuple((tuple(treatment_name(v.treatment, knowledge) for v in group), tuple(group)) for _, group in ordered)


def treatment_block(advice: TreatmentAdvice, urgency: str, knowledge: Knowledge) -> RenderableType:
    """What to consider, what to avoid and what was not checked, as a part of the report."""
    lines: list[RenderableType] = [heading("Treatments to consider", "`--format html` has all, with trials and harms")]
    if advice.cause_first:
        lines.append(Text(f"  {CAUSE_FIRST}: {'; '.join(advice.cause_first)}.", style="bold"))
        if urgency == knowledge.index.urgency[0]:
            lines.append(Text(f"  {BY_VEIN}"))
    groups = alike(advice.consider, knowledge)
    for group in groups[:SHOWN]:
        lines += _considered_lines(group, knowledge)
    further: dict[str, list[str]] = {}
    for group in groups[SHOWN:]:
        further.setdefault(group[0].use.role, []).extend(treatment_name(c.treatment, knowledge) for c in group)
    for role, names in further.items():
        lines.append(Text(f"  further, {ROLES[role]}: {', '.join(names)}", style="dim"))
    if advice.not_advised:
        against = ", ".join(treatment_name(c.treatment, knowledge) for c in advice.not_advised)
        lines.append(Text(f"  not advised: {against}", style="dim"))
    lines += _avoid_lines(advice, knowledge)
    if advice.not_checked:
        lines.append(heading("Not checked before prescribing"))
        lines += [Text(f"  {n.what}") for n in advice.not_checked]
    return Group(*lines)


def _considered_lines(group: tuple[Considered, ...], knowledge: Knowledge) -> list[RenderableType]:
    """Names and role; why, effect, harm and what asks for care below. Of a group the first stands for all."""
    c = group[0]
    names = ", ".join(treatment_name(x.treatment, knowledge) for x in group)
    for_whom = "" if c.probability is None else f"  for {_causes(c, knowledge)} ({words.chance(c.probability)})"
    head = Text.assemble(f"  {ROLES[c.use.role]:<13} ", (names, "bold"), (for_whom, "dim"))
    told = [c.use.because]
    for label, addresses in (("effect", c.use.effects), ("harm", knowledge.treatments[c.treatment].harms)):
        found = leading_fact(addresses, knowledge)
        if found is not None:
            elsewhere = f" ({AGE_NOT_STUDIED})" if label == "effect" and c.age_studied is False else ""
            told.append(f"{label}: {effect_words(found[1])} [{found[0]}]{elsewhere}")
    if c.verdict is not None:
        told.append("CARE: " + " ".join(dict.fromkeys(r.because for r in c.verdict.reasons[:NAMES])))
    return [head, *(Padding(Text(line), (0, 0, 0, 16)) for line in told)]


def _causes(c: Considered, knowledge: Knowledge) -> str:
    return ", ".join(words.cause_name(x, knowledge) for x in c.causes[:TRIALS])


def _avoid_lines(advice: TreatmentAdvice, knowledge: Knowledge) -> list[RenderableType]:
    """Treatments on one line where the same of the patient speaks against them, with the strictest reasons."""
    if not advice.avoid:
        return []
    lines: list[RenderableType] = [heading("Not for this patient, or with care")]
    groups = avoided(advice, knowledge)
    for names, group in groups[:AVOID]:
        style = "bold white on red" if group[0].verdict == "avoid" else "black on yellow"
        (strictest, count), *others = Counter(v.reasons[0].because for v in group).most_common()
        own = [treatment_name(v.treatment, knowledge) for v in group if v.reasons[0].because == strictest]
        about = f"{count} of these" if count > TRIALS else " and ".join(own)
        more = f" ({about}; the others' reasons are in --format html)" if others else ""
        lines.append(Text.assemble("  ", (f" {group[0].verdict} ", style), (f"  {', '.join(names)}", "bold")))
        met = ", ".join(group[0].reasons[0].met)
        lines.append(Padding(Text(f"{met}: {strictest}{more}"), (0, 0, 0, 12)))
    for verdict in ("avoid", "caution"):
        left = [n for names, group in groups[AVOID:] if group[0].verdict == verdict for n in names]
        if left:
            lines.append(Text(f"  for other reasons, {verdict}: {', '.join(left)}", style="dim"))
    return lines


def dispute_lines(advice: TreatmentAdvice, knowledge: Knowledge) -> list[RenderableType]:
    """Disputed questions about the treatments considered, with how they are read here."""
    lines: list[RenderableType] = []
    for identifier in advice.disputes[:TRIALS]:
        d = knowledge.treatment_disputes[identifier]
        sides = " ".join(f"{s.says} ({len(s.facts)})" for s in d.sides)
        lines += [Text(f"  {d.question}"), Padding(Text.assemble(f"{sides} ", (d.reading, "dim")), (0, 0, 0, 4))]
    rest = [knowledge.treatment_disputes[d].question for d in advice.disputes[TRIALS:]]
    return [*lines, *(Text(f"  {question}") for question in rest)]


# --- one treatment -------------------------------------------------------------------------------------------------


def addresses_of(treatment: Treatment) -> tuple[str, ...]:
    """Every fact that a treatment's record names."""
    own = (*treatment.harms, *treatment.dose, *treatment.advice, *treatment.authorised)
    return (*own, *(a for use in treatment.uses for a in (*use.effects, *use.sources)))


def rule_addresses(rule: PrescribingRule) -> tuple[str, ...]:
    """Every fact or assumption that a rule names, its thresholds among them."""
    return (*rule.sources, *_thresholds(rule.when))


def _thresholds(c: PatientCondition) -> tuple[str, ...]:
    own = (c.at_least, c.at_most, c.egfr_below, c.age_under, c.age_from, c.pregnant_from_week)
    inner = (a for part in (*c.all_of, *c.any_of) for a in _thresholds(part))
    return (*(a for a in own if a is not None), *inner)


def treatment_data(identifier: str, knowledge: Knowledge) -> dict[str, Any]:
    """One treatment with its uses, all its trials, harms, rules and the disputes about it."""
    from backspasm.advice.prescribing import concerned

    record = knowledge.treatments[identifier]
    trials = [
        f"{s.id}/{f.id}"
        for s, f in knowledge.facts()
        if f.kind in {"treatment_effect", "adverse_event"} and identifier in f.treatments
    ]
    guidelines = [
        f"{s.id}/{f.id}" for s, f in knowledge.facts() if f.kind == "recommendation" and identifier in f.treatments
    ]
    return {
        "id": record.id,
        "name": record.name,
        "kind": record.kind,
        "plain": record.plain,
        "studied": record.studied,
        "uses": [
            {
                "for": list(u.causes),
                "stages": list(u.stages),
                "ages": list(u.ages),
                "role": u.role,
                "because": u.because,
                "effects": [_fact(a, knowledge) for a in u.effects],
                "sources": list(u.sources),
            }
            for u in record.uses
        ],
        "harms": [_fact(a, knowledge) for a in record.harms],
        "dose": [_fact(a, knowledge) for a in record.dose],
        "advice": [_fact(a, knowledge) for a in (*record.advice, *record.authorised)],
        "trials": [_fact(a, knowledge) for a in trials],
        "guidelines": [_fact(a, knowledge) for a in guidelines],
        "rules": [
            {"rule": r.id, "verdict": r.verdict, "because": r.because, "sources": list(r.sources)}
            for r in knowledge.prescribing.values()
            if identifier in concerned(r, knowledge)
        ],
        "disputes": [
            dispute_data(d.id, knowledge) for d in knowledge.treatment_disputes.values() if identifier in d.treatments
        ],
    }


def print_treatment(data: dict[str, Any], console: Console) -> None:
    """Print one treatment."""
    console.print(Text.assemble((data["id"], "bold green"), f"  {data['name']} ({data['kind']})"))
    console.print(Text(data["plain"]))
    console.print(Text(f"studied in: {data['studied']}", style="dim"))
    for use in data["uses"]:
        scope = ", ".join(words.plain(x) for x in (*use["for"], *use["stages"], *use["ages"])) or "any cause"
        console.print(Text.assemble(f"  {ROLES[use['role']]}: ", (use["because"], "bold"), (f"  ({scope})", "dim")))
    for title, key in (
        ("Dose", "dose"),
        ("Advice", "advice"),
        ("Trials and reviews", "trials"),
        ("Harms shown with it", "harms"),
        ("Guidelines", "guidelines"),
    ):
        if data[key]:
            console.print(Text(f"\n{title}", style="bold"))
        for fact in data[key]:
            console.print(Text.assemble(("  " + fact["fact"], "green"), f"  {fact.get('says', '')}"))
    for d in data["disputes"]:
        print_dispute(d, console)
    if data["rules"]:
        console.print(Text("\nRules of safe prescribing", style="bold"))
    for r in data["rules"]:
        sources = ", ".join(r["sources"])
        console.print(Text.assemble(f"  {r['verdict']:<8} ", r["because"], (f"  {sources}", "green")))


def print_dispute(d: dict[str, Any], console: Console) -> None:
    """Print a dispute on treatments."""
    console.print(Text(f"\nDisputed: {d['question']}", style="bold"))
    for side in d["sides"]:
        console.print(Text.assemble(f"  {side['says']} ", (", ".join(side["facts"]), "green")))
    console.print(Text(f"  why they differ: {d['why_they_differ']}", style="dim"))
    console.print(Text(f"  {d['reading']}"))


__all__ = [
    "CERTAINTY",
    "addresses_of",
    "dispute_data",
    "print_dispute",
    "print_treatment",
    "rule_addresses",
    "treatment_block",
    "treatment_data",
    "treatments_data",
]
