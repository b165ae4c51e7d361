"""What is counted, for every encounter of a batch at once: who is concerned (the denominator) and who is a candidate.

A candidate is a record to look at, not an error that was found.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.inference.logit_normal import Array
from backspasm.records.knowledge import Knowledge

Flags = NDArray[np.bool_]


class Measure(Struct, frozen=True):
    """``of``: in words, whom the share is of."""

    id: str
    name: str
    of: str


MEASURES = (
    Measure(
        "missed_red_flag",
        "Warning sign without work-up",
        "encounters where a safety rule asks for urgent care, not imaged before, and worked up in time or followed long enough",
    ),
    Measure(
        "indication_without_imaging",
        "Imaging indicated, none done",
        "encounters where a rule calls an image of the spine indicated, not imaged before, and imaged in time or followed "
        "long enough",
    ),
    Measure(
        "imaging_without_indication",
        "Imaging without an indication",
        "encounters where no rule asks for an image, allows one to be considered, or asks for urgent care, and that were "
        "imaged in time or followed long enough",
    ),
    Measure("risky_prescription", "Medicine that must not be taken", "all encounters"),
)
ALERTS = (
    Measure("red_flag_card", "A safety rule asks for urgent care or more", "all encounters"),
    Measure("urgency_card", "Urgency of same day or emergency", "all encounters"),
    Measure("prescribing_card", "A medicine on the list must not be taken", "all encounters"),
)
#: columns that the measures read
NEEDED = (
    "patient", "encounter", "site", "clinician_group", "age_years", "sex", "setting", "urgency", "floor", "red_flags",
    "must_not_miss", "must_not_miss_probability", "imaging", "imaging_indicated", "avoid", "imaged_days", "imaged_before_days",
    "workup_days", "followed_days", "knowledge_digest",
)  # fmt: skip
COMPRESSION = "compression"
#: beginnings of the names of findings that a picture of the spine shows
SPINE_FINDINGS = ("mri_", "radiograph_")


class Limits(Struct, frozen=True):
    """Days after the encounter in which a work-up is in time; days before it in which an image makes a new one needless."""

    window: float
    before: float

    @classmethod
    def of(cls, knowledge: Knowledge) -> Limits:
        return cls(knowledge.number("audit_imaging_window"), knowledge.number("audit_imaging_before"))


class Marks(Struct, frozen=True):
    """Of n encounters: candidates and those concerned by measure; alerted by alert; the chance of something serious.

    ``alarm``: a safety rule asks for urgent care. ``worked_up``, ``followed``: days, NaN where there is none.
    """

    candidates: dict[str, Flags]
    concerned: dict[str, Flags]
    alerted: dict[str, Flags]
    serious: Array
    alarm: Flags
    worked_up: Array
    followed: Array


def marks(batch: pa.RecordBatch | pa.Table, limits: Limits, knowledge: Knowledge) -> Marks:
    """Mark the encounters of a batch with the columns of ``NEEDED``."""
    levels = knowledge.index.urgency
    alarm = pc.is_in(batch["floor"], value_set=pa.array(levels[: levels.index("urgent") + 1]))
    alarm = _flags(alarm)
    soon = _flags(pc.is_in(batch["urgency"], value_set=pa.array(levels[: levels.index("same_day") + 1])))
    indicated, barred = _any_of(batch["imaging_indicated"], spine_tests(knowledge)), _some(batch["avoid"])
    asked = _flags(pc.is_in(batch["imaging"], value_set=pa.array(["indicated", "consider"])))
    imaged, worked_up = _days(batch["imaged_days"]), _days(batch["workup_days"])
    followed, before = _days(batch["followed_days"]), _days(batch["imaged_before_days"])
    pictured, worked = imaged <= limits.window, worked_up <= limits.window  # NaN is never in time
    known, fresh = followed >= limits.window, ~(before <= limits.before)
    concerned = {
        "missed_red_flag": alarm & fresh & (known | worked),
        "indication_without_imaging": indicated & fresh & (known | pictured),
        "imaging_without_indication": ~asked & ~alarm & (known | pictured),
        "risky_prescription": np.ones(len(alarm), dtype=bool),
    }
    candidates = {
        "missed_red_flag": concerned["missed_red_flag"] & ~worked,
        "indication_without_imaging": concerned["indication_without_imaging"] & ~pictured,
        "imaging_without_indication": concerned["imaging_without_indication"] & pictured,
        "risky_prescription": barred,
    }
    alerted = {"red_flag_card": alarm, "urgency_card": soon, "prescribing_card": barred}
    return Marks(candidates, concerned, alerted, _serious(batch), alarm, worked_up, followed)


def _serious(batch: pa.RecordBatch | pa.Table) -> Array:
    """The least chance that the patient has something of the ledger: the sum of its groups of causes, or compression if larger.

    Causes exclude each other; a compression comes with one of them or alone, so the true chance is at least this.
    """
    groups, values = batch["must_not_miss"], batch["must_not_miss_probability"]
    out = np.zeros((2, len(groups)))
    row = pc.list_parent_indices(groups).to_numpy(zero_copy_only=False)
    compressed = pc.equal(pc.list_flatten(groups), COMPRESSION).to_numpy(zero_copy_only=False).astype(int)
    np.add.at(out, (compressed, row), pc.list_flatten(values).to_numpy(zero_copy_only=False))
    result: Array = np.clip(out.max(axis=0), 0.0, 1.0)
    return result


def spine_tests(knowledge: Knowledge) -> tuple[str, ...]:
    """Tests that picture the spine: their reports answer findings of a radiograph or an MRI."""
    return tuple(
        t.id for t in knowledge.investigations.values() if any(f.startswith(SPINE_FINDINGS) for f in t.reveals)
    )


def _any_of(lists: Any, wanted: tuple[str, ...]) -> Flags:
    """Whether each list holds one of the wanted."""
    out = np.zeros(len(lists), dtype=bool)
    row = pc.list_parent_indices(lists).to_numpy(zero_copy_only=False)
    hit = pc.is_in(pc.list_flatten(lists), value_set=pa.array(wanted)).to_numpy(zero_copy_only=False)
    out[row[hit.astype(bool)]] = True
    return out


def _some(lists: Any) -> Flags:
    return np.asarray(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False) > 0)


def _flags(column: Any) -> Flags:
    return np.asarray(pc.fill_null(column, False).to_numpy(zero_copy_only=False), dtype=bool)


def _days(column: Any) -> Array:
    return np.asarray(pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False), dtype=float)
