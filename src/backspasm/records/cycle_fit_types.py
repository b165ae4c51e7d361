"""The frozen records of the population fit: what is fitted to what, and the stored result."""

from __future__ import annotations

from typing import Literal

from backspasm.records.cycle_types import Number
from backspasm.records.types import Record

Scale = Literal["log", "logit", "linear"]
Measure = Literal[
    "mean_pain", "pain_spread", "course_share", "days_to_recovery", "recovered", "recurred", "disability_improvement",
    "improvement_spread", "at_least_moderate", "entry_disability", "relief",
]  # fmt: skip
Cohort = Literal["primary_care", "persistent", "emergency"]
Course = Literal["rapid", "recovery", "incomplete", "fluctuating", "persistent_high"]
Role = Literal["fitted", "held_out"]


class Fitted(Record, frozen=True, kw_only=True):
    """One unknown of the fit: a parameter's typical value, or its spread between patients. Its prior is flat between
    ``low`` and ``high`` on ``scale``."""

    id: str
    parameter: str
    part: Literal["typical", "spread"]
    scale: Scale
    low: float
    high: float
    why: str


class Structure(Record, frozen=True, kw_only=True):
    """One of the models compared: some unknowns held within narrower limits (equal limits: fixed)."""

    id: str
    name: str
    says: str
    limits: dict[str, tuple[float, float]]


class Target(Record, frozen=True, kw_only=True):
    """A published number that the model should show.

    ``value`` with its 95 % interval ``low`` to ``high``; without one, ``n`` patients give that of a share. ``slack`` is the
    standard deviation by which a model of this kind may miss it for reasons of definition (assumed). ``day`` is counted
    from the visit; of ``course_share`` ``course`` says which.
    """

    id: str
    says: str
    unit: str
    cohort: Cohort
    measure: Measure
    value: float
    sources: tuple[str, ...]
    role: Role
    slack: float
    why: str
    day: float = 0.0
    course: Course | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None


class Definitions(Record, frozen=True, kw_only=True):
    """What the studies' words mean in numbers of the model."""

    visits: tuple[float, ...]
    primary_care_days: Number
    emergency_days: Number
    emergency_prescription: str
    relief_prescription: str
    recovered_pain: Number
    recovered_days: Number
    painless_pain: Number
    painless_days: Number
    moderate_pain: Number
    high_pain: Number
    rise_of_pain: Number
    recurrence_pain: Number
    persistent_from: Number
    persistent_pain: Number
    disability_scatter: Number
    entry_disability: Number
    severe_disability: Number


class FitPlan(Record, frozen=True, kw_only=True):
    """What is fitted to what."""

    unknowns: tuple[Fitted, ...]
    structures: tuple[Structure, ...]
    main: str
    targets: tuple[Target, ...]
    definitions: Definitions


class Posterior(Record, frozen=True, kw_only=True):
    """An unknown after the fit: median and 90 % interval; ``rhat``, ``ess``; ``narrowed``: by what share of its prior's
    width on the scale of the prior the interval is narrower."""

    id: str
    median: float
    low: float
    high: float
    narrowed: float
    rhat: float
    ess: float


class Predicted(Record, frozen=True, kw_only=True):
    """What the model shows for a target: median and 90 % interval over the posterior, by the simulator itself."""

    target: str
    median: float
    low: float
    high: float
    inside: bool


class StructureFit(Record, frozen=True, kw_only=True):
    """One model refitted. ``misfit``: smallest sum of squared standardised misses of the fitted targets; ``elpd``: expected
    log predictive density of a fitted target left out, summed, ``worse`` than the best by so much with standard error
    ``worse_se``; ``self_sustaining``: share of patients whose persistence number exceeds 1."""

    structure: str
    misfit: float
    elpd: float
    elpd_se: float
    worse: float
    worse_se: float
    self_sustaining: float
    unknowns: tuple[Posterior, ...]
    predicted: tuple[Predicted, ...]


class ProfilePoint(Record, frozen=True, kw_only=True):
    """The smallest misfit with one unknown held at ``value``, above the smallest of all."""

    value: float
    above: float


class Profile(Record, frozen=True, kw_only=True):
    """``low`` and ``high`` where the misfit rises by that of a 90 % interval; None: not within the prior's limits."""

    id: str
    points: tuple[ProfilePoint, ...]
    low: float | None = None
    high: float | None = None


class Correlated(Record, frozen=True, kw_only=True):
    """Posterior correlation of two unknowns, on the scales of their priors."""

    one: str
    other: str
    value: float


class FitRecord(Record, frozen=True, kw_only=True):
    """The stored result. ``digest`` is that of the plan fitted; ``emulator_error`` the largest error of the emulator
    relative to the standard deviation of its target."""

    date: str
    digest: str
    seed: int
    runs: int
    patients: int
    draws: int
    emulator_error: float
    main: str
    fits: tuple[StructureFit, ...]
    correlations: tuple[Correlated, ...]
    profiles: tuple[Profile, ...]

    def of(self, structure: str) -> StructureFit:
        """The fit of one model.

        Raises:
            KeyError: where it was not fitted.
        """
        found = {f.structure: f for f in self.fits}
        return found[structure]
