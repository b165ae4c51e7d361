"""The exported network, read by pyAgrum, gives the probabilities that this engine gives on the same bins.

``make oracle`` runs it on 2,000 patients.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backspasm import InputError, Knowledge, Model, from_case
from backspasm.inference.bins import bin_of, bin_probabilities, edges_of, posterior_of_bins
from backspasm.inference.network import evidence_in, network
from backspasm.inference.oracle import differential
from backspasm.inference.posterior import complication_probabilities, posterior
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import Answers, answers_of
from backspasm.presentation.network_file import network_file
from tests.conftest import random_case

gum = pytest.importorskip("pyagrum")

PATIENTS = int(os.environ.get("BACKSPASM_NETWORK_PATIENTS", "200"))
TOLERANCE = 1e-6
STRATA = (
    Stratum("emergency", "40-49", "male"),
    Stratum("primary_care", "70-79", "female"),
    Stratum("paediatric_clinic", "5-9", "female"),
    Stratum("spine_clinic", "14-17", "male"),
)


def said_whole(case: dict[str, Any], knowledge: Knowledge) -> dict[str, Any]:
    """With what the file asks for: whether a scan is normal, and the duration along with four weeks without success."""
    answered = {*case["present"], *case["absent"]}
    for link in knowledge.links:
        if link.kind == "excludes" and link.other in case["absent"] and link.finding not in answered:
            case["absent"] = [*case["absent"], link.finding]
            answered.add(link.finding)
        if link.kind == "below_excludes" and link.other in answered and link.finding not in case["measured"]:
            threshold = knowledge.number(link.threshold or "")
            case["measured"] = case["measured"] | {
                link.finding: threshold * (2 if link.other in case["present"] else 0.5)
            }
    return case


def patients(count: int, seed: int, model: Model) -> list[Answers]:
    rng = random.Random(seed)
    out: list[Answers] = []
    while len(out) < count:
        try:
            out.append(
                answers_of(
                    from_case(said_whole(random_case(rng, model.knowledge), model.knowledge), model.knowledge),
                    model.knowledge,
                )
            )
        except InputError:
            continue
    return out


@pytest.mark.parametrize("place", range(len(STRATA)))
def test_pyagrum_gives_the_same_probabilities(place: int, model: Model, tmp_path: Path) -> None:
    stratum = STRATA[place]
    file = tmp_path / "network.bifxml"
    file.write_text(network_file(model, stratum), encoding="utf-8")
    read = gum.loadBN(str(file))
    engine = gum.LazyPropagation(read)
    engine.setTargets({"cause", *model.parameters.complications})
    edges = edges_of(model, stratum)
    for answers in patients(PATIENTS // len(STRATA), 500 + place, model):
        engine.setEvidence(evidence_in(answers.items, edges))
        engine.makeInference()
        items = tuple(i for i in answers.items if i.kind != "value")
        bins = {i.finding: bin_of(i.value, edges[i.finding]) for i in answers.items if i.value is not None}
        own = posterior_of_bins(items, bins, edges, stratum, model)
        assert np.abs(engine.posterior("cause").toarray() - own.causes).max() < TOLERANCE
        complications = own.causes @ complication_probabilities(own, model.layout)
        for name, p in zip(model.parameters.complications, complications, strict=True):
            assert abs(engine.posterior(name).toarray()[1] - p) < TOLERANCE, name


def test_without_measured_values_bins_and_densities_are_one(model: Model) -> None:
    for answers in patients(40, 31, model):
        items = tuple(i for i in answers.items if i.kind != "value")
        own = posterior_of_bins(items, {}, {}, STRATA[0], model).causes
        alone = posterior(items, STRATA[:1], model.means, model.layout, model.knowledge).causes
        assert np.abs(own - alone).max() < 1e-12
        slow = differential(items, STRATA[:1], model.means, model.knowledge)
        assert max(abs(slow[c] - p) for c, p in zip(model.parameters.causes, own, strict=True)) < 1e-9


def test_every_table_of_the_network_sums_to_one(model: Model) -> None:
    for stratum in STRATA[:2]:
        for node in network(model, stratum, edges_of(model, stratum)):
            assert node.table.shape[-1] == len(node.states) == len(set(node.states)), node.name
            assert node.table.min() >= 0, node.name
            assert np.abs(node.table.sum(axis=-1) - 1).max() < 1e-12, node.name


def test_many_narrow_bins_come_near_the_density(model: Model) -> None:
    stratum, measured = STRATA[0], "crp"
    mean, sd = model.means.value(measured, 2)
    edges = tuple(np.exp(np.linspace(3.0, 3.01, 2)))
    p = bin_probabilities(measured, edges, stratum, model)[..., 1] / 0.01
    density = np.exp(-0.5 * ((3.005 - mean) / sd) ** 2) / sd / np.sqrt(2 * np.pi)
    inside = bin_probabilities(measured, edges, stratum, model).sum(axis=-1)
    assert inside == pytest.approx(1)
    assert (p / density).max() < 1.2  # the density is cut at the ends of what is possible, so the rest has more
    assert (p / density).min() > 0.999


def test_the_file_is_the_same_every_time_and_says_what_an_answer_means(model: Model) -> None:
    text = network_file(model, STRATA[1])
    assert text == network_file(model, STRATA[1])
    assert model.knowledge.digest in text
    assert "not a certified medical device" in text
