"""The types of the answers, as the contract fixes them: from these come the schemas, and tests hold every answer to them."""

from __future__ import annotations

from typing import Any, Literal

from msgspec import field

from backspasm.service.rest.openapi.treatments import Treatments
from backspasm.service.rest.openapi.types import Digest, Interval, Level, Part, Probability, Texts, When


class Reason(Part, frozen=True):
    rule: str
    findings: Texts
    sources: Texts
    level: Level


class ExpectedLoss(Part, frozen=True):
    """The level of least expected loss; ``needed``: probability that each level is needed; ``loss``: of giving each."""

    level: Level
    needed: dict[str, Probability]
    loss: dict[str, float]
    lowered_by: Texts


class Urgency(Part, frozen=True):
    """``level`` is the more urgent of the rules' floor and the level of least expected loss."""

    level: Level
    because: list[Reason]
    floor: Level
    expected_loss: ExpectedLoss


class RedFlag(Part, frozen=True):
    id: str
    name: str
    findings: Texts
    urgency: Level
    points_to: Texts
    sources: Texts


class LedgerEntry(Part, frozen=True):
    """One group of serious causes: what was asked, what was not, what speaks against it."""

    group: Literal["infection", "malignancy", "compression", "fracture", "aortic"]
    probability: Probability
    causes: Texts
    asked: Texts
    not_asked: Texts
    against: Texts


class Step(Part, frozen=True):
    """One answer's share in a cause's probability; a ratio too large for a number is null."""

    finding: str
    answer: Literal["present", "absent", "measured"]
    likelihood_ratio: float | None
    before: Probability
    after: Probability
    facts: Texts
    assumed: bool
    study_share: float


class Hypothesis(Part, frozen=True):
    """One cause with its 90 % interval, its base rate, and every step from the one to the other."""

    cause: str
    probability: Probability
    interval: Interval
    base_rate: Probability
    base_rate_facts: Texts
    because: list[Step]


class Complication(Part, frozen=True):
    id: str
    probability: Probability
    interval: Interval


class Question(Part, frozen=True):
    finding: str
    ask: str
    value: float
    changes_urgency: Probability
    burden: float
    then: str | None
    why: str


class Test(Part, frozen=True):
    test: str
    value: float
    changes_urgency: Probability
    burden: float
    why: str


class Turn(Part, frozen=True, omit_defaults=True):
    """The single answer that would most probably change the urgency; ``from`` and ``to`` bound a measured value."""

    finding: str
    answer: str
    level: Level
    probability: Probability
    from_: float | None = field(name="from", default=None)
    to: float | None = None


class WouldChange(Part, frozen=True):
    up: Turn | None
    down: Turn | None


class Next(Part, frozen=True):
    """What to ask and to order next, the best first, and whether to stop."""

    questions: list[Question]
    tests: list[Test]
    stop: bool
    reason: str
    would_change: WouldChange


class Investigation(Part, frozen=True):
    test: str
    verdict: Literal["indicated", "consider", "not_indicated"]
    when: When | None
    because: str
    sources: Texts
    cautions: Texts
    if_positive: str
    if_negative: str
    rules: Texts
    result_known: Texts
    part_of: str | None
    burden: dict[str, float]


class PathwayStep(Part, frozen=True):
    do: str
    by_when: When
    who: str
    sources: Texts


class Pathway(Part, frozen=True):
    id: str
    shown_for: str
    probability: Probability
    steps: list[PathwayStep]


class ComeBack(Part, frozen=True):
    """A sign to come back for, and how soon."""

    id: str
    when: str
    how_soon: When
    to_whom: str
    sources: Texts


class Derived(Part, frozen=True):
    """An answer that nobody gave but that follows from one that was given."""

    finding: str
    answer: Literal["present", "absent"]
    because: str
    source: str


class Place(Part, frozen=True):
    what: str
    given: str


class Side(Part, frozen=True):
    holds: str
    facts: Texts


class Dispute(Part, frozen=True):
    """Studies that disagree on what bears on this patient."""

    id: str | None
    kind: str
    about: list[Place]
    between_share: float | None
    p: float | None
    sides: list[Side]


class Stratum(Part, frozen=True):
    setting: str
    age: str
    sex: str
    weight: Probability


class Reference(Part, frozen=True):
    study: str
    citation: str
    link: str | None
    design: str
    setting: str
    n: int | None
    read: str
    facts: Texts


class KnowledgeUsed(Part, frozen=True):
    version: str
    digest: Digest


class Assessment(Part, frozen=True):
    """The whole assessment: the same input and the same knowledge digest give the same bytes.

    ``course`` is a Course or NoCourse; the schema says so.
    """

    urgency: Urgency
    red_flags: list[RedFlag]
    must_not_miss: list[LedgerEntry]
    differential: list[Hypothesis]
    complications: list[Complication]
    next: Next
    investigations: list[Investigation]
    pathways: list[Pathway]
    safety_net: list[ComeBack]
    treatments: Treatments
    course: dict[str, Any]
    derived: list[Derived]
    outdated: list[Derived]
    not_assessed: Texts
    disputes: list[Dispute]
    notes: Texts
    said_by: dict[str, Texts]
    strata: list[Stratum]
    bibliography: list[Reference]
    knowledge: KnowledgeUsed
    input_digest: Digest


class Hit(Part, frozen=True):
    """Words of the note that carry a finding; ``start`` and ``end`` count its characters."""

    finding: str
    answer: Literal["present", "absent"] | None
    start: int
    end: int
    text: str
    cue: str
    section: str
    rule: str
    assertion: str


class Reading(Part, frozen=True):
    """A case, with the words behind each finding, what was left open and what was not read."""

    age_years: float | None
    sex: Literal["male", "female", "unknown"]
    setting: str | None
    present: Texts
    absent: Texts
    measured: dict[str, float]
    days_ago: dict[str, float]
    medications: Texts
    allergies: Texts
    comorbidities: Texts
    pregnant: bool | None
    pregnancy_weeks: float | None
    uncertain: Texts
    hits: list[Hit]
    not_read: Texts
