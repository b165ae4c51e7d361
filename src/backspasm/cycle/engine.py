"""Runs the model for many patients at once: arrays over patients, a loop over steps. The plain engine, in NumPy.

Pharmacokinetics are closed (each exponential of a drug is carried from node to node exactly), the injury drive is closed
between flares, the linear decay of the muscle's states is closed; what is left is stepped by ``cycle.exponential``.
``cycle.compiled`` does the same patient by patient in machine code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Protocol

import numpy as np

from backspasm.cycle.grid import FINE, LONGEST, SHARE, Grid, grid_of, lengths_of
from backspasm.cycle.model import Array, Patients, pain_of, settled
from backspasm.cycle.on_the_way import OnTheWay
from backspasm.cycle.stepping import Moment, Stepper, step_weights
from backspasm.cycle.treatment import NONE, Treatment

#: patients run together: a few arrays of this length fit into the cache of one core
CHUNK = 2_048


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a run gives at ``days`` (t,): arrays (t, n).

    ``pain`` 0-100 (without error of measurement), ``activity`` S in %MVC above normal, ``metabolites``, ``central`` C,
    ``drowsiness`` 0-1 from drugs, ``nsaid`` and ``relaxant`` effects 0-1; ``doses`` (drugs, n) counts the doses taken.
    """

    days: Array
    pain: Array
    activity: Array
    metabolites: Array
    central: Array
    drowsiness: Array
    nsaid: Array
    relaxant: Array
    doses: Array

    def columns(self, which: slice) -> Course:
        """The same of some of the patients; the arrays are views."""
        return Course(self.days, *(getattr(self, f.name)[:, which] for f in fields(self)[1:]))


def empty_course(days: Array, count: int, drugs: int) -> Course:
    pain, activity, metabolites, central, drowsiness, nsaid, relaxant = np.empty((7, len(days), count))
    return Course(days, pain, activity, metabolites, central, drowsiness, nsaid, relaxant, np.zeros((drugs, count)))


def simulate(
    patients: Patients,
    treatment: Treatment = NONE,
    days: Array | None = None,
    *,
    fine: float = FINE,
    share: float = SHARE,
    longest: float = LONGEST,
    compiled: bool | None = False,
) -> Course:
    """Run every patient from day 0.

    Args:
        patients: parameters and first states (n,).
        treatment: doses of the same n patients.
        days: output times (t,), rising; default every day of four weeks.
        fine, share, longest: how short steps are (``cycle.grid``).
        compiled: machine code (needs numba; compiled once, kept on disk); None: where numba is installed.

    Raises:
        ImportError: where machine code is asked for and numba is not installed.
    """
    days = np.arange(29.0) if days is None else np.asarray(days, dtype=np.float64)
    grid = grid_of(days, treatment, patients.flare_days, fine, share, longest)
    out = empty_course(days, patients.count, len(treatment.drugs))
    run = runner(compiled)
    for which, part in patients.chunks(CHUNK):
        run(part, treatment.taken(which), grid, out.columns(which))
    return out


def runner(compiled: bool | None) -> Callable[[Patients, Treatment, Grid, Course], None]:
    """The engine asked for: ``run(patients, treatment, grid, course)`` fills the course."""
    if compiled is False:
        return run
    try:
        from backspasm.cycle.compiled import run as run_compiled
    except ImportError:
        if compiled:
            raise
        return run
    return run_compiled


def run(p: Patients, treatment: Treatment, grid: Grid, out: Course) -> None:
    """Fill ``out`` for patients that fit into memory together."""
    carry(p, OnTheWay(p, treatment, grid, out.doses), grid, out)


class Outside(Protocol):
    """What acts on the patients from outside, from node to node, in order: the injury, and what drugs do."""

    def arrive(self, node: int, pain: Callable[[Moment], Array]) -> Moment:
        """At a node: flares strike, doses are taken. Returns what acts there; ``pain`` is (n,), given what acts."""

    def show(self, node: int, output: int, out: Course) -> None:
        """Write the drugs' effects and the drowsiness at the node."""

    def leave(self, node: int) -> tuple[Moment, Moment]:
        """What acts in the middle of the step from this node, and at its end."""


def carry(p: Patients, outside: Outside, grid: Grid, out: Course) -> None:
    """Fill ``out`` for patients that fit into memory together, given what acts on them."""
    _, activity, metabolites = settled(p.injury, p.central, p)
    now = Stepper(p, activity, metabolites, p.central)
    lengths = lengths_of(grid)
    weights = step_weights(tuple(dict.fromkeys(lengths)), p)
    asked = {int(k): i for i, k in enumerate(grid.outputs)}

    def pain(moment: Moment) -> Array:
        return pain_of(now.drive(moment))

    for k in range(len(grid.nodes)):
        first = outside.arrive(k, pain)
        if k in asked:
            i = asked[k]
            out.pain[i] = pain(first)
            out.activity[i], out.metabolites[i], out.central[i] = now.activity, now.metabolites, now.central
            outside.show(k, i, out)
        if k < len(lengths):
            now.step(weights[lengths[k]], first, *outside.leave(k))
