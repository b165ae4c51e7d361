"""The model of one stratum as a Bayesian network of discrete variables, for other engines to read.

Nodes: the cause; every complication, given the cause; every yes-or-no finding, given the cause, the complications that
drive it, and the finding that contains or excludes it; every measured finding as bins. What links say of probabilities
is in the tables, so that a network without further rules gives this engine's answers for the items that it counts
(``evidence_in`` says which states those are; what does not fit is told there too).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from backspasm.inference.bins import Edges, bin_of, bin_probabilities
from backspasm.inference.likelihood import log_item
from backspasm.inference.logit_normal import Array
from backspasm.inference.model import Model
from backspasm.inference.numbers import age_group
from backspasm.inference.strata import Stratum
from backspasm.patients.answers import Item
from backspasm.records.types import Link

CAUSE = "cause"
#: states of complications and findings, in the order of their tables
ABSENT, PRESENT = "absent", "present"


@dataclass(frozen=True)
class Node:
    """One variable: its states, its parents, and P(state | parents): an axis for each parent, the states last."""

    name: str
    states: tuple[str, ...]
    parents: tuple[str, ...]
    table: Array


def network(model: Model, stratum: Stratum, edges: Edges) -> tuple[Node, ...]:
    """All nodes, parents before children.

    Raises:
        ValueError: where two links bound one finding, which one table cannot hold.
    """
    parameters = model.parameters
    shares = model.means.shares(stratum.setting, age_group(parameters, stratum))
    nodes = {CAUSE: Node(CAUSE, parameters.causes, (), np.exp(model.means.log_base(stratum)))}
    for k, complication in enumerate(parameters.complications):
        nodes[complication] = Node(complication, (ABSENT, PRESENT), (CAUSE,), _two(shares[:, k]))
    for measured in parameters.measured:
        nodes[measured] = _measured(measured, edges[measured], stratum, model)
    waiting = list(parameters.booleans)
    while waiting:  # a finding that another contains or excludes comes after it
        finding = waiting.pop(0)
        link = _link_into(finding, model)
        if link is not None and _parent(link, finding) not in nodes:
            waiting.append(finding)
        else:
            nodes[finding] = _boolean(finding, link, edges, stratum, model)
    return tuple(nodes.values())


def evidence_in(items: tuple[Item, ...], edges: Edges) -> dict[str, str]:
    """States of the network's nodes that an assessment's items are.

    Of a temperature and a fever, or a residual volume and a retention, only the one that is counted is a state.
    """
    out: dict[str, str] = {}
    for item in items:
        if item.kind == "value" and item.value is not None:
            out[item.finding] = bin_names(edges[item.finding])[bin_of(item.value, edges[item.finding])]
            continue
        out[item.finding] = ABSENT if item.kind in {"absent", "absent_given", "absent_after"} else PRESENT
        if item.given is not None and item.kind in {"without", "present_given", "absent_given"}:
            out[item.given] = ABSENT
    return out


def bin_names(edges: tuple[float, ...]) -> tuple[str, ...]:
    """Names of the bins: ``below_37``, ``37_to_38``, ``from_38``."""
    said = [f"{edge:g}" for edge in edges]
    between = (f"{a}_to_{b}" for a, b in pairwise(said))
    return (f"below_{said[0]}", *between, f"from_{said[-1]}")


def _two(present: Array) -> Array:
    return np.stack([1 - present, present], axis=-1)


def _names(drivers: tuple[int, ...], model: Model) -> tuple[str, ...]:
    return tuple(model.parameters.complications[k] for k in drivers)


def _measured(measured: str, edges: tuple[float, ...], stratum: Stratum, model: Model) -> Node:
    drivers = model.layout.drivers[measured]
    p = bin_probabilities(measured, edges, stratum, model)
    sets = [p[:, int(any(on))] for on in product((0, 1), repeat=len(drivers))]
    table = np.stack(sets, axis=1).reshape(len(p), *(2,) * len(drivers), p.shape[-1])
    return Node(measured, bin_names(edges), (CAUSE, *_names(drivers, model)), table)


def _link_into(finding: str, model: Model) -> Link | None:
    """The link by which another finding changes this one's probability."""
    found = [
        link
        for link in model.knowledge.links
        if (link.kind == "implies" and link.finding == finding)
        or (link.kind in {"excludes", "below_excludes"} and link.other == finding)
    ]
    if len(found) > 1:
        raise ValueError(f"{finding} is bounded by {len(found)} links ({', '.join(k.id for k in found)})")
    return found[0] if found else None


def _parent(link: Link, finding: str) -> str:
    return link.other if link.finding == finding else link.finding


def _boolean(finding: str, link: Link | None, edges: Edges, stratum: Stratum, model: Model) -> Node:
    parent = None if link is None else _parent(link, finding)
    drivers = set(model.layout.drivers[finding])
    if parent is not None and link is not None and link.kind != "below_excludes":
        drivers |= set(model.layout.drivers[parent])
    together = tuple(sorted(drivers))
    parents = (CAUSE, *_names(together, model))

    def probability(item: Item) -> Array:
        return _over(item, together, stratum, model)

    present = probability(Item("present", finding))
    if link is None or parent is None:
        return Node(finding, (ABSENT, PRESENT), parents, _two(present))
    nothing = np.zeros_like(present)
    if link.kind == "implies":  # parent: absent, present
        within = np.minimum(present / probability(Item("present", parent)), 1.0)
        given = [nothing, within]
    elif link.kind == "excludes":
        given = [probability(Item("present_given", finding, given=parent)), nothing]
    else:
        threshold = model.knowledge.number(link.threshold or "")
        later = probability(Item("present_after", finding, given=parent))
        first = bin_of(threshold, edges[parent])
        given = [nothing if k < first else later for k in range(len(edges[parent]) + 1)]
    return Node(finding, (ABSENT, PRESENT), (*parents, parent), _two(np.stack(given, axis=-1)))


def _over(item: Item, drivers: tuple[int, ...], stratum: Stratum, model: Model) -> Array:
    """Probability of an item given the cause and each of some complications, (C, 2, 2, ...)."""
    age = age_group(model.parameters, stratum)
    group, log_p = log_item(item, model.means, model.layout, stratum.setting, age, model.knowledge)
    p = np.exp(log_p)
    if group is None:
        return np.broadcast_to(p.reshape(-1, *(1,) * len(drivers)), (len(p), *(2,) * len(drivers))).copy()
    members = model.layout.groups[group].members
    places = []
    for on in product((0, 1), repeat=len(drivers)):
        chosen = dict(zip(drivers, on, strict=True))
        place = 0
        for member in members:
            place = 2 * place + chosen.get(member, 0)
        places.append(place)
    return p[:, places].reshape(len(p), *(2,) * len(drivers))
