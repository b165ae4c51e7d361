"""The validation as one HTML page that needs nothing else: figures inside, no script, no network."""

from __future__ import annotations

from html import escape

from backspasm.population.figures import coverage_figure, forest, rank_histograms, reliability_diagram
from backspasm.population.validation_text import (
    DEPENDENCE_HEAD,
    MEASURE_WORDS,
    Validation,
    by_rule,
    coverage_words,
    dependence_rows,
    explanation,
    interval,
    miss_words,
    score_rows,
    shown,
    summary,
)
from backspasm.presentation import words
from backspasm.records.knowledge import Knowledge

_STYLE = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1c2229; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-top: 1px solid #d5d9de; padding-top: 1rem; }
table { border-collapse: collapse; font-size: .85rem; width: 100%; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #e6e8eb; vertical-align: top; }
figure { margin: 1.5rem 0; } svg { max-width: 100%; height: auto; } figcaption, footer { color: #59616b; font-size: .85rem; }
th[colspan] { padding-top: .9rem; } small { font-weight: 400; color: #59616b; } .num { white-space: nowrap; }
tr { break-inside: avoid; } figure { break-inside: avoid; }
.no { color: #a3360b; font-weight: 600; }
"""


def validation_page(found: Validation, knowledge: Knowledge) -> str:
    """The whole page."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Validation of backspasm</title><style>{_STYLE}</style></head><body>",
        "<h1>Validation of backspasm</h1>",
        f"<p>Knowledge {escape(knowledge.version)}, {knowledge.digest[:12]}. No result here has been compared with the "
        "outcomes of real patients, save where a study or a case with a known answer is named.</p>",
    ]
    parts += (
        _rules(found, knowledge)
        + _cases(found, knowledge)
        + _calibration(found, knowledge)
        + _dependence(found, knowledge)
    )
    parts += [
        "<footer>Decision support for professionals, not a certified medical device.</footer></body></html>",
        "",
    ]
    return "\n".join(parts)


def _rules(found: Validation, knowledge: Knowledge) -> list[str]:
    if found.rules is None:
        return []
    rows = []
    for name, figures in by_rule(found.rules).items():
        left_out = escape(", ".join(figures[0].left_out)) or "none, for it is not on file"
        title = f"<strong>{escape(name.replace('_', ' '))}</strong><br><small>{escape(figures[0].source)}. Left out: {left_out}.</small>"
        rows.append(f'<tr><th colspan="5">{title}</th></tr>')
        for e in figures:
            c = e.comparison
            row = [
                MEASURE_WORDS[c.measure],
                _figures(interval(c.measure, c.model)),
                _figures(interval(c.measure, c.study)),
                "yes" if c.overlap else '<span class="no">no</span>',
                "" if e.drawn is None else _figures(f"{shown(c.measure, e.drawn)} of {e.drawn_of:,}"),
            ]
            rows.append(f"<tr>{_cells(row)}</tr>")
    misses = [f"<li>{escape(explanation(e, knowledge))}</li>" for e in found.rules if not e.comparison.overlap]
    head = ["measure", "model (90 %)", "study (95 %)", "agree", "drawn patients"]
    return [
        "<h2>Published rules on the model's own patients</h2>",
        f"<p>{escape(summary(found.rules))}</p>",
        _figure(forest(found.rules), "Model against study. Intervals of the model are those of its parameters."),
        *[f"<p>{escape(remark)}</p>" for remark in found.remarks],
        _whole_table(head, rows),
        *(["<h3>Where they do not agree</h3><ul>", *misses, "</ul>"] if misses else []),
    ]


def _cases(found: Validation, knowledge: Knowledge) -> list[str]:
    if found.cases is None:
        return []
    misses = [[escape(cell) for cell in (m.id, *miss_words(m, knowledge))] for m in found.cases.misses]
    return [
        "<h2>Cases with known answers</h2>",
        _table(["figure", "value"], [[escape(a), escape(b)] for a, b in score_rows(found.cases)]),
        _figure(
            reliability_diagram(found.cases.reliability),
            "Every cause of every case. Cases written for teaching hold more serious disease than presenters do.",
        ),
        *(["<h3>Cases missed</h3>", _table(["case", "how", "what was said"], misses)] if misses else []),
    ]


def _calibration(found: Validation, knowledge: Knowledge) -> list[str]:
    c = found.calibration
    if c is None:
        return []
    worst = words.cause_name(c.gap_cause, knowledge)
    return [
        "<h2>Calibration by simulation</h2>",
        f"<p>{escape(coverage_words(c))}</p>",
        _figure(coverage_figure(c), f"Coverage in {c.runs:,} worlds, a patient each."),
        _figure(rank_histograms(c), "Rank of the truth among the engine's draws; grey: 99 % of even bars."),
        _figure(
            reliability_diagram(c.reliability),
            f"{c.patients:,} patients drawn at the fixed set and assessed at it. Mean probability and share differ most "
            f"for {worst}, by {c.largest_gap:+.1f} standard errors.",
        ),
    ]


def _dependence(found: Validation, knowledge: Knowledge) -> list[str]:
    if found.dependence is None:
        return []
    rows = [
        [escape(cell).replace("\n", "<br>") for cell in row] for row in dependence_rows(found.dependence, knowledge)
    ]
    return [
        "<h2>How findings go together</h2>",
        "<p>Correlations that follow from shared causes and complications, beside those that studies report. Where none "
        "is reported, what was searched.</p>",
        _table(list(DEPENDENCE_HEAD), rows),
    ]


def _figures(text: str) -> str:
    """Numbers that stay on one line."""
    return f'<span class="num">{text}</span>'


def _cells(row: list[str]) -> str:
    return "".join(f"<td>{cell}</td>" for cell in row)


def _table(head: list[str], rows: list[list[str]]) -> str:
    """Cells are HTML already."""
    return _whole_table(head, [f"<tr>{_cells(row)}</tr>" for row in rows])


def _whole_table(head: list[str], rows: list[str]) -> str:
    """Rows are HTML already."""
    top = "".join(f"<th>{h}</th>" for h in head)
    body = "\n".join(rows)
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def _figure(svg: str, caption: str) -> str:
    return f"<figure>{svg}<figcaption>{escape(caption)}</figcaption></figure>"
