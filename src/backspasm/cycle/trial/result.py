"""What a virtual trial gives: frozen values, all numbers plain."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from backspasm.records.trial_types import TrialProtocol


class Estimate(Struct, frozen=True):
    """A number with its interval."""

    value: float
    low: float
    high: float


class Spread(Struct, frozen=True):
    """Mean and standard deviation of ``n`` patients; of yes or no: the share, and its standard deviation."""

    mean: float
    sd: float
    n: int


class Flow(Struct, frozen=True):
    """How many were asked, why some could not enter, how many entered, and how many each arm got."""

    screened: int
    excluded: Mapping[str, int]
    eligible: int
    randomised: Mapping[str, int]


class Lines(Struct, frozen=True):
    """Mean course of an arm among all eligible patients, a number per day."""

    pain: tuple[float, ...]
    spasm: tuple[float, ...]


class Arm(Struct, frozen=True):
    """One arm as the trial saw it: at entry, and at each visit by outcome. ``doses``: mean doses taken of each drug."""

    baseline: Mapping[str, Spread]
    visits: Mapping[str, tuple[Spread, ...]]
    doses: Mapping[str, float]
    course: Lines


class Contrast(Struct, frozen=True):
    """One outcome at one visit, an arm against another.

    ``trial``: what one trial of this size found; ``standardised``: the same in standard deviations (None: shares);
    ``p`` its p-value. ``expected``: what all eligible patients would give, each under both arms; ``expected_smd`` likewise;
    ``range``: where ``expected`` lies in 90 % of the worlds that the records hold possible. ``results``: where 95 % of
    trials of this size end; ``shows_better`` and ``shows_worse``: how many of them find it at p < 0.05. ``needed``: patients
    an arm for a power of 80 %.
    """

    arm: str
    against: str
    outcome: str
    day: float
    trial: Estimate
    p: float
    standardised: Estimate | None
    expected: float
    expected_smd: float
    range: tuple[float, float]
    results: tuple[float, float]
    result_sd: float
    shows_better: float
    shows_worse: float
    needed: float


class Side(Struct, frozen=True):
    """The trial in the model, or in its rival without the loop."""

    flow: Flow
    arms: Mapping[str, Arm]
    contrasts: tuple[Contrast, ...]

    def contrast(self, arm: str, against: str, outcome: str, day: float) -> Contrast:
        """Raises StopIteration where there is none."""
        wanted = (arm, against, outcome, day)
        return next(c for c in self.contrasts if (c.arm, c.against, c.outcome, c.day) == wanted)


class Ends(Struct, frozen=True):
    """Where trials of this size end on the primary outcome, of the first contrast: bins from ``low`` by ``width``, and how many
    of the trials drawn fall into each, with the loop and without it."""

    low: float
    width: float
    loop: tuple[int, ...]
    rival: tuple[int, ...]


class Apart(Struct, frozen=True):
    """Whether a result tells the loop from its rival: how often it would name the right one, and from how many patients an
    arm on it would do so reliably (a difference of the two shown with a power of 80 %)."""

    named_rightly: float
    needed: float


class TrialResult(Struct, frozen=True):
    """A virtual trial with the loop and without it. ``sizes``: patients of each arm; ``pool``: eligible patients simulated
    under every arm; ``days`` are those of the courses; ``apart``: for each contrast in order."""

    protocol: TrialProtocol
    sizes: Mapping[str, int]
    days: tuple[float, ...]
    loop: Side
    rival: Side
    apart: tuple[Apart, ...]
    ends: Ends
    prescriptions: Mapping[str, str]
    rescue: str | None
    seed: int
    replicates: int
    pool: int
    worlds: int

    def told_apart(self, contrast: Contrast) -> Apart:
        """Of a contrast of ``loop``."""
        return self.apart[self.loop.contrasts.index(contrast)]

    def without_loop(self, contrast: Contrast) -> Contrast:
        """The rival's, of a contrast of ``loop``."""
        return self.rival.contrasts[self.loop.contrasts.index(contrast)]

    @property
    def primary(self) -> Contrast:
        """The first contrast on the primary outcome, with the loop."""
        first, primary = self.protocol.compared[0], self.protocol.primary
        return self.loop.contrast(first.arm, first.against, primary.outcome, primary.day)
