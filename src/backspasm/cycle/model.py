"""The equations of the pain-spasm-pain cycle, for many patients at once.

Time is in days. States: the injury drive ``I`` (dimensionless), reflex paraspinal activity ``S`` (% of maximal voluntary
contraction above normal), metabolite load ``M`` and central sensitisation ``C`` (0 to 1). Pain is ``100 D / (1 + D)``::

    dI/dt = (lasting (1 + growth t) - I) / healing        N = (1 - eps EN) (I + J) + (1 - phi eps EN) w M
    dS/dt = (S_max R / (1 + R) - S) / tau_S               D = N (1 + kC C) + h_C C
    dM/dt = (S / S_ref - M) / tau_M                       R = rho (1 - ER) D
    dC/dt = (D^n / (D^n + theta^n) - C) / tau_C           w = L0 S_ref / (rho S_max)
    dJ/dt = -J / healing of flares

``EN`` and ``ER`` are the effects of NSAIDs and relaxants (0 to 1), known functions of time (``cycle.drugs``). ``L0``, the
return gain, is the gain of the muscle loop for small activity; the rival without the loop has ``L0 = 0``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from collections.abc import Iterator

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]
Indices = np.ndarray[tuple[int, ...], np.dtype[np.intp]]

#: fields of Patients that every patient needs, and those that are 0 (or none) unless given
NEEDED = (
    "injury", "healing_days", "return_gain", "reflex_gain", "central_gain", "sensitisation", "sensitisation_threshold",
    "steepness", "sensitisation_days", "reflex_days", "metabolite_days", "largest_activity", "reference_activity",
    "cox_share", "cox_on_metabolites",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Patients:
    """Parameters and first states of ``n`` patients: every field has shape (n,), float64, but the flares (n, F).

    Fields as in the module's equations: ``injury`` I(0), ``healing_days``, ``lasting`` (the level at which a source that
    does not heal stays) and ``growth`` (of that level, per day), ``return_gain`` L0, ``reflex_gain`` rho,
    ``central_gain`` kC, ``sensitisation`` h_C, ``sensitisation_threshold`` theta, ``steepness`` n, ``sensitisation_days``
    tau_C, ``reflex_days`` tau_S, ``metabolite_days`` tau_M, ``largest_activity`` S_max and ``reference_activity`` S_ref
    (%MVC), ``cox_share`` eps, ``cox_on_metabolites`` phi, ``central`` C(0). ``flare_days`` are whole days (inf: none) on
    which the drive of flares J jumps by ``flare_sizes``; it heals with ``healing_of_flares`` and adds to I.
    """

    injury: Array
    healing_days: Array
    return_gain: Array
    reflex_gain: Array
    central_gain: Array
    sensitisation: Array
    sensitisation_threshold: Array
    steepness: Array
    sensitisation_days: Array
    reflex_days: Array
    metabolite_days: Array
    largest_activity: Array
    reference_activity: Array
    cox_share: Array
    cox_on_metabolites: Array
    lasting: Array
    growth: Array
    central: Array
    healing_of_flares: Array
    flare_days: Array
    flare_sizes: Array

    @property
    def count(self) -> int:
        return len(self.injury)

    @cached_property
    def metabolite_weight(self) -> Array:
        """``w``: how much one unit of metabolites adds to the peripheral drive."""
        w: Array = self.return_gain * self.reference_activity / (self.reflex_gain * self.largest_activity)
        return w

    @cached_property
    def all_heal(self) -> bool:
        """Whether no source lasts."""
        return not np.any(self.lasting)

    @cached_property
    def paces(self) -> tuple[Indices, Indices]:
        """The first patient of each set of time constants of the fast states and of sensitisation, and each one's set."""
        rows = np.stack(
            [
                self.reflex_days, self.metabolite_days, self.sensitisation_days, self.largest_activity,
                self.reference_activity,
            ]
        )  # fmt: skip
        if np.all(rows == rows[:, :1]):
            return np.zeros(1, dtype=np.intp), np.zeros(self.count, dtype=np.intp)
        # one time constant tells most sets apart: sorting by all of them takes ten times as long
        _, first, which = np.unique(rows[0], return_index=True, return_inverse=True)
        if not np.array_equal(rows[:, first[which]], rows):
            _, first, which = np.unique(rows, axis=1, return_index=True, return_inverse=True)
        if len(first) == self.count:
            first = which = np.arange(self.count)
        return first.astype(np.intp), which.reshape(-1).astype(np.intp)

    @cached_property
    def metabolites_reached(self) -> bool:
        """Whether NSAIDs reach the metabolites' drive in any."""
        return bool(np.any(self.cox_on_metabolites))

    @cached_property
    def fast_steepness(self) -> bool:
        """Whether the exponent of sensitisation is 4 in all, which two squarings make."""
        return bool(np.all(self.steepness == FAST_STEEPNESS))

    def without_loop(self) -> Patients:
        """The rival: the same patients with return gain zero."""
        return replace(self, return_gain=np.zeros_like(self.return_gain))

    def but(self, **values: ArrayLike) -> Patients:
        """The same patients with other values of some fields, broadcast to (n,) (flares to (n, F))."""
        n = self.count
        return replace(
            self, **{k: _column(v, n) if not k.startswith("flare") else _rows(v, n) for k, v in values.items()}
        )

    def taken(self, which: slice | np.ndarray[tuple[int, ...], np.dtype[np.intp]]) -> Patients:
        """Some of the patients, in the order of ``which``."""
        return Patients(*(getattr(self, f.name)[which] for f in fields(self)))

    def joined(self, other: Patients) -> Patients:
        """These patients, then the others; both without flares, or with as many columns of them."""
        return Patients(*(np.concatenate([getattr(self, f.name), getattr(other, f.name)]) for f in fields(self)))

    def chunks(self, size: int) -> Iterator[tuple[slice, Patients]]:
        """The patients in pieces of at most ``size``, so that the memory of a run does not grow with their number."""
        for start in range(0, self.count, size):
            which = slice(start, min(start + size, self.count))
            yield which, self.taken(which)


def patients_of(count: int, values: Mapping[str, ArrayLike]) -> Patients:
    """Patients from scalars or arrays of shape (count,); what is not given of ``lasting``, ``growth``, ``central`` is 0,
    and flares heal as the first injury does unless ``healing_of_flares`` is given.

    Raises:
        KeyError: where a needed field is not given or an unknown one is.
    """
    names = {f.name for f in fields(Patients)}
    missing, unknown = set(NEEDED) - set(values), set(values) - names
    if missing or unknown:
        raise KeyError(f"missing {sorted(missing)}, unknown {sorted(unknown)}")
    given = {k: _column(v, count) for k, v in values.items() if not k.startswith("flare")}
    rest: dict[str, Array] = {k: np.zeros(count) for k in ("lasting", "growth", "central") if k not in given}
    rest.setdefault("healing_of_flares", given.pop("healing_of_flares", given["healing_days"]))
    days = _rows(values.get("flare_days", np.empty((count, 0))), count)
    sizes = _rows(values.get("flare_sizes", np.zeros(days.shape)), count)
    return Patients(**given, **rest, flare_days=days, flare_sizes=sizes)


def _column(value: ArrayLike, count: int) -> Array:
    return np.ascontiguousarray(np.broadcast_to(np.asarray(value, dtype=np.float64), (count,)))


def _rows(value: ArrayLike, count: int) -> Array:
    array = np.asarray(value, dtype=np.float64)
    return np.ascontiguousarray(np.broadcast_to(array, (count, array.shape[-1] if array.ndim else 1)))


# --- the algebra of the model; every argument broadcasts -----------------------------------------------------------


def saturation(drive: Array, patients: Patients) -> Array:
    """``D^n / (D^n + theta^n)``: the level towards which sensitisation moves."""
    ratio = drive / patients.sensitisation_threshold
    if patients.fast_steepness:
        ratio *= ratio
        ratio *= ratio
    else:
        ratio = ratio**patients.steepness
    return ratio / (1 + ratio)


#: the exponent that two squarings make; any other goes by way of a general power
FAST_STEEPNESS = 4


def drive_of(injury: Array, metabolites: Array, central: Array, p: Patients, nsaid: Array | None = None) -> Array:
    """``D``: what arrives at the dorsal horn; ``nsaid`` None: no such drug."""
    if nsaid is None:
        peripheral = injury + p.metabolite_weight * metabolites
    else:
        held = p.cox_share * nsaid
        spared = p.metabolite_weight * metabolites
        if p.metabolites_reached:
            spared = spared * (1 - p.cox_on_metabolites * held)
        peripheral = (1 - held) * injury + spared
    d: Array = peripheral * (1 + p.central_gain * central) + p.sensitisation * central
    return d


def pain_of(drive: Array) -> Array:
    """Pain on 0-100 from the drive ``D``."""
    return 100 * drive / (1 + drive)


def drive_from_pain(pain: Array) -> Array:
    """The inverse of ``pain_of``; pain below 100."""
    return pain / (100 - pain)


def activity_level(drive: Array, p: Patients, relaxant: ArrayLike = 0.0) -> Array:
    """The activity towards which ``S`` moves, in %MVC above normal."""
    r = p.reflex_gain * (1 - np.asarray(relaxant)) * drive
    level: Array = p.largest_activity * r / (1 + r)
    return level


def settled(injury: Array, central: Array, p: Patients) -> tuple[Array, Array, Array]:
    """Drive, activity and metabolites with the muscle loop at rest for this injury and sensitisation, without drugs.

    With ``C`` fixed, ``D = a + L D / (1 + rho D)`` is a quadratic with one positive root.
    Returns ``(D, S, M)``, each (n,).
    """
    up = 1 + p.central_gain * central
    a = injury * up + p.sensitisation * central
    loop = p.return_gain * up
    # rho D^2 + (1 - loop - a rho) D - a = 0
    b = 1 - loop - a * p.reflex_gain
    root = np.sqrt(b * b + 4 * p.reflex_gain * a)
    # the form without cancellation for either sign of b
    drive = np.where(b > 0, 2 * a / (b + root + TINY), (root - b) / (2 * p.reflex_gain))
    activity = activity_level(drive, p)
    return drive, activity, activity / p.reference_activity


#: guards a division by zero where there is neither injury nor loop
TINY = 1e-300


def lasting_level(p: Patients, day: float | Array) -> Array:
    """The part of the injury drive at ``day`` that follows the lasting source (a particular solution of dI/dt)."""
    if p.all_heal:
        return p.lasting
    level: Array = p.lasting * (1 + p.growth * (np.asarray(day) - p.healing_days))
    return level
