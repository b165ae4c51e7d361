"""Formulas in Python's own notation as MathML, the small part of it that SBML models need."""

from __future__ import annotations

import ast
from xml.etree.ElementTree import Element, SubElement

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
_OPERATORS = {ast.Add: "plus", ast.Sub: "minus", ast.Mult: "times", ast.Div: "divide", ast.Pow: "power"}
_COMPARISONS = {ast.GtE: "geq", ast.Gt: "gt", ast.LtE: "leq", ast.Lt: "lt"}
_FUNCTIONS = {"exp", "ln", "sqrt"}
TIME = "http://www.sbml.org/sbml/symbols/time"


def mathml(formula: str) -> Element:
    """``<math>`` of a formula such as ``a * x ** 2 / (1 + x) if x > 0 else 0``; the name ``time`` is the model's time.

    Raises:
        ValueError: for what has no counterpart here.
    """
    root = Element("math", xmlns=NAMESPACE)
    _into(root, ast.parse(formula, mode="eval").body)
    return root


def _into(parent: Element, node: ast.expr) -> None:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        SubElement(parent, "cn").text = repr(float(node.value))
    elif isinstance(node, ast.Name) and node.id == "time":
        SubElement(parent, "csymbol", encoding="text", definitionURL=TIME).text = "time"
    elif isinstance(node, ast.Name):
        SubElement(parent, "ci").text = node.id
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        _apply(parent, _OPERATORS[type(node.op)], node.left, node.right)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _apply(parent, "minus", node.operand)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _COMPARISONS:
        _apply(parent, _COMPARISONS[type(node.ops[0])], node.left, node.comparators[0])
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _FUNCTIONS:
        _apply(parent, "root" if node.func.id == "sqrt" else node.func.id, *node.args)
    elif isinstance(node, ast.IfExp):
        piecewise = SubElement(parent, "piecewise")
        piece = SubElement(piecewise, "piece")
        _into(piece, node.body)
        _into(piece, node.test)
        _into(SubElement(piecewise, "otherwise"), node.orelse)
    else:
        raise ValueError(f"no MathML for {ast.unparse(node)!r}")


def _apply(parent: Element, operator: str, *arguments: ast.expr) -> None:
    apply = SubElement(parent, "apply")
    SubElement(apply, operator)
    for argument in arguments:
        _into(apply, argument)
