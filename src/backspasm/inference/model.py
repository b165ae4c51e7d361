"""Knowledge, fitted parameters and their layout together; cached on disk by digest, so that a command starts fast."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from backspasm.inference.base_rates import BaseRates
from backspasm.inference.layout import Layout, layout_of
from backspasm.inference.numbers import JointDraws, Means
from backspasm.inference.parameters import Backing, Parameters
from backspasm.inference.strata import Ages
from backspasm.records.cache import cache_folder, digest_of_code, keep
from backspasm.records.knowledge import Knowledge
from backspasm.records.library import digest_of, knowledge_folder, read_knowledge

#: addresses of facts, and the share that studies have in a rate
FactsBehind = tuple[tuple[str, ...], float]


@dataclass(frozen=True, repr=False, eq=False)
class Model:
    """Everything that an assessment needs."""

    knowledge: Knowledge
    parameters: Parameters

    def __repr__(self) -> str:
        return f"Model({self.knowledge.digest[:12]})"

    @cached_property
    def layout(self) -> Layout:
        return layout_of(self.parameters, self.knowledge.links)

    @cached_property
    def means(self) -> Means:
        return Means(self.parameters)

    @cached_property
    def backings(self) -> dict[tuple[str, tuple[str, ...]], tuple[FactsBehind, ...]]:
        """What ``explain`` has found of a finding at some ages, by cause."""
        return {}

    @cached_property
    def _draws(self) -> dict[int, JointDraws]:
        return {}

    def draws(self, count: int) -> JointDraws:
        """So many joint draws of the parameters; the last ones asked for are kept, with what was worked out from them."""
        drawn = self._draws.get(count)
        if drawn is None:
            self._draws.clear()
            drawn = self._draws[count] = JointDraws(self.parameters, count)
        return drawn


def fit_model(knowledge: Knowledge, without: frozenset[str] = frozenset()) -> Model:
    """Fit without looking at the cache; ``without`` names studies to leave out."""
    from backspasm.inference.fitting import fit_parameters  # heavy imports, needed only when fitting

    return Model(knowledge, fit_parameters(knowledge, without))


def load(root: Path | None = None, on_fit: Callable[[], None] | None = None) -> Model:
    """The model of a knowledge folder: from the cache where it is there, else read, checked, fitted and kept.

    Args:
        root: the knowledge folder; default the one that ships, or ``BACKSPASM_KNOWLEDGE``.
        on_fit: called before a fit (which takes seconds), so that a command can say so.

    Raises:
        KnowledgeError: with every problem of the knowledge base.
    """
    root = root or knowledge_folder()
    place = cache_folder() / f"{digest_of(root)[:24]}-{code_digest()}.bin"
    kept = _read(place)
    if kept is not None:
        return kept
    if on_fit is not None:
        on_fit()
    model = fit_model(read_knowledge(root))
    keep(place, encode(model))
    return model


def code_digest() -> str:
    """Changes with the code that fits and with the types that are kept, so that an old cache is never read."""
    return digest_of_code("inference", "records")


def _read(place: Path) -> Model | None:
    collecting = gc.isenabled()
    gc.disable()  # tens of thousands of records, none of them garbage: looking for some takes as long as reading them
    try:
        return decode(place.read_bytes())
    except (OSError, ValueError, KeyError, TypeError):  # absent, damaged or of another shape: fit anew
        return None
    finally:
        if collecting:
            gc.enable()


def encode(model: Model) -> bytes:
    """One file: a msgpack header and the arrays of the parameters."""
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    plain: dict[str, Any] = {}
    for owner, value in (("", model.parameters), ("base.", model.parameters.base)):
        for field in fields(value):
            item = getattr(value, field.name)
            if isinstance(item, np.ndarray):
                arrays[owner + field.name] = item
            elif not isinstance(item, BaseRates):
                plain[owner + field.name] = _plain(item)
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return msgspec.msgpack.encode([msgspec.msgpack.encode(model.knowledge), plain, buffer.getvalue()])


def _plain(item: Any) -> Any:
    if isinstance(item, Ages):
        return [item.bands, item.starts, item.group_starts]
    if isinstance(item, dict) and item and isinstance(next(iter(item.values())), Backing):
        return {key: [b.facts, b.share] for key, b in item.items()}
    return item


def decode(data: bytes) -> Model:
    """The inverse of ``encode``; raises ValueError or KeyError on anything else."""
    knowledge, plain, packed = msgspec.msgpack.decode(data)
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        base = BaseRates(
            **{name[5:]: arrays[name] for name in arrays.files if name.startswith("base.")},
            facts={key: tuple(value) for key, value in plain.pop("base.facts").items()},
        )
        own = {name: arrays[name] for name in arrays.files if not name.startswith("base.")}
    bands, starts, group_starts = plain.pop("ages")
    backing = {key: Backing(tuple(facts), share) for key, (facts, share) in plain.pop("backing").items()}
    rest = {key: _tuples(value) for key, value in plain.items()}
    parameters = Parameters(
        **rest, **own, base=base, ages=Ages(tuple(bands), tuple(starts), tuple(group_starts)), backing=backing
    )
    return Model(msgspec.msgpack.decode(knowledge, type=Knowledge), parameters)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list) else value
