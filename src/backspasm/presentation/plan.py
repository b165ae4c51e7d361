"""Tests and images, pathways, and words for the patient: as plain data and for a terminal."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from backspasm.advice.assessment import Assessment
from backspasm.advice.due_now import DueNow
from backspasm.advice.investigations import Advice
from backspasm.advice.pathways import ShownPathway
from backspasm.advice.plan import Plan
from backspasm.presentation import words
from backspasm.presentation.headings import heading
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
#: reasons of a barred medicine, and pathways, shown before the rest is left to ``--format html``
REASONS, PATHWAYS = 3, 4


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


def now_block(due: DueNow, knowledge: Knowledge) -> RenderableType:
    """What is due at once: barred medicines that are taken, tests, steps of the pathways."""
    lines: list[RenderableType] = [heading("What to do now")]
    for b in due.barred:
        reasons = " ".join(dict.fromkeys(r.because for r in b.verdict.reasons[:REASONS]))
        met = ", ".join(dict.fromkeys(m for r in b.verdict.reasons for m in r.met))
        head = Text.assemble("  ", (" taken, and to avoid ", "bold white on red"), (f"  {b.name}", "bold"))
        lines += [head, _under(f"{met}: {reasons}")]
    for t in due.tests:
        if not t.known:
            lines += [_test_line(t, knowledge), *_remarks(t, knowledge)]
    known = ", ".join(knowledge.investigations[t.test].name for t in due.tests if t.known)
    if known:
        lines.append(Text(f"  result known, repeat only if the picture has changed: {known}"))
    for p in due.pathways:
        lines += _pathway_lines(p, knowledge)
    if len(lines) == 1:
        lines.append(Text("  no test and no step of a pathway is due today", style="dim"))
    return Group(*lines)


def plan_blocks(a: Assessment, due: DueNow, knowledge: Knowledge) -> list[RenderableType]:
    """Blocks of the terminal report; what is due now stands above and is not said again."""
    return [_investigations(a.plan, due, knowledge), _pathways(due, knowledge), _safety_net(a.plan)]


def _under(text: str | Text) -> RenderableType:
    return Padding(text if isinstance(text, Text) else Text(text), (0, 0, 0, 6))


def _sources(addresses: tuple[str, ...]) -> str:
    more = f" +{len(addresses) - 1}" if len(addresses) > 1 else ""
    return "".join(addresses[:1]) + more


def _test_line(a: Advice, knowledge: Knowledge, style: str = "bold") -> Text:
    when = f", {WHEN[a.when]}" if a.when else ""
    return Text.assemble(
        f"  {VERDICT[a.verdict]}: ",
        (f"{knowledge.investigations[a.test].name}{when}", style),
        f": {'; '.join(a.because)}  ",
        (_sources(a.sources), "green"),
    )


def _remarks(a: Advice, knowledge: Knowledge) -> list[RenderableType]:
    out = [_under(Text.assemble(("! ", "bold red"), caution)) for caution in a.cautions]
    if a.known:
        known = ", ".join(words.finding_name(f, knowledge) for f in a.known)
        out.append(_under(f"result known ({known}): repeat it only if the picture has changed"))
    return out


def _investigations(plan: Plan, due: DueNow, knowledge: Knowledge) -> RenderableType:
    lines: list[RenderableType] = [heading("Tests and imaging")]
    for a in plan.investigations:
        name = knowledge.investigations[a.test].name
        if a.part_of:
            lines.append(Text(f"  {name}: a part of the {knowledge.investigations[a.part_of].name}", style="dim"))
            continue
        if a in due.tests and a.known:
            continue
        if a in due.tests:
            lines.append(Text.assemble("  ", (name, "bold"), ": see above"))
        else:
            lines += [_test_line(a, knowledge, STYLE[a.verdict]), *_remarks(a, knowledge)]
        if a.verdict == "indicated" and not a.known:
            lines += [_under(Text(f"positive: {a.if_positive}", style="dim"))]
            lines += [_under(Text(f"negative: {a.if_negative}", style="dim"))]
    if not plan.investigations:
        lines.append(Text("  no rule asks for a test, and none speaks against one", style="dim"))
    return Group(*lines)


def _pathway_lines(p: ShownPathway, knowledge: Knowledge) -> list[RenderableType]:
    lines: list[RenderableType] = [
        Text.assemble("  ", (words.cause_name(p.id, knowledge), "bold"), (f"  {words.chance(p.probability)}", "dim"))
    ]
    for step in p.steps:
        head = (f"{WHEN[step.by_when]}, {step.who}: ", "dim")
        lines.append(_under(Text.assemble(head, f"{step.do} ", (_sources(step.sources), "green"))))
    return lines


def _pathways(due: DueNow, knowledge: Knowledge) -> RenderableType:
    lines: list[RenderableType] = [heading("After that")]
    for p in due.later[:PATHWAYS]:
        lines += _pathway_lines(p, knowledge)
    rest = (*due.later[PATHWAYS:], *due.unlikely)
    if rest:
        names = ", ".join(f"{words.cause_name(p.id, knowledge)} {words.chance(p.probability)}" for p in rest)
        lines.append(Text(f"  pathways in --format html: {names}", style="dim"))
    if len(lines) == 1:
        lines.append(Text("  no further step", style="dim"))
    return Group(*lines)


def _safety_net(plan: Plan) -> RenderableType:
    whom = "the parents" if plan.child else "the patient"
    lines: list[RenderableType] = [heading(f"Tell {whom} to come back", "`backspasm leaflet` prints it for them")]
    for soon, whither in COME.items():
        signs = [s.words for s in plan.words if s.how_soon == soon]
        if signs:
            lines.append(Text.assemble((f"  {whither}: ", "bold"), " ".join(signs)))
    return Group(*lines)
