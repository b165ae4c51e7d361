"""Where a fact or assumption is used among investigations, pathways and words for patients."""

from __future__ import annotations

from backspasm.records.knowledge import Knowledge


def next_steps_with(address: str, knowledge: Knowledge) -> list[str]:
    """Names of the records that cite the address (``study/fact`` or an assumption)."""
    return [
        *(f"investigation {r.id}" for r in knowledge.investigations.values() if address in r.sources),
        *(
            f"limit of {r.id}"
            for r in knowledge.investigations.values()
            if any(address in limit.sources for limit in r.limits)
        ),
        *(f"indication {r.id}" for r in knowledge.indications if address in r.sources),
        *(f"pathway {r.id}" for r in knowledge.pathways.values() if any(address in step.sources for step in r.steps)),
        *(f"words for patients {r.id}" for r in knowledge.patient_lines if address in r.sources),
    ]
