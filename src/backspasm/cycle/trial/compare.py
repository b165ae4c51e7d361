"""A virtual trial beside the published one: direction, size, and how often such a trial would have found what was found."""

from __future__ import annotations

from typing import Literal

import numpy as np
from msgspec import Struct
from scipy.special import ndtri

from backspasm.cycle.trial.courses import lower_is_better
from backspasm.cycle.trial.result import Contrast, Estimate, TrialResult
from backspasm.cycle.trial.statistics import SIDE
from backspasm.records.knowledge import Knowledge
from backspasm.records.trial_types import Published
from backspasm.records.types import Arm, Fact

#: the model expects a finding that at least half of such trials show ...
EXPECTED = 0.5
#: a difference of fewer standard deviations has no direction
NEGLIGIBLE = 0.02

Verdict = Literal["agrees", "weaker", "misses"]
Direction = Literal["better", "none", "worse"]


class Beside(Struct, frozen=True):
    """A published result and the model's. ``given``: the published difference, in the outcome's unit, where it can be had;
    ``chance_loop`` and ``chance_rival``: how many trials of that size find what was found."""

    published: Published
    given: Estimate | None
    loop: Contrast
    rival: Contrast
    chance_loop: float
    chance_rival: float
    verdict: Verdict
    rival_verdict: Verdict
    direction: Direction
    rival_direction: Direction

    @property
    def size_fits(self) -> bool | None:
        """Whether what the model expects lies in the published interval; None where there is none."""
        return None if self.given is None else self.given.low <= self.loop.expected <= self.given.high


def beside_published(result: TrialResult, knowledge: Knowledge) -> tuple[Beside, ...]:
    """Every published result of the protocol, in its order."""
    return tuple(_beside(p, result, knowledge) for p in result.protocol.published)


def _beside(p: Published, result: TrialResult, knowledge: Knowledge) -> Beside:
    loop = result.loop.contrast(p.arm, p.against, p.outcome, p.day)
    rival = result.without_loop(loop)
    fact = knowledge.fact(p.size_from or p.fact)
    lower = lower_is_better(result.protocol.outcome(p.outcome))
    return Beside(
        published=p,
        given=None if fact is None else given_difference(p, fact[1]),
        loop=loop,
        rival=rival,
        chance_loop=chance_of(p, loop),
        chance_rival=chance_of(p, rival),
        verdict=verdict(p, loop, lower),
        rival_verdict=verdict(p, rival, lower),
        direction=direction(loop, lower),
        rival_direction=direction(rival, lower),
    )


def chance_of(p: Published, c: Contrast) -> float:
    """How many trials of this size find what was found."""
    if p.found == "better":
        return c.shows_better
    return c.shows_worse if p.found == "worse" else max(1 - c.shows_better - c.shows_worse, 0.0)


def direction(c: Contrast, lower_better: bool) -> Direction:
    """Where the model expects the first arm to end."""
    if abs(c.expected_smd) < NEGLIGIBLE:
        return "none"
    return "better" if (c.expected_smd < 0) is lower_better else "worse"


def verdict(p: Published, c: Contrast, lower_better: bool) -> Verdict:
    """``agrees``: most such trials find it; ``weaker``: the direction is right, but fewer than half find it; ``misses``."""
    if chance_of(p, c) >= EXPECTED:
        return "agrees"
    return "weaker" if direction(c, lower_better) == p.found else "misses"


def given_difference(p: Published, fact: Fact) -> Estimate | None:
    """The published difference with its 95 % interval: the fact's own, or that of two of its groups."""
    if len(p.arms) == 2:
        groups = [next((a for a in fact.arms if a.arm == name), None) for name in p.arms]
        centres = [_centre(a) for a in groups if a is not None]
        if len(centres) < 2 or centres[0] is None or centres[1] is None:
            return None
        (one, error_one), (other, error_other) = centres[0], centres[1]
        value, reach = one - other, float(ndtri(1 - SIDE)) * float(np.hypot(error_one, error_other))
        ends = sorted(((value - reach) * p.scale, (value + reach) * p.scale))
        return Estimate(value * p.scale, ends[0], ends[1])
    if fact.measure != "mean_difference" or fact.value is None or fact.low is None or fact.high is None:
        return None
    ends = sorted((fact.low * p.scale, fact.high * p.scale))
    return Estimate(fact.value * p.scale, ends[0], ends[1])


def _centre(arm: Arm) -> tuple[float, float] | None:
    """Value and standard error of a group: from its interval, its standard deviation, or its size where it is a share."""
    if arm.x is not None and arm.n:
        share = arm.x / arm.n
        return share, float(np.sqrt(share * (1 - share) / arm.n))
    if arm.value is None:
        return None
    if arm.low is not None and arm.high is not None:
        return arm.value, (arm.high - arm.low) / (2 * float(ndtri(1 - SIDE)))
    if arm.n and arm.sd is not None:
        return arm.value, arm.sd / arm.n**0.5
    if arm.n and 0 <= arm.value <= 1:
        return arm.value, float(np.sqrt(arm.value * (1 - arm.value) / arm.n))
    return None
