"""A virtual trial as JSON: plain data, rounded, the loop and its rival side by side."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

import msgspec

from backspasm.cycle.trial.compare import Beside, beside_published
from backspasm.cycle.trial.courses import is_share
from backspasm.cycle.trial.result import TrialResult
from backspasm.presentation import trial_words as w
from backspasm.presentation.json_bytes import json_bytes
from backspasm.presentation.trial_compare import together
from backspasm.presentation.trial_view import ALWAYS
from backspasm.records.knowledge import Knowledge

PLACES = 6


def trial_json(r: TrialResult, knowledge: Knowledge) -> bytes:
    """UTF-8 JSON with a newline at the end; the same result gives the same bytes."""
    return json_bytes(trial_data(r, knowledge) | {"knowledge": _knowledge(knowledge)})


def comparison_json(results: Sequence[TrialResult], knowledge: Knowledge) -> bytes:
    """All trials, and what they tell together."""
    pairs = [(r, b) for r in results for b in beside_published(r, knowledge)]
    trials = [trial_data(r, knowledge) for r in results]
    return json_bytes({"says": together(pairs), "trials": trials, "knowledge": _knowledge(knowledge)})


def trial_data(r: TrialResult, knowledge: Knowledge) -> dict[str, Any]:
    """``protocol``, ``loop`` and ``rival`` (flow, arms, contrasts), whether they can be told ``apart``, ``published``."""
    data: dict[str, Any] = {
        "id": r.protocol.id,
        "protocol": msgspec.to_builtins(r.protocol),
        "sizes": dict(r.sizes),
        "prescriptions": dict(r.prescriptions),
        "units": {o.id: "share" if is_share(o) else w.unit(o) for o in r.protocol.outcomes},
        "days": list(r.days),
        "loop": msgspec.to_builtins(r.loop),
        "rival": msgspec.to_builtins(r.rival),
        "apart": [
            {"arm": c.arm, "against": c.against, "outcome": c.outcome, "day": c.day, **msgspec.to_builtins(a)}
            for c, a in zip(r.loop.contrasts, r.apart, strict=True)
        ],
        "ends": msgspec.to_builtins(r.ends),
        "published": [_published(b) for b in beside_published(r, knowledge)],
        "says": w.what_it_says(r, knowledge),
        "remarks": [*r.protocol.remarks, *ALWAYS],
        "seed": r.seed,
        "replicates": r.replicates,
        "pool": r.pool,
        "worlds": r.worlds,
    }
    rounded: dict[str, Any] = plain(data)
    return rounded


def _published(b: Beside) -> dict[str, Any]:
    data: dict[str, Any] = msgspec.to_builtins(b.published)
    return data | {
        "difference": msgspec.to_builtins(b.given),
        "expected": {"loop": b.loop.expected, "rival": b.rival.expected},
        "range": {"loop": list(b.loop.range), "rival": list(b.rival.range)},
        "chance": {"loop": b.chance_loop, "rival": b.chance_rival},
        "verdict": {"loop": b.verdict, "rival": b.rival_verdict},
        "direction": {"loop": b.direction, "rival": b.rival_direction},
        "size_fits": b.size_fits,
    }


def plain(value: Any) -> Any:
    """Rounded; what has no end (patients needed where there is no difference) is null, since JSON has no infinity."""
    if isinstance(value, float):
        return round(value, PLACES) + 0.0 if isfinite(value) else None
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value


def _knowledge(knowledge: Knowledge) -> dict[str, str]:
    return {"version": knowledge.version, "digest": knowledge.digest}
