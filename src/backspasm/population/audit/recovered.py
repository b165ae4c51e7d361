"""How much of the truth behind virtual records screening and audit find again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from msgspec import Struct
from numpy.typing import NDArray

from backspasm.patients.patient import InputError
from backspasm.population.audit.measures import NEEDED, Limits, marks
from backspasm.population.reliability import wilson
from backspasm.records.knowledge import Knowledge

Flags = NDArray[np.bool_]
#: measure -> the column of the truth that holds the planted event
PLANTED = {
    "missed_red_flag": "missed_red_flag",
    "imaging_without_indication": "needless_image",
    "risky_prescription": "risky_prescription",
}
#: levels of urgency for which it is asked who reaches them
REACHED = ("emergency", "same_day", "urgent")


class Recovered(Struct, frozen=True):
    """One share with its 95 % interval (Wilson); None where it is of nobody."""

    what: str
    count: int
    of: int
    share: float | None
    low: float | None
    high: float | None


def recovered(parts: tuple[Path, ...], truth: Path, knowledge: Knowledge) -> tuple[Recovered, ...]:
    """Sensitivity and precision of candidates and of urgency, over encounters that both tables hold.

    Args:
        parts: screened encounters.
        truth: ``truth.parquet`` of the cohort whose records were screened.

    Raises:
        InputError: the two have no encounter in common.
    """
    screened = pa.concat_tables([pq.read_table(part, columns=list(NEEDED)) for part in parts])
    true = pq.read_table(truth)
    place = {name: i for i, name in enumerate(true["encounter"].to_pylist())}
    rows = [place.get(name, -1) for name in screened["encounter"].to_pylist()]
    kept = np.flatnonzero(np.array(rows) >= 0)
    if not len(kept):
        raise InputError.one("truth", str(truth), "no encounter of it was screened", "give the truth of these records")
    screened = screened.take(pa.array(kept)).combine_chunks()
    true = true.take(pa.array([rows[i] for i in kept]))
    return (*_candidates(screened, true, knowledge), *_urgency(screened, true, knowledge))


def _candidates(screened: pa.Table, true: pa.Table, knowledge: Knowledge) -> list[Recovered]:
    (batch,) = screened.to_batches() or [None]
    found = marks(batch, Limits.of(knowledge), knowledge)
    out = []
    for measure, column in PLANTED.items():
        planted = np.array([bool(value) for value in true[column].to_pylist()])
        out += _both(measure.replace("_", " "), found.candidates[measure], planted)
    return out


def _urgency(screened: pa.Table, true: pa.Table, knowledge: Knowledge) -> list[Recovered]:
    order = knowledge.index.urgency.index
    given = np.array([order(level) for level in screened["urgency"].to_pylist()])
    needed = np.array([order(level) for level in true["needed_urgency"].to_pylist()])
    full = np.array([order(level) for level in true["full_urgency"].to_pylist()])
    out = []
    for level in REACHED:
        name = level.replace("_", " ")
        out += _both(
            f"{name} or sooner, as cause and complications need", given <= order(level), needed <= order(level)
        )
        out += _both(f"{name} or sooner, as with every finding known", given <= order(level), full <= order(level))
    out.append(_share("urgency later than needed", given > needed))
    return out


def _both(what: str, found: Flags, true: Flags) -> list[Recovered]:
    return [_share(f"sensitivity: {what}", found[true]), _share(f"precision: {what}", true[found])]


def _share(what: str, hits: Any) -> Recovered:
    count, of = int(hits.sum()), len(hits)
    if not of:
        return Recovered(what, 0, 0, None, None, None)
    return Recovered(what, count, of, count / of, *wilson(count, of))
