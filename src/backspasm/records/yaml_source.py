"""Reads YAML with line numbers, and refuses YAML's own traps: duplicate keys, unquoted identifiers, dates, `on:` as true."""

from __future__ import annotations

from collections.abc import Hashable
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
        return Source(name, None, {}), [Problem(name, 1, f"not valid UTF-8 (byte {error.start})", "save the file as UTF-8")]
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
    lines: dict[KeyPath, int] = {}
    problems: list[Problem] = []
    constructor = _Loader("")
    data = _build(node, (), name, lines, problems, constructor)
    return Source(name, data, lines), problems


def _build(
    node: yaml.Node, path: KeyPath, name: str, lines: dict[KeyPath, int], problems: list[Problem], loader: Any
) -> Any:
    line = node.start_mark.line + 1
    lines[path] = line
    if isinstance(node, yaml.MappingNode):
        out: dict[Hashable, Any] = {}
        for key_node, value_node in node.value:
            key = key_node.value
            key_line = key_node.start_mark.line + 1
            if key_node.tag == "tag:yaml.org,2002:bool":
                problems.append(Problem(name, key_line, f"the key {key!r} is read as true or false", "put it in quotes"))
            if key in out:
                problems.append(Problem(name, key_line, f"duplicate key {key!r}", "keep one of the two"))
                continue
            out[key] = _build(value_node, (*path, key), name, lines, problems, loader)
            lines[(*path, key)] = key_line
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, i), name, lines, problems, loader) for i, item in enumerate(node.value)]
    if node.tag == "tag:yaml.org,2002:timestamp":
        return node.value  # dates stay text: a record is never a date object
    return loader.construct_object(node, deep=True)
