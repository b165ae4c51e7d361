"""The case of a virtual patient: what was drawn, with fewer tests, and with medicines, comorbidities, allergies and times."""

from __future__ import annotations

import random
from typing import Any

from backspasm.patients.from_fhir.history import NSAID_ALLERGY, NSAIDS
from backspasm.population.synthetic.world import PRESCRIBED, World, whole

#: sections of findings that only a test tells
IMAGING, LABORATORY = "imaging", "laboratory"
#: a little less than a year, so that nothing is dated before a birth
DAYS_OF_YEAR = 365


def masked(drawn: dict[str, Any], world: World, rng: random.Random) -> dict[str, Any]:
    """Fewer tests than questions: images are read whole or not at all, laboratory values one by one."""
    sections = world.knowledge.index.findings
    imaging, laboratory = sections.get(IMAGING, ()), sections.get(LABORATORY, ())
    practice = world.practice
    modalities = dict.fromkeys(f.split("_")[0] for f in imaging)
    seen = {m for m in modalities if rng.random() < practice["images_known"]}
    tested = {f for f in laboratory if rng.random() < practice["laboratory_known"]}
    gone = {f for f in imaging if f.split("_")[0] not in seen} | {f for f in laboratory if f not in tested}
    return {
        **drawn,
        "present": [f for f in drawn["present"] if f not in gone],
        "absent": [f for f in drawn["absent"] if f not in gone],
        "measured": {f: v for f, v in drawn["measured"].items() if f not in gone},
    }


def enriched(
    plain: dict[str, Any], risk: tuple[str, str, str] | None, world: World, rng: random.Random
) -> tuple[dict[str, Any], str | None]:
    """The case with medicines, allergies, comorbidities and times; and the medicine that is prescribed at the encounter."""
    knowledge = world.knowledge
    group = world.ages.group(world.ages.band(plain["age_years"]))
    absent, present = set(plain["absent"]), set(plain["present"])
    comorbidities = {
        name
        for name, shares in world.shares["virtual_comorbidities"].items()
        if rng.random() < shares[group] and not absent.intersection(knowledge.comorbidities[name].implies)
    }
    medicines = [
        name
        for name, shares in world.shares["virtual_medicines"].items()
        if rng.random() < shares[group] and present.issuperset(knowledge.medicines[name].implies)
    ]
    allergies = _allergies(world.allergies, rng)
    if any(NSAIDS.intersection(knowledge.medicines[a].classes) for a in allergies or ()):
        comorbidities.add(NSAID_ALLERGY)
    case = dict(plain)
    prescribed = None
    prescribes = rng.random() < world.practice["prescribed"]
    medicine = _of(rng, PRESCRIBED)
    if risk is not None:
        medicine = risk[0]
        comorbidities.add(risk[1])
    if risk is not None or (prescribes and not _barred(medicine, comorbidities, allergies, world)):
        medicines = [*(m for m in medicines if m != medicine), medicine]
        prescribed = medicine
    if plain["sex"] == "female":
        comorbidities.discard("prostatic_hyperplasia")
    case["comorbidities"] = [c for c in knowledge.index.comorbidities if c in comorbidities]
    case["medications"] = medicines
    if allergies is not None:
        case["allergies"] = allergies
    return case | _times(case, world, rng), prescribed


def _barred(medicine: str, comorbidities: set[str], allergies: list[str] | None, world: World) -> bool:
    barred = any(m == medicine and c in comorbidities for m, c, _ in world.risks)
    return barred or medicine in (allergies or ())


def _allergies(shares: dict[str, float], rng: random.Random) -> list[str] | None:
    """Allergies; an empty list where it is stated that there are none; None where nobody said."""
    found = [name for name, share in shares.items() if name != "none" and rng.random() < share]
    stated = rng.random() < shares["none"]
    return found or ([] if stated else None)


def _times(case: dict[str, Any], world: World, rng: random.Random) -> dict[str, Any]:
    """How long ago it happened, for what happened; and the length of the pain in whole days, where it is a day or more."""
    measured = dict(case["measured"])
    days = measured.get("duration_days")
    if days is not None and days >= 1:
        measured["duration_days"] = float(int(days))  # never across a threshold, which is in whole days
    since: dict[str, float] = {}
    for finding, ends in world.shares["virtual_days_ago"].items():
        ago = int((days or 0) + whole(rng, ends["low"], ends["high"]))
        told = rng.random()
        if finding in case["present"] and told * 2 < 1 and ago < _days_lived(case):
            since[finding] = float(ago)
    return {"measured": measured, "days_ago": since} if since else {"measured": measured}


def _days_lived(case: dict[str, Any]) -> float:
    return float(case["age_years"]) * DAYS_OF_YEAR


def planted_risk(plain: dict[str, Any], world: World, rng: random.Random) -> tuple[str, str, str] | None:
    """A medicine planted with the comorbidity that bars it."""
    chosen, which = rng.random() < world.practice["risky_prescription"], rng.random()
    adult = world.ages.group(world.ages.band(plain["age_years"])) in {"adult", "older"}
    fitting = [
        r
        for r in world.risks
        if not set(plain["absent"]).intersection(world.knowledge.comorbidities[r[1]].implies)
        and not (r[1] == "prostatic_hyperplasia" and plain["sex"] == "female")
    ]
    return fitting[int(which * len(fitting))] if chosen and adult and fitting else None


def _of(rng: random.Random, options: Any) -> Any:
    return options[int(rng.random() * len(options))]
