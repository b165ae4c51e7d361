"""What stands behind a number: its steps, its studies, their plots, and what the answer would be without them."""

from __future__ import annotations

from typing import Any

from backspasm.advice.assessment import Assessment
from backspasm.advice.disputes import disputes_of
from backspasm.advice.verdict import question, verdict
from backspasm.inference.cell_evidence import cell_evidence
from backspasm.presentation import words
from backspasm.presentation.bibliography import how_read
from backspasm.presentation.evidence import evidence_data
from backspasm.presentation.evidence_cells import cells_behind
from backspasm.presentation.explanation import explanation
from backspasm.presentation.explanation_page import explained_cause
from backspasm.presentation.report import VISIBLE, complication_views, dispute_view
from backspasm.presentation.treatment_views import treatments_view
from backspasm.presentation.views import cell_view
from backspasm.service.page.workbench import Workbench

#: plots of a study that feeds many rates
PLOTS = 6


class UnknownPanelError(Exception):
    """Nothing has this address."""


def panel(address: str, a: Assessment | None, bench: Workbench) -> dict[str, Any]:
    """The values of a panel's template, ``kind`` and ``title`` among them.

    Args:
        address: ``cause:ID``, ``without:ID`` (a cause, without each study), ``complication:ID``, ``study:ID`` or
            ``study:ID/FACT``, ``assumption:ID``, ``treatment:NAME``, ``disputes`` or ``trials``.
        a: the patient; None where nothing was assessed, which leaves studies and assumptions to be opened.

    Raises:
        UnknownPanelError: where nothing has this address.
    """
    kind, _, name = address.partition(":")
    knowledge = bench.knowledge
    if kind == "study" and name.partition("/")[0] in knowledge.studies:
        return _study(name, a, bench)
    if kind == "assumption" and name in knowledge.assumptions:
        return _assumption(name, bench)
    if a is not None:
        if kind in {"cause", "without"} and name in knowledge.causes:
            return _cause(name, a, bench, with_studies=kind == "without")
        if kind == "complication" and name in knowledge.complications:
            return _complication(name, a, bench)
        if kind == "treatment":
            return _treatment(name, a, bench)
        if kind in {"disputes", "trials"}:
            return _disputes(a, bench) if kind == "disputes" else _trials(a, bench)
    raise UnknownPanelError


def _cause(name: str, a: Assessment, bench: Workbench, with_studies: bool) -> dict[str, Any]:
    e = explanation(a.patient, name, bench.model, (lambda *_: None) if with_studies else None)
    estimate = next(h.estimate for h in a.differential if h.cause == name)
    c = explained_cause(e, bench.evidence(a))
    title = words.cause_name(name, bench.knowledge)
    return {"kind": "cause", "title": title, "id": name, "c": c, "estimate": estimate, "without": e.without_studies}


def _complication(name: str, a: Assessment, bench: Workbench) -> dict[str, Any]:
    views = complication_views(a, bench.evidence(a), only=name)
    if not views:
        raise UnknownPanelError
    return {"kind": "complication", "title": views[0].name, "c": views[0], "estimate": views[0].estimate}


def _study(address: str, a: Assessment | None, bench: Workbench) -> dict[str, Any]:
    """A study with its facts, the one asked for first; where a patient was assessed, what it does to the answer."""
    study_id, _, fact = address.partition("/")
    study = bench.knowledge.studies[study_id]
    facts = evidence_data(study_id, bench.model)["study"]["facts"]
    facts = [{"defined_as": None, "note": None, "used": True, "because": "", **f} for f in facts]
    cells = cells_behind(address, bench.model, bench.refitter)
    if a is not None:
        age = bench.evidence(a).age
        cells = tuple(_at(c.what, c.given, age, bench) or c for c in cells)
    views = [cell_view(c, f"e{i}", bench.knowledge) for i, c in enumerate(cells[:PLOTS])]
    change = None
    if a is not None:
        asked = question(a.patient, bench.model)
        before, after = verdict(asked, bench.model), verdict(asked, bench.refitter.without({study_id}))
        change = _change(dict(before.causes), dict(after.causes), before.leading, after.leading, bench) | {
            "level": words.URGENCY[before.level][0].lower(),
            "then": words.URGENCY[after.level][0].lower(),
        }
    return {
        "kind": "study",
        "title": study.id,
        "study": study,
        "how": how_read(study),
        "asked": [f for f in facts if f["id"] == fact],
        "facts": [f for f in facts if f["id"] != fact],
        "cells": views,
        "more": max(len(cells) - PLOTS, 0),
        "change": change,
    }


def _at(what: str, given: str, age: Any, bench: Workbench) -> Any:
    """The same rate at the patient's age, where a study speaks of it there."""
    try:
        found = cell_evidence(what, given, age, bench.refitter)
    except KeyError:
        return None
    return found if found.studies else None


def _change(
    before: dict[str, float],
    after: dict[str, float],
    leading: tuple[str, ...],
    then: tuple[str, ...],
    bench: Workbench,
) -> dict[str, Any]:
    names = tuple(dict.fromkeys((*leading, *then)))
    rows = [(words.cause_name(n, bench.knowledge), before[n], after[n]) for n in names]
    return {"rows": rows, "order": leading != then}


def _assumption(name: str, bench: Workbench) -> dict[str, Any]:
    data = evidence_data(name, bench.model)
    said = data["assumption"]
    table = said.get("table") or ({"value": said["value"]} if "value" in said else {})
    rows = [
        (
            words.plain(k),
            ", ".join(f"{words.plain(x)} {y:g}" for x, y in v.items()) if isinstance(v, dict) else f"{v:g}",
        )
        for k, v in table.items()
    ]
    return {"kind": "assumption", "title": words.plain(name), "said": said, "rows": rows, "used_in": data["used_in"]}


def _treatment(name: str, a: Assessment, bench: Workbench) -> dict[str, Any]:
    view = treatments_view(a.treatments, a.urgency.level, bench.knowledge)
    for card in view.consider:
        if name in card.names:
            return {"kind": "treatment", "title": ", ".join(card.names), "card": card}
    raise UnknownPanelError


def _disputes(a: Assessment, bench: Workbench) -> dict[str, Any]:
    evidence = bench.evidence(a)
    every = [dispute_view(d, i, evidence) for i, d in enumerate(disputes_of(a, bench.model))]
    shown = [d for d in every if d.kind != "diagnosis" or d.effect >= VISIBLE]
    return {
        "kind": "disputes",
        "title": "Where studies disagree",
        "disputes": shown,
        "quiet": len(every) - len(shown),
        "now": (words.cause_name(a.differential[0].cause, bench.knowledge), a.differential[0].estimate.value),
        "level": words.URGENCY[a.urgency.level][0].lower(),
    }


def _trials(a: Assessment, bench: Workbench) -> dict[str, Any]:
    view = treatments_view(a.treatments, a.urgency.level, bench.knowledge)
    return {"kind": "trials", "title": "Where trials of treatments disagree", "disputes": view.disputes}
