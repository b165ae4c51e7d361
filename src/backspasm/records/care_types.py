"""Frozen records of what comes next: investigations and when they help, pathways, and words for the patient."""

from __future__ import annotations

from typing import Literal

from backspasm.records.types import AgeGroup, Record

#: how soon, the soonest first; ``planned`` is an appointment without time pressure
When = Literal["now", "today", "within_two_weeks", "after_six_weeks", "planned"]
WHENS: tuple[When, ...] = ("now", "today", "within_two_weeks", "after_six_weeks", "planned")
Verdict = Literal["indicated", "consider", "not_indicated"]
VERDICTS: tuple[Verdict, ...] = ("indicated", "consider", "not_indicated")
Section = Literal["urgency", "what_we_think", "tests", "do", "avoid", "watch"]


class Situation(Record, frozen=True, kw_only=True):
    """A condition over one assessed patient. Exactly one main field is set; numbers are ids of assumptions.

    ``finding``/``denied``       the finding is present / was asked and is absent
    ``measured``                 a measured value, ``at_least`` or ``at_most``
    ``age_under``/``age_from``   the age is known and under / from a number
    ``pregnancy``                ``stated``, or ``possible``: a woman of childbearing age of whom it was not said
    ``rule``                     the safety rule of this id fired
    ``flagged``                  a safety rule that fired points to this cause or complication (``any``: to whichever),
                                 demanding at least ``level`` where that is given
    ``likely``                   a cause, complication or ledger group is at least as probable as ``at_least``;
                                 ``within``: only where it is also among so many most probable causes
    ``urgency_from``             the assessment is at least so urgent
    ``none_of``                  none of them holds; what was not asked does not hold
    """

    finding: str | None = None
    denied: str | None = None
    measured: str | None = None
    at_least: str | None = None
    at_most: str | None = None
    age_under: str | None = None
    age_from: str | None = None
    sex: Literal["male", "female"] | None = None
    comorbidity: str | None = None
    pregnancy: Literal["stated", "possible"] | None = None
    rule: str | None = None
    flagged: str | None = None
    level: str | None = None
    likely: str | None = None
    within: str | None = None
    urgency_from: str | None = None
    all_of: tuple[Situation, ...] = ()
    any_of: tuple[Situation, ...] = ()
    none_of: tuple[Situation, ...] = ()
    count_of: tuple[Situation, ...] = ()
    count: str | None = None


class Limit(Record, frozen=True, kw_only=True):
    """What stands in the way of a test for this patient, and what serves instead."""

    condition: Situation
    caution: str
    sources: tuple[str, ...]


class Investigation(Record, frozen=True, kw_only=True):
    """One test. ``simple`` names it in the leaflet.

    ``reveals``: findings that its report answers together, of which ``asked_too`` are also asked of the patient;
    ``beyond``: what it tells that is no finding.

    Its burden (minutes, discomfort, cost band, delay, radiation) is a row of ``investigation_burden``.
    """

    id: str
    name: str
    simple: str
    plain: str
    tells: str
    misses: str
    reveals: tuple[str, ...]
    done_by: tuple[str, ...]
    if_positive: str
    if_negative: str
    sources: tuple[str, ...]
    limits: tuple[Limit, ...] = ()
    asked_too: tuple[str, ...] = ()
    beyond: str | None = None


class Indication(Record, frozen=True, kw_only=True):
    """A rule: in this situation the test is indicated, to be considered, or not indicated.

    ``includes``: narrower tests that this one contains; ``instead_of``: tests that it makes needless.
    """

    id: str
    test: str
    verdict: Verdict
    condition: Situation
    because: str
    sources: tuple[str, ...]
    when: When | None = None
    includes: tuple[str, ...] = ()
    instead_of: tuple[str, ...] = ()


class PathwayStep(Record, frozen=True, kw_only=True):
    """One step: what to do, by when, by whom; ``ages`` where it concerns only some patients."""

    do: str
    by_when: When
    who: str
    sources: tuple[str, ...]
    ages: tuple[AgeGroup, ...] = ()


class Pathway(Record, frozen=True, kw_only=True):
    """What to do about one cause or complication, in order."""

    id: str
    steps: tuple[PathwayStep, ...]


class PatientLine(Record, frozen=True, kw_only=True):
    """One thing to tell the patient (``adult``) or the parents (``child``), in words that a child of twelve reads.

    Of the lines of ``urgency`` and ``what_we_think`` the first that holds is said; of the other sections all that hold.
    ``how_soon`` is for ``watch``: when the sign appears, how soon to come. ``always``: said first and never left out.
    """

    id: str
    section: Section
    adult: str
    sources: tuple[str, ...]
    child: str | None = None
    condition: Situation | None = None
    how_soon: When | None = None
    always: bool = False
