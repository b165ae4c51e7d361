"""Imports run in one direction only: knowledge -> records -> patients -> (inference | cycle) -> advice -> presentation -> doors."""

from __future__ import annotations

import ast
from pathlib import Path

import backspasm

PACKAGE = Path(backspasm.__file__).parent
ORDER = {
    "probability": 0,
    "records": 1,
    "patients": 2,
    "inference": 3,
    "cycle": 3,
    "advice": 4,
    "presentation": 5,
    "population": 6,
    "service": 6,
    "cli_shared": 7,
    "cli_emg": 8,
    "cli_cycle": 8,
    "cli_knowledge": 8,
    "cli_population": 8,
    "cli_audit": 8,
    "cli_screen": 8,
    "cli_serve": 8,
    "cli_mcp": 8,
    "cli_trial": 8,
    "cli_store": 8,
    "cli": 9,
}


def imported_rooms(path: Path) -> set[str]:
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names = [node.module or ""]
        rooms |= {n.split(".")[1] for n in names if n.startswith("backspasm.") and len(n.split(".")) > 1}
    return rooms


def test_every_import_points_to_the_left() -> None:
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for other in imported_rooms(path) - {room}:
            if ORDER[other] >= ORDER[room]:
                wrong.append(f"{path.relative_to(PACKAGE)} imports {other}")
    assert wrong == []


def test_no_module_is_long() -> None:
    long = {p.name: n for p in PACKAGE.rglob("*.py") if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}
    assert long == {}
