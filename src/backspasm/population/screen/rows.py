"""Assessed encounters as columns of Arrow; no encounter is ever an object here."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pyarrow as pa

from backspasm.advice.many.crowd import Crowd, crowd_of_people
from backspasm.advice.many.investigations import Advices, advised_tests, imaging_tests
from backspasm.advice.many.ledger import ledger_of
from backspasm.advice.many.prescribing import taken_against
from backspasm.advice.many.ragged import Positions, Ragged, ragged, ragged_of_flags
from backspasm.advice.many.triage import Triage, triage
from backspasm.inference.columns import SEXES, Codes
from backspasm.inference.model import Model
from backspasm.population.screen.compare import Comparison, changes
from backspasm.population.screen.records import Problem
from backspasm.population.screen.schemas import CHANGE, OUT, PROBLEM
from backspasm.population.screen.seen import Seen

#: the most probable causes that a row names
CAUSES_NAMED = 5
#: decimals of a probability, as everywhere
DECIMALS = 6

Rows = dict[str, pa.Array]


def assessed_rows(seen: Seen, model: Model, comparison: Comparison | None = None) -> Rows:
    """The columns of ``screened`` for encounters whose patients do not contradict themselves; and what changes."""
    people, n = seen.people, len(seen)
    crowd = crowd_of_people(people, model)
    found = triage(crowd)
    levels = model.knowledge.index.urgency
    changed = pa.nulls(n, CHANGE) if comparison is None else pa.array(changes(crowd, found, comparison), CHANGE)
    return {
        **seen.as_it_is(),
        "age_years": pa.array(people.age, from_pandas=True),  # NaN is null
        "sex": _words((*SEXES, "unknown"), people.columns.sex % (len(SEXES) + 1)),
        "setting": _words(model.parameters.settings, people.columns.setting),
        "urgency": _words(levels, found.level),
        "floor": _words(levels, found.floor),
        # in the order in which an assessment lists them
        "red_flags": _lists(tuple(found.rules), ragged_of_flags(np.array(list(found.rules.values()), dtype=bool).T)),
        **_causes(crowd, model),
        **_ledger(crowd, found),
        **_imaging(advised_tests(crowd, found, imaging_tests(model)), model),
        **_medicines(crowd),
        "knowledge_digest": pa.repeat(pa.scalar(model.knowledge.digest), n),
        "change": changed,
    }


def record_batch(rows: Rows, problems: Sequence[Problem]) -> pa.RecordBatch:
    """Assessments, then problems, as one batch."""
    count = len(rows["patient"]) if rows else 0
    arrays = []
    for field in OUT:
        if field.name == "problem":
            first = pa.nulls(count, PROBLEM)
            last = pa.array([msgspec.to_builtins(p) for p in problems], PROBLEM)
        else:
            first = rows[field.name] if rows else pa.nulls(0, field.type)
            last = pa.nulls(len(problems), field.type)
        arrays.append(pa.concat_arrays([first, last]) if problems else first)
    return pa.record_batch(arrays, schema=OUT)


def _words(names: Sequence[str], places: Positions | Codes) -> pa.Array:
    """Words by their positions; -1 is null."""
    return pa.array(names, pa.string()).take(pa.array(places, mask=places < 0))


def _lists(names: Sequence[str], lists: Ragged) -> pa.Array:
    return _list_array(lists.starts, pa.array(names, pa.string()).take(pa.array(lists.values)))


def _list_array(starts: Positions, values: pa.Array) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(starts.astype(np.int32)), values)


def _causes(crowd: Crowd, model: Model) -> Rows:
    best = crowd.ranking[:, :CAUSES_NAMED]
    p = np.take_along_axis(crowd.causes, best, axis=1).round(DECIMALS)
    starts = np.arange(len(crowd) + 1) * best.shape[1]
    named = _words(model.parameters.causes, best.ravel())
    return {
        "top_cause": _words(model.parameters.causes, best[:, 0]),
        "top_probability": pa.array(p[:, 0]),
        "causes": _list_array(starts, named),
        "probabilities": _list_array(starts, pa.array(p.ravel())),
    }


def _ledger(crowd: Crowd, found: Triage) -> Rows:
    ledger = ledger_of(crowd, found)
    starts = ledger.groups.starts
    return {
        "must_not_miss": _lists(tuple(found.groups), ledger.groups),
        "must_not_miss_probability": _list_array(starts, pa.array(ledger.probability.round(DECIMALS))),
        "must_not_miss_asked": _list_array(starts, _lists(ledger.findings, ledger.asked)),
        "must_not_miss_not_asked": _list_array(starts, _lists(ledger.findings, ledger.not_asked)),
    }


def _imaging(tests: Advices, model: Model) -> Rows:
    names = tuple(sorted(imaging_tests(model)))

    def column(verdict: str) -> pa.Array:
        each = ragged([names.index(t.test) for t in row if t.verdict == verdict] for row in tests.kept)
        return _lists(names, each.take(tests.place))

    strongest = pa.array([row[0].verdict if row else None for row in tests.kept], pa.string())  # it comes first
    return {
        "imaging": strongest.take(pa.array(tests.place)),
        "imaging_indicated": column("indicated"),
        "imaging_not_indicated": column("not_indicated"),
    }


def _medicines(crowd: Crowd) -> Rows:
    against = taken_against(crowd)
    return {"avoid": _lists(against.entries, against.avoid), "caution": _lists(against.entries, against.caution)}
