"""Every number of the knowledge base has a source or is a named assumption; code holds no medical number."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import backspasm
from backspasm import Knowledge
from backspasm.records.cycle_types import CycleParameter, Number

PACKAGE = Path(backspasm.__file__).parent
FOLDER = PACKAGE / "knowledge"

#: literals that are arithmetic, not medicine
PLAIN = {0, 1, -1, 2, 100, 0.5, -0.5}


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, bool):
        return
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)


def load(path: Path) -> Any:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def test_numbers_stand_only_in_the_evidence_folder() -> None:
    """Elsewhere only unit conversions (exact by definition) may hold numbers."""
    found = []
    for path in sorted(FOLDER.rglob("*.yaml")):
        place = path.relative_to(FOLDER).as_posix()
        # a vignette's numbers are those of a made-up patient; each of the cycle's names its study or who assumed it
        if place.startswith(("evidence/", "vignettes/", "cycle/")):
            continue
        data = load(path)
        if place.startswith("findings/") and "findings" in data:
            for record in data["findings"]:
                record.pop("units", None)
        found += [f"{place}: {n}" for n in numbers(data)]
    assert found == []


def test_every_number_has_a_source_or_is_a_named_assumption(knowledge: Knowledge, record_property: Any) -> None:
    sourced = assumed = 0
    for path in sorted((FOLDER / "evidence").rglob("*.yaml")):
        data = load(path)
        count = sum(1 for _ in numbers(data))
        kind = path.relative_to(FOLDER / "evidence").parts[0]
        if kind == "studies":
            study = knowledge.studies[data["id"]]
            assert study.citation, path
            assert study.read in {"full_text", "abstract", "secondary"}, path
            sourced += count
        elif kind == "elicited":
            assert data["estimator"], path
            assumed += count
        elif kind == "disputes.yaml":
            assert count == 0, f"{path}: numbers stand in the studies"
        elif kind == "searches.yaml":
            assert count == 0, f"{path}: what a search found stands in its words, and what is used in a study"
        else:
            assert kind == "assumptions.yaml", f"{path}: a number without a home"
            assert all(a["who"] and a["why"] for a in data["assumptions"])
            assumed += count
    record_property("numbers from studies", sourced)
    record_property("numbers assumed", assumed)
    print(f"numbers in the knowledge base: {sourced} from studies, {assumed} assumed")
    assert sourced > 1000
    assert assumed > 1000


def test_every_number_of_the_cycle_has_a_source_or_says_who_assumed_it_and_why(knowledge: Knowledge) -> None:
    cycle = knowledge.cycle
    numbers_of: list[CycleParameter | Number] = [
        *cycle.parameters.values(),
        cycle.placebo_drowsy,
        cycle.slow_from_age,
        cycle.as_needed_pain,
    ]
    numbers_of += [n for drug in cycle.drugs.values() for n in cycle.numbers(drug).values()]
    for number in numbers_of:
        assert number.sources or number.why, number
        assert number.basis != "assumed" or number.who, number
    count = {basis: sum(n.basis == basis for n in numbers_of) for basis in ("study", "derived", "fitted", "assumed")}
    print(f"numbers of the cycle: {count}")
    assert count["study"] > 10


def test_every_elicited_number_says_why() -> None:
    for path in sorted((FOLDER / "evidence" / "elicited").rglob("*.yaml")):
        stack = [load(path)]
        while stack:
            value = stack.pop()
            if isinstance(value, dict):
                if "estimate" in value or "median" in value:
                    assert value["why"].strip(), path
                stack += list(value.values())
            elif isinstance(value, list):
                stack += value


def literals(path: Path) -> Iterator[tuple[int, float]]:
    """Numeric literals of a module, each with its line."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            yield node.lineno, node.value


#: numbers in code that are numerical method, not medicine: file -> literal -> what it is
ALLOWED: dict[str, dict[float, str]] = {
    "inference/logit_normal.py": {
        1.6448536269514722: "normal quantile of 95 %",
        1.959963984540054: "normal quantile of 97.5 %",
        0.02: "grid of the between-study deviation",
        4: "grid and bound of the prior",
        80: "nodes of the grid",
    },
    "inference/bivariate.py": {
        24: "nodes of a deviation",
        19: "nodes of the correlation",
        4.0: "reach of the grid",
        0.95: "strongest correlation of the grid",
    },
    "inference/coverage.py": {3: "settings wanted"},
    "inference/fitting.py": {10.0: "spread of a prior that says nothing"},
    "inference/measurements.py": {
        0.6744897501960817: "normal quantile of 75 %",
        1e-9: "guard against log of zero",
    },
    "inference/numbers.py": {
        1_000: "draws",
        20_240_229: "seed",
        16: "bytes of a key",
    },
    "inference/noisy_or.py": {60: "most steps of a root", **dict.fromkeys((1e-15, 1e-11), "when a root is found")},
    "inference/posterior.py": {100: "draws worked on together"},
    "inference/special.py": {
        8.3: "where a normal distribution ends in double precision",
        **dict.fromkeys((8, 4096), "short rows of long arrays"),
        700.0: "largest exponent of a double",
        **dict.fromkeys((256, 5), "nodes on a unit, and terms of a series"),
    },
    "inference/kept.py": {256: "bound of memory in MiB", 20: "bytes in a MiB as a power of two"},
    "inference/base_rates.py": {1e-9: "guard against log of zero", 0.02: "clip of a share", 0.98: "clip of a share"},
    "inference/likelihood.py": {1e-3: "margin that keeps a probability inside (0, 1)", 3: "arrays of a normal"},
    "inference/oracle.py": {1e-3: "margin, as in the likelihood", 200: "bisection steps"},
    "inference/model.py": {24: "characters of a digest", 12: "characters of a digest", 5: "length of a prefix"},
    "inference/batch.py": {
        1024: "rows of one step",
        1e-250: "when logs are used instead of products",
        1e300: "when logs are used instead of products",
        3: "coefficients of a square",
    },
    "inference/bins.py": {8: "bins", 4001: "points of a grid", 3: "digits of an edge", 6: "reach of a grid"},
    "inference/log_tables.py": {32: "tables kept"},
    "inference/many/flat_tables.py": {3: "coefficients of a square"},
    "inference/many/machine_code.py": dict.fromkeys((64, 2_048), "rows of one step")
    | dict.fromkeys((3, 4, 5), "places in a row of the table of pairs")
    | dict.fromkeys(
        (700.0, 6755399441055744.0, 0.6931471803691238, 1.9082149292705877e-10, 13, 1023, 52),
        "the exponential function in double precision",
    ),
    "inference/patterns.py": {64: "size of a pattern table"},
    "inference/sampling.py": {
        4: "digits of a drawn value, and numbers of one random block",
        10.0: "base of the digits",
    },
    "inference/many/posteriors.py": {256: "patients at a time", 8: "models kept"},
    "inference/many/prepared.py": {128: "matrices kept", 8: "models kept", 24: "characters of a digest"},
    "inference/many/stacked.py": {3: "coefficients of a value"},
    "inference/intervals.py": {
        0.05: "ends of the 90 % interval",
        0.95: "ends of the 90 % interval",
        30: "bisection steps",
    },
    "advice/outcomes.py": {8: "tables kept"},
    "advice/urgency.py": {8: "tables kept"},
    "advice/belief.py": {8: "spaces kept", 64: "tables kept"},
    "advice/rule_arrays.py": {4096: "answers kept", 8: "tables kept"},
    "advice/value.py": {
        192: "nodes",
        24: "halvings of a cell",
        1e-14: "share of a state that counts",
        256: "entries of what is kept",
    },
    "advice/panels.py": {
        96: "cells",
        24: "cells",
        12: "cells",
        4: "grid for the cells",
    },
    "advice/many/ledger.py": {4096: "strata kept"},
    "advice/many/prescribing.py": {
        65_536: "lists kept",
        4096: "medicines kept",
        8: "models kept",
        4: "bytes of a place",
    },
    "advice/many/triage.py": {4096: "strata kept"},
    "advice/many/wanted.py": {8: "models kept"},
    "advice/many/investigations.py": {65536: "combinations of rules kept", 8: "models kept"},
    "advice/taken_medicines.py": {10_000: "medicines kept"},
    "advice/worth.py": {8: "tables kept"},
    "advice/next_step.py": {5: "questions and tests shown"},
    "advice/must_not_miss.py": {10: "findings shown"},
    "population/audit/files.py": {65_536: "encounters at a time", 4: "columns of a name"},
    "population/audit/page.py": {3: "quartiles of a row", 4: "columns of numbers"},
    "population/audit/results.py": {1e-12: "rounding of a sum", 3: "quartiles", 4: "quartiles", 6: "decimals"},
    "population/synthetic/calendar.py": {2024: "first year of virtual encounters"},
    "population/synthetic/case.py": {365: "days in a year, and less"},
    "population/synthetic/files.py": {1_024: "patients at a time"},
    "population/synthetic/record.py": {1_000: "bytes in a kilobyte"},
    "population/synthetic/story.py": {59: "last minute of an hour", 4: "random numbers"},
    "population/synthetic/surroundings.py": {4: "worlds kept"},
    "population/calibration.py": {20: "bars of a histogram", 1_000_003: "spaces out seeds"},
    "population/case_scores.py": {3: "places of a ranking", 5: "places of a ranking", 1e-6: "least probability scored"},
    "population/cohort_files.py": {16: "stretches of a group of rows"},
    "population/cohort.py": {8_192: "patients at a time", 0.3: "share of questions asked", 10: "tenths of years"},
    "population/dependence.py": {
        20_000: "patients",
        16: "worlds",
        3_000: "patients in each",
        18.0: "first year of an adult",
        3: "decimals, and what Fisher's z loses",
    },
    "population/priorities.py": {
        2_000: "patients",
        1_000: "presenters told of",
        24: "characters of a digest",
        5.0: "bound of a log factor",
        6: "decimals",
    },
    "population/reliability.py": {
        **dict.fromkeys((0.001, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9, 0.97), "edge of a bin"),
    },
    "population/rule_accuracy.py": {4: "sums kept"},
    "population/rule_validation.py": {
        20_000: "patients at a time",
        0.05: "of a 95 % interval",
        4: "sums",
        6: "decimals",
    },
    "population/validation.py": {200_000: "patients", 200: "worlds", 5_000: "patients"},
    "population/validation_page.py": {12: "characters of a digest"},
    "population/validation_text.py": {
        0.9: "what a 90 % interval claims",
        4: "findings named",
        10: "decimals shown",
        90: "decimals shown",
        99: "decimals shown",
        **dict.fromkeys((5, 9, 12, 22), "columns of a terminal"),
    },
    "population/priorities_text.py": dict.fromkeys((4, 6), "columns of a terminal"),
    "population/screen/batch.py": {4_096: "encounters at a time"},
    "population/screen/compare.py": {6: "decimals"},
    "population/screen/deletions.py": {1_000_000: "bytes read at a time", 16: "bytes of a digest"},
    "population/screen/files.py": {20: "a power of two, bytes"},
    "population/screen/front.py": {16_000_000: "bytes read at once"},
    "population/screen/gather.py": {512: "patients of a batch", 32_000_000: "bytes of a batch", 16: "bits of a number"},
    "population/screen/grouped.py": {8_000_000: "bytes looked at together"},
    "population/screen/heads.py": {
        4_000_000: "bytes decoded at once",
        1_000_000: "bytes searched at once",
        0.1: "share of lines decoded one by one",
        8: "bytes of a word",
    },
    "population/screen/inputs.py": {8: "times that text is larger than its compressed form"},
    "population/screen/parquet.py": {200_000: "rows of one file", 32_768: "rows of a group"},
    "population/screen/partition.py": {
        **dict.fromkeys((48_000_000, 24_000_000, 4_000_000), "bytes of a step"),
        16: "bits of a number",
    },
    "population/screen/plain.py": {
        **dict.fromkeys((40, 72, 500), "bytes of an id, and of a head"),
        50: "lines of a sample",
        8: "bytes of a word",
    },
    "population/screen/probabilities.py": {
        65_536: "rows of a batch",
        262_144: "rows of a batch",
        7: "bits of a byte",
        8: "bits of a byte",
    },
    "population/screen/records.py": {64: "types kept"},
    "population/screen/rows.py": {5: "causes named", 6: "decimals"},
    "population/screen/run.py": {256: "Bundles of a step"},
    "population/screen/spark.py": {10_000: "lines of a batch", 64_000_000: "bytes of a partition"},
    "population/screen/types_of_lines.py": {10_000: "beginnings of lines kept"},
    "population/screen/steps.py": {65_536: "numbers written together"},
    "population/screen/tables.py": {2_048: "rows of a batch", 3: "place in a row"},
    "advice/verdict.py": {3: "leading causes compared"},
    "advice/course.py": dict.fromkeys((3.0, 5.0, 7.0, 10, 14.0, 21.0, 28.0, 42.0, 84.0), "days shown; a scale of 0-10"),
    "cycle/bifurcation.py": dict.fromkeys((0.02, 3.0, 0.95, 60, 25.0, 365.0), "what a map shows"),
    "cycle/candidates.py": {
        **dict.fromkeys((50, 20, 10, 20.0, 30), "worlds, candidates, steps"),
        **dict.fromkeys((8, 32), "entries of what is kept"),
    },
    "cycle/compiled.py": {2048: "points of a table", **dict.fromkeys((3, 4, *range(5, 21)), "places in an array")},
    "cycle/engine.py": {2_048: "patients at a time", 29.0: "days", 7: "arrays"},
    "cycle/exponential.py": {
        3: "of the scheme",
        4: "of the scheme",
        14: "terms of a series",
        1e-5: "when rates are one",
    },
    "cycle/fit/adopt.py": {10_000: "longest line"},
    "cycle/fit/cohorts.py": {16: "first step", 24: "hours in a day"},
    "cycle/fit/emulator.py": dict.fromkeys(
        (0.002, 0.05, 0.25, 3, 8, 10.0, 30.0), "bounds, penalties and shares of runs"
    ),
    "cycle/fit/likelihood.py": {1.959963984540054: "normal quantile of 97.5 %"},
    "cycle/fit/profiles.py": {1e-4: "a step", 2.705543454095404: "quantile of chi-squared", 13: "points"},
    "cycle/fit/sampler.py": dict.fromkeys(
        (1e-3, 0.234, 2.38, 10, 12, 20, 6_000, 20_000), "steps of chains, and their scale"
    ),
    "cycle/fit/structures.py": dict.fromkeys((0.05, 0.95, 6, 20, 1_000), "ends of an interval, draws and starts"),
    "cycle/fit/waves.py": dict.fromkeys(
        (1.5, 3.0, 9.0, 12, 15.0, 60, 448, 640, 1_200, 3_000, 12_000, 60_000), "runs, steps and draws"
    ),
    "cycle/fit/whole.py": dict.fromkeys((0.4, 4, 8, 16, 48, 128, 200, 500, 2_000, 4_000), "runs, steps and digits"),
    "cycle/foreseen.py": dict.fromkeys((8, 20), "bytes"),
    "cycle/side_by_side.py": {
        1e3: "where digits are lost",
        16: "steps at a time",
        **dict.fromkeys((3, 6, 7, 8), "rows of sums, and entries of what is kept"),
    },
    "cycle/grid.py": {
        12: "digits",
        24: "hours in a day",
        0.25: "first step, hours",
        0.1: "share",
        16: "first steps",
        1.0: "longest step",
        1e-9: "same",
        1.5: "step",
    },
    "cycle/model.py": {1e-300: "guard against division by zero", 4: "in a quadratic, and an exponent with a short cut"},
    "cycle/one_patient.py": {
        **dict.fromkeys((200, 20_260_101, 24), "draws, seed and steps"),
        0.05: "of a 90 % interval, and a share not worth naming",
        0.95: "of a 90 % interval",
        6: "entries of what is kept",
    },
    "cycle/on_the_way.py": {1e-9: "same day"},
    "cycle/outputs.py": {24.0: "points of the questionnaire"},
    "cycle/persistence.py": {
        **dict.fromkeys((1e-2, 48, 8, 18, 24, 0.6180339887498949, 60), "search"),
        600.0: "days of a run that has settled",
        30.0: "largest injury tried",
    },
    "cycle/petab.py": {1.959963984540054: "normal quantile of 97.5 %", 5.0: "how far beyond a range a fit may go"},
    "cycle/pharmacokinetics.py": {1e-6: "when two rates are one", 4: "in a quadratic"},
    "cycle/population.py": {1.6448536269514722: "normal quantile of 95 %", 36: "flares kept", 20: "rounds"},
    "cycle/prescription.py": {
        **dict.fromkeys((3, 4, 5, 6), "number words"),
        24: "hours in a day",
        7: "days in a week",
        1000: "mg in a g",
        366: "bound of an input",
        12: "bound of an input",
    },
    "cycle/reference.py": {6: "Runge-Kutta", **dict.fromkeys((3, 4, 5, 7, 8), "rows")},
    "cycle/stepping.py": dict.fromkeys((3, 4), "arrays"),
    "cycle/trial/compare.py": {0.02: "SD that count as no difference"},
    "cycle/trial/courses.py": {24: "hours in a day", 2.0: "longest step"},
    "cycle/trial/people.py": {
        2_000: "screened at a time",
        100_000: "most screened",
        1e-12: "no loop, on the scale of the logit",
        0.01: "least share of a drive",
    },
    "cycle/trial/plan.py": {4: "hours after a dose that are looked at"},
    "cycle/trial/replicates.py": {1_000_000: "drawn at a time", 3: "stream of chance", 0.05: "p that counts as shown"},
    "cycle/trial/run.py": {
        **dict.fromkeys((2_000, 1_000, 40, 10), "patients, trials, worlds and bins"),
        20_260_101: "seed",
        4: "stream of chance",
    },
    "cycle/trial/statistics.py": {0.025: "outside an interval of 95 %", 0.8: "power"},
    "cycle/sbml.py": {1e9: "a day that no run reaches"},
}


#: modules whose numbers are sizes and places on a sheet
DRAWINGS = {"population/figures.py"}


@pytest.mark.parametrize("room", ["inference", "advice", "population", "cycle"])
def test_code_holds_no_medical_number(room: str) -> None:
    unexplained = []
    for path in sorted((PACKAGE / room).rglob("*.py")):
        name = path.relative_to(PACKAGE).as_posix()
        allowed = ALLOWED.get(name, {})
        if name in DRAWINGS:
            continue
        unexplained += [f"{name}:{line}: {n}" for line, n in literals(path) if n not in PLAIN and n not in allowed]
    assert unexplained == []


def test_the_list_of_allowed_numbers_is_not_stale() -> None:
    for name, allowed in ALLOWED.items():
        used = {n for _, n in literals(PACKAGE / name)}
        assert set(allowed) <= used, f"{name}: {set(allowed) - used} no longer used"
