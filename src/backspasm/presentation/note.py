"""A note with the words marked that carried findings: for a terminal, as a page, and as the JSON of the contract."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from backspasm.patients.from_note import Hit, Reading
from backspasm.patients.from_note.read import with_line_ends
from backspasm.presentation import words
from backspasm.presentation.json_bytes import json_bytes
from backspasm.presentation.said import other_rows
from backspasm.records.knowledge import Knowledge

#: how each kind of mark looks; the sign tells them apart without colour
MARKS: dict[str, tuple[str, str]] = {
    "present": ("+", "bold green"),
    "absent": ("−", "blue"),
    "uncertain": ("?", "bold yellow"),
    "measured": ("=", "magenta"),
    "other": ("·", "dim"),
}
MEANS = {
    "present": "is there",
    "absent": "is not there",
    "uncertain": "left open",
    "measured": "measured",
    "other": "named, but past, of someone else, or only advised",
}


class Mark(NamedTuple):
    """A stretch of the note and what it says; no two overlap."""

    start: int
    end: int
    kind: str
    title: str
    findings: tuple[str, ...] = ()


def reading_json(reading: Reading) -> bytes:
    """The JSON of ``read``: a case, plus ``hits`` with offsets into the note, ``uncertain``, and what was not read."""
    return json_bytes(reading_data(reading))


def reading_data(reading: Reading) -> dict[str, Any]:
    """The reading as plain data; offsets count characters of the note."""
    p = reading.patient
    return {
        "age_years": p.age_years,
        "sex": p.sex,
        "setting": p.setting,
        "present": list(p.present),
        "absent": list(p.absent),
        "measured": p.measured,
        "days_ago": p.days_ago,
        "medications": list(p.medications),
        "allergies": list(p.allergies),
        "comorbidities": list(p.comorbidities),
        "pregnant": p.pregnant,
        "pregnancy_weeks": p.pregnancy_weeks,
        "uncertain": list(reading.uncertain),
        "hits": [_hit(h, reading) for h in reading.hits],
        "not_read": [f"{u.what}: {u.why}" for u in p.unread],
    }


def _hit(h: Hit, reading: Reading) -> dict[str, Any]:
    return {
        "finding": h.finding,
        "answer": h.answer,
        "start": h.start,
        "end": h.end,
        "text": reading.text[h.start : h.end],
        "cue": h.cue,
        "section": h.section,
        "rule": h.rule,
        "assertion": h.assertion,
    }


def marks(reading: Reading, knowledge: Knowledge) -> list[Mark]:
    """The marks of a note in order. Where hits overlap, the first and longest is shown, with all findings in its title."""
    spans: list[Mark] = []
    for h in reading.hits:
        kind: str = h.assertion if h.assertion in MARKS else "other"
        if h.finding in reading.uncertain and h.answer:
            kind = "uncertain"
        title = f"{words.finding_name(h.finding, knowledge)}: {h.assertion}"
        spans.append(Mark(h.start, h.end, kind, title, (h.finding,)))
    for q in reading.values.quantities:
        said = words.measured(q.finding, q.value, knowledge, exact=True)
        spans.append(Mark(q.span.start, q.span.end, "measured", said, (q.finding,)))
    for t in reading.values.duration[:1]:
        said = words.measured("duration_days", t.days, knowledge, exact=True)
        spans.append(Mark(t.span.start, t.span.end, "measured", said, ("duration_days",)))
    spans.sort(key=lambda s: (s.start, -s.end))
    out: list[Mark] = []
    for mark in spans:
        if mark.start >= mark.end:
            continue
        if out and mark.start < out[-1].end:
            last = out[-1]
            if mark.title not in last.title.split("; "):
                findings = tuple(dict.fromkeys((*last.findings, *mark.findings)))
                out[-1] = last._replace(title=f"{last.title}; {mark.title}", findings=findings)
            continue
        out.append(mark)
    return out


def print_reading(reading: Reading, knowledge: Knowledge, console: Console) -> None:
    """The note with marks, then the case."""
    text = Text()
    at = 0
    for m in marks(reading, knowledge):
        sign, style = MARKS[m.kind]
        text.append(_safe(reading.text[at : m.start]))
        text.append(f"[{sign} {_safe(reading.text[m.start : m.end])}]", style=style)
        at = m.end
    text.append(_safe(reading.text[at:]))
    console.print(text)
    legend = "  ".join(f"[{sign}] {MEANS[kind]}" for kind, (sign, _) in MARKS.items())
    console.print(Text("\n" + legend, style="dim"))
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for label, value in _case_rows(reading, knowledge):
        table.add_row(Text(label, style="bold"), Text(value))
    console.print()
    console.print(table)


def _safe(text: str) -> str:
    """Text without characters that could steer a terminal; every kind of line end begins a line."""
    lines = with_line_ends(text.replace("\r\n", "\n"))
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in lines)


class Open(NamedTuple):
    """A finding that the note leaves open: the words that say it, deny it or doubt it."""

    finding: str
    why: str
    hits: tuple[Hit, ...]


def left_open(reading: Reading) -> list[Open]:
    """Why each uncertain finding is so: the note contradicts itself, or is in doubt."""
    out: list[Open] = []
    for f in reading.uncertain:
        hits = tuple(h for h in reading.hits if h.finding == f and h.assertion in ("present", "absent", "uncertain"))
        both = {"present", "absent"} <= {h.assertion for h in hits}
        why = "the note contradicts itself" if both else "the note is in doubt"
        out.append(Open(f, why if hits else "what else the note says leaves it open", hits))
    return out


def _quote(h: Hit, reading: Reading) -> str:
    return f"{MARKS[h.assertion][0]} “{' '.join(reading.text[h.start : h.end].split())}”"


def _case_rows(reading: Reading, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    p = reading.patient
    yield "patient", words.patient_line(p.age_years, p.sex, p.setting)
    for label, findings in (("present", p.present), ("absent", p.absent)):
        if findings:
            yield label, ", ".join(words.finding_name(f, knowledge) for f in findings)
    for o in left_open(reading):
        quotes = ", ".join(dict.fromkeys(_quote(h, reading) for h in o.hits))
        yield "uncertain", f"{words.finding_name(o.finding, knowledge)}: {o.why}" + (f" ({quotes})" if quotes else "")
    yield from _other_rows(reading, knowledge)


def _other_rows(reading: Reading, knowledge: Knowledge) -> Iterator[tuple[str, str]]:
    """What is no finding: values, moments, medicines and the like."""
    p = reading.patient
    if p.measured:
        yield "measured", ", ".join(words.measured(f, v, knowledge, exact=True) for f, v in p.measured.items())
    for label, entries in other_rows(p, knowledge):
        yield label, ", ".join(entries)


#: dark text on pale ground: a contrast of at least 7 to 1; the line under the words tells the kinds apart without colour
_STYLE = """
:root{color-scheme:light}
body{font:16px/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin:1.6rem 0 .4rem}
.note{white-space:pre-wrap;overflow-wrap:anywhere;border:1px solid #767676;border-radius:.4rem;padding:1rem}
mark{color:#111;border-radius:.2rem;padding:0 .15rem}
mark:target{outline:3px solid #111}
.present{background:#c9f0cf;border-bottom:3px solid #116329}
.absent{background:#d8e6ff;border-bottom:3px dashed #0a3d91}
.uncertain{background:#ffe9b3;border-bottom:3px dotted #7a4d00}
.measured{background:#f0dcf7;border-bottom:3px double #6b1f86}
.other{background:#ececec;border-bottom:1px solid #595959}
mark sup{font-weight:bold;padding-right:.1rem}
.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1rem}
.open{border-left:4px solid #7a4d00;background:#fff8e6;padding:.1rem 1rem;margin:1rem 0}
table{border-collapse:collapse;width:100%}
th{text-align:left;vertical-align:top;font-weight:600;width:40%}
td,th{padding:.25rem 1rem .25rem 0;border-top:1px solid #ddd}
a{color:#0a3d91}
@media print{mark{-webkit-print-color-adjust:exact;print-color-adjust:exact}.note{border:0;padding:0}}
"""

_PAGE = """<!doctype html>
<html lang=en>
<head><meta charset=utf-8>\
<meta name=viewport content="width=device-width,initial-scale=1">\
<meta http-equiv=Content-Security-Policy content="default-src 'none'; style-src 'unsafe-inline'">\
<title>Reading of a note</title><style>{style}</style></head>
<body>
<main>
<h1>Reading of a note</h1>
<ul class=legend>{legend}</ul>
{open}
<div class=note>{note}</div>
{sections}
<p>{disclaimer}</p>
</main>
</body>
</html>
"""


def html(reading: Reading, knowledge: Knowledge) -> str:
    """One self-contained page without scripts; everything from the note is escaped.

    Each finding of the case stands with the words behind it, which lead to their place in the note.
    """
    shown = marks(reading, knowledge)
    pieces: list[str] = []
    at = 0
    for m in shown:
        pieces.append(escape(reading.text[at : m.start]))
        pieces.append(_mark(m.kind, escape(reading.text[m.start : m.end]), m.title, f"m{m.start}"))
        at = m.end
    pieces.append(escape(reading.text[at:]))
    places = [m.start for m in shown]

    def link(h: Hit) -> str:
        place = places[bisect_right(places, h.start) - 1]
        return f'<a href="#m{place}">{escape(_quote(h, reading))}</a>'

    def links(hits: Iterable[Hit]) -> str:
        return ", ".join(dict.fromkeys(link(h) for h in hits))

    p = reading.patient
    sections: list[str] = []
    for label, findings in (("present", p.present), ("absent", p.absent)):
        rows = [
            (words.finding_name(f, knowledge), links(h for h in reading.hits if h.finding == f and h.answer == label))
            for f in findings
        ]
        sections.append(_table(label.capitalize(), rows))
    rest = [("patient", words.patient_line(p.age_years, p.sex, p.setting)), *_other_rows(reading, knowledge)]
    sections.append(_table("Patient, values and medicines", [(k, escape(v)) for k, v in rest]))
    doubts = "".join(
        f"<li><b>{escape(words.finding_name(o.finding, knowledge))}</b>: {escape(o.why)}"
        f"{': ' + links(o.hits) if o.hits else ''}</li>"
        for o in left_open(reading)
    )
    return _PAGE.format(
        style=_STYLE,
        legend="".join(f"<li>{_mark(kind, escape(means), '')}</li>" for kind, means in MEANS.items()),
        open=f"<section class=open><h2>To be asked or examined again</h2><ul>{doubts}</ul></section>" if doubts else "",
        note="".join(pieces),
        sections="\n".join(sections),
        disclaimer=escape(words.DISCLAIMER),
    )


def _table(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """A heading and a table; the cells on the right are already escaped."""
    body = "\n".join(f"<tr><th scope=row>{escape(k)}</th><td>{v}</td></tr>" for k, v in rows)
    return f"<h2>{escape(title)}</h2>\n<table>\n{body}\n</table>" if body else ""


def _mark(kind: str, text: str, title: str, name: str = "") -> str:
    sign = MARKS[kind][0]
    shown = f' title="{escape(title, quote=True)}"' if title else ""
    here = f" id={name}" if name else ""
    # the joiner keeps the sign on the line of its word
    return f"<mark class={kind}{here}{shown}><sup>{sign}</sup>&#8288;{text}</mark>"
