"""Checks YAML against the published JSON Schemas and says every fault in words, with line and mend."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from backspasm.records.problems import Problem, did_you_mean
from backspasm.records.yaml_source import Source


@cache
def validator(name: str) -> Draft202012Validator:
    """The validator of ``knowledge/schema/NAME.schema.json``."""
    text = files("backspasm").joinpath("knowledge", "schema", f"{name}.schema.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


def schema_problems(source: Source, schema: str) -> list[Problem]:
    """Every way in which the file departs from its schema."""
    return [p for error in validator(schema).iter_errors(source.data) for p in _problems_of(error, source)]


def _problems_of(error: ValidationError, source: Source) -> list[Problem]:
    path = tuple(error.absolute_path)
    line = source.line(path)
    where = _place(path, source.data)
    shown = _short(error.instance)
    rule: Any = error.validator_value
    kind = str(error.validator)
    instance: Any = error.instance
    if kind == "additionalProperties" and isinstance(error.instance, dict):
        schema: Any = error.schema
        known = list(schema.get("properties", {}))
        extra = [key for key in error.instance if key not in known]
        return [
            Problem(
                source.file,
                source.line((*path, key)),
                f"unknown key {key!r}",
                did_you_mean(str(key), known, f"known keys are {', '.join(known)}"),
            )
            for key in extra
        ]
    if kind == "required":
        missing = [key for key in rule if key not in instance]
        key = next((k for k in missing if f"'{k}'" in error.message), missing[0])
        return [Problem(source.file, line, f"{where} lacks {key!r}", f"add {key!r}")]
    if kind in {"enum", "const"}:
        allowed = [str(v) for v in (rule if kind == "enum" else [rule])]
        mend = did_you_mean(str(error.instance), allowed, f"use one of {', '.join(allowed)}")
        return [Problem(source.file, line, f"{where}: {shown} is not allowed", mend)]
    if kind == "type":
        wanted = " or ".join(_KINDS.get(r, f"a {r}") for r in ([rule] if isinstance(rule, str) else rule))
        mend = f"write {wanted}" + (" (put it in quotes)" if rule == "string" else "")
        return [Problem(source.file, line, f"{where}: {shown} is not {wanted}", mend)]
    if kind == "minItems":
        return [Problem(source.file, line, f"{where}: {shown} holds too little", f"give {rule} or more")]
    if kind in {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}:
        side = "at least" if "inimum" in kind else "at most"
        return [Problem(source.file, line, f"{where}: impossible number {shown}", f"it must be {side} {rule}")]
    if kind == "pattern":
        return [Problem(source.file, line, f"{where}: {shown} has the wrong form", f"it must match {rule}")]
    return [Problem(source.file, line, f"{where}: {error.message[:200]}", f"see the schema rule {error.validator!r}")]


#: kinds of the schema in the words of those who write YAML
_KINDS = {"array": "a list", "object": "a mapping", "integer": "a whole number"}


def _place(path: tuple[str | int, ...], data: Any) -> str:
    """Where in a file: keys joined by dots; an entry of a list by its id, else by its number from 1."""
    parts: list[str] = []
    for key in path:
        data = data[key]
        named = data.get("id") if isinstance(data, dict) else None
        parts.append(str(key) if isinstance(key, str) else named if isinstance(named, str) else f"entry {key + 1}")
    return ".".join(parts) or "the file"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
