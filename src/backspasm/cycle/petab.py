"""The typical patient against the published mean course as a PEtab problem (version 1), for other fitting programs.

PEtab has no population models: what it can hold is one patient whose pain is the mean of the cohorts. That is a check of
the exchange and a start for others, not the population fit; the file says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from backspasm.cycle.model import NEEDED, patients_of
from backspasm.cycle.population import Z95
from backspasm.cycle.sbml import sbml
from backspasm.cycle.treatment import NONE
from backspasm.records.cycle_types import CycleParameter
from backspasm.records.knowledge import Knowledge

#: parameters that the course of one untreated patient could move at all
ESTIMATED = (
    "injury", "healing_days", "return_gain", "reflex_gain", "central_gain", "sensitisation", "sensitisation_threshold",
    "sensitisation_days",
)  # fmt: skip
#: how far beyond its plausible range a parameter may be moved
WIDER = 5.0
#: the study of the pooled cohorts, and its facts in order of time
COURSE = "menezescosta2012"
NOTE = "typical patient against mean pain; PEtab has no population models, so this is not the population fit"


def petab(knowledge: Knowledge, typical: Mapping[str, float] | None = None) -> dict[str, bytes]:
    """The files of the problem by name.

    Args:
        knowledge: parameters, and the published course.
        typical: nominal values instead of the records'.

    Raises:
        KeyError: where the course's study is not in the knowledge base.
    """
    records = knowledge.cycle.parameters
    nominal = {name: (typical or {}).get(name, records[name].value) for name in NEEDED}
    facts = [f for f in knowledge.studies[COURSE].facts if f.id.startswith("acute_") and f.day is not None]
    measured = []
    for f in facts:
        if f.value is None or f.low is None or f.high is None or f.day is None:
            continue
        measured.append(("mean_pain", "acute", f.value, f.day, (f.high - f.low) / (2 * Z_975)))
    parameters = [_parameter(records[name], nominal[name]) for name in ESTIMATED]
    return {
        "model.xml": sbml(NONE, (), patients_of(1, nominal)),
        "parameters.tsv": _table(
            (
                "parameterId", "parameterName", "parameterScale", "lowerBound", "upperBound", "nominalValue", "estimate",
                "objectivePriorType", "objectivePriorParameters",
            ),
            parameters,
        ),
        "observables.tsv": _table(
            ("observableId", "observableName", "observableFormula", "noiseFormula"),
            [("mean_pain", "mean pain of the cohorts, 0-100", "pain", "noiseParameter1_mean_pain")],
        ),
        "conditions.tsv": _table(("conditionId", "conditionName"), [("acute", NOTE)]),
        "measurements.tsv": _table(
            ("observableId", "simulationConditionId", "measurement", "time", "noiseParameters"), measured
        ),
        "problem.yaml": PROBLEM.encode(),
    }  # fmt: skip


#: normal quantile of 97.5 %, for 95 % intervals of means
Z_975 = 1.959963984540054
PROBLEM = f"""# {NOTE}
format_version: 1
parameter_file: parameters.tsv
problems:
  - sbml_files: [model.xml]
    observable_files: [observables.tsv]
    condition_files: [conditions.tsv]
    measurement_files: [measurements.tsv]
"""


def _parameter(p: CycleParameter, nominal: float) -> tuple[object, ...]:
    """One row; the plausible range is a log-normal prior."""
    sd = (math.log(p.high) - math.log(p.low)) / (2 * Z95)
    middle = (math.log(p.high) + math.log(p.low)) / 2
    most = min(p.high * WIDER, p.between.at_most) if p.between.kind == "logit_normal" else p.high * WIDER
    return (p.id, p.name, "log10", p.low / WIDER, most, nominal, 1, "logNormal", f"{middle:.6g};{sd:.6g}")


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> bytes:
    lines = ["\t".join(header)]
    lines += ["\t".join(f"{x:.8g}" if isinstance(x, float | np.floating) else str(x) for x in row) for row in rows]
    return ("\n".join(lines) + "\n").encode()
