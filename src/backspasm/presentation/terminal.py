"""The assessment for a terminal: the first lines are the ones that matter."""

from __future__ import annotations

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from backspasm.advice.assessment import Assessment
from backspasm.advice.disputes import bearing
from backspasm.advice.due_now import due_now
from backspasm.inference.explain import Step
from backspasm.presentation import words
from backspasm.presentation.bibliography import how_read, references
from backspasm.presentation.cycle_view import ACUTE
from backspasm.presentation.cycle_words import course_blocks
from backspasm.presentation.headings import heading
from backspasm.presentation.next_step import next_block
from backspasm.presentation.plan import now_block, plan_blocks
from backspasm.presentation.reasons import leading_steps, why_urgent
from backspasm.presentation.said import left_open, told
from backspasm.presentation.treatments import dispute_lines, treatment_block
from backspasm.records.knowledge import Knowledge

STYLE = {
    "emergency": "bold white on red",
    "same_day": "bold white on dark_orange3",
    "urgent": "bold black on yellow",
    "routine": "bold white on blue",
    "self_care": "bold white on green4",
}
#: how much is shown before "and so many more"
CAUSES, LEAST, DISPUTED, STUDIES, BAR, AGAINST = 6, 3, 3, 3, 10, 5
#: answers shown beside the leading cause, and beside the other two that are shown with their reasons
REASONS, FEWER = 4, 2
#: a cause under one in a thousand is summed up with the rest after the first few
WORTH_A_ROW = 0.001


def print_assessment(assessment: Assessment, knowledge: Knowledge, console: Console) -> None:
    """Print the report; widths follow the console."""
    for block in blocks(assessment, knowledge):
        console.print(block)


def blocks(a: Assessment, knowledge: Knowledge) -> list[RenderableType]:
    """The report's parts, most important first."""
    due = due_now(a, knowledge)
    parts = [
        _headline(a, knowledge),
        _red_flags(a, knowledge),
        _ledger(a, knowledge),
        _differential(a, knowledge),
        _complications(a, knowledge),
        now_block(due, knowledge),
        next_block(a, knowledge),
        *plan_blocks(a, due, knowledge),
        treatment_block(a.treatments, a.urgency.level, knowledge),
        _disputes(a, knowledge),
        *_course(a),
        _told(a, knowledge),
        _derived(a, knowledge),
        _not_assessed(a),
        _sources(a, knowledge),
        Text(f"\n{words.DISCLAIMER}", style="dim"),
        Text(f"knowledge {a.knowledge_version} {a.knowledge_digest[:12]} · input {a.input_digest[:12]}", style="dim"),
    ]
    return [p for p in parts if p is not None]


def _headline(a: Assessment, knowledge: Knowledge) -> RenderableType:
    level, means = words.URGENCY[a.urgency.level]
    first = Text.assemble((f" {level} ", STYLE[a.urgency.level]), f"  {means}")
    who = Text(words.patient_line(a.patient.age_years, a.patient.sex, a.patient.setting), style="dim")
    why = [Text(f"· {reason}") for reason in why_urgent(a, knowledge)]
    doubted = left_open(a.patient, knowledge)
    ask = (
        [Text(f"ask again, what was read leaves it open: {', '.join(doubted)}", style="bold yellow")] if doubted else []
    )
    return Group(first, *why, who, *ask)


def _red_flags(a: Assessment, knowledge: Knowledge) -> RenderableType:
    if not a.red_flags:
        return Group(heading("Red flags"), Text("  none among what was asked", style="dim"))
    table = Table.grid(padding=(0, 2))
    for flag in a.red_flags:
        level = words.URGENCY[flag.rule.urgency][0].lower()
        towards = ", ".join(words.cause_name(c, knowledge) for c in flag.rule.points_to[:3])
        table.add_row(f"  {level}", Text(flag.rule.name, style="bold"), Text(f"towards {towards}", style="dim"))
    return Group(heading("Red flags"), table)


def _ledger(a: Assessment, knowledge: Knowledge) -> RenderableType:
    if not a.must_not_miss and not a.answers.items:
        return Group(heading("Not to be missed"), Text("  nothing was asked, so nothing is ruled out", style="bold"))
    if not a.must_not_miss:
        return Group(heading("Not to be missed"), Text("  no group reaches the threshold for concern", style="dim"))
    lines: list[RenderableType] = [heading("Not to be missed")]
    for e in a.must_not_miss:
        lines.append(Text.assemble(f"  {words.chance(e.probability):>10}  ", (words.GROUP[e.group], "bold")))
        against = tuple(f for f in e.against if f not in e.asked)[:AGAINST]
        for label, findings in (("asked", e.asked), ("NOT asked", e.not_asked), ("also against it", against)):
            if findings:
                names = ", ".join(words.said(f, a.answers, knowledge) for f in findings)
                lines.append(Padding(Text.assemble((f"{label}: ", "dim"), names), (0, 0, 0, 14)))
    return Group(*lines)


def _differential(a: Assessment, knowledge: Knowledge) -> RenderableType:
    lines: list[RenderableType] = [
        heading("Differential", "probability and 90 % interval; `backspasm explain CAUSE FILE` shows every step")
    ]
    shown = [h for i, h in enumerate(a.differential[:CAUSES]) if i < LEAST or h.estimate.value >= WORTH_A_ROW]
    for i, h in enumerate(shown):
        e = h.estimate
        bar = "█" * round(BAR * e.value) or "▏"
        head = Text.assemble(
            f"  {words.chance(e.value):>10}  ",
            (f"{words.cause_name(h.cause, knowledge)}", "bold"),
            (f"  {words.span(e.low, e.high)}", ""),
            (f"  ({words.chance(h.base_rate)} before)  ", "dim"),
            (bar, "cyan"),
        )
        lines.append(head)
        count = REASONS if i == 0 else FEWER if i < LEAST else 0
        lines += [Padding(_reason(s, knowledge), (0, 0, 0, 14)) for s in leading_steps(h, count)]
    rest = a.differential[len(shown) :]
    total = sum(h.estimate.value for h in rest)
    names = ", ".join(words.cause_name(h.cause, knowledge) for h in rest[:5])
    lines.append(Text(f"  {words.chance(total):>10}  {len(rest)} other causes together ({names}, …)", style="dim"))
    return Group(*lines)


def _reason(step: Step, knowledge: Knowledge) -> Text:
    badge = ("assumed", "black on grey70") if step.assumed else ("".join(step.facts[:1]), "green")
    more = f" +{len(step.facts) - 1}" if len(step.facts) > 1 else ""
    return Text.assemble(
        f"{words.ratio(step.likelihood_ratio):>8}  {words.answer(step.item, knowledge)}  ", badge, (more, "dim")
    )


def _complications(a: Assessment, knowledge: Knowledge) -> RenderableType:
    table = Table.grid(padding=(0, 2))
    for c in a.complications:
        e = c.estimate
        table.add_row(f"  {words.chance(e.value):>10}", words.cause_name(c.id, knowledge), words.span(e.low, e.high))
    return Group(heading("Complications", "whatever the cause"), table)


def _disputes(a: Assessment, knowledge: Knowledge) -> RenderableType | None:
    found = bearing(a, knowledge)
    treatments = dispute_lines(a.treatments, knowledge)
    if not found and not treatments:
        return None
    lines: list[RenderableType] = [
        heading("Where studies disagree", "`evidence ID` opens one; `--format html` shows the answer under each side"),
        *treatments,
    ]
    for b in found[:DISPUTED]:
        name = b.record.name if b.record else words.place_name(b.places[0], knowledge)
        address = b.record.id if b.record else "/".join(reversed(b.places[0]))
        lines.append(Text.assemble(f"  {name}  ", (address, "green")))
    if len(found) > DISPUTED:
        lines.append(Text(f"  and {len(found) - DISPUTED} more on the diagnosis", style="dim"))
    return Group(*lines)


def _course(a: Assessment) -> list[RenderableType]:
    """The course to expect, where waiting is an answer; where help is needed now it would only distract."""
    if a.course is None:
        return []
    if a.urgency.level in ACUTE:
        return [Group(heading("Course to expect", "not shown at this urgency; `backspasm simulate` shows it"))]
    return course_blocks(a.course)


def _told(a: Assessment, knowledge: Knowledge) -> RenderableType | None:
    """What a note or a record was understood to say."""
    rows = told(a.patient, knowledge)
    if not rows:
        return None
    table = Table.grid(padding=(0, 2))
    for label, entries in rows:
        table.add_row(Text(f"  {label}", style="bold"), Text("; ".join(entries)))
    return Group(heading("What was read", "correct it, and assess again, where it is wrong"), table)


def _derived(a: Assessment, knowledge: Knowledge) -> RenderableType | None:
    if not (a.answers.derived or a.answers.outdated or a.patient.notes):
        return None
    lines: list[RenderableType] = [heading("Derived, and set aside")]
    for d in a.answers.derived:
        name = words.finding_name(d.finding, knowledge)
        lines.append(Text(f"  {name}: {d.answer}, since {d.because} ({words.plain(d.source)})"))
    for d in a.answers.outdated:
        lines.append(Text(f"  {words.finding_name(d.finding, knowledge)} not counted: {d.because}"))
    lines += [Text(f"  {note}") for note in a.patient.notes]
    return Group(*lines)


def _not_assessed(a: Assessment) -> RenderableType | None:
    if not a.not_assessed:
        return None
    return Group(heading("Not assessed"), *(Text(f"  {u.what}: {u.why}") for u in a.not_assessed))


def _sources(a: Assessment, knowledge: Knowledge) -> RenderableType:
    found = references(a, knowledge)
    lines: list[RenderableType] = [
        heading("Studies behind this answer", "the most influential first; `backspasm evidence ID` opens one")
    ]
    for r in found[:STUDIES]:
        s = r.study
        size = f"n {s.n}, " if s.n else ""
        lines.append(
            Text.assemble(
                (f"  {s.id}", "green"),
                f"  {s.citation}",
                (f" ({words.plain(s.design)}, {words.plain(s.setting)}, {size}{how_read(s)})", "dim"),
            )
        )
    if len(found) > STUDIES:
        lines.append(Text(f"  and {len(found) - STUDIES} more in --format html", style="dim"))
    return Group(*lines)
