"""The words of ``words.yaml``, checked and typed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import msgspec
import yaml
from msgspec import Struct


class SexWords(Struct, frozen=True, forbid_unknown_fields=True):
    """``strong`` name a person of that sex, ``weak`` are pronouns, ``body`` are of one sex only."""

    strong: tuple[str, ...]
    weak: tuple[str, ...]
    body: tuple[str, ...]


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds; its comments say what each list means."""

    measured: dict[str, tuple[str, ...]]
    not_measured: tuple[str, ...]
    comorbidities: dict[str, tuple[str, ...]]
    not_comorbidities: tuple[str, ...]
    infarction: tuple[str, ...]
    more_medicines: tuple[str, ...]
    not_medicines: tuple[str, ...]
    medicine_endings: tuple[str, ...]
    not_before_dose: tuple[str, ...]
    allergens: tuple[str, ...]
    no_allergen: tuple[str, ...]
    female: SexWords
    male: SexWords
    other_events: tuple[str, ...]
    relatives: tuple[str, ...]
    setting: dict[str, tuple[str, ...]]


@cache
def words() -> Words:
    """The file that ships with the package."""
    text = files("backspasm").joinpath("patients", "from_note", "values", "words.yaml").read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return msgspec.convert(yaml.load(text, Loader=loader), Words)
