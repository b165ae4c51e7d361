"""One page for the patient, or for the parents of a child: urgency first, then what to do and what to watch for.

The words are records (``patient_words/*.yaml``), written to be read at the level of a child of twelve. No probability is shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Literal

from msgspec import Struct

from backspasm.advice.assessment import Assessment
from backspasm.advice.plan import Plan
from backspasm.records.care_types import Section, When
from backspasm.records.knowledge import Knowledge

Form = Literal["html", "markdown", "text"]

COME: dict[When, str] = {
    "now": "Go to the emergency department at once if:",
    "today": "See a doctor the same day if:",
    "within_two_weeks": "Book a visit within days if:",
    "after_six_weeks": "Book a visit if:",
    "planned": "Tell the doctor at the next visit if:",
}
#: for someone who is told to go to hospital or to a doctor today
COME_AGAIN: dict[When, str] = {
    "now": "Later, at home: go back at once if this is new or gets worse:",
    "today": "Later, at home: see a doctor the same day if:",
    "within_two_weeks": "Later, at home: book a visit if:",
}
FOOT = "This sheet helps you and your doctor. It does not take the place of a doctor. Ask if there is anything you do not understand."


class Part(Struct, frozen=True):
    """A heading with sentences (a paragraph) or with points (a list)."""

    heading: str
    lines: tuple[str, ...]
    points: bool = False


class Leaflet(Struct, frozen=True):
    title: str
    parts: tuple[Part, ...]
    foot: str


def leaflet(assessment: Assessment, knowledge: Knowledge, avoid: Sequence[str] = ()) -> Leaflet:
    """The page of an assessed patient.

    Args:
        avoid: what this patient should not take, in plain sentences, where prescribing was checked.
    """
    plan = assessment.plan
    do, ours = _section(plan, "do"), "your child's" if plan.child else "your"
    parts = [
        Part("What to do now", _section(plan, "urgency")),
        Part("What may cause the pain", _section(plan, "what_we_think")),
        Part("Tests", (*_section(plan, "tests"), *_tests(plan, knowledge))),
        Part("What you can do", do, points=True),
        Part("Do not take", (*_section(plan, "avoid"), *avoid), points=True),
    ]
    sent = assessment.urgency.level in {"emergency", "same_day"}
    for soon, heading in (COME | COME_AGAIN if sent else COME).items():
        signs = tuple(s.words for s in plan.words if s.how_soon == soon)
        parts.append(Part(heading, signs, points=True))
    return Leaflet(f"About {ours} back pain", tuple(p for p in parts if p.lines), FOOT)


def _section(plan: Plan, section: Section) -> tuple[str, ...]:
    return tuple(s.words for s in plan.words if s.section == section)


def _tests(plan: Plan, knowledge: Knowledge) -> tuple[str, ...]:
    """The tests that are due, each named once in plain words."""
    due = [a for a in plan.investigations if a.verdict == "indicated" and not a.known]
    names = tuple(dict.fromkeys(knowledge.investigations[a.test].simple for a in due))
    if not names:
        return ()
    who = "Your child" if plan.child else "You"
    needs = "needs" if plan.child else "need"
    *first, last = names
    return (f"{who} {needs} {', '.join(first) + ' and ' if first else ''}{last}.",)


def render(page: Leaflet, form: Form) -> str:
    """The page as text of the wished form, ending in a newline."""
    return {"html": _html, "markdown": _markdown, "text": _text}[form](page)


def _markdown(page: Leaflet) -> str:
    out = [f"# {page.title}", ""]
    for part in page.parts:
        out += [f"## {part.heading}", ""]
        out += [f"- {line}" for line in part.lines] if part.points else [" ".join(part.lines)]
        out.append("")
    return "\n".join([*out, f"*{page.foot}*", ""])


def _text(page: Leaflet) -> str:
    out = [page.title.upper(), ""]
    for part in page.parts:
        out.append(part.heading.upper())
        out += [f"* {line}" for line in part.lines] if part.points else [" ".join(part.lines)]
        out.append("")
    return "\n".join([*out, page.foot, ""])


_CSS = (
    "body{font:1.05rem/1.45 system-ui,sans-serif;max-width:42rem;margin:1.5rem auto;padding:0 1rem;color:#111;background:#fff}"
    "h1{font-size:1.5rem}h2{font-size:1.1rem;margin:1.1rem 0 .3rem}p,ul{margin:.2rem 0}"
    "section:first-of-type{border:3px solid #111;padding:.2rem 1rem .8rem}footer{margin-top:1.2rem;font-size:.9rem}"
    "@media print{body{font-size:11pt;margin:0}}"
)


def _html(page: Leaflet) -> str:
    """A page that stands alone: no script, nothing loaded from elsewhere."""
    out = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(page.title)}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n<main>",
        f"<h1>{escape(page.title)}</h1>",
    ]
    for part in page.parts:
        if part.points:
            inner = "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in part.lines) + "</ul>"
        else:
            inner = f"<p>{escape(' '.join(part.lines))}</p>"
        out.append(f"<section>\n<h2>{escape(part.heading)}</h2>\n{inner}\n</section>")
    return "\n".join([*out, f"</main>\n<footer>{escape(page.foot)}</footer>\n</body>\n</html>\n"])
