"""Tests and images, pathways, and words for the patient: as plain data and for a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from backspasm.advice.investigations import Advice
from backspasm.advice.plan import Plan
from backspasm.presentation import words
from backspasm.records.knowledge import Knowledge

WHEN = {
    "now": "now",
    "today": "today",
    "within_two_weeks": "within two weeks",
    "after_six_weeks": "if it has not settled after six weeks",
    "planned": "planned, no time pressure",
}
#: how soon to come back when a sign appears
COME = {
    "now": "Emergency department now",
    "today": "A doctor today",
    "within_two_weeks": "A visit within two weeks",
    "after_six_weeks": "A visit later",
    "planned": "A planned visit",
}
VERDICT = {"indicated": "do", "consider": "consider", "not_indicated": "NOT indicated"}
STYLE = {"indicated": "bold green", "consider": "yellow", "not_indicated": "dim"}
#: sources and pathways shown before the rest is left to ``--format json``
SOURCES, PATHWAYS = 3, 4


def investigations_data(plan: Plan, knowledge: Knowledge) -> list[dict[str, Any]]:
    """The advice on each test, with its burden."""
    burdens = knowledge.tables("investigation_burden")
    return [
        {
            "test": a.test,
            "verdict": a.verdict,
            "when": a.when,
            "because": "; ".join(a.because),
            "sources": list(a.sources),
            "cautions": list(a.cautions),
            "if_positive": a.if_positive,
            "if_negative": a.if_negative,
            "rules": list(a.rules),
            "result_known": list(a.known),
            "part_of": a.part_of,
            "burden": dict(burdens[a.test]),
        }
        for a in plan.investigations
    ]


def pathways_data(plan: Plan) -> list[dict[str, Any]]:
    return [
        {
            "id": p.id,
            "shown_for": p.shown_for,
            "probability": round(p.probability, 6),
            "steps": [{"do": s.do, "by_when": s.by_when, "who": s.who, "sources": list(s.sources)} for s in p.steps],
        }
        for p in plan.pathways
    ]


def safety_net_data(plan: Plan) -> list[dict[str, Any]]:
    return [
        {"id": s.id, "when": s.words, "how_soon": s.how_soon, "to_whom": COME[s.how_soon], "sources": list(s.sources)}
        for s in plan.words
        if s.how_soon is not None
    ]


def plan_blocks(plan: Plan, knowledge: Knowledge) -> list[RenderableType]:
    """Blocks of the terminal report."""
    return [_investigations(plan, knowledge), _pathways(plan, knowledge), _safety_net(plan)]


def _title(text: str, note: str = "") -> Text:
    return Text.assemble(("\n" + text, "bold"), (f"  {note}" if note else "", "dim"))


def _sources(addresses: tuple[str, ...]) -> str:
    more = f" +{len(addresses) - SOURCES}" if len(addresses) > SOURCES else ""
    return ", ".join(addresses[:SOURCES]) + more


def _investigations(plan: Plan, knowledge: Knowledge) -> RenderableType:
    if not plan.investigations:
        return Group(
            _title("Tests and imaging"), Text("  no rule asks for a test, and none speaks against one", style="dim")
        )
    lines: list[RenderableType] = [_title("Tests and imaging", "what helps now, what later, what not")]
    for a in plan.investigations:
        lines.append(_line(a, knowledge))
        if a.verdict == "not_indicated" or a.part_of:
            continue
        if a.known:
            known = ", ".join(words.finding_name(f, knowledge) for f in a.known)
            lines.append(
                Padding(Text(f"result known ({known}): repeat it only if the picture has changed"), (0, 0, 0, 6))
            )
        lines += [Padding(Text.assemble(("! ", "bold red"), caution), (0, 0, 0, 6)) for caution in a.cautions]
        if a.verdict == "indicated":
            lines.append(Padding(Text(f"positive: {a.if_positive}", style="dim"), (0, 0, 0, 6)))
            lines.append(Padding(Text(f"negative: {a.if_negative}", style="dim"), (0, 0, 0, 6)))
    return Group(*lines)


def _line(a: Advice, knowledge: Knowledge) -> Text:
    record = knowledge.investigations[a.test]
    when = f" {WHEN[a.when]}" if a.when else ""
    if a.part_of:
        wider = knowledge.investigations[a.part_of].name
        return Text(f"  {'':>13}  {record.name}: a part of the {wider}", style="dim")
    return Text.assemble(
        f"  {VERDICT[a.verdict]:>13}  ",
        (record.name, STYLE[a.verdict]),
        (when, "bold" if a.when in {"now", "today"} else ""),
        f": {'; '.join(a.because)}  ",
        (_sources(a.sources), "green"),
    )


def _pathways(plan: Plan, knowledge: Knowledge) -> RenderableType:
    lines: list[RenderableType] = [_title("Pathways", "of the leading causes, and of what must not be missed here")]
    for p in plan.pathways[:PATHWAYS]:
        why = "" if p.shown_for == "leading" else f"  listed for {words.GROUP[p.shown_for]}"
        head = Text.assemble(
            f"  {words.chance(p.probability):>10}  ", (words.cause_name(p.id, knowledge), "bold"), (why, "dim")
        )
        lines.append(head)
        for step in p.steps:
            text = Text.assemble(
                (f"{WHEN[step.by_when]}, {step.who}: ", "dim"), f"{step.do} ", (_sources(step.sources), "green")
            )
            lines.append(Padding(text, (0, 0, 0, 14)))
    rest = plan.pathways[PATHWAYS:]
    if rest:
        names = ", ".join(words.cause_name(p.id, knowledge) for p in rest)
        lines.append(Text(f"  also in --format json: {names}", style="dim"))
    return Group(*lines)


def _safety_net(plan: Plan) -> RenderableType:
    whom = "the parents" if plan.child else "the patient"
    lines: list[RenderableType] = [_title(f"Tell {whom} to come back", "`backspasm leaflet` prints it for them")]
    for soon, heading in COME.items():
        signs = [s.words for s in plan.words if s.how_soon == soon]
        if signs:
            lines.append(Text.assemble((f"  {heading}: ", "bold"), " ".join(signs)))
    return Group(*lines)
