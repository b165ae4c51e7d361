"""Defects of investigations, indications, pathways and words for patients are reported with file and mend."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from backspasm import Knowledge
from backspasm.records.care_checks import care_problems
from backspasm.records.library import assemble, knowledge_folder, read_sources
from backspasm.records.problems import Problem
from backspasm.records.schemas import schema_problems
from backspasm.records.yaml_source import Source

Sources = dict[str, list[Source]]
INDICATIONS = "investigations/indications.yaml"
MRI = "investigations/mri_lumbar.yaml"
PATHWAY = "pathways/discitis.yaml"
WORDS = "patient_words/safety_net.yaml"
SCHEMA = {INDICATIONS: "indications", MRI: "investigation", PATHWAY: "pathway", WORDS: "patient_lines"}


@pytest.fixture(scope="module")
def shipped() -> Sources:
    found, problems = read_sources(knowledge_folder())
    assert problems == []
    return found


def data_of(shipped: Sources, file: str) -> Any:
    (source,) = (s for s in shipped[SCHEMA[file]] if s.file == file)
    return deepcopy(source.data)


def problems_with(shipped: Sources, file: str, data: Any) -> list[Problem]:
    (old,) = (s for s in shipped[SCHEMA[file]] if s.file == file)
    new = Source(file, data, old.lines)
    alone = schema_problems(new, SCHEMA[file])
    if alone:
        return alone
    found = {k: [new if s is old else s for s in sources] for k, sources in shipped.items()}
    return care_problems(assemble(found, "digest of a test"), found)


def one(problems: list[Problem], file: str, what: str, mend: str) -> None:
    hits = [p for p in problems if p.file == file and what in p.what and mend in p.mend]
    assert len(hits) == 1, "\n".join(map(str, problems)) or "nothing was reported"


def test_the_shipped_records_have_no_problem(shipped: Sources) -> None:
    assert care_problems(assemble(shipped, "digest of a test"), shipped) == []


@pytest.mark.parametrize(
    ("key", "value", "what", "mend"),
    [
        ("test", "mri_lumber", "unknown investigation 'mri_lumber'", "did you mean 'mri_lumbar'?"),
        ("includes", ["mri_lumber"], "unknown investigation 'mri_lumber'", "did you mean 'mri_lumbar'?"),
        ("sources", ["chou2009/no_benefits"], "unknown source", "did you mean 'chou2009/no_benefit'?"),
        ("condition", {"finding": "fevre"}, "unknown finding 'fevre'", "did you mean 'fever'?"),
        ("condition", {"denied": "crp"}, "'crp' is not a boolean finding", "ask for it the other way"),
        ("condition", {"measured": "crp"}, "compared with nothing", "add at_least"),
        ("condition", {"measured": "crp", "at_least": "high_crb"}, "unknown number 'high_crb'", "did you mean 'high_crp'?"),
        ("condition", {"rule": "child_fevers"}, "unknown safety rule", "did you mean 'child_fever'?"),
        ("condition", {"flagged": "discitus"}, "unknown cause 'discitus'", "did you mean 'discitis'?"),
        ("condition", {"likely": "infections", "at_least": "imaging_probability"}, "unknown cause or group", "did you mean 'infection'?"),
        ("condition", {"none_of": [{"comorbidity": "pacemakr"}]}, "unknown comorbidity", "did you mean 'pacemaker'?"),
        ("condition", {"likely": "infection"}, "", ""),
        ("verdict", "needed", "is not allowed", ""),
        ("when", "soon", "is not allowed", ""),
    ],
)  # fmt: skip
def test_a_wrong_indication_is_reported(shipped: Sources, key: str, value: Any, what: str, mend: str) -> None:
    data = data_of(shipped, INDICATIONS)
    data["indications"][0][key] = value
    one(problems_with(shipped, INDICATIONS, data), INDICATIONS, what, mend)


def test_an_indication_without_a_time_is_reported(shipped: Sources) -> None:
    data = data_of(shipped, INDICATIONS)
    del data["indications"][0]["when"]
    one(problems_with(shipped, INDICATIONS, data), INDICATIONS, "does not say when", "add when")


def test_a_rule_given_twice_is_reported(shipped: Sources) -> None:
    data = data_of(shipped, INDICATIONS)
    data["indications"].append(deepcopy(data["indications"][0]))
    one(problems_with(shipped, INDICATIONS, data), INDICATIONS, "is given twice", "keep one")


def test_an_unknown_finding_that_a_test_reveals_is_reported(shipped: Sources) -> None:
    data = data_of(shipped, MRI)
    data["reveals"].append("mri_tumor")
    one(problems_with(shipped, MRI, data), MRI, "unknown finding 'mri_tumor'", "did you mean 'mri_tumour'?")


def test_a_missing_pathway_is_reported(shipped: Sources) -> None:
    found = {k: [s for s in v if s.file != PATHWAY] for k, v in shipped.items()}
    problems = care_problems(assemble(found, "digest of a test"), found)
    one(problems, "pathways", "'discitis' of index.yaml has no record", "add it")


def test_a_step_without_a_known_source_is_reported(shipped: Sources) -> None:
    data = data_of(shipped, PATHWAY)
    data["steps"][0]["sources"] = ["usual_practise"]
    one(problems_with(shipped, PATHWAY, data), PATHWAY, "unknown source 'usual_practise'", "name study/fact")


def test_a_sign_to_watch_for_says_how_soon(shipped: Sources) -> None:
    data = data_of(shipped, WORDS)
    del data["patient_lines"][0]["how_soon"]
    one(problems_with(shipped, WORDS, data), WORDS, "only signs to watch say how soon", "mend how_soon")


def test_every_test_has_a_rule_and_every_radiation_a_dose(knowledge: Knowledge) -> None:
    assert {r.test for r in knowledge.indications} == set(knowledge.index.investigations)
    doses = {test: row["msv"] for test, row in knowledge.tables("investigation_burden").items()}
    assert {t for t, dose in doses.items() if dose} == {
        "radiograph", "ct_spine", "ct_abdomen_or_angiography", "bone_scan", "biopsy", "bone_density",
    }  # fmt: skip
