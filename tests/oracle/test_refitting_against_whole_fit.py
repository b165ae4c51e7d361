"""Does refitting only the touched cells give what fitting the whole model gives? Bit for bit."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

from backspasm import Knowledge, Model
from backspasm.inference.base_rates import fit_base_rates
from backspasm.inference.disagreement import disagreements
from backspasm.inference.elicited import Opinions
from backspasm.inference.fitting import Tables, fit_every_cell
from backspasm.inference.gathered import Gathered, Place, gather, only
from backspasm.inference.model import fit_model
from backspasm.inference.parameters import Parameters
from backspasm.inference.refitting import Refitter
from backspasm.inference.strata import Ages


@pytest.fixture(scope="module")
def refitter(model: Model) -> Refitter:
    return Refitter(model)


def differences(one: Any, other: Any) -> list[str]:
    """Fields in which two parameter sets differ, down to the last bit."""
    out = []
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            if not np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
                out.append(field.name)
        elif is_dataclass(a) and not isinstance(a, type):
            out += differences(a, b) if field.name == "base" else ([] if a == b else [field.name])
        elif a != b:
            out.append(field.name)
    return out


def whole_fit(knowledge: Knowledge, gathered: Gathered, alone: frozenset[Place]) -> Parameters:
    tables = Tables(knowledge, gathered, Opinions(knowledge), alone=alone)
    fit_every_cell(tables)
    return tables.parameters(fit_base_rates(knowledge, Ages.of(knowledge)))


def studies_of_every_kind(model: Model) -> dict[str, str]:
    """For each kind of cell one study that feeds it: the one that feeds most."""
    p = model.parameters
    kinds: dict[str, dict[str, int]] = {
        k: {} for k in ("complication", "strength", "rate", "rate over complications", "value")
    }
    for key, backing in p.backing.items():
        what, given, *_ = key.split("|")
        if what in p.complications:
            kind = "complication"
        elif what in p.measured:
            kind = "value"
        elif given in p.complications:
            kind = "strength"
        else:
            apart = model.knowledge.findings[what].elicited_as == "without_complications" and model.layout.drivers[what]
            kind = "rate over complications" if apart else "rate"
        for address in backing.facts:
            study = address.partition("/")[0]
            kinds[kind][study] = kinds[kind].get(study, 0) + 1
    base: dict[str, int] = {}
    for facts in p.base.facts.values():
        for address in facts:
            base[address.partition("/")[0]] = base.get(address.partition("/")[0], 0) + 1
    every = {**kinds, "base rate": base}
    return {kind: max(sorted(count), key=count.__getitem__) for kind, count in every.items()}


KINDS = ("complication", "strength", "rate", "rate over complications", "value", "base rate")


@pytest.mark.parametrize("kind", KINDS)
def test_leaving_out_a_study_equals_the_whole_fit_without_it(kind: str, model: Model, refitter: Refitter) -> None:
    study = studies_of_every_kind(model)[kind]
    left_out = refitter.without({study}).parameters
    assert differences(left_out, fit_model(model.knowledge, frozenset({study})).parameters) == []
    assert differences(left_out, model.parameters) != []


def test_several_studies_and_a_single_fact_at_once(model: Model, refitter: Refitter) -> None:
    several = frozenset(studies_of_every_kind(model).values())
    fact = next(f for b in model.parameters.backing.values() for f in b.facts if f.partition("/")[0] not in several)
    names = several | {fact}
    fitted = fit_model(model.knowledge, names).parameters
    assert differences(refitter.without(names).parameters, fitted) == []


def test_one_side_of_a_dispute_equals_the_whole_fit_on_it(model: Model, refitter: Refitter) -> None:
    knowledge = model.knowledge
    complications = set(model.parameters.complications)
    found = disagreements(knowledge)
    chosen = [next(d for d in found if (d.given in complications) is through) for through in (False, True)]
    for d in chosen:
        keep = frozenset(s.address for s in d.low)
        whole = whole_fit(knowledge, only(knowledge, gather(knowledge), {d.place}, keep), frozenset({d.place}))
        assert differences(refitter.with_only({d.place}, keep).parameters, whole) == []


def test_a_study_that_nothing_rests_on_changes_nothing(model: Model, refitter: Refitter) -> None:
    p = model.parameters
    used = {a.partition("/")[0] for b in p.backing.values() for a in b.facts}
    used |= {a.partition("/")[0] for facts in p.base.facts.values() for a in facts}
    idle = next(s for s in model.knowledge.studies if s not in used)
    assert differences(refitter.without({idle}).parameters, p) == []


def test_a_refit_leaves_the_model_as_it_was(model: Model, refitter: Refitter) -> None:
    before = {f.name: getattr(model.parameters, f.name) for f in fields(model.parameters)}
    copies = {n: a.copy() for n, a in before.items() if isinstance(a, np.ndarray)}
    refitter.without(set(studies_of_every_kind(model).values()))
    for name, copy in copies.items():
        assert np.array_equal(copy, getattr(model.parameters, name), equal_nan=copy.dtype.kind == "f")


def test_each_fact_alone_is_what_the_whole_knowledge_gathers(knowledge: Knowledge) -> None:
    everything = gather(knowledge)
    nothing = gather(knowledge, frozenset(knowledge.studies))
    assert everything.rates
    assert (nothing.rates, nothing.complications, nothing.values) == ({}, {}, {})
