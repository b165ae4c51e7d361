"""Speed of the cycle's engines beside what else could run them, at equal error: 10,000 patients for 28 days with two drugs.

Every implementation solves the same patients. Its step is the longest of a ladder at which the largest error over a sample
of patients stays below 0.05 points of pain (against Runge-Kutta with every compartment a state and a step of 4 minutes).
Peers that are not installed (extra ``bench``) are named and skipped. Times are the best of some runs; SciPy and
libroadrunner run a sample, scaled up. CPU seconds are of all threads together.

    python benchmarks/cycle.py [--patients 10000] [--quick]
"""

from __future__ import annotations

import argparse
import itertools
import os
import resource
import site
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from measures import Asked, Found, Point, Row, say

from backspasm import load
from backspasm.advice.course import DAYS, usual_options
from backspasm.cycle.candidates import Situation
from backspasm.cycle.drugs import kinetics_of, treatment_of
from backspasm.cycle.engine import simulate
from backspasm.cycle.grid import UNDRUGGED
from backspasm.cycle.model import Array, Patients, settled
from backspasm.cycle.one_patient import expected_course
from backspasm.cycle.pharmacokinetics import Kinetics
from backspasm.cycle.population import population
from backspasm.cycle.prescription import read_prescriptions
from backspasm.cycle.reference import reference
from backspasm.cycle.sbml import sbml, values_of
from backspasm.cycle.treatment import Treatment

TEXT = "naproxen 500 mg twice a day for 28 days; cyclobenzaprine 10 mg three times a day for 28 days"
OUT = np.arange(29.0)
#: doses fall on multiples of this many hours
BEAT = 4
HOURS = 24
ALLOWED = 0.05
SAMPLE = 200
#: patients simulated at a time where there are many
CHUNK = 2_048
SEED = 3
#: steps between two beats, from coarse to fine
LADDER = (8, 10, 12, 16, 24, 32)


@dataclass
class Problem:
    patients: Patients
    treatment: Treatment
    kinetics: tuple[Kinetics, ...]
    truth: Array

    @property
    def sample(self) -> Problem:
        return self.first(SAMPLE)

    def first(self, count: int) -> Problem:
        which = np.arange(min(count, self.patients.count))
        kinetics = tuple(k.taken(which) for k in self.kinetics)
        return Problem(self.patients.taken(which), self.treatment.taken(which), kinetics, self.truth[:, :count])

    def error(self, pain: Array) -> float:
        return float(np.abs(np.asarray(pain, dtype=np.float64)[:, : self.truth.shape[1]] - self.truth).max())


@dataclass
class Solved:
    name: str
    seconds: float
    cpu: float
    error: float
    note: str = ""


def problem(count: int) -> Problem:
    cycle = load().knowledge.cycle
    p = population(cycle, count, np.random.default_rng(SEED))
    treatment = treatment_of(read_prescriptions(TEXT, cycle.drugs, 40), cycle, count, SEED)
    kinetics = tuple(
        kinetics_of(cycle.drugs[d.drug], count, np.random.default_rng([SEED, zlib.crc32(d.drug.encode())]))
        for d in treatment.drugs
    )
    made = Problem(p, treatment, kinetics, np.empty(0))
    small = Problem(p, treatment, kinetics, np.empty((0, 0)))
    which = np.arange(min(SAMPLE, count))
    truth, _ = reference(
        small.patients.taken(which),
        treatment.taken(which),
        tuple(k.taken(which) for k in kinetics),
        OUT,
        1 / HOURS / 15,
    )
    made.truth = truth
    return made


def timed(run: Callable[[], Any], times: int = 3) -> tuple[float, float]:
    """(wall seconds, CPU seconds), each the best of some runs; compile first."""
    best = [np.inf, np.inf]
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        best = [min(best[0], time.perf_counter() - wall), min(best[1], time.process_time() - cpu)]
    return best[0], best[1]


# --- the peers' equations, with everything a state: rows I S M C, depot and site of naproxen, depot centre site of cyclobenzaprine


def parts(p: Problem) -> tuple[Array, Array, Array]:
    """Parameters (26, n), first state (9, n), and doses by beat (beats, 2, n)."""
    q, (nap, cyc), (kn, kc) = p.patients, p.treatment.drugs, p.kinetics
    rows = np.stack(
        [
            q.healing_days, q.reflex_gain, q.metabolite_weight, q.central_gain, q.sensitisation, q.sensitisation_threshold,
            q.sensitisation_days, q.reflex_days, q.metabolite_days, q.largest_activity, q.reference_activity, q.cox_share,
            kn.absorption, kn.elimination, kn.bioavailable / kn.volume, nap.ec50, nap.steepness, nap.most,
            kc.absorption, kc.elimination, kc.bioavailable / kc.volume, kc.site, cyc.ec50, cyc.most,
        ]
    )  # fmt: skip
    _, s, m = settled(q.injury, q.central, q)
    zero = np.zeros(q.count)
    state = np.stack([q.injury, s, m, q.central, zero, zero, zero, zero, zero])
    beats = round(OUT[-1] * HOURS / BEAT)
    doses = np.zeros((beats, 2, q.count))
    for j, d in enumerate((nap, cyc)):
        at = np.round(d.days * HOURS / BEAT).astype(int)
        for i, beat in enumerate(at):
            doses[beat, j] += d.amounts[i] * d.takes[i]
    return rows, state, doses


def slope(y: Any, q: Any, where: Any) -> list[Any]:
    """The right-hand side; works on NumPy and JAX arrays, one row per state."""
    i, s, m, c, n_depot, n_site, c_depot, c_centre, c_site = y
    ratio = (where(n_site > 0, n_site, 0.0) / q[15]) ** q[16]
    nsaid = q[17] * ratio / (1 + ratio)
    ratio = c_site / q[22]
    relaxant = q[23] * ratio / (1 + ratio)
    drive = ((1 - q[11] * nsaid) * i + q[2] * m) * (1 + q[3] * c) + q[4] * c
    r = q[1] * (1 - relaxant) * drive
    h = (drive / q[5]) ** 4
    return [
        -i / q[0],
        (q[9] * r / (1 + r) - s) / q[7],
        (s / q[10] - m) / q[8],
        (h / (1 + h) - c) / q[6],
        -q[12] * n_depot,
        q[14] * q[12] * n_depot - q[13] * n_site,
        -q[18] * c_depot,
        q[20] * q[18] * c_depot - q[19] * c_centre,
        q[21] * (c_centre - c_site),
    ]


def pain_from(y: Any, q: Any, where: Any) -> Any:
    ratio = (where(y[5] > 0, y[5], 0.0) / q[15]) ** q[16]
    nsaid = q[17] * ratio / (1 + ratio)
    drive = ((1 - q[11] * nsaid) * y[0] + q[2] * y[2]) * (1 + q[3] * y[3]) + q[4] * y[3]
    return 100 * drive / (1 + drive)


def numpy_rk4(p: Problem, steps: int) -> Array:
    q, y, doses = parts(p)
    h = BEAT / HOURS / steps
    pain = np.empty((len(OUT), y.shape[1]))
    pain[0] = pain_from(y, q, np.where)
    for beat, (n_dose, c_dose) in enumerate(doses):
        y[4] += n_dose
        y[6] += c_dose
        for _ in range(steps):
            k1 = np.stack(slope(y, q, np.where))
            k2 = np.stack(slope(y + h / 2 * k1, q, np.where))
            k3 = np.stack(slope(y + h / 2 * k2, q, np.where))
            k4 = np.stack(slope(y + h * k3, q, np.where))
            y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        if (beat + 1) % (HOURS // BEAT) == 0:
            pain[(beat + 1) * BEAT // HOURS] = pain_from(y, q, np.where)
    return pain


def numba_rk4() -> Callable[[Problem, int], Array]:
    import math

    import numba

    @numba.njit(fastmath={"contract", "reassoc", "arcp", "nsz"}, error_model="numpy")
    def slope_of(y, q, k):  # type: ignore[no-untyped-def]
        nsaid = 0.0
        if y[5] > 0.0:
            ratio = math.exp(q[16] * math.log(y[5] / q[15]))
            nsaid = q[17] * ratio / (1.0 + ratio)
        ratio = y[8] / q[22]
        relaxant = q[23] * ratio / (1.0 + ratio)
        drive = ((1.0 - q[11] * nsaid) * y[0] + q[2] * y[2]) * (1.0 + q[3] * y[3]) + q[4] * y[3]
        r = q[1] * (1.0 - relaxant) * drive
        h = drive / q[5]
        h *= h
        h *= h
        k[0] = -y[0] / q[0]
        k[1] = (q[9] * r / (1.0 + r) - y[1]) / q[7]
        k[2] = (y[1] / q[10] - y[2]) / q[8]
        k[3] = (h / (1.0 + h) - y[3]) / q[6]
        k[4] = -q[12] * y[4]
        k[5] = q[14] * q[12] * y[4] - q[13] * y[5]
        k[6] = -q[18] * y[6]
        k[7] = q[20] * q[18] * y[6] - q[19] * y[7]
        k[8] = q[21] * (y[7] - y[8])
        return drive

    @numba.njit(parallel=True, fastmath={"contract", "reassoc", "arcp", "nsz"}, error_model="numpy")
    def run(rows, states, doses, steps, h, per_day, pain):  # type: ignore[no-untyped-def]
        for i in numba.prange(rows.shape[0]):
            q, y = rows[i], states[i].copy()
            k, total, z = np.empty(9), np.empty(9), np.empty(9)
            drive = slope_of(y, q, k)
            pain[0, i] = 100.0 * drive / (1.0 + drive)
            for beat in range(doses.shape[1]):
                y[4] += doses[i, beat, 0]
                y[6] += doses[i, beat, 1]
                for _ in range(steps):
                    slope_of(y, q, k)
                    for j in range(9):
                        total[j] = k[j]
                        z[j] = y[j] + h / 2.0 * k[j]
                    slope_of(z, q, k)
                    for j in range(9):
                        total[j] += 2.0 * k[j]
                        z[j] = y[j] + h / 2.0 * k[j]
                    slope_of(z, q, k)
                    for j in range(9):
                        total[j] += 2.0 * k[j]
                        z[j] = y[j] + h * k[j]
                    slope_of(z, q, k)
                    for j in range(9):
                        y[j] += h / 6.0 * (total[j] + k[j])
                if (beat + 1) % per_day == 0:
                    drive = slope_of(y, q, k)
                    pain[(beat + 1) // per_day, i] = 100.0 * drive / (1.0 + drive)

    compiled: Any = run

    def call(p: Problem, steps: int) -> Array:
        q, y, doses = parts(p)
        pain = np.empty((len(OUT), y.shape[1]))
        arrays = (np.ascontiguousarray(a) for a in (q.T, y.T, doses.transpose(2, 0, 1)))
        compiled(*arrays, steps, BEAT / HOURS / steps, HOURS // BEAT, pain)
        return pain

    return call


def jax_scan(single: bool) -> Callable[[Problem, int], Array]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    kind = jnp.float32 if single else jnp.float64
    compiled: dict[int, Any] = {}

    def build(steps: int) -> Any:
        h = BEAT / HOURS / steps

        def f(y: Any, q: Any) -> Any:
            return jnp.stack(slope(y, q, jnp.where))

        def step(y: Any, q: Any) -> Any:
            k1 = f(y, q)
            k2 = f(y + h / 2 * k1, q)
            k3 = f(y + h / 2 * k2, q)
            k4 = f(y + h * k3, q)
            return (y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)).astype(kind)

        def whole(y: Any, q: Any, doses: Any) -> Any:
            def beat(y: Any, dose: Any) -> Any:
                y = y.at[4].add(dose[0]).at[6].add(dose[1])
                return jax.lax.scan(lambda z, _: (step(z, q), None), y, None, length=steps)[0], None

            def day(y: Any, dose: Any) -> Any:
                y, _ = jax.lax.scan(beat, y, dose)
                return y, pain_from(y, q, jnp.where)

            _, pain = jax.lax.scan(day, y, doses)
            return pain

        return jax.jit(whole)

    def call(p: Problem, steps: int) -> Array:
        q, y, doses = parts(p)
        fn = compiled.setdefault(steps, build(steps))
        by_day = doses.reshape(len(OUT) - 1, HOURS // BEAT, 2, -1)
        arrays = (jnp.asarray(a, dtype=kind) for a in (y, q, by_day))
        pain = np.asarray(fn(*arrays).block_until_ready())
        return np.concatenate([pain_from(y, q, np.where)[None], pain])

    return call


def diffrax_tsit5() -> Callable[[Problem, int], Array]:
    import diffrax
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    term = diffrax.ODETerm(lambda t, y, q: jnp.stack(slope(y, q, jnp.where)))
    compiled: dict[int, Any] = {}

    def build(steps: int) -> Any:
        length = BEAT / HOURS

        def one(y: Any, q: Any, doses: Any) -> Any:
            def beat(y: Any, dose: Any) -> Any:
                y = y.at[4].add(dose[0]).at[6].add(dose[1])
                solved = diffrax.diffeqsolve(
                    term, diffrax.Tsit5(), 0.0, length, length / steps, y, q, max_steps=steps + 2,
                    adjoint=diffrax.DirectAdjoint(),
                )  # fmt: skip
                return solved.ys[-1], None

            def day(y: Any, dose: Any) -> Any:
                y, _ = jax.lax.scan(beat, y, dose)
                return y, pain_from(y, q, jnp.where)

            return jax.lax.scan(day, y, doses)[1]

        return jax.jit(jax.vmap(one, in_axes=(1, 1, 3), out_axes=1))

    def call(p: Problem, steps: int) -> Array:
        q, y, doses = parts(p)
        fn = compiled.setdefault(steps, build(steps))
        by_day = doses.reshape(len(OUT) - 1, HOURS // BEAT, 2, -1)
        pain = np.asarray(fn(*(jnp.asarray(a) for a in (y, q, by_day))).block_until_ready())
        return np.concatenate([pain_from(y, q, np.where)[None], pain])

    return call


def scipy_lsoda(p: Problem, tolerance: float) -> Array:
    from scipy import integrate

    solve_ivp: Any = integrate.solve_ivp

    q, states, doses = parts(p)
    pain = np.empty((len(OUT), states.shape[1]))
    for i in range(states.shape[1]):
        own, y = q[:, i], states[:, i]
        pain[0, i] = pain_from(y, own, np.where)
        for beat, dose in enumerate(doses[:, :, i]):
            y = y.copy()
            y[4] += dose[0]
            y[6] += dose[1]
            done = solve_ivp(
                lambda _, z, own=own: np.array(slope(z, own, np.where)), (0, BEAT / HOURS), y, "LSODA",
                rtol=tolerance, atol=tolerance,
            )  # fmt: skip
            y = done.y[:, -1]
            if (beat + 1) % (HOURS // BEAT) == 0:
                pain[(beat + 1) * BEAT // HOURS, i] = pain_from(y, own, np.where)
    return pain


def roadrunner_cvode() -> Callable[[Problem, float], Array]:
    import roadrunner

    def call(p: Problem, tolerance: float) -> Array:
        document = sbml(p.treatment, p.kinetics, p.patients)
        runner = roadrunner.RoadRunner(document.decode())
        runner.timeCourseSelections = ["time", "pain"]
        pain = np.empty((len(OUT), p.patients.count))
        for i in range(p.patients.count):
            runner.resetAll()
            for name, value in values_of(p.treatment, p.kinetics, p.patients, i).items():
                runner[name] = value
            runner.reset()
            runner.integrator.relative_tolerance = tolerance
            runner.integrator.absolute_tolerance = [tolerance] * document.count(b"<rateRule")
            pain[:, i] = np.asarray(runner.simulate(times=OUT.tolist()))[:, 1]
        return pain

    return call


def coarsest(p: Problem, run: Callable[[Problem, Any], Array], ladder: tuple[Any, ...]) -> tuple[Any, float]:
    """The first of a ladder of steps (or tolerances) whose error is allowed."""
    sample = p.sample
    error = np.inf
    for rung in ladder:
        with np.errstate(all="ignore"):  # too long a step may overflow
            error = sample.error(run(sample, rung))
        if error < ALLOWED:
            return rung, error
    return ladder[-1], error


def fixed(name: str, p: Problem, run: Callable[[Problem, int], Array], times: int, count: int | None = None) -> Solved:
    """A peer with a fixed step; ``count``: run so many patients only, and scale (all of them at once either way)."""
    steps, error = coarsest(p, run, LADDER)
    few = p if count is None or count >= p.patients.count else p.first(count)
    scale = p.patients.count / few.patients.count
    run(few, steps)  # compile for the full size
    seconds, cpu = timed(lambda: run(few, steps), times)
    note = f"step {BEAT / steps:.2f} h" + ("" if scale == 1 else f"; {few.patients.count} patients, scaled")
    return Solved(name, seconds * scale, cpu * scale, error, note)


def sampled(
    name: str, p: Problem, run: Callable[[Problem, float], Array], count: int, ladder: tuple[float, ...]
) -> Solved:
    few = p.first(count)
    tolerance, error = coarsest(few, run, ladder)
    seconds, cpu = timed(lambda: run(few, tolerance), 1)
    scale = p.patients.count / count
    return Solved(name, seconds * scale, cpu * scale, error, f"tolerance {tolerance:g}; {count} patients, scaled")


def engine(name: str, p: Problem, compiled: bool, times: int) -> Solved:
    def run(q: Problem, fine: float) -> Array:
        return simulate(q.patients, q.treatment, OUT, fine=fine / HOURS, compiled=compiled).pain

    fine, error = coarsest(p, run, (2.0, 1.0, 0.5, 0.25))
    run(p, fine)
    seconds, cpu = timed(lambda: run(p, fine), times)
    return Solved(name, seconds, cpu, error, f"first step {fine:g} h")


def peers(p: Problem, quick: bool) -> list[Callable[[], Solved]]:
    times = 2 if quick else 4
    return [
        lambda: engine("backspasm, machine code", p, True, 2 * times),
        lambda: engine("backspasm, NumPy", p, False, 1),
        lambda: fixed("numba RK4, all states", p, numba_rk4(), times),
        lambda: fixed("JAX lax.scan RK4, float32", p, jax_scan(True), times),
        lambda: fixed("JAX lax.scan RK4, float64", p, jax_scan(False), times),
        lambda: fixed("NumPy RK4, all states", p, numpy_rk4, 1, 2_000),
        lambda: fixed("diffrax Tsit5, float64", p, diffrax_tsit5(), 1, 1_000),
        lambda: sampled(
            "libroadrunner CVODE, a loop", p, roadrunner_cvode(), 20 if quick else 100, (1e-3, 1e-4, 1e-5, 1e-6)
        ),
        lambda: sampled("SciPy LSODA, a loop", p, scipy_lsoda, 2 if quick else 8, (1e-3, 1e-4, 1e-5)),
    ]


def print_rows(rows: list[Solved]) -> None:
    best = min(rows[0].seconds, rows[0].seconds)
    print(f"{'':30} {'wall s':>9} {'CPU s':>9} {'x wall':>8} {'x CPU':>8}  largest error")
    for r in rows:
        print(
            f"{r.name:30} {r.seconds:9.2f} {r.cpu:9.2f} {r.seconds / best:8.1f} {r.cpu / rows[0].cpu:8.1f}"
            f"  {r.error:.3f} points ({r.note})"
        )


def steps_and_errors(p: Problem) -> None:
    """Order of the integrator, and the error at the default steps."""
    quiet = p.patients.but(healing_days=np.maximum(p.patients.healing_days, 4.0))
    days = np.array([8.0])
    exact = simulate(quiet, days=days, fine=1 / 64 / UNDRUGGED, share=0.0).pain
    errors = [
        float(np.abs(simulate(quiet, days=days, fine=h / UNDRUGGED, share=0.0).pain - exact).max())
        for h in (0.5, 0.25, 0.125)
    ]
    print(f"order without drugs: steps of 12, 6, 3 h err by {errors[0]:.2e}, {errors[1]:.2e}, {errors[2]:.2e}: "
          f"orders {np.log2(errors[0] / errors[1]):.2f}, {np.log2(errors[1] / errors[2]):.2f}")  # fmt: skip
    small = p.sample
    found = []
    for fine in (2.0, 1.0, 0.5, 0.25):
        found.append(small.error(simulate(small.patients, small.treatment, OUT, fine=fine / HOURS, share=0.05).pain))
    print("with drugs, first step after a dose 2, 1, 0.5, 0.25 h: " + ", ".join(f"{e:.4f}" for e in found) + " points; orders "
          + ", ".join(f"{np.log2(a / b):.2f}" for a, b in itertools.pairwise(found))
          + " (an effect that rises as the 1.61th power of time is not smooth)")  # fmt: skip
    print(f"error at the default step: {small.error(simulate(small.patients, small.treatment, OUT).pain):.4f} points")


def memory(p: Problem) -> None:
    """Peak memory of the process before and after ten times as many patients, in chunks that are thrown away."""
    cycle = load().knowledge.cycle
    used = []
    for chunks in (1, 10):
        for chunk in range(chunks):
            few = population(cycle, 2_048, np.random.default_rng(chunk))
            doses = treatment_of(read_prescriptions(TEXT, cycle.drugs, 40), cycle, 2_048, chunk)
            simulate(few, doses, OUT).pain.mean(axis=1)
        used.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    print(f"memory in chunks: peak {used[0]:.0f} MiB after 2,048 patients, {used[1]:.0f} MiB after 20,480 more")


def one_patient() -> None:
    knowledge = load().knowledge
    options, situation = usual_options(knowledge), Situation({"soft_tissue": 1.0}, 60.0, 3.0)
    seconds, cpu = timed(lambda: expected_course(situation, options, knowledge.cycle, DAYS, 200), 7)
    print(
        f"one patient, 200 draws, 3 options and none, with the rival: {1000 * seconds:.0f} ms ({1000 * cpu:.0f} ms CPU)"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description="Speed of the cycle's engines beside others, at equal error")
    arguments.add_argument("--patients", type=int, default=10_000)
    arguments.add_argument("--quick", action="store_true", help="fewer repeats and smaller samples")
    given = arguments.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {given.patients} patients, 28 days, {TEXT}")
    one_patient()
    memory(problem(SAMPLE))
    p = problem(given.patients)
    steps_and_errors(p)
    rows: list[Solved] = []
    for peer in peers(p, given.quick):
        try:
            rows.append(peer())
            print(f"  {rows[-1].name}: {rows[-1].seconds:.2f} s", flush=True)
        except ImportError as error:
            print(f"  skipped: {error.name} is not installed (pip install 'backspasm[bench]')", flush=True)
    print_rows(rows)


def measured(asked: Asked) -> Found:
    """The engine beside other solvers at equal error, one patient beside its limit, and how cost grows."""
    if asked.peers:
        for folder in Path(asked.peers).glob("lib/python*/site-packages"):
            site.addsitedir(str(folder))  # behind our own packages: only what is not among them comes from there
    say("simulation: one patient")
    knowledge = load().knowledge
    options, situation = usual_options(knowledge), Situation({"soft_tissue": 1.0}, 60.0, 3.0)
    _, cpu = timed(lambda: expected_course(situation, options, knowledge.cycle, DAYS, 200), 3 if asked.quick else 7)
    rows = [Row("simulation", "one patient, 200 draws, 3 options and none", 1000 * cpu, "a limit of 100 ms", 100.0,
                "ms of a processor", 1.0)]  # fmt: skip
    points: list[Point] = []
    for size in [10**k for k in range(3, 9) if 10**k <= min(asked.largest, 100_000 if not asked.quick else 1_000)]:
        say(f"simulation: growth, {size:,} patients")
        seconds, cpu = timed(lambda size=size: in_chunks(size), 1)  # type: ignore[misc]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        points.append(Point("simulated patients, 28 days", size, cpu, seconds, peak))
    count = 1_000 if asked.quick else 10_000
    p = problem(count)
    missing: list[str] = []
    solved: list[Solved] = []
    for solver in peers(p, quick=True)[: 5 if asked.quick else None]:
        say("simulation: " + (f"after {solved[-1].name}, the next solver" if solved else "solvers at equal error"))
        try:
            with np.errstate(all="ignore"):  # too long a step of a peer may overflow
                solved.append(solver())
        except ImportError as error:
            missing.append(f"simulation: {error.name} is not installed")
    ours = next((r for r in solved if r.name == "backspasm, machine code"), None)
    if ours is None:
        return Found(tuple(rows), tuple(points), tuple(missing))
    theirs = sorted((r for r in solved if not r.name.startswith("backspasm")), key=lambda r: r.cpu)
    unit = "ms of a processor a patient"
    for i, peer in enumerate(theirs):
        note = f"largest error {peer.error:.3f} points, ours {ours.error:.3f}; {peer.note}"
        rows.append(
            Row("simulation", f"{count:,} patients, 28 days, 2 drugs", 1000 * ours.cpu / count, peer.name,
                1000 * peer.cpu / count, unit, 3.0 if i == 0 else None, note)
        )  # fmt: skip
    return Found(tuple(rows), tuple(points), tuple(missing))


def in_chunks(count: int) -> None:
    """So many patients drawn, treated and simulated, some at a time."""
    cycle = load().knowledge.cycle
    for chunk in range(0, count, CHUNK):
        size = min(CHUNK, count - chunk)
        few = population(cycle, size, np.random.default_rng(chunk))
        doses = treatment_of(read_prescriptions(TEXT, cycle.drugs, 40), cycle, size, chunk)
        simulate(few, doses, OUT).pain.mean(axis=1)


if __name__ == "__main__":
    main()
