"""How an answer changes what is believed, where the finding is linked to one that is known already.

``p(answer | state)`` is the ratio of the probabilities of the items with and without the answer (``answers.py`` forms
them). Two links make such ratios not add up to 1 (a measured residual replaces the told retention; a temperature below
the threshold is dropped where fever was told): there the answers are predicted from what is believed now, while the
decision is the one that the engine will make.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import msgspec
import numpy as np

from backspasm.advice.belief import Belief
from backspasm.advice.situation import Situation
from backspasm.inference.likelihood import log_item
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.posterior import prepared
from backspasm.patients.answers import Answers, Item, answers_of
from backspasm.patients.patient import InputError

Answer = Literal["present", "absent"] | float


def answered(s: Situation, finding: str, answer: Answer) -> Answers | None:
    """Answers with one more; None where it would contradict what is known."""
    replace = msgspec.structs.replace
    if isinstance(answer, float):
        patient = replace(s.patient, measured=s.patient.measured | {finding: answer})
    elif answer == "present":
        patient = replace(s.patient, present=(*s.patient.present, finding))
    else:
        patient = replace(s.patient, absent=(*s.patient.absent, finding))
    try:
        return answers_of(patient, s.model.knowledge)
    except InputError:
        return None


def linked(s: Situation, finding: str) -> bool:
    """Whether an answer to this finding is tied to something known: through a link (also as another abnormality of the same
    image), or through a date and the pain's begin."""
    if any(s.answers.asked(other) for other in tied_to(s.model).get(finding, ())):
        return True
    return bool(s.patient.days_ago) and finding == "duration_days"


@lru_cache(maxsize=8)
def tied_to(model: Model) -> dict[str, tuple[str, ...]]:
    """For each finding those that share a link with it, and the other abnormalities of the same image."""
    out: dict[str, dict[str, None]] = {}
    links = model.knowledge.links
    for link in links:
        out.setdefault(link.finding, {})[link.other] = None
        out.setdefault(link.other, {})[link.finding] = None
        if link.kind == "excludes":
            same = (k.other for k in links if k.kind == "excludes" and k.finding == link.finding)
            out[link.other] |= dict.fromkeys(same)
    return {finding: tuple(others) for finding, others in out.items()}


@dataclass(frozen=True, eq=False)
class Change:
    """Items that an answer adds and takes away. ``dropped``: the measured value itself is not counted."""

    added: tuple[Item, ...]
    gone: tuple[Item, ...]
    dropped: bool = False

    @property
    def nothing(self) -> bool:
        return not self.added and not self.gone


def change_of(s: Situation, after: Answers, measured: str | None = None) -> Change:
    """What an answer does to the items; the density of the value ``measured`` is left out of it."""
    before, now = set(s.answers.items), set(after.items)
    own = {i for i in now if i.kind == "value" and i.finding == measured}
    added = tuple(i for i in after.items if i not in before and i not in own)
    return Change(added, tuple(i for i in s.answers.items if i not in now), measured is not None and not own)


def ratio(belief: Belief, change: Change) -> Array:
    """Probability of the items added over that of the items gone, in every state: (keys, C, J)."""
    model = belief.model
    total = np.zeros(belief.weights.shape)
    for items, sign in ((change.added, 1), (change.gone, -1)):
        for item in prepared(items, model.means, model.knowledge):
            for k, key in enumerate(belief.keys):
                group, log_p = log_item(item, model.means, model.layout, *key, model.knowledge)
                total[k] += sign * belief.spread(group, log_p)
    out: Array = np.exp(total)
    return out
