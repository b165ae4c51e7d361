"""The frozen records of virtual trials: who is asked, who may enter, what is given, what is measured, what was published."""

from __future__ import annotations

from typing import Literal

from msgspec import field

from backspasm.records.types import Record

Measure = Literal["pain", "spasm", "disability", "motion", "drowsy"]


class Range(Record, frozen=True, kw_only=True):
    """A condition of entry: at least, at most, or both."""

    at_least: float | None = None
    at_most: float | None = None


class Between(Record, frozen=True, kw_only=True):
    """Evenly spread from one number to the other."""

    start: float = 0.0
    end: float


class VisitPain(Record, frozen=True, kw_only=True):
    """Pain of those who come: that of the typical patient (0-100), and how patients differ (SD of its log odds)."""

    median: float
    spread: float | None = None


class TrialPopulation(Record, frozen=True, kw_only=True):
    """Who comes. ``causes``: share of each class of causes; ``typical`` and ``spread``: parameters of the cycle that are
    other here than in its records; ``slow_elimination``: share who eliminate drugs slowly."""

    setting: str
    causes: dict[str, float]
    days_since_onset: Between
    pain: VisitPain | None = None
    slow_elimination: float = 0.0
    typical: dict[str, float] = field(default_factory=dict)
    spread: dict[str, float] = field(default_factory=dict)


class Eligibility(Record, frozen=True, kw_only=True):
    """Who may enter: pain 0-100 as rated, spasm in %MVC above normal, disability 0-24, days since onset."""

    days: Range | None = None
    pain: Range | None = None
    spasm: Range | None = None
    disability: Range | None = None


class TrialArm(Record, frozen=True, kw_only=True):
    """One group. ``prescription`` None: nothing, or placebo. ``expectation``: points by which its patients rate their pain
    lower because they expect to be helped."""

    id: str
    name: str
    n: int
    prescription: str | None = None
    adherence: float | None = None
    expectation: float = 0.0


class TrialOutcome(Record, frozen=True, kw_only=True):
    """What is measured. ``taken_as``: the value, its change from entry, or the share of patients who are ``at_most`` or
    ``at_least`` so much, or whose value fell by so many per cent (``fall``)."""

    id: str
    name: str
    measure: Measure
    taken_as: Literal["value", "change", "share"] = "value"
    at_least: float | None = None
    at_most: float | None = None
    fall: float | None = None


class ContrastOf(Record, frozen=True, kw_only=True):
    """An arm, and the one that it is compared with."""

    arm: str
    against: str


class Primary(Record, frozen=True, kw_only=True):
    outcome: str
    day: float


class Published(Record, frozen=True, kw_only=True):
    """A published result to stand beside the model's.

    ``found``: better, worse or no_difference, of ``arm`` over ``against``; ``arms``: the groups of the fact (or of
    ``size_from``, where another publication has them) whose values give the difference, in the same order, times
    ``scale`` to be in the outcome's unit and direction. ``use``: whether the model was fitted to the result, was built to
    show it, or never saw it.
    """

    fact: str
    arm: str
    against: str
    outcome: str
    day: float
    found: Literal["better", "worse", "no_difference"]
    use: Literal["held_out", "fitted", "built_in"]
    size_from: str | None = None
    arms: tuple[str, ...] = ()
    scale: float = 1.0
    remark: str | None = None


class Ground(Record, frozen=True, kw_only=True):
    """Where numbers of a protocol come from: of which keys, and a source, or who assumed them and why."""

    of: tuple[str, ...]
    why: str
    sources: tuple[str, ...] = ()
    who: str | None = None


class TrialProtocol(Record, frozen=True, kw_only=True):
    """One virtual trial. ``errors``: SD of one measurement of spasm (%MVC) or motion (%); that of pain is the cycle's."""

    id: str
    name: str
    question: str
    blinding: Literal["double", "single", "open"]
    population: TrialPopulation
    arms: tuple[TrialArm, ...]
    visits: tuple[float, ...]
    outcomes: tuple[TrialOutcome, ...]
    primary: Primary
    eligibility: Eligibility = Eligibility()
    errors: dict[str, float] = field(default_factory=dict)
    rescue: str | None = None
    contrasts: tuple[ContrastOf, ...] = ()
    published: tuple[Published, ...] = ()
    dispute: str | None = None
    remarks: tuple[str, ...] = ()
    grounds: tuple[Ground, ...] = ()

    @property
    def compared(self) -> tuple[ContrastOf, ...]:
        """The contrasts; by default every later arm against the first."""
        first = self.arms[0].id
        return self.contrasts or tuple(ContrastOf(arm=a.id, against=first) for a in self.arms[1:])

    def arm(self, name: str) -> TrialArm:
        return next(a for a in self.arms if a.id == name)

    def outcome(self, name: str) -> TrialOutcome:
        return next(o for o in self.outcomes if o.id == name)
