"""References for surface EMG point to facts, and have what they are compared by."""

from __future__ import annotations

from pathlib import Path

from backspasm import Knowledge
from backspasm.records.emg import emg_problems
from backspasm.records.library import knowledge_folder
from backspasm.records.yaml_source import read_yaml


def told(text: str, tmp_path: Path, knowledge: Knowledge) -> list[str]:
    path = tmp_path / "references.yaml"
    path.write_text(text, encoding="utf-8")
    source, faults = read_yaml(path, tmp_path)
    assert faults == []
    return [str(p) for p in emg_problems(knowledge.studies, [source])]


def test_every_reference_is_a_fact_that_was_read(knowledge: Knowledge) -> None:
    assert len(knowledge.emg_references) >= 10
    for reference in knowledge.emg_references:
        assert knowledge.fact(reference.fact) is not None, reference.id


def test_defects_are_told_with_line_and_mend(tmp_path: Path, knowledge: Knowledge) -> None:
    text = (knowledge_folder() / "emg" / "references.yaml").read_text(encoding="utf-8")
    assert told(text, tmp_path, knowledge) == []
    wrong = told(text.replace("gouteron2022/frr_mean", "gouteron2022/frr_men"), tmp_path, knowledge)
    assert wrong == [
        "references.yaml:3: ratio_in_chronic_pain: unknown fact 'gouteron2022/frr_men'. "
        "Mend: did you mean 'gouteron2022/frr_mean'?"
    ]
    bare = told(
        text.replace("compare: none", "compare: mean", 1).replace("altered_share", "altered_share"), tmp_path, knowledge
    )
    assert bare == []  # this one has an interval
    lacking = told(text.replace("compare: none", "compare: quartiles", 1), tmp_path, knowledge)
    assert len(lacking) == 1
    assert "has no q1 and q3 to compare with" in lacking[0]
    twice = told(text.replace("id: ratio_altered", "id: ratio_in_chronic_pain"), tmp_path, knowledge)
    assert "'ratio_in_chronic_pain' is given twice" in twice[0]
