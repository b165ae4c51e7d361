"""What is true of virtual patients with records, whether written down or not; kept apart from the records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from backspasm.advice.must_not_miss import GROUPS, members
from backspasm.advice.rule_arrays import Facts, floors
from backspasm.population.cohort import Cohort, Patients
from backspasm.population.synthetic.story import Story, is_alarming
from backspasm.population.synthetic.visit import group_name, site_name
from backspasm.population.synthetic.world import World

COLUMNS: tuple[tuple[str, pa.DataType, str], ...] = (
    ("id", pa.string(), "id of the Patient resource"),
    ("encounter", pa.string(), "id of the Encounter at issue"),
    ("start", pa.date32(), "its day"),
    ("site", pa.string(), "reference of its place"),
    ("clinician_group", pa.string(), "reference of those who saw the patient"),
    ("cause", pa.string(), "the true cause"),
    ("complications", pa.list_(pa.string()), "the true complications"),
    ("setting", pa.string(), "where the patient presented"),
    ("band", pa.string(), "age band"),
    ("sex", pa.string(), "male or female"),
    ("must_not_miss", pa.list_(pa.string()), "groups of the must-not-miss ledger that the patient truly belongs to"),
    ("needed_urgency", pa.string(), "the urgency that cause and complications need"),
    ("full_urgency", pa.string(), "the more urgent of that and of what the rules demand where every finding is known"),
    ("documented_flags", pa.list_(pa.string()), "safety rules that hold on what was written down"),
    ("imaged_days", pa.int64(), "days from the encounter to the first order of an image after it; null for none"),
    ("imaged_before", pa.bool_(), "whether an image was taken before the encounter"),
    (
        "missed_red_flag",
        pa.bool_(),
        "serious, an urgent rule held on what was written down, and neither image nor referral in time",
    ),
    ("needless_image", pa.bool_(), "not serious, no urgent rule held, and yet an image in time"),
    ("risky_prescription", pa.string(), "rule that bars the medicine which was prescribed on purpose; null for none"),
)
SCHEMA = pa.schema([(name, kind) for name, kind, _ in COLUMNS])


@dataclass(frozen=True)
class State:
    """What is true of a stretch of patients: the level needed and the full level (n), positions of urgency; the groups (n, G)."""

    needed: NDArray[np.int64]
    full: NDArray[np.int64]
    groups: NDArray[np.bool_]


def state_of(patients: Patients, cohort: Cohort) -> State:
    """Levels and groups of a stretch of patients."""
    model, drawn = cohort.model, patients.drawn
    knowledge, parameters = model.knowledge, model.parameters
    levels = knowledge.index.urgency
    of_causes = np.array([levels.index(knowledge.causes[c].urgency) for c in parameters.causes])
    of_complications = np.array([levels.index(knowledge.complications[k].urgency) for k in parameters.complications])
    shown = np.where(drawn.complications, of_complications, len(levels) - 1)
    needed = np.minimum(of_causes[drawn.cause], shown.min(axis=1))
    facts = Facts(patients.age_years, (), {}).adding(  # type: ignore[arg-type]  # an array of ages serves as well
        {f: drawn.present[:, i] for i, f in enumerate(parameters.booleans)},
        {f: drawn.values[:, i] for i, f in enumerate(parameters.measured)},
        knowledge,
    )
    rules = tuple(knowledge.red_flags.values())
    by_rules = floors(facts, rules, len(levels) - 1, model, (len(patients),))
    groups = np.stack([_in_group(g, patients, cohort) for g in GROUPS], axis=1)
    return State(needed, np.minimum(needed, by_rules), groups)


def _in_group(group: str, patients: Patients, cohort: Cohort) -> NDArray[np.bool_]:
    own = members(group, cohort.model)
    parameters = cohort.model.parameters
    if group == "compression":
        places = [parameters.complications.index(k) for k in own]
        return np.asarray(patients.drawn.complications[:, places].any(axis=1))
    return np.isin(np.array(parameters.causes)[patients.drawn.cause], own)


def truth_table(
    patients: Patients, state: State, stories: list[Story], encounters: list[str], cohort: Cohort, world: World
) -> pa.Table:
    """Rows of the truth, a patient each."""
    parameters = cohort.model.parameters
    names = np.array(parameters.complications)
    rows: list[dict[str, Any]] = []
    levels = world.knowledge.index.urgency
    for i, (story, encounter) in enumerate(zip(stories, encounters, strict=True)):
        stratum = cohort.strata[patients.drawn.stratum[i]]
        groups = [g for g, there in zip(GROUPS, state.groups[i], strict=True) if there]
        rows.append(
            {
                "id": story.id,
                "encounter": encounter,
                "start": story.start.date(),
                "site": f"Organization/{site_name(story.site)}",
                "clinician_group": f"PractitionerRole/{site_name(story.site)}-{group_name(story.group)}",
                "cause": parameters.causes[patients.drawn.cause[i]],
                "complications": names[patients.drawn.complications[i]].tolist(),
                "setting": stratum.setting,
                "band": stratum.band,
                "sex": stratum.sex,
                "must_not_miss": groups,
                "needed_urgency": levels[state.needed[i]],
                "full_urgency": levels[state.full[i]],
                "documented_flags": [f.rule.id for f in story.fired],
                **_events(story, bool(groups), world),
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _events(story: Story, serious: bool, world: World) -> dict[str, Any]:
    after = [image.days for image in story.images if image.days >= 0]
    before = any(image.days < 0 for image in story.images)
    window = world.knowledge.number("audit_imaging_window")
    in_time = any(days <= window for days in after)
    referred = story.referred_days is not None and story.referred_days <= window
    alarm = is_alarming(story.fired, world.knowledge)
    return {
        "imaged_days": min(after, default=None),
        "imaged_before": before,
        "missed_red_flag": serious and alarm and not (in_time or referred or before),
        "needless_image": not serious and not alarm and in_time,
        "risky_prescription": story.risky,
    }
