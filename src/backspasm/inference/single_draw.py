"""One of the joint draws of all parameters, as a set of numbers of its own: a world in which patients can be drawn."""

from __future__ import annotations

from dataclasses import dataclass, field

from backspasm.inference.kept import Kept
from backspasm.inference.logit_normal import Array
from backspasm.inference.numbers import JointDraws
from backspasm.inference.parameters import Parameters
from backspasm.inference.strata import Stratum


@dataclass(frozen=True)
class SingleDraw:
    """Draw number ``index`` of ``joint``; the same arrays as the means, without the axis of draws."""

    joint: JointDraws
    index: int
    kept: Kept = field(default_factory=Kept, repr=False, compare=False)

    @property
    def parameters(self) -> Parameters:
        return self.joint.parameters

    def _only(self, drawn: Array) -> Array:
        out: Array = drawn[self.index]
        return out

    def log_base(self, stratum: Stratum) -> Array:
        return self._only(self.joint.log_base(stratum))

    def shares(self, setting: str, group: int) -> Array:
        return self._only(self.joint.shares(setting, group))

    def rate(self, finding: str, group: int) -> Array:
        return self._only(self.joint.rate(finding, group))

    def log_odds(self, finding: str, group: int) -> Array:
        return self._only(self.joint.log_odds(finding, group))

    def strengths(self, finding: str, group: int) -> Array:
        return self._only(self.joint.strengths(finding, group))

    def value(self, measured: str, group: int) -> tuple[Array, Array]:
        mean, sd = self.joint.value(measured, group)
        return self._only(mean), self._only(sd)
