"""Is a finding that is not there denied as one would say it?"""

from __future__ import annotations

import pytest

from backspasm import Knowledge
from backspasm.presentation.words import absent


@pytest.mark.parametrize(
    ("finding", "said"),
    [
        ("fever", "no fever"),
        ("pain_worse_with_movement", "not worse with movement"),
        ("relieved_by_rest", "not relieved by rest"),
        ("no_improvement_after_4_weeks", "not so: no improvement after four weeks"),
        ("improves_with_exercise", "does not improve with exercise"),
        ("mri_normal", "MRI not normal"),
        ("radiograph_normal", "Radiograph not normal"),
        ("hla_b27", "no HLA-B27"),
    ],
)
def test_a_denied_finding(finding: str, said: str, knowledge: Knowledge) -> None:
    assert absent(knowledge.findings[finding].name) == said
