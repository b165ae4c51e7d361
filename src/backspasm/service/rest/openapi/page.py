"""The document as a page for people: server-rendered, no script, no inline style."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from msgspec import Struct

from backspasm.inference.model import Model
from backspasm.service.rest.openapi.document import ABOUT, ALWAYS, document

_BACKTICKS = re.compile(r"`([^`]+)`")
#: lines of an example before the rest is left to the document
LONGEST = 60


class Field(Struct, frozen=True):
    """A key of an object: its type in words."""

    name: str
    type: str
    required: bool
    says: str


class Shape(Struct, frozen=True):
    """A schema in words."""

    name: str
    says: str
    fields: tuple[Field, ...]


@lru_cache(maxsize=4)
def documentation_page(model: Model, address: str, style: str) -> bytes:
    """The page as UTF-8; made once."""
    found = document(model, address)
    environment = Environment(
        loader=PackageLoader("backspasm.service.rest.openapi", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["coded"] = _coded
    sections: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in found["tags"]}
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            sections[operation["tags"][0]].append({"path": path, "method": method.upper(), "o": operation})
    text = environment.get_template("docs.html.j2").render(
        about=ABOUT,
        address=address,
        knowledge=model.knowledge,
        style=style,
        sections=sections,
        shapes=tuple(_shapes(found["components"]["schemas"])),
        pretty=_pretty,
        refusals=_refusals,
        always=[(code, HTTPStatus(code).phrase) for code in ALWAYS],
        refers=_refers,
    )
    return text.encode()


def _coded(text: str) -> Markup:
    """Text with what stands between backticks as code."""
    return Markup(_BACKTICKS.sub(r"<code>\1</code>", str(escape(text))))


def _refusals(responses: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """What the operation itself refuses."""
    return [(s, r) for s, r in responses.items() if s != "200" and int(s) not in ALWAYS]


def _pretty(example: object) -> str:
    if isinstance(example, str):
        return example
    lines = msgspec.json.format(msgspec.json.encode(example), indent=2).decode().splitlines()
    return "\n".join(lines[:LONGEST] + (["…"] if len(lines) > LONGEST else []))


def _refers(content: dict[str, Any]) -> str:
    """The name of the schema of a body, or nothing where it is text."""
    return str(content["schema"].get("$ref", "")).rpartition("/")[2]


def _shapes(schemas: dict[str, Any]) -> Iterator[Shape]:
    for name, schema in schemas.items():
        required = schema.get("required", ())
        fields = tuple(
            Field(key, _type(inner), key in required, inner.get("description", ""))
            for key, inner in schema.get("properties", {}).items()
        )
        yield Shape(name, schema.get("description", ""), fields)


#: values of an enumeration that are written out
SHOWN = 8


def _type(schema: dict[str, Any]) -> str:
    """A type in words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(s) for s in schema["anyOf"])
    if "const" in schema:
        return str(schema["const"])
    if "enum" in schema:
        values = [str(v) for v in schema["enum"]]
        more = f" … ({len(values)} in all)" if len(values) > SHOWN else ""
        return "one of " + ", ".join(values[:SHOWN]) + more
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if isinstance(kind, list):
        return " or ".join(map(str, kind)) + _bounds(schema)
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"map to {_type(schema['additionalProperties'])}"
    return str(kind) + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f" {low:g} to {high:g}"
    return "".join(f" {word} {bound:g}" for word, bound in (("from", low), ("up to", high)) if bound is not None)
