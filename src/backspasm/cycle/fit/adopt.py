"""The stored result and the parameters' records as YAML: what a fit writes, for a person to look at and adopt."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml

from backspasm.records.cycle_fit_types import FitPlan, FitRecord, Posterior

HEAD = """# Result of the population fit: written by `backspasm cycle fit`, not by hand. `backspasm cycle fit --show` prints it.
"""


def fit_yaml(record: FitRecord) -> str:
    """The record as YAML, the numbers of one row on one line."""
    data = msgspec.to_builtins(record)
    return HEAD + yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=WIDTH, allow_unicode=True)


#: longest line
WIDTH = 10_000


class _Dumper(yaml.SafeDumper):
    """Mappings without further mappings inside stand on one line."""


def _mapping(dumper: yaml.SafeDumper, data: dict[str, Any]) -> yaml.Node:
    flat = not any(isinstance(v, dict | list | tuple) for v in data.values())
    return dumper.represent_mapping("tag:yaml.org,2002:map", data.items(), flow_style=flat)


def _sequence(dumper: yaml.SafeDumper, data: list[Any] | tuple[Any, ...]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", data, flow_style=not data)


_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _sequence)
_Dumper.add_representer(tuple, _sequence)


def adopted(parameters: str, plan: FitPlan, record: FitRecord) -> str:
    """The text of the parameters' records with medians, intervals and spreads of the main model put in.

    Only numbers of the unknowns change; names, words and comments stay.

    Raises:
        KeyError: where an unknown has no record in the text.
    """
    found = {p.id: p for p in record.of(record.main).unknowns}
    blocks = re.split(r"(?m)^(?=  - id: )", parameters)
    for f in plan.unknowns:
        own = [i for i, block in enumerate(blocks) if block.startswith(f"  - id: {f.parameter}\n")]
        if not own:
            raise KeyError(f.parameter)
        blocks[own[0]] = _with(blocks[own[0]], f.part, found[f.id])
    return "".join(blocks)


def _with(block: str, part: str, p: Posterior) -> str:
    if part == "spread":
        return re.sub(r"(between: \{[^}]*sd: )[0-9.]+", rf"\g<1>{p.median:.3g}", block)
    for key, value in (("value", p.median), ("low", p.low), ("high", p.high)):
        block = re.sub(rf"(?m)^(    {key}: )\S+$", rf"\g<1>{value:.3g}", block)
    return block
