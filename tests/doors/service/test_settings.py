"""The file of settings: what the documentation shows is what the program reads, and nothing misspelt passes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from backspasm import InputError
from backspasm.service.settings import Section, Settings, read_settings

ROOT = Path(__file__).parents[3]


def documented() -> str:
    found = re.search(r"```toml\n(.*?)```", (ROOT / "docs/service-running.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    return found[1]


def names(settings: Section) -> set[str]:
    """Every setting that has a default, with the names of its tables."""
    out = set()
    for field in msgspec.structs.fields(settings):
        value = getattr(settings, field.name)
        out |= {f"{field.name}.{n}" for n in names(value)} if isinstance(value, Section) else {field.name}
    return out


def values(data: dict[str, Any], under: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in data.items():
        out |= values(value, f"{under}{name}.") if isinstance(value, dict) else {under + name: value}
    return out


def test_the_documentation_shows_every_setting_with_its_default(tmp_path: Path) -> None:
    file = tmp_path / "service.toml"
    file.write_text(documented())
    read_settings(file)  # the examples in it are good ones
    shown = values(tomllib.loads(documented()))
    defaults = values(msgspec.to_builtins(Settings()))
    lists = {"access.api_keys", "cds_hooks.clients", "smart.servers"}  # shown by an example
    assert set(shown) == names(Settings()) == set(defaults)
    assert {k: v for k, v in shown.items() if k not in lists} == {
        k: list(v) if isinstance(v, tuple) else v for k, v in defaults.items() if k not in lists
    }


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[limits]\nbody_byte = 1\n", "body_byte"),
        ("[limits]\nbody_bytes = 0\n", "body_bytes"),
        ("[limits]\nseconds_to_answer = -1.0\n", "seconds_to_answer"),
        ("port = 70000\n", "port"),
        ('[[access.api_keys]]\nname = "x"\nsha256 = "the key itself"\n', "sha256"),
        ("workers = 0\n", "workers"),
        ("[limits\n", "TOML"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(text: str, named: str, tmp_path: Path) -> None:
    file = tmp_path / "service.toml"
    file.write_text(text)
    with pytest.raises(InputError, match=named):
        read_settings(file)
