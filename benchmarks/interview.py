"""Does the interview find the urgency that all questions would give, and with how few? Run with `make interview-bench`.

Virtual patients are drawn from the model itself, half of them with a cause that must not be missed. So this measures how
well questions are chosen, not whether the model is right. Each patient is compared with the same patient after every
question of history and examination; a fixed checklist and a random order ask the same lists of findings.
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from scipy.special import ndtr, ndtri

from backspasm import Model, Patient, load
from backspasm.advice.interview import Reply, State, answer, next_question, patient_of
from backspasm.advice.situation import situation_of
from backspasm.advice.worth import askable, fits, safety_findings
from backspasm.inference.likelihood import log_item, scale_ends
from backspasm.inference.numbers import age_group
from backspasm.inference.strata import Stratum, strata_of
from backspasm.patients.answers import Item

Array = NDArray[np.float64]

#: what is promised: share that reaches the urgency of full information, and the median number of questions
SHARE, QUESTIONS = 0.95, 15
#: points at which the three orders are compared
POINTS = (5, 10, 15)


@dataclass(frozen=True)
class Truth:
    """Everything that is so of one virtual patient."""

    patient: Patient
    cause: str
    present: dict[str, bool]
    measured: dict[str, float]

    def reply(self, finding: str) -> Reply:
        if finding in self.measured:
            return self.measured[finding]
        return "yes" if self.present[finding] else "no"


class Drawing:
    """Draws patients state by state, findings in the order of their links."""

    def __init__(self, model: Model) -> None:
        self.model = model
        knowledge, p = model.knowledge, model.parameters
        self.strata = strata_of(Patient(age_years=None), knowledge)
        self.weights = np.stack([s.weight * np.exp(model.means.log_base(s)) for s in self.strata])
        self.serious = np.array([knowledge.causes[c].must_not_miss is not None for c in p.causes])
        links = knowledge.links
        self.contained = {k.finding: k.other for k in links if k.kind == "implies"}
        self.excluded = {k.other: k.finding for k in links if k.kind == "excludes"}
        self.late = {k.other: k for k in links if k.kind == "below_excludes"}
        self.shown = [k for k in links if k.kind == "at_least_implies"]
        self.table = lru_cache(maxsize=None)(self._table)

    def _table(self, item: Item, setting: str, age: int) -> tuple[int | None, Array]:
        m = self.model
        group, log_p = log_item(item, m.means, m.layout, setting, age, m.knowledge)
        return group, np.exp(log_p)

    def draw(self, rng: np.random.Generator, serious: bool) -> Truth:
        m, p = self.model, self.model.parameters
        weights = self.weights * (self.serious if serious else ~self.serious)
        place = int(rng.choice(weights.size, p=weights.ravel() / weights.sum()))
        stratum, cause = self.strata[place // len(p.causes)], place % len(p.causes)
        age = age_group(p, stratum)
        present = rng.random(len(p.complications)) < m.means.shares(stratum.setting, age)[cause]
        chosen = [
            int(np.flatnonzero((g.configurations == present[list(g.members)]).all(axis=1))[0]) for g in m.layout.groups
        ]
        measured = {f: self._value(rng, f, cause, chosen, age) for f in p.measured}
        said: dict[str, bool] = {}

        def chance(item: Item) -> float:
            group, table = self.table(item, stratum.setting, age)
            return float(table[cause, 0 if group is None else chosen[group]])

        def there(finding: str) -> bool:
            if finding in said:
                return said[finding]
            at = Item("present", finding)
            if finding in self.contained:
                outer = self.contained[finding]
                share = chance(at) / chance(Item("present", outer))
                said[finding] = there(outer) and rng.random() < share
            elif finding in self.excluded:
                rival = self.excluded[finding]
                given = Item("present_given", finding, given=rival)
                said[finding] = not there(rival) and rng.random() < chance(given)
            elif finding in self.late:
                link = self.late[finding]
                after = Item("present_after", finding, given=link.finding)
                old = measured[link.finding] >= m.knowledge.number(link.threshold or "")
                said[finding] = old and rng.random() < chance(after)
            else:
                said[finding] = rng.random() < chance(at)
            return said[finding]

        for finding in p.booleans:
            there(finding)
        for link in self.shown:
            said[link.other] |= measured[link.finding] >= m.knowledge.number(link.threshold or "")
        patient = Patient(
            age_years=self._age(rng, stratum),
            sex="male" if stratum.sex == "male" else "female",
            setting=stratum.setting,
        )
        return Truth(patient, p.causes[cause], said, measured)

    def _age(self, rng: np.random.Generator, stratum: Stratum) -> float:
        ages = self.model.parameters.ages
        band = ages.bands.index(stratum.band)
        ends = (*ages.starts, self.model.knowledge.number("oldest_presenter"))
        return float(np.floor(rng.uniform(ends[band], ends[band + 1])))

    def _value(self, rng: np.random.Generator, measured: str, cause: int, chosen: list[int], age: int) -> float:
        m, p = self.model, self.model.parameters
        group, driven = m.layout.group_of[measured], 0
        if group is not None:
            on = m.layout.groups[group].configurations[chosen[group], m.layout.positions(measured, group)]
            driven = int(on.any())
        mean, sd = (a[cause, driven] for a in m.means.value(measured, age))
        low, high = scale_ends(measured, m.means, m.knowledge)
        ends = ndtr((low - mean) / sd), ndtr((high - mean) / sd)
        y = float(np.clip(mean + sd * ndtri(ends[0] + rng.random() * (ends[1] - ends[0])), low, high))
        value = float(np.exp(y)) if p.lognormal[p.measured.index(measured)] else y
        lowest, highest = (m.knowledge.number(n) for n in m.knowledge.findings[measured].plausible or ())
        return min(max(value, lowest), highest)


@dataclass(frozen=True)
class Result:
    """One patient: levels (positions) with all answers, at the end of the interview, and on the way."""

    full: int
    end: int
    questions: int
    findings: int
    safe: bool
    child: bool
    serious: bool
    order_levels: dict[str, tuple[int, ...]]
    same_count: dict[str, int]


@lru_cache(maxsize=1)
def shared() -> tuple[Model, Drawing]:
    model = load()
    return model, Drawing(model)


def turns_of(patient: Patient, model: Model) -> list[tuple[str, ...]]:
    """All questions of history and examination, as they are asked: safety questions first."""
    left = [f for f in askable(model) if fits(f, patient, model.knowledge)]
    groups = [tuple(f for f in t.findings if f in left) for t in model.knowledge.together]
    listed = {f for g in groups for f in g}
    turns = [g for g in groups if g] + [(f,) for f in left if f not in listed]
    safety = set(safety_findings(patient, model.knowledge))
    return sorted(turns, key=lambda t: not safety & set(t))


def run_one(job: tuple[int, int, bool]) -> Result:
    """One patient through the interview and the two other orders."""
    seed, number, together = job
    model, drawing = shared()
    rng = np.random.default_rng([seed, number])
    serious = number % 2 == 0
    truth = drawing.draw(rng, serious)
    start = State(truth.patient)
    turns = turns_of(truth.patient, model)

    def after(order: list[tuple[str, ...]]) -> int:
        replies = {f: truth.reply(f) for turn in order for f in turn}
        return situation_of(patient_of(answer(start, replies, model) if replies else start), model).level

    full = after(turns)
    state, levels = start, []
    while True:
        ask = next_question(state, model, together)
        if ask.stop:
            break
        state = answer(state, {q.finding: truth.reply(q.finding) for q in ask.questions}, model)
        levels.append(situation_of(patient_of(state), model).level)
    end = situation_of(patient_of(state), model).level
    asked = {f for e in state.exchanges for f in e.replies}
    known = situation_of(patient_of(state), model).answers
    count = len(state.exchanges)
    at = {"interview": tuple(levels[min(n, count) - 1] if levels else end for n in POINTS)}
    same = {"interview": end}
    shuffled = list(turns)
    rng.shuffle(shuffled)
    for name, order in (("checklist", turns), ("random", shuffled)):
        if together:
            at[name] = tuple(after(order[:n]) for n in POINTS)
            same[name] = after(order[:count])
    safe = all(known.asked(f) for f in safety_findings(truth.patient, model.knowledge))
    child = (truth.patient.age_years or 0) < model.knowledge.number("child_age")
    return Result(full, end, count, len(asked), safe, child, serious, at, same)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=2000, help="virtual patients")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--one-by-one", action="store_true", help="ask every finding alone (slower)")
    chosen = parser.parse_args()
    console = Console()
    load()  # fit once, before the workers start
    jobs = [(chosen.seed, i, not chosen.one_by_one) for i in range(chosen.n)]
    results = []
    started = time.perf_counter()
    with Progress(console=Console(stderr=True)) as progress, ProcessPoolExecutor(chosen.workers) as pool:
        bar = progress.add_task("interviews", total=len(jobs))
        for result in pool.map(run_one, jobs, chunksize=8):
            results.append(result)
            progress.advance(bar)
    report(results, time.perf_counter() - started, console)


def report(results: list[Result], seconds: float, console: Console) -> None:
    """Print what was found."""
    levels = load().knowledge.index.urgency

    def share(flags: list[bool]) -> str:
        return f"{100 * sum(flags) / len(flags):.1f} %" if flags else "-"

    console.print(f"{len(results)} virtual patients in {seconds:.0f} s ({seconds / len(results):.2f} s each)")
    agree = sum(r.end == r.full for r in results) / len(results)
    error = 1.96 * (agree * (1 - agree) / len(results)) ** 0.5
    questions = np.array([r.questions for r in results])
    console.print(
        f"same urgency as full information: {100 * agree:.1f} % (±{100 * error:.1f}); too low {share([r.end > r.full for r in results])}, "
        f"too high {share([r.end < r.full for r in results])}"
    )
    console.print(
        f"questions: median {np.median(questions):g}, 90 % at most {np.quantile(questions, 0.9):g}, most {questions.max()}; "
        f"findings answered: median {np.median([r.findings for r in results]):g}"
    )
    console.print(f"stopped before the safety questions: {sum(not r.safe for r in results)}")
    table = Table("urgency with full information", "patients", "same", "too low", "median questions")
    for n, level in enumerate(levels):
        own = [r for r in results if r.full == n]
        if own:
            median = f"{np.median([r.questions for r in own]):g}"
            table.add_row(
                level, str(len(own)), share([r.end == n for r in own]), share([r.end > n for r in own]), median
            )
    for name, group in (
        ("children", [r for r in results if r.child]),
        ("serious cause", [r for r in results if r.serious]),
    ):
        if group:
            median = f"{np.median([r.questions for r in group]):g}"
            same = share([r.end == r.full for r in group])
            table.add_row(name, str(len(group)), same, share([r.end > r.full for r in group]), median)
    console.print(table)
    orders = Table(
        "same urgency as full information after", *(f"{n} questions" for n in POINTS), "as many as the interview"
    )
    for name in results[0].order_levels:
        row = [share([r.order_levels[name][i] == r.full for r in results]) for i in range(len(POINTS))]
        orders.add_row(name, *row, share([r.same_count[name] == r.full for r in results]))
    console.print(orders)
    held = agree >= SHARE and np.median(questions) <= QUESTIONS and all(r.safe for r in results)
    console.print(
        f"promise ({100 * SHARE:.0f} % with a median of at most {QUESTIONS} questions): {'held' if held else 'NOT held'}"
    )


if __name__ == "__main__":
    main()
