"""Opens a study, a fact or an assumption: what it says, how it is known, and where it is used."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backspasm.inference.model import Model
from backspasm.presentation.bibliography import how_read, link
from backspasm.presentation.effects import arms_words, effect_words
from backspasm.presentation.plan_sources import next_steps_with
from backspasm.presentation.treatments import (
    addresses_of,
    dispute_data,
    print_dispute,
    print_treatment,
    rule_addresses,
    treatment_data,
)
from backspasm.records.problems import did_you_mean
from backspasm.records.types import Fact, Study


def evidence_data(identifier: str | None, model: Model) -> dict[str, Any]:
    """Plain data of what was asked for; raises KeyError with a mend for an unknown id."""
    knowledge = model.knowledge
    if identifier is None:
        return {
            "studies": [
                {"id": s.id, "citation": s.citation, "facts": len(s.facts), "used": sum(f.used for f in s.facts)}
                for s in knowledge.studies.values()
            ],
            "assumptions": [{"id": a.id, "says": a.says} for a in knowledge.assumptions.values()],
            "treatments": [{"id": t.id, "name": t.name} for t in knowledge.treatments.values()],
            "disputes": [{"id": d.id, "about": d.name} for d in knowledge.disputes.values()]
            + [{"id": d.id, "about": d.question} for d in knowledge.treatment_disputes.values()],
        }
    if identifier in knowledge.assumptions:
        return {
            "assumption": msgspec.to_builtins(knowledge.assumptions[identifier]),
            "used_in": _rules_with(identifier, model),
        }
    if identifier in knowledge.treatments:
        return {"treatment": treatment_data(identifier, knowledge)}
    if identifier in knowledge.treatment_disputes:
        return {"dispute": _dispute(identifier, model)}
    study_id, _, fact_id = identifier.partition("/")
    study = knowledge.studies.get(study_id)
    if study is None:
        known = (*knowledge.studies, *knowledge.assumptions, *knowledge.treatments)
        known += (*knowledge.disputes, *knowledge.treatment_disputes, *knowledge.findings, *knowledge.causes)
        raise KeyError(
            f"ID ({identifier}): unknown. Mend: {did_you_mean(identifier, known, '`backspasm evidence` lists all')}"
        )
    facts = [f for f in study.facts if not fact_id or f.id == fact_id]
    if not facts:
        known = tuple(f.id for f in study.facts)
        raise KeyError(
            f"ID ({identifier}): {study_id} has no such fact. Mend: {did_you_mean(fact_id, known, 'one of ' + ', '.join(known))}"
        )
    data = msgspec.to_builtins(study)
    data["facts"] = [
        {**msgspec.to_builtins(f), "says": says(f), "read": how_read(study, f), "used_in": used_in(study, f, model)}
        for f in facts
    ]
    return {"study": data, "link": link(study)}


def _dispute(identifier: str, model: Model) -> dict[str, Any]:
    """A dispute on treatments with what each of its facts says."""
    data = dispute_data(identifier, model.knowledge)
    for side in data["sides"]:
        known = ((a, model.knowledge.fact(a)) for a in side["facts"])
        side["said"] = [{"fact": a, "says": says(found[1])} for a, found in known if found is not None]
    return data


def says(fact: Fact) -> str:
    """The fact in one line."""
    subject = ", ".join(c.replace("_", " ") for c in fact.causes) or (fact.complication or "").replace("_", " ")
    what = (fact.finding or fact.complication or "").replace("_", " ")
    parts = {
        "base_rate": f"{subject} among {(fact.denominator or '').replace('_', ' ')}",
        "complication_rate": f"{(fact.complication or '').replace('_', ' ')} in {subject}",
        "rate": f"{what} in {subject}",
        "accuracy": f"{what} for {subject}",
        "ratio": f"ratio of {what} for {subject}",
        "measurement": f"{what} in {subject}",
        "sex": f"males in {subject}",
        "age": f"age in {subject}",
        "combination": fact.rule or "",
        "recommendation": fact.statement or "",
        "prescribing": fact.statement or "",
        "course": f"{(fact.outcome or '').replace('_', ' ')} in {subject}",
        "quantity": str(fact.quantity)
        + (f" in {fact.group}" if fact.group else "")
        + (f", in {fact.unit}" if fact.unit != "1" else ""),
    }
    if fact.kind in {"treatment_effect", "adverse_event"}:
        return effect_words(fact)
    if fact.kind == "course":
        return f"{parts['course']}: {arms_words(fact)}"
    if fact.kind == "prescribing":
        return fact.statement or ""
    return f"{parts[fact.kind]}: {_numbers(fact)}".removesuffix(": ")


def _numbers(fact: Fact) -> str:
    out = []
    if fact.x is not None:
        out.append(f"{fact.x} of {fact.n}")
    elif fact.value is not None:
        out.append(
            f"{fact.value:g}"
            + (f" ({fact.low:g} to {fact.high:g})" if fact.low is not None and fact.high is not None else "")
        )
    elif fact.low is not None and fact.high is not None:
        out.append(f"{fact.low:g} to {fact.high:g}")
    if fact.tp is not None and fact.fn is not None:
        out.append(f"found in {fact.tp} of {fact.tp + fact.fn} with it")
    if fact.fp is not None and fact.tn is not None:
        out.append(f"and in {fact.fp} of {fact.fp + fact.tn} without")
    for name, part in (("sensitivity", fact.sensitivity), ("specificity", fact.specificity)):
        if part is not None:
            counts = (
                f"{part.x} of {part.n}" if part.x is not None else f"{part.value:g}" if part.value is not None else "?"
            )
            out.append(f"{name} {counts}")
    for name, ratio in (("LR+", fact.lr_pos), ("LR-", fact.lr_neg), ("odds ratio", fact.odds_ratio)):
        if ratio is not None and ratio.value is not None:
            out.append(f"{name} {ratio.value:g}")
    for name, number in (
        ("mean", fact.mean),
        ("sd", fact.sd),
        ("median", fact.median),
        ("q1", fact.q1),
        ("q3", fact.q3),
    ):
        if number is not None:
            out.append(f"{name} {number:g}")
    for word, cuts in (("at least", fact.at_least), ("below", fact.below)):
        for cut in cuts:
            share = f"{cut.x} of {cut.n}" if cut.x is not None else f"{cut.value:g}" if cut.value is not None else "?"
            out.append(f"{word} {cut.cutoff:g}: {share}")
    return ", ".join(out)


def used_in(study: Study, fact: Fact, model: Model) -> list[str]:
    """Cells of the model and rules that the fact feeds."""
    address = f"{study.id}/{fact.id}"
    cells = [f"rate {key.replace('|', ' | ')}" for key, b in model.parameters.backing.items() if address in b.facts]
    cells += [
        f"base rate {key.replace('|', ' | ')}" for key, facts in model.parameters.base.facts.items() if address in facts
    ]
    return [*cells, *_rules_with(address, model)]


def _rules_with(address: str, model: Model) -> list[str]:
    knowledge = model.knowledge
    found = [f"red flag {r.id}" for r in knowledge.red_flags.values() if address in r.sources]
    found += [f"treatment {t.id}" for t in knowledge.treatments.values() if address in addresses_of(t)]
    found += [f"prescribing rule {r.id}" for r in knowledge.prescribing.values() if address in rule_addresses(r)]
    found += [
        f"dispute {d.id}" for d in knowledge.treatment_disputes.values() if any(address in x.facts for x in d.sides)
    ]
    return [*found, *next_steps_with(address, knowledge)]


def _table(values: dict[str, Any]) -> Table:
    """A table of assumed numbers: one row an entry, one column a second key where there is one."""
    nested = all(isinstance(v, dict) for v in values.values())
    columns = list(dict.fromkeys(k for v in values.values() for k in v)) if nested else ["value"]
    table = Table(box=None, header_style="dim")
    table.add_column("")
    for column in columns:
        table.add_column(column.replace("_", " "), justify="right")
    for name, row in values.items():
        cells = [f"{row[c]:g}" if c in row else "" for c in columns] if nested else [f"{row:g}"]
        table.add_row(name.replace("_", " "), *cells)
    return table


def print_evidence(data: dict[str, Any], console: Console) -> None:
    """Print a list, a study or an assumption."""
    if "studies" in data:
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("study")
        table.add_column("used/facts", justify="right")
        table.add_column("citation")
        for s in data["studies"]:
            table.add_row(Text(s["id"], style="green"), f"{s['used']}/{s['facts']}", s["citation"])
        console.print(table)
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("assumption")
        table.add_column("says")
        for a in data["assumptions"]:
            table.add_row(Text(a["id"], style="black on grey70"), a["says"])
        console.print(table)
        table = Table(box=None, pad_edge=False, header_style="dim")
        table.add_column("dispute")
        table.add_column("about")
        for d in data["disputes"]:
            table.add_row(Text(d["id"], style="yellow"), d["about"])
        console.print(table)
        console.print("\ntreatments: " + ", ".join(t["id"] for t in data["treatments"]))
        return
    if "dispute" in data:
        print_dispute(data["dispute"], console)
        for side in data["dispute"]["sides"]:
            console.print(Text(f"\n{side['says']}", style="bold"))
            for fact in side["said"]:
                console.print(Text.assemble(("  " + fact["fact"], "green"), f"  {fact['says']}"))
        return
    if "treatment" in data:
        print_treatment(data["treatment"], console)
        return
    if "assumption" in data:
        a = data["assumption"]
        console.print(Text.assemble((" assumption ", "black on grey70"), (f" {a['id']}", "bold"), f"  {a['says']}"))
        if "value" in a:
            span = f", plausible {a['low']:g} to {a['high']:g}" if "low" in a else ""
            console.print(f"  value: {a['value']:g}{span}")
        elif "table" in a:
            console.print(_table(a["table"]))
        console.print(f"  who: {a['who']}")
        console.print(f"  why: {a['why']}")
        if data["used_in"]:
            console.print(f"  used in: {', '.join(data['used_in'])}")
        return
    s = data["study"]
    console.print(Text.assemble((s["id"], "bold green"), f"  {s['citation']}"))
    size = f", n {s['n']}" if s.get("n") else ""
    console.print(
        Text(
            f"{s['design'].replace('_', ' ')}, {s['setting'].replace('_', ' ')}, {s['population']}{size}. {data['link'] or ''}",
            style="dim",
        )
    )
    if s.get("note"):
        console.print(Text(f"note: {s['note']}"))
    for f in s["facts"]:
        state = "" if f.get("used", True) else f"  NOT pooled: {f.get('because', '')}"
        console.print(Text.assemble(("  " + f["id"], "green"), f"  {f['says']}", (f"  ({f['read']}){state}", "dim")))
        for key, label in (("defined_as", "defined as"), ("note", "note")):
            if f.get(key):
                console.print(Text(f"      {label}: {f[key]}", style="dim"))
        for use in f["used_in"][:6]:
            console.print(Text(f"      feeds {use}", style="dim"))
        if len(f["used_in"]) > 6:
            console.print(Text(f"      and {len(f['used_in']) - 6} more cells", style="dim"))
