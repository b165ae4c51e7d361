"""The text of a case, JSON or YAML, to plain data; refuses what a person never writes and an attacker might."""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

import yaml

from backspasm.patients.patient import InputError, InputProblem, shortened

#: a case is flat; deeper nesting is a fault or an attack
DEEPEST = 20
_NOT_JSON = "check brackets, quotes and commas"


def parse_json(text: str) -> Any:
    """JSON alone to plain data. Raises InputError naming line and column."""
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except _DuplicateKeyError as error:
        raise _twice(error.key) from None
    except RecursionError:
        raise InputError.one("input", "", "not valid JSON: nested too deep", _NOT_JSON) from None
    except ValueError as error:
        raise _NotJsonError([InputProblem("input", "", f"not valid JSON: {error}", _NOT_JSON)]) from None


class _NotJsonError(InputError):
    """The text is no JSON; it may still be YAML."""


def parse_text(text: str) -> Any:
    """JSON or YAML to plain data. Raises InputError naming line and column."""
    stripped = text.lstrip()
    as_json = None
    if stripped.startswith(("{", "[")):
        try:
            return parse_json(text)
        except _NotJsonError as error:
            # a flow mapping of YAML looks like JSON; only if that fails too is it broken
            if stripped.startswith("["):
                raise
            as_json = error
    try:
        return yaml.load(text, Loader=_Loader)
    except _DuplicateKeyError as error:
        raise _twice(error.key) from None
    except (yaml.YAMLError, ValueError) as error:
        if as_json is not None:
            raise as_json from None
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        what = getattr(error, "problem", None) or "unreadable text"
        mend = "check indentation, quotes and colons"
        raise InputError.one("input", "", f"not valid YAML{where}: {what}", mend) from None


class _DuplicateKeyError(Exception):
    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(key)


def _twice(key: str) -> InputError:
    return InputError.one(shortened(key), "", "given twice", "keep one of the two")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of a repeated key the last would silently win."""
    out: dict[str, Any] = {}
    for key, value in pairs:
        if key in out:
            raise _DuplicateKeyError(key)
        out[key] = value
    return out


class _Loader(yaml.SafeLoader):
    """Safe YAML, not deep: no dates, repeated keys, aliases, tags, nor octal or sexagesimal numbers (047 is not 39)."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, "an alias (*name) is not allowed in a case")
        if getattr(event, "tag", None) is not None:
            self._refuse(event, "a tag (!name) is not allowed in a case")
        if self.depth == DEEPEST:
            self._refuse(event, "nested too deep")
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def _refuse(self, event: yaml.Event, what: str) -> NoReturn:
        raise yaml.MarkedYAMLError(None, None, what, event.start_mark)  # type: ignore[arg-type]

    def mapping(self, node: yaml.MappingNode) -> dict[Any, Any]:
        out: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(None, None, "a key must be one word", key_node.start_mark)
            key = self.construct_object(key_node)
            if key in out:
                raise _DuplicateKeyError(str(key))
            out[key] = self.construct_object(value_node, deep=True)
        return out


def _implicit(tag: str, pattern: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list("-+.0123456789"))


_KEPT = {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:null"}
_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] in _KEPT]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_implicit("int", r"^[-+]?(0|[1-9][0-9]*)$")
_implicit("float", r"^[-+]?((0|[1-9][0-9]*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?$")
_implicit("float", r"^[-+]?\.(inf|Inf|INF)$|^\.(nan|NaN|NAN)$")
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _Loader.mapping)
