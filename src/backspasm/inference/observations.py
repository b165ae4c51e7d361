"""From facts of studies to observations of the model's rates: which cell a fact speaks of, and how surely."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from backspasm.inference.logit_normal import Observation, from_counts, from_interval
from backspasm.records.knowledge import Knowledge
from backspasm.records.types import AgeGroup, CutOff, Fact, Proportion, Study

Part = Fact | Proportion | CutOff

#: settings whose patients were admitted or sent on: signs are commoner among them than among presenters
SELECTING = {"hospital", "referred"}


@dataclass(frozen=True, slots=True)
class Sighting:
    """One fact's observation of one cell.

    ``partner``: where the fact also says how often the finding is there in the patients it compares them with (or, for
    those, in the patients with the cause), that; the two are pooled together.
    """

    address: str
    lineage: str
    exact: bool
    observation: Observation
    partner: Observation | None = None


@dataclass(frozen=True, slots=True)
class Cell:
    """What a rate is the rate of: a finding (or complication) given a cause or complication, in one age group."""

    what: str
    given: str
    age: AgeGroup


def bias_variance(knowledge: Knowledge, study: Study, fact: Fact, comparator: bool = False) -> float:
    """Extra variance (log odds) for a fact that is less to the point than a fitting, fully read study of presenters."""
    sds = knowledge.table("evidence_bias_sd")
    total = 0.0
    if fact.relation != "same":
        total += sds[fact.relation] ** 2
    if (fact.read or study.read) == "secondary":
        total += sds["secondary_reading"] ** 2
    if fact.spectrum == "selected" or (fact.setting or study.setting) in SELECTING:
        total += sds["selected_spectrum"] ** 2
    if fact.verification == "partial":
        total += sds["partial_verification"] ** 2
    if comparator:
        total += sds["comparator"] ** 2
    return total


def usable(
    knowledge: Knowledge, without: frozenset[str] = frozenset(), also: frozenset[str] = frozenset()
) -> Iterator[tuple[Study, Fact]]:
    """Facts that feed the model, leaving out the studies (``study``) and single facts (``study/fact``) named.

    Args:
        also: addresses of facts that count although they are marked as not to be pooled.
    """
    for study, fact in knowledge.facts():
        address = f"{study.id}/{fact.id}"
        if study.retired is not None or not (fact.used or address in also):
            continue
        if study.id not in without and address not in without:
            yield study, fact


def proportion(knowledge: Knowledge, study: Study, part: Part | None, bias: float) -> Observation | None:
    """Observation from counts, or from a printed value with its interval."""
    if part is None:
        return None
    if part.x is not None and part.n:
        return from_counts(part.x, part.n, bias)
    if part.value is None:
        return None
    cap = int(knowledge.number("sample_size_cap"))
    size = min(part.n or study.n or int(knowledge.number("sample_size_unknown")), cap)
    return from_interval(part.value, part.low, part.high, size, bias)


def rate_sightings(
    knowledge: Knowledge, without: frozenset[str] = frozenset(), also: frozenset[str] = frozenset()
) -> dict[Cell, tuple[Sighting, ...]]:
    """Every sighting of a rate of a boolean finding, by cell; one a lineage."""
    found: dict[Cell, list[Sighting]] = defaultdict(list)
    for study, fact in usable(knowledge, without, also):
        if fact.kind not in {"rate", "accuracy"} or fact.finding is None:
            continue
        if knowledge.findings[fact.finding].kind != "boolean":
            continue
        targets = fact.causes or ((fact.complication,) if fact.complication else ())
        own = _sensitivity(knowledge, study, fact, bias_variance(knowledge, study, fact))
        others = _false_positives(knowledge, study, fact, bias_variance(knowledge, study, fact, comparator=True))
        _add(found, study, fact, fact.finding, targets, own, others)
        if fact.comparator and fact.comparator.causes:
            _add(found, study, fact, fact.finding, fact.comparator.causes, others, own)
    return {cell: one_per_lineage(sightings) for cell, sightings in found.items()}


def complication_sightings(
    knowledge: Knowledge, without: frozenset[str] = frozenset(), also: frozenset[str] = frozenset()
) -> dict[Cell, tuple[Sighting, ...]]:
    """Every sighting of a complication among patients with a cause."""
    found: dict[Cell, list[Sighting]] = defaultdict(list)
    for study, fact in usable(knowledge, without, also):
        if fact.kind == "complication_rate" and fact.complication:
            bias = bias_variance(knowledge, study, fact)
            _add(found, study, fact, fact.complication, fact.causes, proportion(knowledge, study, fact, bias))
    return {cell: one_per_lineage(sightings) for cell, sightings in found.items()}


def one_per_lineage(sightings: list[Sighting]) -> tuple[Sighting, ...]:
    """Of studies that share patients (and of several facts of one study) the most fitting, then the surest."""
    best: dict[str, Sighting] = {}
    for s in sightings:
        rival = best.get(s.lineage)
        if rival is None or _worse(rival) > _worse(s):
            best[s.lineage] = s
    return tuple(sorted(best.values(), key=lambda s: s.address))


def _worse(s: Sighting) -> tuple[bool, float, str]:
    return (not s.exact, s.observation.variance + s.observation.bias_variance, s.address)


def _add(
    found: dict[Cell, list[Sighting]],
    study: Study,
    fact: Fact,
    what: str,
    targets: tuple[str, ...],
    observation: Observation | None,
    partner: Observation | None = None,
) -> None:
    if observation is None:
        return
    address = f"{study.id}/{fact.id}"
    sighting = Sighting(address, study.lineage or study.id, fact.relation == "same", observation, partner)
    for target in targets:
        for age in fact.ages or study.ages:
            found[Cell(what, target, age)].append(sighting)


def _sensitivity(knowledge: Knowledge, study: Study, fact: Fact, bias: float) -> Observation | None:
    if fact.tp is not None and fact.fn is not None and fact.tp + fact.fn > 0:
        return from_counts(fact.tp, fact.tp + fact.fn, bias)
    if fact.sensitivity is not None:
        return proportion(knowledge, study, fact.sensitivity, bias)
    return proportion(knowledge, study, fact, bias) if fact.kind == "rate" else None


def _false_positives(knowledge: Knowledge, study: Study, fact: Fact, bias: float) -> Observation | None:
    if fact.fp is not None and fact.tn is not None and fact.fp + fact.tn > 0:
        return from_counts(fact.fp, fact.fp + fact.tn, bias)
    spared = proportion(knowledge, study, fact.specificity, bias)
    return None if spared is None else Observation(-spared.log_odds, spared.variance, spared.bias_variance)
