"""Advice on tests and imaging in situations for which guidance says what to do; the table was written before the rules were run."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from backspasm import Assessment, Knowledge, Model, assess, from_case
from backspasm.advice.investigations import Advice
from backspasm.records.care_types import WHENS

TABLE = yaml.safe_load((Path(__file__).parent / "imaging.yaml").read_text(encoding="utf-8"))["situations"]
BY_ID = {s["id"]: s for s in TABLE}


@cache
def assessed(name: str, model: Model) -> Assessment:
    return assess(from_case(BY_ID[name]["case"], model.knowledge), model, draws=10)


def advice(name: str, model: Model) -> dict[str, Advice]:
    return {a.test: a for a in assessed(name, model).plan.investigations}


def asked_for(found: dict[str, Advice]) -> set[str]:
    return {test for test, a in found.items() if a.verdict != "not_indicated"}


def faults(s: dict[str, Any], found: dict[str, Advice]) -> list[str]:
    """Every way in which the advice departs from the situation's expectation."""
    out = []
    for test, wanted in s.get("expect", {}).items():
        verdict, _, when = wanted.partition(" ")
        got = found.get(test)
        if got is None or got.verdict != verdict or (when and got.when != when):
            out.append(f"{test}: expected {wanted}, got {got and (got.verdict, got.when)}")
    for test, latest in s.get("soon", {}).items():
        got = found.get(test)
        if got is None or got.when is None or WHENS.index(got.when) > WHENS.index(latest):
            out.append(f"{test}: expected at least {latest}, got {got and got.when}")
    wanted_any = set(s.get("advised", ()))
    if wanted_any and not wanted_any & asked_for(found):
        out.append(f"expected one of {sorted(wanted_any)}, got {sorted(asked_for(found))}")
    if "soon_any" in s:
        times = [found[t].when for t in wanted_any & asked_for(found)]
        if not any(w is not None and WHENS.index(w) <= WHENS.index(s["soon_any"]) for w in times):
            out.append(f"expected one {s['soon_any']}, got {times}")
    out += [f"{t}: not expected at all" for t in s.get("not_advised", ()) if t in asked_for(found)]
    for test, texts in s.get("cautions", {}).items():
        said = " ".join(found[test].cautions) if test in found else ""
        out += [f"{test}: no caution about {text}" for text in texts if text not in said]
    return out


@pytest.mark.parametrize("name", list(BY_ID))
def test_a_published_situation_gets_the_published_advice(name: str, model: Model) -> None:
    assert faults(BY_ID[name], advice(name, model)) == []


def test_the_table_is_large_enough_and_sourced(knowledge: Knowledge) -> None:
    assert len(TABLE) >= 40
    assert len(BY_ID) == len(TABLE)
    ages = [s["case"]["age_years"] for s in TABLE]
    assert sum(a < 18 for a in ages) >= 10
    unknown = [s["source"] for s in TABLE if knowledge.fact(s["source"]) is None]
    assert unknown == []
