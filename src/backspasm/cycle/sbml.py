"""The model as SBML (Level 3 Version 1), so that COPASI, Tellurium and others can run it.

Here every compartment of a drug is a state with a rate rule and every dose an event: nothing of the engine's closed forms
and steps is shared, so a run by another program checks them. Time is in days. Parameters keep the names of the records.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from backspasm.cycle.mathml import mathml
from backspasm.cycle.model import NEEDED, Patients
from backspasm.cycle.pharmacokinetics import Kinetics
from backspasm.cycle.treatment import ALWAYS, Dosing, Treatment

NAMESPACE = "http://www.sbml.org/sbml/level3/version1/core"
#: parameters of one patient, besides the drugs'
PATIENT = (*NEEDED, "lasting", "growth", "central", "healing_of_flares")
#: a drug's kinetics, and its effect
KINETICS = ("absorption", "elimination", "bioavailable", "volume", "out", "back", "site")
EFFECT = ("ec50", "steepness", "most")

#: initial values, with the muscle loop settled (``cycle.model.settled``)
_START = {
    "up": "1 + central_gain * central",
    "start_a": "injury * up + sensitisation * central",
    "start_b": "1 - return_gain * up - start_a * reflex_gain",
    "start_drive": "(sqrt(start_b * start_b + 4 * reflex_gain * start_a) - start_b) / (2 * reflex_gain)",
    "I": "injury",
    "S": "largest_activity * reflex_gain * start_drive / (1 + reflex_gain * start_drive)",
    "M": "largest_activity * reflex_gain * start_drive / (1 + reflex_gain * start_drive) / reference_activity",
    "C": "central",
    "J": "0 * 1",
}
_RATES = {
    "I": "(lasting * (1 + growth * time) - I) / healing_days",
    "S": "(largest_activity * reflex / (1 + reflex) - S) / reflex_days",
    "M": "(S / reference_activity - M) / metabolite_days",
    "C": "(saturated / (1 + saturated) - C) / sensitisation_days",
    "J": "-J / healing_of_flares",
}
_RULES = {
    "weight": "return_gain * reference_activity / (reflex_gain * largest_activity)",
    "peripheral": "(1 - cox_share * nsaid) * (I + J) + (1 - cox_on_metabolites * cox_share * nsaid) * weight * M",
    "drive": "peripheral * (1 + central_gain * C) + sensitisation * C",
    "reflex": "reflex_gain * (1 - relaxant) * drive",
    "saturated": "(drive / sensitisation_threshold) ** steepness",
    "pain": "100 * drive / (1 + drive)",
    "activity": "S",
}


def sbml(treatment: Treatment, kinetics: tuple[Kinetics, ...], patients: Patients, flares: int = 0) -> bytes:
    """The model with the doses of a treatment; values are those of the first patient.

    Other patients are run by setting the parameters of ``values_of``.

    Args:
        treatment: doses and effects.
        kinetics: of the treatment's drugs, in its order.
        patients: at least one.
        flares: how many flares the model has room for.
    """
    root = Element("sbml", xmlns=NAMESPACE, level="3", version="1")
    model = SubElement(root, "model", id="pain_spasm_pain", timeUnits="day")
    units = SubElement(SubElement(model, "listOfUnitDefinitions"), "unitDefinition", id="day")
    day = {"kind": "second", "exponent": "1", "scale": "0", "multiplier": "86400"}
    SubElement(SubElement(units, "listOfUnits"), "unit", day)
    values = values_of(treatment, kinetics, patients, 0, flares)
    rates, rules, events = dict(_RATES), dict(_RULES), _flare_events(flares)
    blocks: dict[str, list[str]] = {"nsaid": [], "relaxant": []}
    for d, k in zip(treatment.drugs, kinetics, strict=True):
        name = d.drug
        rates |= _drug_rates(name, k)
        rules[f"{name}_ratio"] = f"({name}_at_site / {name}_ec50) ** {name}_steepness if {name}_at_site > 0 else 0"
        rules[f"{name}_effect"] = f"{name}_most * {name}_ratio / (1 + {name}_ratio)"
        blocks[d.acts].append(f"(1 - {name}_effect)")
        events += _dose_events(d)
    rules |= {acts: "1 - " + " * ".join(parts) if parts else "0 * 1" for acts, parts in blocks.items()}
    listed = SubElement(model, "listOfParameters")
    for name, value in values.items():
        SubElement(listed, "parameter", id=name, value=repr(float(value)), constant="true")
    for name in (*(n for n in _START if n not in _RATES), *rates, *rules):
        start = {} if name in _START or name in rules else {"value": "0.0"}
        SubElement(listed, "parameter", start, id=name, constant="false")
    started = SubElement(model, "listOfInitialAssignments")
    for name, formula in _START.items():
        SubElement(started, "initialAssignment", symbol=name).append(mathml(formula))
    listed = SubElement(model, "listOfRules")
    for name, formula in rules.items():
        SubElement(listed, "assignmentRule", variable=name).append(mathml(formula))
    for name, formula in rates.items():
        SubElement(listed, "rateRule", variable=name).append(mathml(formula))
    if events:
        _add_events(SubElement(model, "listOfEvents"), events)
    indent(root)
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def values_of(
    treatment: Treatment, kinetics: tuple[Kinetics, ...], patients: Patients, which: int, flares: int = 0
) -> Mapping[str, float]:
    """The parameters of one patient by their names in the exported model."""
    values = {name: float(getattr(patients, name)[which]) for name in PATIENT}
    for j in range(flares):
        there = j < patients.flare_days.shape[1] and np.isfinite(patients.flare_days[which, j])
        values[f"flare_{j}_day"] = float(patients.flare_days[which, j]) if there else NEVER
        values[f"flare_{j}_size"] = float(patients.flare_sizes[which, j]) if there else 0.0
    for d, k in zip(treatment.drugs, kinetics, strict=True):
        values |= {f"{d.drug}_{name}": float(getattr(k, name)[which]) for name in KINETICS}
        values |= {f"{d.drug}_{name}": float(getattr(d, name)[which]) for name in EFFECT}
        values |= {f"{d.drug}_takes_{i}": float(d.takes[i, which]) for i in range(len(d.days))}
    return values


#: a day that no run reaches
NEVER = 1e9


def _drug_rates(name: str, k: Kinetics) -> dict[str, str]:
    """Depot (amount), and concentrations in the centre, the periphery and at the effect site, where the drug has them."""
    centre = f"{name}_centre" if np.any(k.site > 0) else f"{name}_at_site"
    flow = f"{name}_bioavailable / {name}_volume * {name}_absorption * {name}_depot - {name}_elimination * {centre}"
    rates = {f"{name}_depot": f"-{name}_absorption * {name}_depot"}
    if np.any(k.out > 0):
        flow += f" - {name}_out * {centre} + {name}_back * {name}_periphery"
        rates[f"{name}_periphery"] = f"{name}_out * {centre} - {name}_back * {name}_periphery"
    rates[centre] = flow
    if np.any(k.site > 0):
        rates[f"{name}_at_site"] = f"{name}_site * ({name}_centre - {name}_at_site)"
    return rates


Event = tuple[str, str, str, str]


def _dose_events(d: Dosing) -> list[Event]:
    """(id, trigger, variable, formula) of each dose."""
    out = []
    for i, (day, amount, least) in enumerate(zip(d.days, d.amounts, d.pain_at_least, strict=True)):
        dose = f"{d.drug}_takes_{i} * {float(amount)!r}"
        given = dose if least == ALWAYS else f"({dose} if pain >= {float(least)!r} else 0)"
        out.append((f"{d.drug}_dose_{i}", f"time >= {float(day)!r}", f"{d.drug}_depot", f"{d.drug}_depot + {given}"))
    return out


def _flare_events(flares: int) -> list[Event]:
    return [(f"flare_{j}", f"time >= flare_{j}_day", "J", f"J + flare_{j}_size") for j in range(flares)]


def _add_events(parent: Element, events: list[Event]) -> None:
    for name, when, variable, formula in events:
        event = SubElement(parent, "event", id=name, useValuesFromTriggerTime="false")
        # false at first, so that what is due at day 0 happens
        trigger = SubElement(event, "trigger", initialValue="false", persistent="true")
        trigger.append(mathml(when))
        # a flare at the moment of a dose comes first: whether a dose is needed is judged after it
        SubElement(event, "priority").append(mathml("1" if variable == "J" else "0"))
        assignments = SubElement(event, "listOfEventAssignments")
        SubElement(assignments, "eventAssignment", variable=variable).append(mathml(formula))
