"""What `evidence` opens, as one HTML file: a study, an assumption, a treatment, a dispute, or rates with all their studies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from backspasm.advice.tried_sides import Tried
from backspasm.inference.cell_evidence import CellEvidence
from backspasm.inference.model import Model
from backspasm.presentation import words
from backspasm.presentation.bibliography import how_read
from backspasm.presentation.evidence_cause import base_rate_rows
from backspasm.presentation.forest import STYLE
from backspasm.presentation.rendering import rendered
from backspasm.presentation.sources import Source, cited, source
from backspasm.presentation.treatment_views import dispute_view
from backspasm.presentation.treatments import ROLES
from backspasm.presentation.tried_sides import ALONE, tried_view
from backspasm.presentation.views import cell_title, cell_view
from backspasm.records.knowledge import Knowledge

#: headings of a treatment's facts, and their places in its data
PARTS = (
    ("Dose", "dose"),
    ("Advice", "advice"),
    ("Trials and reviews", "trials"),
    ("Harms shown with it", "harms"),
    ("Guidelines", "guidelines"),
)


@dataclass(frozen=True)
class TreatmentPage:
    """A treatment's record, whoever the patient."""

    plain: str
    studied: str
    uses: tuple[dict[str, str], ...]
    parts: tuple[tuple[str, tuple[Source, ...]], ...]
    rules: tuple[dict[str, Any], ...]


def evidence_page(
    identifier: str | None,
    data: dict[str, Any],
    cells: Sequence[CellEvidence],
    count: int,
    tried: tuple[Tried, ...],
    model: Model,
) -> bytes:
    """The page, UTF-8.

    Args:
        data: as ``evidence_data`` gives it; empty for rates alone.
        cells: the rates to draw, of ``count`` in all.
        tried: disputes on these rates.
    """
    knowledge = model.knowledge
    study = knowledge.studies.get((identifier or "").partition("/")[0]) if "study" in data else None
    assumption = data.get("assumption")
    views = tuple(cell_view(c, f"e{i}", knowledge) for i, c in enumerate(cells))
    disputes = tuple(tried_view(t, knowledge) for t in tried)
    treatment = _treatment(data["treatment"], knowledge) if "treatment" in data else None
    trials = _trial_disputes(data, knowledge)
    shown = [s for v in views for s in v.sources]
    shown += [s for d in disputes for side in d.sides for s in side.sources]
    shown += [s for _, sources in (treatment.parts if treatment else ()) for s in sources]
    shown += [s for d in trials for side in d.sides for t in side.trials for s in t.sources]
    base_facts = dict.fromkeys(f for b in data["cause"]["base_rates"] for f in b["facts"]) if "cause" in data else {}
    shown += cited(base_facts, knowledge)
    every = {s.address for s in shown}
    return rendered(
        "evidence.html.j2",
        k=knowledge,
        title=_title(identifier, data, cells, knowledge),
        study=study,
        how=how_read(study) if study else "",
        facts=[_fact(f) for f in data["study"]["facts"]] if study else [],
        assumption=assumption,
        rows=_rows(assumption) if assumption else [],
        used_in=data.get("used_in", []),
        cause=data.get("cause"),
        base_rates=base_rate_rows(data["cause"]) if "cause" in data else [],
        treatment=treatment,
        treatment_disputes=trials,
        cells=views,
        disputes=disputes,
        alone=ALONE,
        more=count - len(cells),
        listed=data.get("studies", []),
        assumptions=data.get("assumptions", []),
        disputes_listed=data.get("disputes", []),
        treatments=data.get("treatments", []),
        studies=[
            (knowledge.studies[s], [source(a, knowledge) for a in sorted(every) if a.startswith(f"{s}/")])
            for s in dict.fromkeys(s.study.id for s in shown if s.study is not None)
        ],
        forest_style=Markup(STYLE),
    )


def _title(identifier: str | None, data: dict[str, Any], cells: Sequence[CellEvidence], knowledge: Knowledge) -> str:
    if "treatment" in data:
        return f"{data['treatment']['name']} ({data['treatment']['kind']})"
    if "cause" in data:
        return str(data["cause"]["name"])
    if identifier in knowledge.disputes:
        return knowledge.disputes[identifier].name
    if "dispute" in data:
        return str(data["dispute"]["question"])
    alone = len(cells) == 1 and "study" not in data
    return cell_title(cells[0], knowledge) if alone else identifier or "Evidence"


def _rows(assumption: dict[str, Any]) -> list[tuple[str, str]]:
    """A named assumption's numbers, an entry a row."""
    table = assumption.get("table") or {"value": assumption.get("value")}
    return [
        (name, ", ".join(f"{k} {v:g}" for k, v in value.items()) if isinstance(value, dict) else f"{value:g}")
        for name, value in table.items()
    ]


def _fact(fact: dict[str, Any]) -> dict[str, Any]:
    return {"defined_as": None, "note": None, "used": True, "because": "", **fact}


def _treatment(data: dict[str, Any], knowledge: Knowledge) -> TreatmentPage:
    return TreatmentPage(
        data["plain"],
        data["studied"],
        tuple(
            {
                "role": ROLES[use["role"]],
                "because": use["because"],
                "scope": ", ".join(words.plain(x) for x in (*use["for"], *use["stages"], *use["ages"])) or "any cause",
            }
            for use in data["uses"]
        ),
        tuple((heading, cited([f["fact"] for f in data[key]], knowledge)) for heading, key in PARTS),
        tuple(data["rules"]),
    )


def _trial_disputes(data: dict[str, Any], knowledge: Knowledge) -> tuple[Any, ...]:
    """Disputes on treatments: those of a treatment, or the one that was asked for."""
    named = [d["id"] for d in data["treatment"]["disputes"]] if "treatment" in data else []
    named += [data["dispute"]["id"]] if "dispute" in data else []
    return tuple(dispute_view(knowledge.treatment_disputes[d], f"td{i}", knowledge) for i, d in enumerate(named))
