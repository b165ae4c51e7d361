"""Two questions ahead: some answers change nothing alone but do together (two signs of a rule, two weak hints).

Looked at only where every single question is worth next to nothing. For the first question f and each of its answers
the better of stopping and the best second question g is taken:

    value(f) = loss now - sum_a min(loss after a, min_g sum_b loss after a and b)

Only yes-or-no findings that are free of links to what is known, and to each other, are paired.
"""

from __future__ import annotations

import numpy as np

from backspasm.advice.belief import present_rows
from backspasm.advice.rule_arrays import floors, rules_about
from backspasm.advice.situation import Situation
from backspasm.advice.value import MASS, present_floor
from backspasm.inference.logit_normal import Array


def two_step_values(s: Situation, findings: tuple[str, ...]) -> dict[str, tuple[float, str | None]]:
    """Expected drop in loss of asking each finding and then the best second one; the second if the answer is yes.

    Args:
        findings: yes-or-no findings, none linked to what is known.
    """
    if not findings:
        return {}
    both = _pair_masses(s, findings)
    alone = both[np.arange(len(findings)), np.arange(len(findings))]
    only_first = np.maximum(alone[:, None] - both, 0)
    only_second = np.maximum(alone[None] - both, 0)
    neither = np.maximum(s.belief.needed - alone[:, None] - alone[None] + both, 0)
    floor_one = np.array([present_floor(s, f) for f in findings])
    floor_two = np.minimum(_pair_floors(s, findings), np.minimum(floor_one[:, None], floor_one[None]))

    def loss(masses: Array, lowest: Array | int) -> Array:
        return _loss(s, masses, lowest)

    after_yes = loss(both, floor_two) + loss(only_first, floor_one[:, None])
    after_no = loss(only_second, floor_one[None]) + loss(neither, s.floor)
    forbidden = _tied(s, findings)
    after_yes[forbidden], after_no[forbidden] = np.inf, np.inf
    stop_yes = loss(alone, floor_one)
    stop_no = loss(np.maximum(s.belief.needed - alone, 0), s.floor)
    second = after_yes.argmin(axis=1)
    total = np.minimum(stop_yes, after_yes.min(axis=1)) + np.minimum(stop_no, after_no.min(axis=1))
    return {
        f: (
            max(s.loss_now - float(total[i]), 0.0),
            findings[second[i]] if after_yes[i, second[i]] < stop_yes[i] else None,
        )
        for i, f in enumerate(findings)
    }


def _loss(s: Situation, masses: Array, lowest: Array | int) -> Array:
    """Expected loss (...,) of the level of least loss under masses of need (..., L), where ``lowest`` is not more urgent."""
    by_level = s.loss @ masses.reshape(-1, masses.shape[-1]).T  # few long rows: quicker than many short ones
    best, level = by_level[0].copy(), np.zeros(by_level.shape[1], dtype=np.intp)
    for i, other in enumerate(by_level[1:], start=1):
        np.copyto(level, i, where=other < best)  # of equal ones the more urgent
        np.minimum(best, other, out=best)
    demanded = np.broadcast_to(lowest, masses.shape[:-1]).ravel()
    out: Array = np.where(level <= demanded, best, by_level[demanded, np.arange(len(demanded))])
    return out.reshape(masses.shape[:-1])


def _pair_masses(s: Situation, findings: tuple[str, ...]) -> Array:
    """Probability that both findings are there, with each level needed: (F, F, L); the diagonal is one finding alone."""
    states = s.belief.weights.size
    rows = np.empty((len(findings), states))
    for group, own, there in present_rows(s.model, findings, s.belief.keys):
        rows[own] = s.belief.spread(group, there).reshape(len(own), states)
    need = s.belief.by_need.reshape(states, -1)
    weights = s.belief.weights.ravel()
    used = np.flatnonzero(weights > MASS * weights.max())
    rows = rows.take(used, axis=1)
    out = np.empty((len(findings), len(findings), need.shape[1]))
    for level in range(need.shape[1]):
        weight = need[used, level]
        some = weight > 0
        out[:, :, level] = (rows[:, some] * weight[some]) @ rows[:, some].T
    single = rows @ need[used]
    out[np.arange(len(findings)), np.arange(len(findings))] = single
    return out


def _pair_floors(s: Situation, findings: tuple[str, ...]) -> Array:
    """The rules' floor if both findings are there, (F, F)."""
    out = np.full((len(findings), len(findings)), s.floor)
    # findings that no rule speaks of, not even through what they imply, change no floor
    own = [i for i, f in enumerate(findings) if rules_about((f,), s.model)]
    ruled = tuple(findings[i] for i in own)
    eye = np.eye(len(own), dtype=bool)
    present = {f: eye[:, [i]] | eye[[i]] for i, f in enumerate(ruled)}
    facts = s.facts.adding(present, {}, s.model.knowledge)
    lowest = floors(facts, rules_about(ruled, s.model), s.floor, s.model, eye.shape)
    alone = np.diagonal(lowest)
    out[own], out[:, own] = alone[:, None], alone
    out[np.ix_(own, own)] = lowest
    return out


def _tied(s: Situation, findings: tuple[str, ...]) -> Array:
    """Pairs that are one variable, or one finding: they are not asked one after the other."""
    tied = np.eye(len(findings), dtype=bool)
    place = {f: i for i, f in enumerate(findings)}
    hub: dict[str, list[int]] = {}
    for link in s.model.knowledge.links:
        if link.finding in place and link.other in place:
            i, j = place[link.finding], place[link.other]
            tied[i, j] = tied[j, i] = True
        if link.kind == "excludes" and link.other in place:
            hub.setdefault(link.finding, []).append(place[link.other])
    for members in hub.values():
        tied[np.ix_(members, members)] = True
    out: Array = tied
    return out
