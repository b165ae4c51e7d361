"""The shipped files of the views, and the codes with what they mean."""

from __future__ import annotations

from pathlib import Path

from backspasm.population.views.definitions import view_definitions
from backspasm.population.views.paths import ADDRESSES
from backspasm.presentation.json_bytes import json_bytes
from backspasm.records.knowledge import Knowledge

FOLDER = Path(__file__).parent
CODES = "codes.json"


def files(knowledge: Knowledge) -> dict[str, bytes]:
    """Name -> bytes of every file."""
    views = {f"{view['name']}.json": json_bytes(view) for view in view_definitions(knowledge)}
    return views | {CODES: json_bytes(code_rows(knowledge))}


def code_rows(knowledge: Knowledge) -> list[dict[str, str]]:
    """Every code of a finding, comorbidity, cause or complication: to join with the rows of the views."""
    kinds = {
        "finding": knowledge.findings,
        "comorbidity": knowledge.comorbidities,
        "cause": knowledge.causes,
        "complication": knowledge.complications,
    }
    return [
        {"system": ADDRESSES[c.system][0], "code": c.code, "match": c.match, "kind": kind, "id": record.id}
        for kind, records in kinds.items()
        for record in records.values()  # type: ignore[attr-defined]
        for c in record.codes
    ]


def write(folder: Path, knowledge: Knowledge) -> None:
    """Write all of them."""
    for name, data in files(knowledge).items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    from backspasm.records.library import read_knowledge

    write(FOLDER, read_knowledge())
