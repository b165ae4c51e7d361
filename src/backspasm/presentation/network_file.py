"""A Bayesian network in XMLBIF 0.3 (Cozman FG, The Interchange Format for Bayesian Networks, 1998).

Of the formats that pyAgrum reads, this one keeps all digits: its BIF and UAI readers round to single precision. The
document type is left out, since pyAgrum's reader stops at it.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from backspasm.inference.bins import edges_of
from backspasm.inference.model import Model
from backspasm.inference.network import Node, network
from backspasm.inference.strata import Stratum

#: what an answer means in the network, for whoever opens the file
MEANING = (
    "One patient with back pain of this setting, age band and sex: the cause, complications given the cause, findings "
    "given both.",
    "Enter a finding only if it was asked; what was not asked has no evidence.",
    "Measured findings are bins: below_a, a_to_b, from_b, in the unit of the finding; a value on an edge is in the bin "
    "above it.",
    "A finding that contains another, or excludes it, is its parent: enter both, or what was said of one.",
    "Of several abnormalities that one normal scan excludes, say also whether the scan is normal.",
    "Enter no_improvement_after_4_weeks only together with duration_days.",
    "Enter fever, or a temperature if fever was not asked; a temperature of the fever threshold or more takes the place "
    "of fever. Enter post_void_residual in the place of urinary_retention where it is known.",
    "Decision support for professionals, not a certified medical device.",
)


def network_file(model: Model, stratum: Stratum) -> str:
    """The whole file; the same knowledge and stratum give the same bytes."""
    nodes = network(model, stratum, edges_of(model, stratum))
    place = f"{stratum.setting}, age band {stratum.band}, {stratum.sex}"
    about = (f"backspasm {model.knowledge.version}, knowledge {model.knowledge.digest}, {place}", *MEANING)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<BIF VERSION="0.3">', "<NETWORK>"]
    lines.append(f"<NAME>backspasm {escape(place)}</NAME>")
    lines += [f"<PROPERTY>about = {escape(text)}</PROPERTY>" for text in about]
    for node in nodes:
        outcomes = "".join(f"<OUTCOME>{escape(state)}</OUTCOME>" for state in node.states)
        lines.append(f'<VARIABLE TYPE="nature"><NAME>{escape(node.name)}</NAME>{outcomes}</VARIABLE>')
    lines += [_definition(node) for node in nodes]
    return "\n".join([*lines, "</NETWORK>", "</BIF>", ""])


def _definition(node: Node) -> str:
    """Parents in order, the last changing fastest after the node's own states; every number with all its digits."""
    given = "".join(f"<GIVEN>{escape(parent)}</GIVEN>" for parent in node.parents)
    rows = node.table.reshape(-1, len(node.states)).tolist()
    table = "\n".join(" ".join(repr(p) for p in row) for row in rows)
    return f"<DEFINITION><FOR>{escape(node.name)}</FOR>{given}<TABLE>\n{table}\n</TABLE></DEFINITION>"
