"""Reads YAML with line numbers, and refuses YAML's own traps: duplicate keys, unquoted identifiers, dates, `on:` as true."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from backspasm.records.problems import Problem

KeyPath = tuple[str | int, ...]

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Source:
    """One YAML file: its data, and the line on which each key path starts."""

    file: str
    data: Any
    lines: dict[KeyPath, int]

    def line(self, path: KeyPath) -> int:
        """Line of ``path``, or of its nearest ancestor that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_yaml(path: Path, root: Path) -> tuple[Source, list[Problem]]:
    """Parse one file. Syntax errors come back as problems, with empty data."""
    name = path.relative_to(root).as_posix()
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return Source(name, None, {}), [
            Problem(name, 1, f"not valid UTF-8 (byte {error.start})", "save the file as UTF-8")
        ]
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = f"not valid YAML: {error.problem or error.context}"
        return Source(name, None, {}), [Problem(name, line, what, "check indentation, quotes and colons on this line")]
    except yaml.YAMLError as error:
        what = f"not valid YAML: {str(error).splitlines()[0]}"
        return Source(name, None, {}), [Problem(name, 1, what, "remove characters that are not plain text")]
    if node is None:
        return Source(name, None, {}), [Problem(name, 1, "the file is empty", "fill it or delete it")]
    builder = _Builder(name)
    data = builder.build(node, ())
    return Source(name, data, builder.lines), builder.problems


class _Builder:
    """Plain data from the nodes of one file, with the line of every key and every trap that was refused."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []
        self.open: set[int] = set()
        self.loader: Any = _Loader("")

    def fault(self, node: yaml.Node, what: str, mend: str) -> None:
        self.problems.append(Problem(self.name, node.start_mark.line + 1, what, mend))

    def build(self, node: yaml.Node, path: KeyPath) -> Any:
        self.lines[path] = node.start_mark.line + 1
        if id(node) in self.open:  # an alias is the very node it stands for; one that holds itself would have no end
            self.fault(node, "what is written here holds itself, by an alias (*name)", "write it out without the alias")
            return None
        if isinstance(node, yaml.CollectionNode):
            self.open.add(id(node))
            out = self.mapping(node, path) if isinstance(node, yaml.MappingNode) else self.sequence(node, path)
            self.open.remove(id(node))
            return out
        if node.tag == "tag:yaml.org,2002:timestamp":
            return node.value  # dates stay text: a record is never a date object
        try:
            return self.loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError, LookupError):
            what = f"the value {node.value!r} cannot be read as {node.tag.rsplit(':', 1)[-1]}"
            self.fault(node, what, "drop the tag (!) before it")
            return None

    def sequence(self, node: yaml.Node, path: KeyPath) -> list[Any]:
        return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]

    def mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, Any]:
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self.fault(key_node, "a key is a list or a mapping", "write one word before the colon")
                continue
            key = key_node.value
            if key_node.tag == "tag:yaml.org,2002:bool":
                self.fault(key_node, f"the key {key!r} is read as true or false", "put it in quotes")
            if key in out:
                self.fault(key_node, f"duplicate key {key!r}", "keep one of the two")
                continue
            out[key] = self.build(value_node, (*path, key))
            self.lines[(*path, key)] = key_node.start_mark.line + 1
        return out
