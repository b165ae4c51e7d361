"""Counts of candidates and of those concerned, by group, added up batch by batch: memory does not grow with the encounters."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from backspasm.inference.strata import Ages
from backspasm.population.audit.measures import ALERTS, MEASURES, Marks
from backspasm.records.knowledge import Knowledge

#: group by which everything is counted; ``all`` has one group
DIMENSIONS = ("all", "site", "clinician_group", "age_band", "sex", "setting", "urgency")
UNKNOWN = "unknown"
EVERYBODY = "all"
#: a dimension whose groups lie within those of another one
WITHIN = {"clinician_group": "site"}

Key = tuple[str, str]


@dataclass
class Counts:
    """Sums over encounters. Keys: (dimension, group); of ``candidates`` and ``concerned`` also the measure.

    ``worked_up`` and ``censored``: for each key, how many were worked up, or no longer followed, after so many days.
    ``expected``: sums of the chance of something serious among the alerted.
    """

    encounters: Counter[Key] = field(default_factory=Counter)
    concerned: Counter[tuple[str, Key]] = field(default_factory=Counter)
    candidates: Counter[tuple[str, Key]] = field(default_factory=Counter)
    alerted: Counter[tuple[str, Key]] = field(default_factory=Counter)
    expected: dict[tuple[str, Key], float] = field(default_factory=lambda: defaultdict(float))
    worked_up: dict[Key, Counter[int]] = field(default_factory=dict)
    censored: dict[Key, Counter[int]] = field(default_factory=dict)
    parents: dict[str, set[str]] = field(default_factory=dict)
    digests: set[str] = field(default_factory=set)


def count(batches: Iterable[tuple[pa.RecordBatch, Marks]], knowledge: Knowledge) -> Counts:
    """Add up marked batches."""
    total = Counts()
    for batch, marked in batches:
        total.digests |= set(pc.unique(batch["knowledge_digest"]).drop_null().to_pylist())
        for dimension in DIMENSIONS:
            groups, codes = _coded(batch, dimension, knowledge)
            _add(total, dimension, groups, codes, marked)
        for group, site in zip(
            _named(batch["clinician_group"]).to_pylist(), _named(batch["site"]).to_pylist(), strict=True
        ):
            total.parents.setdefault(group, set()).add(site)
    return total


def _add(total: Counts, dimension: str, groups: list[str], codes: Any, m: Marks) -> None:
    size = len(groups)

    def sums(weights: Any) -> list[float]:
        return list(np.bincount(codes, weights=weights, minlength=size))

    for g, n in zip(groups, np.bincount(codes, minlength=size).tolist(), strict=True):
        total.encounters[dimension, g] += n
    for measure in MEASURES:
        for into, mask in ((total.concerned, m.concerned), (total.candidates, m.candidates)):
            for g, n in zip(groups, sums(mask[measure.id]), strict=True):
                into[measure.id, (dimension, g)] += int(n)
    for alert in ALERTS:
        on = m.alerted[alert.id]
        for g, n, p in zip(groups, sums(on), sums(on * m.serious), strict=True):
            total.alerted[alert.id, (dimension, g)] += int(n)
            total.expected[alert.id, (dimension, g)] += p
    _add_days(total, dimension, groups, codes, m)


def _add_days(total: Counts, dimension: str, groups: list[str], codes: Any, m: Marks) -> None:
    """Days to work-up among those with an alarm, or until they are lost from sight."""
    done = m.alarm & ~np.isnan(m.worked_up)
    lost = m.alarm & ~done
    until = np.where(np.isnan(m.followed), 0, np.maximum(m.followed, 0))
    for into, mask, days in ((total.worked_up, done, m.worked_up), (total.censored, lost, until)):
        pairs, n = np.unique(np.stack([codes[mask], days[mask].astype(int)]), axis=1, return_counts=True)
        for (code, day), times in zip(pairs.T.tolist(), n.tolist(), strict=True):
            into.setdefault((dimension, groups[code]), Counter())[day] += times


def _coded(batch: pa.RecordBatch, dimension: str, knowledge: Knowledge) -> tuple[list[str], Any]:
    """Names of the groups that occur, and the place of each encounter's group among them."""
    if dimension == "all":
        return [EVERYBODY], np.zeros(len(batch), dtype=int)
    if dimension == "age_band":
        ages = Ages.of(knowledge)
        age = pc.fill_null(batch["age_years"], -1).to_numpy(zero_copy_only=False)
        codes = np.searchsorted(np.array(ages.starts), age, side="right")
        return [UNKNOWN, *ages.bands], codes
    coded = _named(batch[dimension]).dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.to_numpy(zero_copy_only=False)


def _named(column: Any) -> Any:
    return pc.fill_null(column, UNKNOWN)
