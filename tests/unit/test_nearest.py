"""Does the mend for an unknown word name what was meant, and nothing where nothing is near?"""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from backspasm.records.problems import nearest


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("feverr", "fever"),
        ("weight-loss", "weight_loss"),
        ("ESR", "esr"),
        ("HLA-B27", "hla_b27"),
        ("temp", "temperature"),
        ("restricted_motion", "reduced_range_of_motion"),
        ("mri tumor", "mri_tumour"),
        ("sphincter", None),
        ("xyzzy", None),
        ("", None),
    ],
)
def test_the_nearest_finding(typed: str, meant: str | None, knowledge: Knowledge) -> None:
    assert nearest(typed, knowledge.index.finding_ids) == meant


def test_a_part_of_a_name_finds_the_name(knowledge: Knowledge) -> None:
    assert str(nearest("kidney", knowledge.index.comorbidities)).startswith("chronic_kidney_disease")
