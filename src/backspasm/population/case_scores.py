"""Scores assessments against cases whose answer is known: ranking, probabilities, urgency and what must not be missed."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec import Struct

from backspasm.advice.assessment import Assessment, assess
from backspasm.advice.must_not_miss import COMPRESSIONS
from backspasm.inference.model import Model
from backspasm.patients.answers import Item
from backspasm.patients.from_case import from_case
from backspasm.patients.patient import InputError, InputProblem, Patient
from backspasm.population.reliability import Bin, reliability
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import did_you_mean

#: least urgent levels: a patient who needs one of them is benign
BENIGN = ("routine", "self_care")
TOP = (1, 3, 5)
#: a case is missed where no accepted cause is among so many; and how many answers against the gold cause are named
MISSED_FROM, AGAINST = 3, 3
#: faults that are told of a file of which no line can be read
TOLD = 3
#: a probability of nothing costs so many bits at most
LEAST = 1e-6


class Gold(Struct, frozen=True, forbid_unknown_fields=True):
    """The answer expected of one case."""

    cause: str
    urgency: str
    also_accept: tuple[str, ...] = ()
    complications: tuple[str, ...] = ()
    urgency_accept: tuple[str, ...] = ()
    must_not_miss: tuple[str, ...] = ()


class KnownCase(Struct, frozen=True):
    """A patient with the answer expected."""

    id: str
    patient: Patient
    gold: Gold


class Share(Struct, frozen=True):
    """So many of so many."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else math.nan


class Miss(Struct, frozen=True):
    """A case that was missed: how, what was said instead, and the answers that spoke most against the gold cause."""

    id: str
    faults: tuple[str, ...]
    gold: str
    gold_probability: float
    leading: tuple[tuple[str, float], ...]
    urgency: str
    against: tuple[tuple[Item, float], ...]


class Scores(Struct, frozen=True):
    """``top``: the gold cause or an accepted one is among the k most probable; ``strict``: the gold cause itself.

    ``log_score``: mean of -log2 of the probability of gold and accepted causes together, bits. ``brier``: mean of the
    summed squared differences between all probabilities and the gold cause (0 best, 2 worst). ``must_not_miss``: named
    serious causes that are among the five most probable or whose group reaches the ledger's threshold, and complications
    that reach theirs; ``alarm_in_benign`` and ``false_compression`` are the price. Triage: below or above every accepted level.
    """

    cases: int
    top: dict[str, float]
    strict: dict[str, float]
    log_score: float
    brier: float
    must_not_miss: Share
    alarm_in_benign: Share
    false_compression: Share
    under_triage: Share
    emergency_under_triage: Share
    over_triage: Share
    benign_over_triage: Share
    reliability: tuple[Bin, ...]
    misses: tuple[Miss, ...] = ()


def read_known_cases(path: Path, knowledge: Knowledge) -> tuple[KnownCase, ...]:
    """JSON lines, each with ``case`` (the case contract) and ``gold``; other fields are ignored.

    Raises:
        InputError: with the faults of all lines.
    """
    found: list[KnownCase] = []
    problems: list[InputProblem] = []
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        what = f"is not valid UTF-8 (byte {error.start})"
        raise InputError.one(path.name, "", what, "save the file as UTF-8") from None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        where = f"{path.name}:{number}"
        try:
            data = msgspec.json.decode(line, type=dict[str, Any])
            gold = msgspec.convert(data["gold"], Gold, strict=False)
            problems += _unknown(gold, where, knowledge)
            found.append(KnownCase(str(data.get("id", number)), from_case(data["case"], knowledge), gold))
        except KeyError as error:
            problems.append(InputProblem(where, "", f"lacks {error.args[0]!r}", "give each line a case and its gold"))
        except msgspec.DecodeError as error:  # which ValidationError is too
            mend = "one JSON object a line: case, and gold with its cause and urgency"
            problems.append(InputProblem(where, "", str(error), mend))
        except InputError as error:
            problems += [msgspec.structs.replace(p, field=f"{where}: {p.field}") for p in error.problems]
    if not found and not problems:
        problems.append(InputProblem(path.name, "", "holds no case", "one JSON object a line: case and gold"))
    if not found and len(problems) > TOLD:  # another kind of file: each line says the same
        more = f"{len(problems) - TOLD} more lines cannot be read either"
        problems[TOLD:] = [InputProblem(path.name, "", more, "name a file of JSON lines, each with case and gold")]
    if problems:
        raise InputError(problems)
    return tuple(found)


def _unknown(gold: Gold, where: str, knowledge: Knowledge) -> list[InputProblem]:
    index = knowledge.index
    known = {
        "cause": ((gold.cause, *gold.also_accept), index.cause_ids),
        "urgency": ((gold.urgency, *gold.urgency_accept), index.urgency),
        "complications": (gold.complications, index.complications),
        "must_not_miss": (gold.must_not_miss, (*index.cause_ids, *index.complications)),
    }
    return [
        InputProblem(f"{where}: gold.{field}", name, "unknown", did_you_mean(name, ids, f"one of {', '.join(ids)}"))
        for field, (names, ids) in known.items()
        for name in names
        if name not in ids
    ]


def score_cases(cases: tuple[KnownCase, ...], model: Model, progress: Callable[[int], None] | None = None) -> Scores:
    """Assess every case and score the answers."""
    judged = []
    for case in cases:
        judged.append(_Judged(case, assess(case.patient, model, draws=1), model.knowledge))
        if progress is not None:
            progress(1)
    count = len(judged)
    named = [name for j in judged for name in j.named]
    benign = [j for j in judged if j.gold.urgency in BENIGN]
    emergencies = [j for j in judged if j.gold.urgency == model.knowledge.index.urgency[0]]
    calm = [j for j in judged if not {*COMPRESSIONS} & {*j.gold.complications, *j.gold.must_not_miss}]
    causes = model.parameters.causes
    p = np.array([[j.probability[c] for c in causes] for j in judged])
    truth = np.array([[c == j.gold.cause for c in causes] for j in judged], dtype=float)
    return Scores(
        cases=count,
        top={str(k): sum(j.rank <= k for j in judged) / count for k in TOP},
        strict={str(k): sum(j.own_rank <= k for j in judged) / count for k in TOP},
        log_score=float(np.mean([j.bits for j in judged])),
        brier=float(((p - truth) ** 2).sum(axis=1).mean()),
        must_not_miss=Share(sum(named), len(named)),
        alarm_in_benign=Share(sum(bool(j.groups) for j in benign), len(benign)),
        false_compression=Share(sum(bool({*COMPRESSIONS} & j.complications) for j in calm), len(calm)),
        under_triage=Share(sum(j.under for j in judged), count),
        emergency_under_triage=Share(sum(j.under for j in emergencies), len(emergencies)),
        over_triage=Share(sum(j.over for j in judged), count),
        benign_over_triage=Share(sum(j.over for j in benign), len(benign)),
        reliability=reliability(p, truth),
        misses=tuple(m for j in judged if (m := j.miss()) is not None),
    )


class _Judged:
    """One assessment beside its gold."""

    def __init__(self, case: KnownCase, found: Assessment, knowledge: Knowledge) -> None:
        self.case, self.found = case, found
        self.gold = gold = case.gold
        self.probability = {h.cause: h.estimate.value for h in found.differential}
        order = [h.cause for h in found.differential]
        accepted = {gold.cause, *gold.also_accept}
        self.rank = min(order.index(c) for c in accepted) + 1
        self.own_rank = order.index(gold.cause) + 1
        self.bits = -math.log2(max(sum(self.probability[c] for c in accepted), LEAST))
        by_group: dict[str, list[str]] = {}
        for cause in knowledge.causes.values():
            if cause.must_not_miss:
                by_group.setdefault(cause.must_not_miss, []).append(cause.id)
        threshold = knowledge.number("ledger_probability")
        self.groups = [g for g, ids in by_group.items() if sum(self.probability[c] for c in ids) >= threshold]
        likely = knowledge.number("complication_probability")
        self.complications = {c.id for c in found.complications if c.estimate.value >= likely}
        warned = {*order[: max(TOP)], *self.complications, *(c for g in self.groups for c in by_group[g])}
        self.named = [name in warned for name in gold.must_not_miss]
        levels = knowledge.index.urgency
        wanted = [levels.index(level) for level in (gold.urgency, *gold.urgency_accept)]
        got = levels.index(found.urgency.level)
        self.under, self.over = got > max(wanted), got < min(wanted)

    def miss(self) -> Miss | None:
        """What was missed; None where the cause is among the three most probable, all is warned of, and the urgency fits."""
        faults = [] if self.rank <= MISSED_FROM else [f"no accepted cause among the {MISSED_FROM} most probable"]
        faults += ["urgency too low"] if self.under else ["urgency too high"] if self.over else []
        unwarned = [n for n, warned in zip(self.gold.must_not_miss, self.named, strict=True) if not warned]
        faults += [f"no warning of {', '.join(n.replace('_', ' ') for n in unwarned)}"] if unwarned else []
        if not faults:
            return None
        own = next(h for h in self.found.differential if h.cause == self.gold.cause)
        against = sorted(own.steps, key=lambda s: s.likelihood_ratio)[:AGAINST]
        return Miss(
            self.case.id,
            tuple(faults),
            self.gold.cause,
            own.estimate.value,
            tuple((h.cause, h.estimate.value) for h in self.found.differential[:MISSED_FROM]),
            self.found.urgency.level,
            tuple((s.item, s.likelihood_ratio) for s in against if s.likelihood_ratio < 1) if self.rank > 1 else (),
        )
