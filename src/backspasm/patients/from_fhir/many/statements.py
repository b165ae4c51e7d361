"""What all resources say at all encounters: pairs of the two, each in one of few situations, whose meaning is in the book."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from backspasm.patients.from_fhir.many.book import ADULT, FLAGS, HERE, OVER, SITUATIONS, Book
from backspasm.patients.from_fhir.many.effects import Effect
from backspasm.patients.from_fhir.many.kinds import Kind
from backspasm.patients.from_fhir.many.moments import DateTable, Flags, Ints
from backspasm.patients.from_fhir.many.repeated import repeated
from backspasm.patients.from_fhir.many.resources import Resources
from backspasm.patients.from_fhir.many.visits import Visits
from backspasm.patients.from_fhir.structs import MedicationUse

Floats = NDArray[np.float64]
#: what is read after all lines has positions behind theirs: what follows from conditions, then responses, then pressures
FOLLOWS, RESPONSES, PRESSURES = 1 << 40, 2 << 40, 3 << 40


@dataclass
class Said:
    """Answers as columns. ``key``: what the date of the answer is sorted by; ``began``, ``ended``: days before the encounter,
    NaN where not told; ``position`` orders what a record says."""

    visit: list[Ints] = field(default_factory=list)
    finding: list[Ints] = field(default_factory=list)
    present: list[Flags] = field(default_factory=list)
    key: list[Ints] = field(default_factory=list)
    position: list[Ints] = field(default_factory=list)
    began: list[Floats] = field(default_factory=list)
    ended: list[Floats] = field(default_factory=list)

    def add(
        self, visit: Ints, finding: Ints, present: Flags, key: Ints, position: Ints, began: Floats, ended: Floats
    ) -> None:
        """Enter answers, (a) each."""
        self.visit.append(visit)
        self.finding.append(finding)
        self.present.append(present)
        self.key.append(key)
        self.position.append(position)
        self.began.append(began)
        self.ended.append(ended)


@dataclass
class Pain:
    """Problems of back pain as columns: one row is one of them at one encounter."""

    visit: list[Ints] = field(default_factory=list)
    onset: list[Ints] = field(default_factory=list)
    onset_days: list[Ints] = field(default_factory=list)
    key: list[Ints] = field(default_factory=list)
    over: list[Flags] = field(default_factory=list)
    here: list[Flags] = field(default_factory=list)
    chronic: list[Flags] = field(default_factory=list)
    began: list[Floats] = field(default_factory=list)
    ended: list[Floats] = field(default_factory=list)


#: a name that a resource enters into a list: visit, position of the resource, name
Entry = tuple[int, int, str]
#: a value: visit, finding, value, key of its date, position
Valued = tuple[int, str, float, int, int]


@dataclass
class Statements:
    """Everything that was said at each of the visits."""

    said: Said = field(default_factory=Said)
    pain: Pain = field(default_factory=Pain)
    values: list[Valued] = field(default_factory=list)
    systolic: list[Valued] = field(default_factory=list)
    weeks: list[Valued] = field(default_factory=list)
    medications: list[Entry] = field(default_factory=list)
    allergies: list[Entry] = field(default_factory=list)
    comorbidities: list[Entry] = field(default_factory=list)
    stated: list[Entry] = field(default_factory=list)


@dataclass(frozen=True)
class Pairs:
    """Resources at visits: ``row`` of the resource, ``visit``; ``when`` as the key of the date of what is said, and ``days``
    before the encounter (``dated``: they are known)."""

    row: Ints
    visit: Ints
    key: Ints
    days: Ints
    dated: Flags
    holds: Flags


def pairs_of(
    resources: Resources, wanted: Flags, kind: Kind, encounter: Ints, visits: Visits, table: DateTable
) -> Pairs:
    """The resources that were known at each visit of their patient.

    Args:
        wanted: resources that can say something.
        encounter: of each resource the place of its encounter, -1 for none.
    """
    rows = np.flatnonzero(wanted & (visits.count[resources.patient] > 0))
    which, within = repeated(visits.count[resources.patient[rows]])
    row = rows[which]
    visit = visits.first[resources.patient[row]] + within
    columns = resources.columns
    until, ended = visits.until.take(visit), visits.ended[visit]
    holds = encounter[row] == visits.encounter[visit]
    future = table.times.take(columns.news[row]).after(until) | table.times.take(columns.also[row]).after(until)
    known = ~(future & (ended | ~holds))
    if not known.all():
        row, visit, holds, until = row[known], visit[known], holds[known], until.take(np.flatnonzero(known))
    start = visits.start.take(visit)
    when, age = table.times.take(columns.when[row]), table.times.take(columns.age[row])
    if kind.of_visit:
        own = holds & ~age.there
        when, age = start.where(own, when), start.where(own, age)
    if kind.dated and not age.there.all():
        kept = np.flatnonzero(age.there)
        row, visit, holds = row[kept], visit[kept], holds[kept]
        when, age, start = when.take(kept), age.take(kept), start.take(kept)
    if kind.struct is MedicationUse:  # what is taken beyond the encounter is taken at it
        days = np.where(age.after(until), 0, age.days_to(start))
    else:
        days = age.days_to(start)
    return Pairs(row, visit, when.key, days, age.there, holds)


@dataclass(frozen=True)
class Conditions:
    """What of conditions depends on the visit; ``ended`` in days before it, NaN where not told."""

    over: Flags
    here: Flags
    ended: Floats


def conditions_at(
    resources: Resources, pairs: Pairs, named: Sequence[tuple[int, int]], visits: Visits, table: DateTable, book: Book
) -> Conditions:
    """As ``conditions._problem``."""
    end = table.times.take(resources.columns.end[pairs.row])
    start, until = visits.start.take(pairs.visit), visits.until.take(pairs.visit)
    days = end.days_to(start)
    over = np.where(
        end.there,
        ~end.after(until) & ~(pairs.holds & (days == 0)),
        book.marked("closed")[resources.place[pairs.row]] & ~pairs.holds,
    )
    ended = np.where(over, np.where(end.there, days.astype(np.float64), np.nan), 0.0)
    here = pairs.holds.copy()
    if named:
        of_visit = set(named)
        encounters = visits.encounter[pairs.visit].tolist()
        here |= np.array([(i, k) in of_visit for i, k in zip(encounters, pairs.row.tolist(), strict=True)], dtype=bool)
    return Conditions(over, here, ended)


class Collector:
    """Turns pairs into statements by the effects in the book."""

    def __init__(self, book: Book, order: dict[str, int]) -> None:
        self.book, self.order = book, order
        self.out = Statements()

    def take(
        self, resources: Resources, pairs: Pairs, of: Conditions | None, adult: Flags, visits: Visits, table: DateTable
    ) -> None:
        """Enter what one type of resource says."""
        flags = np.zeros(len(pairs.row), dtype=np.int64)
        if of is not None:
            flags = of.over * OVER + of.here * HERE + adult[pairs.visit] * ADULT
        bucket = self.book.buckets.of(pairs.days, pairs.dated)
        code = resources.place[pairs.row] * SITUATIONS + bucket * FLAGS + flags
        ended = None if of is None else of.ended
        if resources.quantities is not None:
            plain = self._numbers(resources, pairs, code)
            pairs, code = _only(pairs, plain), code[plain]
        unique, inverse = np.unique(code, return_inverse=True)
        effects = [self.book.effect(c) for c in unique.tolist()]
        position = resources.position[pairs.row]
        self.say(effects, inverse, pairs.visit, pairs.key, position, pairs.days.astype(np.float64), ended)
        self.enter(effects, inverse, pairs.visit, pairs.key, position)
        if of is not None:
            self._pains(resources, pairs, of, effects, inverse, table, visits)

    def _numbers(self, resources: Resources, pairs: Pairs, code: Ints) -> Flags:
        """Enter what depends on a number, one by one; which pairs are left."""
        quantities, meanings = resources.quantities, self.book.meanings
        assert quantities is not None
        place, position, values = resources.place, resources.position, self.out.values
        numbered = np.array([q is not None for q in quantities], dtype=bool)[pairs.row]
        young = pairs.days <= self.book.longest()[place[pairs.row]]
        for i in np.flatnonzero(numbered & young).tolist():
            row, visit, key, days = int(pairs.row[i]), int(pairs.visit[i]), int(pairs.key[i]), int(pairs.days[i])
            quantity = quantities[row]
            assert quantity is not None
            measures = meanings[place[row]].measures
            if measures:
                for finding, window in measures:
                    if window is None or days <= window:
                        value = self.book.value(finding, quantity)
                        if value is not None:
                            values.append((visit, finding, value, key, int(position[row])))
                continue
            effect = self.book.effect_of_value(int(code[i]), quantity)
            at = int(position[row])
            values += [(visit, f, v, key, at) for f, v in effect.values]
            self.out.systolic += [(visit, "systolic", v, key, at) for v in effect.systolic]
            if effect.says:
                one = np.zeros(1, dtype=np.int64)
                self.say([effect], one, one + visit, one + key, one + at, one.astype(np.float64) + days, None)
        return ~numbered

    def say(
        self,
        effects: Sequence[Effect],
        inverse: Ints,
        visit: Ints,
        key: Ints,
        position: Ints,
        days: Floats,
        ended: Floats | None,
    ) -> None:
        """Enter answers; ``inverse``: which effect each pair has."""
        number = np.array([len(e.says) for e in effects], dtype=np.int64)
        counts = number[inverse] if len(effects) else number
        if not counts.any():
            return
        pair, within = repeated(counts)
        offset = np.cumsum(number) - number
        says = [s for e in effects for s in e.says]
        place = offset[inverse[pair]] + within
        began = np.array([s.began for s in says], dtype=bool)[place]
        own = np.array([s.ended == "end" for s in says], dtype=bool)[place]
        as_begun = np.array([s.ended == "began" for s in says], dtype=bool)[place]
        end = np.full(len(pair), np.nan) if ended is None else ended[pair]
        self.out.said.add(
            visit=visit[pair],
            finding=np.array([self.order[s.finding] for s in says], dtype=np.int64)[place],
            present=np.array([s.present for s in says], dtype=bool)[place],
            key=key[pair],
            position=position[pair],
            began=np.where(began, days[pair], np.nan),
            ended=np.where(own, end, np.where(as_begun, days[pair], np.nan)),
        )

    def enter(self, effects: Sequence[Effect], inverse: Ints, visit: Ints, key: Ints, position: Ints) -> None:
        """Enter lists and values; arguments as of ``say``."""
        out = self.out
        for name, entries in (
            ("medications", out.medications),
            ("allergies", out.allergies),
            ("comorbidities", out.comorbidities),
            ("stated", out.stated),
        ):
            for i, effect in _of_those(effects, inverse, name):
                entries += [(int(visit[i]), int(position[i]), told) for told in getattr(effect, name)]
        for i, effect in _of_those(effects, inverse, "values"):
            out.values += [(int(visit[i]), f, v, int(key[i]), int(position[i])) for f, v in effect.values]
        for name, numbers in (("systolic", out.systolic), ("weeks", out.weeks)):
            for i, effect in _of_those(effects, inverse, name):
                numbers += [(int(visit[i]), name, v, int(key[i]), int(position[i])) for v in getattr(effect, name)]

    def _pains(
        self,
        resources: Resources,
        pairs: Pairs,
        of: Conditions,
        effects: Sequence[Effect],
        inverse: Ints,
        table: DateTable,
        visits: Visits,
    ) -> None:
        rows = np.flatnonzero(np.array([e.pain for e in effects], dtype=bool)[inverse] if len(effects) else inverse)
        if not len(rows):
            return
        row, visit = pairs.row[rows], pairs.visit[rows]
        onset = table.times.take(resources.columns.also[row])
        pain = self.out.pain
        pain.visit.append(visit)
        pain.onset.append(onset.key)
        pain.onset_days.append(onset.days_to(visits.start.take(visit)))
        pain.key.append(pairs.key[rows])
        pain.over.append(of.over[rows])
        pain.here.append(of.here[rows])
        pain.chronic.append(self.book.marked("chronic")[resources.place[row]])
        pain.began.append(np.where(pairs.dated[rows], pairs.days[rows], np.nan))
        pain.ended.append(of.ended[rows])


def _of_those(effects: Sequence[Effect], inverse: Ints, name: str) -> Iterator[tuple[int, Effect]]:
    """Pairs whose effect holds anything of that name, with the effect."""
    flags = np.array([bool(getattr(e, name)) for e in effects], dtype=bool)
    if flags.any():
        for i in np.flatnonzero(flags[inverse]).tolist():
            yield i, effects[inverse[i]]


def _only(pairs: Pairs, kept: Flags) -> Pairs:
    return pairs if kept.all() else Pairs(*(a[kept] for a in vars(pairs).values()))
