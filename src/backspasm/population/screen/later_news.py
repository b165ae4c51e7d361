"""Images of the spine and referrals after and before many encounters; the twin of ``follow_up`` on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backspasm.inference.logit_normal import Array
from backspasm.patients.from_fhir.many.moments import Ints, Times
from backspasm.patients.from_fhir.many.visits import Visits
from backspasm.population.follow_up import Later, came_about, image_of_spine, is_referral

Names = tuple[str, ...]
KINDS = ("ct", "mri", "radiograph")
#: what a class of resources tells: nothing, a referral, or a picture of one of the kinds
NOTHING, REFERRAL, PICTURE = 0, 1, 2


def told_by(resource: Later) -> int:
    """What resources of a class tell: ``NOTHING``, ``REFERRAL``, or ``PICTURE`` and the place of its kind."""
    if not came_about(resource):
        return NOTHING
    kind = image_of_spine(resource)
    if kind is not None:
        return PICTURE + KINDS.index(kind)
    return REFERRAL if is_referral(resource) else NOTHING


@dataclass(frozen=True)
class LaterNews:
    """Resources that tell of a picture or a referral. ``encounter``: place of the encounter, -1 for none."""

    told: NDArray[np.int64]
    patient: Ints
    when: Times
    encounter: Ints


@dataclass(frozen=True)
class FollowUps:
    """As the columns of the same names; NaN for none."""

    imaged_days: Array
    imaged_with: list[Names]
    imaged_before_days: Array
    workup_days: Array


def follow_ups(news: LaterNews, visits: Visits) -> FollowUps:
    """What the record holds before and after each visit."""
    n = len(visits)
    count = visits.count[news.patient] * (news.told != NOTHING) * news.when.there
    row = np.repeat(np.arange(len(count)), count)
    within = np.arange(len(row)) - np.repeat(np.cumsum(count) - count, count)
    visit = visits.first[news.patient[row]] + within
    days = (news.when.day[row] - visits.start.day[visit]).astype(np.float64)
    own = (news.encounter[row] >= 0) & (news.encounter[row] == visits.encounter[visit])
    days = np.where(own, np.maximum(days, 0.0), days)
    picture = news.told[row] >= PICTURE
    after, before, workup = np.full(n, np.inf), np.full(n, np.inf), np.full(n, np.inf)
    later = days >= 0
    np.minimum.at(after, visit[picture & later], days[picture & later])
    np.minimum.at(before, visit[picture & ~later], -days[picture & ~later])
    np.minimum.at(workup, visit[later], days[later])
    kinds: dict[int, set[str]] = {}
    for i in np.flatnonzero(picture & later).tolist():
        kinds.setdefault(int(visit[i]), set()).add(KINDS[int(news.told[row[i]]) - PICTURE])
    with_what: list[Names] = [()] * n
    for v, names in kinds.items():
        with_what[v] = tuple(sorted(names))
    return FollowUps(_none(after), with_what, _none(before), _none(workup))


def _none(days: Array) -> Array:
    return np.where(np.isinf(days), np.nan, days)
