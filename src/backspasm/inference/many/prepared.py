"""The matrices of all settings and age groups, kept on disk beside the fitted model: making them takes as long as assessing
twenty thousand patients, and every process of a screening needs them.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from backspasm.inference.log_tables import circumstances, log_tables
from backspasm.inference.many import stacked
from backspasm.inference.many.stacked import Stacked, Tables, stacked_of
from backspasm.inference.model import Model, code_digest
from backspasm.records.cache import cache_folder, keep

#: settings times age groups are two dozen: room for the two models of a comparison and for some that lack a study
MATRICES_KEPT = 128
_SAME = ("rows", "codes", "measured")  # in all circumstances
_OWN = ("weights", "shares")
Kept = dict[tuple[int, int], Tables]


@lru_cache(maxsize=MATRICES_KEPT)
def tables_of(model: Model, setting: int, age: int) -> Tables:
    """Matrices of a setting and an age group, by their positions: from the disk where ``prepare`` left them, else made."""
    known = _on_disk(model).get((setting, age))
    return stacked_of(log_tables(model, setting, age), len(model.parameters.causes)) if known is None else known


def prepare(model: Model) -> None:
    """Make the matrices of all circumstances once and keep them on disk, for this process and all others."""
    if _on_disk(model):
        return
    made = {(setting, age): tables_of(model, setting, age) for setting, age, _ in circumstances(model)}
    keep(_place(model), encoded(made))
    _on_disk.cache_clear()


@lru_cache(maxsize=8)
def _on_disk(model: Model) -> Kept:
    """What is kept of this model; nothing where the file is absent, damaged or of another shape."""
    try:
        return decoded(_place(model).read_bytes())
    except (OSError, EOFError, ValueError, KeyError, BadZipFile):
        return {}


def _place(model: Model) -> Path:
    """Its name changes with the knowledge, the parameters (a study may be left out of them) and the code."""
    total = hashlib.sha256(model.knowledge.digest.encode())
    for owner in (model.parameters, model.parameters.base):
        items = (getattr(owner, field.name) for field in fields(owner))
        for array in (item for item in items if isinstance(item, np.ndarray)):
            total.update(np.ascontiguousarray(array).data)
    for module in (stacked.__file__, __file__):
        total.update(Path(module).read_bytes())
    return cache_folder() / f"{total.hexdigest()[:24]}-{code_digest()}-tables.npz"


def encoded(tables: Kept) -> bytes:
    """One file of arrays, those of all circumstances together."""
    arrays = {
        "circumstances": np.array(list(tables), dtype=np.intp),
        "prior": np.stack([t.prior for t in tables.values()]),
        "log_setting": np.array([t.log_setting for t in tables.values()]),
    }
    for b, blocks in enumerate(zip(*((t.alone, *t.groups) for t in tables.values()), strict=True)):
        arrays |= {f"{name}.{b}": getattr(blocks[0], name) for name in _SAME}
        arrays |= {f"{name}.{b}": np.stack([getattr(block, name) for block in blocks]) for name in _OWN}
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def decoded(data: bytes) -> Kept:
    """The inverse of ``encoded``; raises EOFError, ValueError, KeyError or BadZipFile on anything else."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    count = sum(name.startswith("rows.") for name in arrays)
    out: Kept = {}
    for i, (setting, age) in enumerate(arrays["circumstances"].tolist()):
        blocks = []
        for b in range(count):
            same = (arrays[f"{name}.{b}"] for name in _SAME)
            blocks.append(Stacked(*same, *(arrays[f"{name}.{b}"][i] for name in _OWN)))
        out[setting, age] = Tables(blocks[0], tuple(blocks[1:]), arrays["prior"][i], float(arrays["log_setting"][i]))
    return out
