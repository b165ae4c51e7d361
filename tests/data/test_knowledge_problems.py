"""Every kind of defect in a knowledge file is reported with file, line and a mend that names the answer."""

from __future__ import annotations

import shutil
from copy import deepcopy
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import pytest

from backspasm import KnowledgeError
from backspasm.records.checks import cross_problems
from backspasm.records.library import FORMATS, assemble, digest_of, knowledge_folder, read_knowledge, read_sources
from backspasm.records.problems import Problem
from backspasm.records.schemas import schema_problems
from backspasm.records.yaml_source import Source, read_yaml

Sources = dict[str, list[Source]]

STUDY = "evidence/studies/made_up1999.yaml"
STUDY_TEXT = """\
id: made_up1999
citation: 'Nobody A. A study made up for a test. Journal of Nowhere 1999;1:1-2'
pmid: '99999999'
doi: 10.9999/Made.Up
year: 1999
design: cohort
setting: primary_care
population: nobody at all
ages: [adult]
n: 200
read: abstract
facts:
  - id: fever_in_infection
    kind: rate
    finding: fever
    causes: [discitis, vertebral_osteomyelitis]
    x: 40
    n: 100
  - id: cancer_before
    kind: accuracy
    finding: history_of_cancer
    causes: [spinal_metastasis]
    comparator: {described: the others, causes: [muscle_strain]}
    tp: 30
    fn: 70
    fp: 10
    tn: 90
  - id: retention_in_compression
    kind: rate
    finding: urinary_retention
    complication: cauda_equina_syndrome
    x: 9
    n: 10
  - id: what_to_do
    kind: recommendation
    statement: examine everybody
    about: [fever, discitis]
"""
RULE = "red_flags/made_up.yaml"
RULE_TEXT = """\
id: made_up
name: A rule made up for a test
condition:
  any_of:
    - finding: fever
    - measured: temperature
      at_least: fever_temperature
    - comorbidity: heart_failure
urgency: urgent
points_to: [discitis, cauda_equina_syndrome]
plain: nothing
sources: [loss]
why: for a test
"""
RATES = "evidence/elicited/first/rates/systemic.yaml"
RATES_TEXT = """\
estimator: first
section: systemic
findings:
  fever:
    rates:
      - {causes: [discitis], ages: [adult], estimate: 0.5, low: 0.3, high: 0.7, why: because}
      - {causes: [discitis], ages: [older], estimate: 0.5, low: 0.3, high: 0.7, why: because}
      - {causes: [leukaemia], estimate: 0.4, low: 0.2, high: 0.6, why: because}
    others: {estimate: 0.02, low: 0.005, high: 0.05, why: chance}
"""
LINKS = "findings/links.yaml"


# --- the knowledge that ships, and ways to change a copy -----------------------------------------------------------


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the knowledge folder; whoever changes it puts it back."""
    copy = tmp_path_factory.mktemp("copy") / "knowledge"
    shutil.copytree(knowledge_folder(), copy)
    return copy


@pytest.fixture(scope="module")
def shipped(folder: Path) -> Sources:
    """Everything in the copy, read once."""
    found, problems = read_sources(folder)
    assert problems == []
    return found


def schema_of(file: str) -> str:
    """The format of a file of this place."""
    return next(schema for pattern, schema in FORMATS if PurePosixPath(file).match(pattern))


def one_file(folder: Path, file: str, content: str | bytes) -> tuple[Source, list[Problem]]:
    """What is wrong with one file alone; the folder is left as it was."""
    path = folder / file
    before = path.read_bytes() if path.exists() else None
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        source, problems = read_yaml(path, folder)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)
    return source, problems if source.data is None else problems + schema_problems(source, schema_of(file))


def between_files(shipped: Sources, *changed: Source, without: str = "") -> list[Problem]:
    """What is wrong between files, when some are changed, added or left out."""
    names = {without, *(source.file for source in changed)}
    found = {schema: [s for s in sources if s.file not in names] for schema, sources in shipped.items()}
    for source in changed:
        found[schema_of(source.file)].append(source)
    ordered = {schema: sorted(sources, key=lambda s: s.file) for schema, sources in found.items()}
    return cross_problems(assemble(ordered, "digest of a test"), ordered)


def line_of(text: str, marker: str) -> int:
    """Number of the only line that holds the marker."""
    (number,) = (i for i, line in enumerate(text.splitlines(), 1) if marker in line)
    return number


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def shipped_text(folder: Path, file: str) -> str:
    return (folder / file).read_text(encoding="utf-8")


def patched(shipped: Sources, file: str) -> tuple[Source, Any]:
    """A copy of a shipped file in memory, and its data to be changed."""
    (source,) = (s for s in shipped[schema_of(file)] if s.file == file)
    data = deepcopy(source.data)
    return Source(source.file, data, source.lines), data


def reported(problems: list[Problem], file: str, line: int, what: str, mend: str) -> None:
    """Exactly one of the problems is this one."""
    found = [p for p in problems if (p.file, p.line) == (file, line) and what in p.what and mend in p.mend]
    assert len(found) == 1, "\n".join(str(p) for p in problems) or "nothing was reported"


class Defect(NamedTuple):
    """A change of a text, the line at which it must be reported, and the words of the report."""

    old: str
    new: str
    line_with: str
    what: str
    mend: str


def check_alone(folder: Path, file: str, text: str, defect: Defect) -> None:
    wrong = changed(text, defect.old, defect.new)
    _, problems = one_file(folder, file, wrong)
    reported(problems, file, line_of(wrong, defect.line_with), defect.what, defect.mend)


def check_between(folder: Path, shipped: Sources, file: str, text: str, defect: Defect) -> None:
    wrong = changed(text, defect.old, defect.new)
    source, alone = one_file(folder, file, wrong)
    assert alone == []
    reported(between_files(shipped, source), file, line_of(wrong, defect.line_with), defect.what, defect.mend)


# --- nothing is wrong ----------------------------------------------------------------------------------------------


def test_the_shipped_knowledge_has_no_problem(shipped: Sources) -> None:
    assert between_files(shipped) == []


@pytest.mark.parametrize(("file", "text"), [(STUDY, STUDY_TEXT), (RULE, RULE_TEXT)], ids=["study", "rule"])
def test_the_files_made_up_here_have_no_problem(folder: Path, shipped: Sources, file: str, text: str) -> None:
    source, alone = one_file(folder, file, text)
    assert alone == []
    assert between_files(shipped, source) == []


def test_a_made_up_elicitation_lacks_only_the_other_findings(folder: Path, shipped: Sources) -> None:
    source, alone = one_file(folder, RATES, RATES_TEXT)
    assert alone == []
    problems = between_files(shipped, source)
    assert problems != []
    assert {(p.file, p.what.split(" ", 1)[1]) for p in problems} == {
        ("evidence/elicited/first/rates", "has no estimate")
    }


# --- one file alone ------------------------------------------------------------------------------------------------

STUDY_ALONE = {
    "unknown key": Defect("    tp: 30", "    tpp: 30", "tpp: 30", "unknown key 'tpp'", "did you mean 'tp'?"),
    "unknown key at the top": Defect("year: 1999", "yaer: 1999", "yaer", "unknown key 'yaer'", "did you mean 'year'?"),
    "duplicate key": Defect("    tp: 30", "    tp: 30\n    tp: 31", "tp: 31", "duplicate key 'tp'", "keep one"),
    "impossible rate": Defect(
        "    x: 40\n    n: 100", "    value: 1.2", "value: 1.2", "impossible number 1.2", "it must be at most 1"
    ),
    "negative count": Defect("    tp: 30", "    tp: -30", "tp: -30", "impossible number -30", "it must be at least 0"),
    "half a patient": Defect(
        "    tp: 30", "    tp: 30.5", "tp: 30.5", "30.5 is not a whole number", "write a whole number"
    ),
    "unknown kind": Defect(
        "kind: accuracy", "kind: acuracy", "acuracy", '"acuracy" is not', "did you mean 'accuracy'?"
    ),
    "unknown design": Defect("design: cohort", "design: cohrt", "cohrt", '"cohrt" is not', "did you mean 'cohort'?"),
    "missing key": Defect("design: cohort\n", "", "id: made_up1999", "the file lacks 'design'", "add 'design'"),
    "missing key of a fact": Defect(
        "kind: recommendation\n    statement: examine everybody",
        "kind: recommendation",
        "id: what_to_do",
        "facts.what_to_do lacks 'statement'",
        "add 'statement'",
    ),
    "unquoted pmid": Defect(
        "pmid: '99999999'", "pmid: 99999999", "pmid", "99999999 is not a string", "put it in quotes"
    ),
    "pmid of letters": Defect("'99999999'", "'PMC99'", "pmid", '"PMC99" has the wrong form', "must match ^[0-9]+$"),
    "on read as true": Defect("n: 200", "on: 200", "on: 200", "the key 'on' is read as true or false", "in quotes"),
    "key that is a list": Defect("n: 200", "? [n]\n: 200", "? [n]", "a key is a list or a mapping", "one word"),
    "unknown tag": Defect("n: 200", "n: !person 200", "!person", "'200' cannot be read as !person", "drop the tag"),
    "impossible tag": Defect("n: 200", "n: !!int 'x'", "!!int", "'x' cannot be read as int", "drop the tag"),
    "alias without end": Defect(
        "about: [fever, discitis]", "about: &all [*all]", "&all", "holds itself, by an alias", "without the alias"
    ),
    "invalid YAML": Defect("n: 200", "n: [200", "read: abstract", "not valid YAML", "check indentation, quotes"),
    "text after quotes": Defect(
        "pmid: '99999999'", "pmid: '9' 9", "pmid", "not valid YAML", "check indentation, quotes"
    ),
}


@pytest.mark.parametrize("name", STUDY_ALONE)
def test_a_defect_of_one_study_is_reported(folder: Path, name: str) -> None:
    check_alone(folder, STUDY, STUDY_TEXT, STUDY_ALONE[name])


RULE_ALONE = {
    "unknown urgency": Defect("urgency: urgent", "urgency: urgnt", "urgnt", '"urgnt" is not', "did you mean 'urgent'?"),
    "no urgency": Defect("urgency: urgent\n", "", "id: made_up", "the file lacks 'urgency'", "add 'urgency'"),
    "unknown key": Defect("points_to:", "point_to:", "point_to", "unknown key 'point_to'", "did you mean 'points_to'?"),
    "negation": Defect("    - finding: fever", "    - not: fever", "- not: fever", "unknown key 'not'", ""),
}


@pytest.mark.parametrize("name", RULE_ALONE)
def test_a_defect_of_one_rule_is_reported(folder: Path, name: str) -> None:
    check_alone(folder, RULE, RULE_TEXT, RULE_ALONE[name])


@pytest.mark.parametrize(
    ("content", "what", "mend"),
    [
        (b"", "the file is empty", "fill it or delete it"),
        (b"# nothing but a remark\n", "the file is empty", "fill it or delete it"),
        (b"id: made_up1999\nnote: caf\xe9\n", "not valid UTF-8 (byte 25)", "save the file as UTF-8"),
        (b"id: made\0up\n", "not valid YAML", "remove characters that are not plain text"),
        (b"- a list\n", '["a list"] is not a mapping', "write a mapping"),
    ],
    ids=["empty", "remark", "latin-1", "zero byte", "list"],
)
def test_a_file_that_holds_no_record_is_reported(folder: Path, content: bytes, what: str, mend: str) -> None:
    _, problems = one_file(folder, STUDY, content)
    reported(problems, STUDY, 1, what, mend)
    assert len(problems) == 1


def test_the_folder_is_left_as_it_was(folder: Path) -> None:
    one_file(folder, STUDY, STUDY_TEXT)
    one_file(folder, RATES, RATES_TEXT)
    assert digest_of(folder) == digest_of(knowledge_folder())


# --- one study against the rest ------------------------------------------------------------------------------------

STUDY_BETWEEN = {
    "value against counts": Defect(
        "    x: 40\n", "    x: 40\n    value: 0.5\n", "id: fever_in", "the counts 40/100 give 0.400", "drop the value"
    ),
    "more than all": Defect(
        "x: 40", "x: 140", "id: fever_in", "x (140) is larger than n (100)", "read the table again"
    ),
    "half of a fraction": Defect(
        "    x: 9\n    n: 10\n", "    x: 9\n", "id: retention", "x and n belong together", "both"
    ),
    "value outside its interval": Defect(
        "    x: 9\n    n: 10",
        "    value: 0.9\n    low: 0.2\n    high: 0.8",
        "id: retention",
        "0.9 lies outside 0.2..0.8",
        "read the interval again",
    ),
    "sensitivity against counts": Defect(
        "    tp: 30",
        "    sensitivity: {value: 0.6}\n    tp: 30",
        "id: cancer_before",
        "counts give sensitivity 0.300",
        "drop the sensitivity",
    ),
    "specificity against counts": Defect(
        "    tp: 30",
        "    specificity: {value: 0.6}\n    tp: 30",
        "id: cancer_before",
        "counts give specificity 0.900",
        "drop the specificity",
    ),
    "positive ratio against counts": Defect(
        "    tp: 30",
        "    lr_pos: {value: 9}\n    tp: 30",
        "id: cancer_before",
        "counts give LR+ 3.00, the record says 9",
        "drop lr_pos",
    ),
    "negative ratio against counts": Defect(
        "    tp: 30", "    lr_neg: {value: 0.1}\n    tp: 30", "id: cancer_before", "counts give LR- 0.78", "drop lr_neg"
    ),
    "nobody without it": Defect(
        "    fp: 10\n    tn: 90",
        "    fp: 0\n    tn: 0",
        "id: cancer_before",
        "counts with an empty column",
        "sensitivity or specificity alone",
    ),
    "unknown cause": Defect(
        "[discitis, vert", "[discitiss, vert", "id: fever_in", "unknown cause 'discitiss'", "'discitis'"
    ),
    "unknown cause of the others": Defect(
        "[muscle_strain]", "[muscle_sprain]", "id: cancer_before", "unknown cause 'muscle_sprain'", "'muscle_strain'"
    ),
    "unknown finding": Defect(
        "finding: fever", "finding: feever", "id: fever_in", "unknown finding 'feever'", "'fever'"
    ),
    "unknown complication": Defect(
        "complication: cauda_equina_syndrome",
        "complication: cauda_equina",
        "id: retention",
        "unknown complication 'cauda_equina'",
        "'cauda_equina_syndrome'",
    ),
    "unknown id in about": Defect(
        "[fever, disc", "[feever, disc", "id: what_to_do", "unknown id 'feever' in about", "'fever'"
    ),
    "both cause and complication": Defect(
        "    complication: cauda_equina_syndrome",
        "    complication: cauda_equina_syndrome\n    causes: [discitis]",
        "id: retention",
        "give causes or a complication",
        "whom the rate is about",
    ),
    "not used without a reason": Defect(
        "    x: 40", "    used: false\n    x: 40", "id: fever_in", "not used needs a reason", "add because"
    ),
    "id unlike the file's name": Defect(
        "id: made_up1999",
        "id: made_up2000",
        "id: made_up2000",
        "'made_up2000' differs from the file's name",
        "call it 'made_up1999'",
    ),
}


@pytest.mark.parametrize("name", STUDY_BETWEEN)
def test_a_contradiction_in_a_study_is_reported(folder: Path, shipped: Sources, name: str) -> None:
    check_between(folder, shipped, STUDY, STUDY_TEXT, STUDY_BETWEEN[name])


def test_two_facts_of_one_id_are_reported(folder: Path, shipped: Sources) -> None:
    wrong = changed(STUDY_TEXT, "id: retention_in_compression", "id: fever_in_infection")
    source, _ = one_file(folder, STUDY, wrong)
    line = line_of(wrong, "finding: urinary_retention") - 2
    reported(between_files(shipped, source), STUDY, line, "'fever_in_infection' is used twice", "its own id")


@pytest.mark.parametrize(
    ("number", "what"),
    [("doi: 10.9999/MADE.up", "DOI 10.9999/made.up"), ("pmid: '99999999'", "PMID 99999999")],
    ids=["doi", "pmid"],
)
def test_one_publication_in_two_files_is_reported(folder: Path, shipped: Sources, number: str, what: str) -> None:
    first, _ = one_file(folder, STUDY, STUDY_TEXT)
    other = "evidence/studies/made_up2000.yaml"
    text = STUDY_TEXT.replace("id: made_up1999", "id: made_up2000")
    text = text.replace("pmid: '99999999'\ndoi: 10.9999/Made.Up\n", f"{number}\n")
    second, alone = one_file(folder, other, text)
    assert alone == []
    problems = between_files(shipped, first, second)
    reported(problems, other, 1, f"{what} is also that of 'made_up1999'", "put the facts into one file")
    assert len(problems) == 1


# --- rules ---------------------------------------------------------------------------------------------------------

RULE_BETWEEN = {
    "unknown finding": Defect("finding: fever", "finding: feever", "condition:", "unknown finding 'feever'", "'fever'"),
    "unknown measurement": Defect(
        "measured: temperature", "measured: temperatur", "condition:", "unknown finding 'temperatur'", "'temperature'"
    ),
    "measurement as a finding": Defect(
        "finding: fever", "finding: crp", "condition:", "'crp' is not a boolean finding", "write `measured`"
    ),
    "finding as a measurement": Defect(
        "measured: temperature",
        "measured: rigors",
        "condition:",
        "'rigors' is not a measured finding",
        "write `finding`",
    ),
    "measurement without a bound": Defect(
        "\n      at_least: fever_temperature",
        "",
        "condition:",
        "'temperature' is compared with nothing",
        "add at_least",
    ),
    "unknown number": Defect(
        "at_least: fever_temperature",
        "at_least: fever_temperatur",
        "condition:",
        "unknown number 'fever_temperatur'",
        "'fever_temperature'",
    ),
    "unknown comorbidity": Defect(
        "heart_failure", "heart_failur", "condition:", "unknown comorbidity 'heart_failur'", "'heart_failure'"
    ),
    "unknown source": Defect(
        "[loss]", "[losss]", "sources:", "unknown source 'losss'", "name study/fact or an assumption"
    ),
    "unknown target": Defect("[discitis, ", "[discitiss, ", "points_to:", "unknown cause 'discitiss'", "'discitis'"),
    "id unlike the file's name": Defect(
        "id: made_up\n",
        "id: made_down\n",
        "id: made_down",
        "'made_down' differs from the file's name",
        "call it 'made_up'",
    ),
}


@pytest.mark.parametrize("name", RULE_BETWEEN)
def test_a_rule_that_refers_to_nothing_is_reported(folder: Path, shipped: Sources, name: str) -> None:
    check_between(folder, shipped, RULE, RULE_TEXT, RULE_BETWEEN[name])


def test_the_nearest_source_is_named(folder: Path, shipped: Sources) -> None:
    study, _ = one_file(folder, STUDY, STUDY_TEXT)
    wrong = changed(RULE_TEXT, "[loss]", "[made_up1999/fever_in_infectio]")
    rule, _ = one_file(folder, RULE, wrong)
    mend = "did you mean 'made_up1999/fever_in_infection'?"
    what = "unknown source 'made_up1999/fever_in_infectio'"
    reported(between_files(shipped, study, rule), RULE, line_of(wrong, "sources:"), what, mend)


# --- elicitations --------------------------------------------------------------------------------------------------

RATES_BETWEEN = {
    "unknown cause": Defect("[leukaemia]", "[leukemia]", "leukemia", "unknown cause 'leukemia'", "'leukaemia'"),
    "estimate above its range": Defect(
        "estimate: 0.4,", "estimate: 0.9,", "leukaemia", "estimate 0.9 with range 0.2..0.6", "low <= estimate <= high"
    ),
    "certainty": Defect("high: 0.05,", "high: 1,", "others", "estimate 0.02 with range 0.005..1", "high < 1"),
    "cause given twice": Defect(
        "[older]", "[adult, older]", "[adult, older]", "discitis is given twice (ages adult", "keep one"
    ),
    "unknown finding": Defect("  fever:", "  feever:", "feever:", "unknown finding 'feever'", "'fever'"),
    "measurement among the rates": Defect("  fever:", "  crp:", "  crp:", "unknown finding 'crp'", ""),
}


@pytest.mark.parametrize("name", RATES_BETWEEN)
def test_a_wrong_estimate_is_reported(folder: Path, shipped: Sources, name: str) -> None:
    check_between(folder, shipped, RATES, RATES_TEXT, RATES_BETWEEN[name])


@pytest.mark.parametrize(
    ("file", "keys", "place", "what"),
    [
        ("rates/systemic.yaml", ("findings", "fever"), "rates", "fever"),
        ("measurements.yaml", ("measurements", "crp"), "measurements.yaml", "crp"),
        ("base_rates.yaml", ("causes", "discitis"), "base_rates.yaml", "discitis"),
        (
            "complications.yaml",
            ("complications", "cauda_equina_syndrome"),
            "complications.yaml",
            "cauda_equina_syndrome",
        ),
        (
            "strengths.yaml",
            ("strengths", "saddle_anaesthesia", "cauda_equina_syndrome"),
            "strengths.yaml",
            "cauda_equina_syndrome -> saddle_anaesthesia",
        ),
    ],
    ids=["rate", "measurement", "base rate", "complication", "strength"],
)
def test_a_missing_cell_is_reported(shipped: Sources, file: str, keys: tuple[str, ...], place: str, what: str) -> None:
    source, data = patched(shipped, f"evidence/elicited/first/{file}")
    for key in keys[:-1]:
        data = data[key]
    del data[keys[-1]]
    problems = between_files(shipped, source)
    reported(problems, f"evidence/elicited/first/{place}", 1, f"{what} has no estimate", "add one")
    assert len(problems) == 1


def test_a_measurement_without_its_other_patients_is_reported(shipped: Sources) -> None:
    source, data = patched(shipped, "evidence/elicited/first/measurements.yaml")
    data["measurements"]["duration_days"]["others"] = []
    what = "duration_days (others, when None, adult) has no estimate"
    reported(between_files(shipped, source), source.file, 1, what, "add one")


def test_knowledge_without_any_estimator_is_reported(shipped: Sources) -> None:
    none = {schema: [] if schema.startswith("elicited_") else found for schema, found in shipped.items()}
    problems = cross_problems(assemble(none, "digest of a test"), none)
    assert problems == [Problem("evidence/elicited", 1, "no elicitation", "add at least one estimator's folder")]


@pytest.mark.parametrize(
    ("file", "key", "name", "what", "mend"),
    [
        ("measurements.yaml", "measurements", "crpp", "unknown measured finding 'crpp'", "'crp'"),
        ("base_rates.yaml", "causes", "discitiss", "unknown cause 'discitiss'", "'discitis'"),
        (
            "complications.yaml",
            "complications",
            "cauda_equina",
            "unknown complication 'cauda_equina'",
            "cauda_equina_s",
        ),
        ("strengths.yaml", "strengths", "saddle_anesthesia", "unknown finding 'saddle_anesthesia'", "saddle_anaes"),
    ],
    ids=["measurement", "base rate", "complication", "strength"],
)
def test_an_estimate_under_an_unknown_name_is_reported(
    shipped: Sources, file: str, key: str, name: str, what: str, mend: str
) -> None:
    source, data = patched(shipped, f"evidence/elicited/first/{file}")
    data[key][name] = next(iter(data[key].values()))
    problems = between_files(shipped, source)
    reported(problems, source.file, source.line((key, name)), what, mend)
    assert len(problems) == 1


def test_an_unknown_complication_of_a_strength_is_reported(shipped: Sources) -> None:
    source, data = patched(shipped, "evidence/elicited/first/strengths.yaml")
    of_finding = data["strengths"]["saddle_anaesthesia"]
    of_finding["cauda_equina"] = of_finding["cauda_equina_syndrome"]
    line = source.line(("strengths", "saddle_anaesthesia"))
    mend = "did you mean 'cauda_equina_syndrome'?"
    reported(between_files(shipped, source), source.file, line, "unknown complication 'cauda_equina'", mend)


def test_a_median_outside_its_percentiles_is_reported(folder: Path, shipped: Sources) -> None:
    file = "evidence/elicited/first/measurements.yaml"
    source, data = patched(shipped, file)
    value = data["measurements"]["crp"]["values"][0]
    value["median"] = value["p95"] * 2
    line = source.line(("measurements", "crp", "values", 0))
    reported(between_files(shipped, source), file, line, f"median {value['median']} with p5", "need p5 < median < p95")


def test_a_finding_estimated_in_two_files_is_reported(folder: Path, shipped: Sources) -> None:
    other = "evidence/elicited/first/rates/made_up.yaml"
    source, alone = one_file(folder, other, RATES_TEXT)
    assert alone == []
    (first,) = (s for s in shipped["elicited_rates"] if s.file == RATES)
    problems = between_files(shipped, source)
    # files are read in the order of their names
    what = f"'fever' is given twice (first at {other}:4)"
    reported(problems, RATES, first.line(("findings", "fever")), what, "keep one of the two")
    assert len(problems) == 1


# --- the index, and records that must exist once -------------------------------------------------------------------


def test_an_id_missing_from_the_index_is_reported(folder: Path, shipped: Sources) -> None:
    wrong = changed(shipped_text(folder, "index.yaml"), "    - discitis\n", "")
    index, alone = one_file(folder, "index.yaml", wrong)
    assert alone == []
    rule, _ = one_file(folder, RULE, RULE_TEXT)
    problems = between_files(shipped, index, rule)
    reported(problems, "causes", 1, "'discitis' is not in index.yaml", "")
    reported(problems, RULE, line_of(RULE_TEXT, "points_to"), "unknown cause 'discitis'", "")


@pytest.mark.parametrize(
    ("file", "folder_named", "name"),
    [
        ("causes/discitis.yaml", "causes", "discitis"),
        ("complications/spinal_instability.yaml", "complications", "spinal_"),
    ],
    ids=["cause", "complication"],
)
def test_a_record_that_the_index_promises_is_reported(
    shipped: Sources, file: str, folder_named: str, name: str
) -> None:
    problems = between_files(shipped, without=file)
    reported(problems, folder_named, 1, f"'{name}", "add it")


def test_an_id_twice_in_the_index_is_reported(folder: Path) -> None:
    wrong = changed(shipped_text(folder, "index.yaml"), "    - discitis\n", "    - discitis\n    - discitis\n")
    _, problems = one_file(folder, "index.yaml", wrong)
    assert [(p.file, p.line) for p in problems] == [("index.yaml", line_of(wrong, "  infectious:"))]
    assert "non-unique" in problems[0].what


def test_a_cause_in_a_file_of_another_name_is_reported(folder: Path, shipped: Sources) -> None:
    file = "causes/discitis_again.yaml"
    source, alone = one_file(folder, file, shipped_text(folder, "causes/discitis.yaml"))
    assert alone == []
    problems = between_files(shipped, source)
    reported(problems, file, 1, "the id 'discitis' differs from the file's name", "call it 'discitis_again'")


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("evidence/assumptions.yaml", "assumptions"),
        ("findings/systemic.yaml", "findings"),
        (LINKS, "links"),
        ("treatments/medicines.yaml", "medicines"),
        ("treatments/prescribing_rules/general.yaml", "rules"),
        ("treatments/allergens.yaml", "allergens"),
        ("comorbidities.yaml", "comorbidities"),
    ],
)
def test_an_id_given_twice_in_a_list_is_reported(shipped: Sources, file: str, schema: str) -> None:
    source, data = patched(shipped, file)
    data[schema].append(data[schema][0])
    line = source.line((schema, len(data[schema]) - 1))
    name, first = data[schema][0]["id"], source.line((schema, 0))
    problems = between_files(shipped, source)
    reported(problems, file, line, f"{name!r} is given twice (first at {file}:{first})", "keep one of the two")
    assert len(problems) == 1


@pytest.mark.parametrize(
    ("change", "what", "mend"),
    [
        ({"finding": "temperatur"}, "unknown finding 'temperatur'", "'temperature'"),
        ({"other": "feever"}, "unknown finding 'feever'", "'fever'"),
        ({"finding": "rigors"}, "'rigors' is not a measured finding", "change the kind 'at_least_implies'"),
        ({"other": "crp"}, "'crp' is not a boolean finding", "change the kind 'at_least_implies'"),
        ({"threshold": "fever_temperatur"}, "unknown number 'fever_temperatur'", "'fever_temperature'"),
        ({"threshold": None}, "at_least_implies without a threshold", "add one"),
    ],
    ids=["finding", "other", "yes or no", "measured", "number", "no threshold"],
)
def test_a_link_that_cannot_hold_is_reported(
    shipped: Sources, change: dict[str, str | None], what: str, mend: str
) -> None:
    source, data = patched(shipped, LINKS)
    (place,) = (i for i, link in enumerate(data["links"]) if link["id"] == "fever_from_temperature")
    data["links"][place] |= change
    reported(between_files(shipped, source), LINKS, source.line(("links", place)), what, mend)


@pytest.mark.parametrize(
    ("finding", "field", "value", "file", "what", "mend"),
    [
        (
            "fever",
            "driven_by",
            ["systemic_inflamation"],
            "findings",
            "'systemic_inflamation'",
            "'systemic_inflammation'",
        ),
        (
            "heart_rate",
            "plausible",
            ["heart_rate_low", "heart_rate_highest"],
            "findings",
            "'heart_rate_low'",
            "'heart_",
        ),
    ],
    ids=["complication", "number"],
)
def test_a_finding_that_refers_to_nothing_is_reported(
    shipped: Sources, finding: str, field: str, value: list[str], file: str, what: str, mend: str
) -> None:
    (origin,) = (s.file for s in shipped["findings"] for f in s.data["findings"] if f["id"] == finding)
    source, data = patched(shipped, origin)
    (record,) = (f for f in data["findings"] if f["id"] == finding)
    record[field] = value
    reported(between_files(shipped, source), file, 1, f"{finding}: unknown", mend)
    assert any(what in p.what for p in between_files(shipped, source))


def test_a_medicine_that_implies_nothing_known_is_reported(shipped: Sources) -> None:
    source, data = patched(shipped, "treatments/medicines.yaml")
    data["medicines"][0]["implies"] = ["anticoagulant"]
    what = f"{data['medicines'][0]['id']}: unknown finding 'anticoagulant'"
    reported(between_files(shipped, source), "treatments", 1, what, "see index.yaml")


# --- disputes and vignettes ----------------------------------------------------------------------------------------

DISPUTES = "evidence/disputes.yaml"


@pytest.mark.parametrize(
    ("change", "what", "mend"),
    [
        ({"about": ["nothing_known"]}, "unknown id 'nothing_known' in about", ""),
        ({"cells": [{"what": "feverr", "given": "discitis"}]}, "unknown finding 'feverr'", "'fever'"),
        ({"cells": [{"what": "fever", "given": "discitiss"}]}, "unknown cause 'discitiss'", "'discitis'"),
        ({"cells": []}, "a dispute about diagnosis names its cells", "add or remove cells"),
        ({"kind": "mechanism"}, "a dispute about diagnosis names its cells", "add or remove cells"),
        ({"cells": [{"what": "rigors", "given": "discitis"}]}, "sieper2005/hla_b27 says nothing", "another cell"),
    ],
    ids=["about", "finding", "cause", "no cells", "cells of a mechanism", "facts of another rate"],
)
def test_a_dispute_that_does_not_fit_is_reported(
    shipped: Sources, change: dict[str, Any], what: str, mend: str
) -> None:
    source, data = patched(shipped, DISPUTES)
    data["disputes"][0] |= change
    line = source.line(("disputes", 0))
    reported(between_files(shipped, source), DISPUTES, line, what, mend)


def test_a_fact_on_two_sides_and_an_unknown_fact_are_reported(shipped: Sources) -> None:
    source, data = patched(shipped, DISPUTES)
    first, second = data["disputes"][0]["sides"][:2]
    second["facts"].append(first["facts"][0])
    first["facts"].append("deyo1988/history_of_cancr")
    line = source.line(("disputes", 0))
    reported(between_files(shipped, source), DISPUTES, line, "stands on two sides", "keep it on one")
    reported(between_files(shipped, source), DISPUTES, line, "unknown fact", "'deyo1988/history_of_cancer'")


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("disputes: [{id: a}]", "lacks"),
        ("disputes: [{id: a, kind: quarrel, name: n, says: s, why: w, handled: h, about: [x], sides: []}]", "quarrel"),
    ],
)
def test_a_dispute_of_the_wrong_form_is_reported(folder: Path, text: str, what: str) -> None:
    _, problems = one_file(folder, DISPUTES, text)
    assert any(what in str(p) for p in problems)


@pytest.mark.parametrize(
    ("field", "name", "mend"),
    [
        ("urgency", "sameday", "'same_day'"),
        ("leading", "discitiss", "'discitis'"),
        ("must_not_miss", "infecton", "'infection'"),
    ],
)
def test_a_vignette_that_expects_the_unknown_is_reported(shipped: Sources, field: str, name: str, mend: str) -> None:
    source, data = patched(shipped, "vignettes/toddler_discitis.yaml")
    data["expected"][field] = [name]
    line = source.line(("expected", field))
    reported(between_files(shipped, source), source.file, line, f"unknown {field} {name!r}", mend)


# --- treatments -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "path", "value", "what", "mend"),
    [
        (
            "treatments/naproxen.yaml",
            ("harms", 0),
            "vandergaag2020/pain_3_weeks",
            "is a treatment_effect",
            "adverse_event",
        ),
        ("treatments/naproxen.yaml", ("uses", 0, "causes", 0), "muscle_strian", "unknown cause", "'muscle_strain'"),
        ("treatments/naproxen.yaml", ("medicines", 0), "naproxn", "unknown medicine", "'naproxen'"),
        ("treatments/prescribing_rules/general.yaml", ("rules", 0, "classes", 0), "nsaids", "unknown class", "'nsaid'"),
        (
            "treatments/prescribing_rules/general.yaml",
            ("rules", 0, "sources", 0),
            "nobody/nothing",
            "unknown source",
            "study/fact",
        ),
        (
            "treatments/prescribing_rules/measures.yaml",
            ("rules", 2, "when", "age_under"),
            "child_undr",
            "has no value",
            "assumption",
        ),
        (
            "treatments/disputes/paracetamol_in_back_pain.yaml",
            ("treatments", 0),
            "paracetmol",
            "unknown treatment",
            "'paracetamol'",
        ),
        ("treatments/allergens.yaml", ("allergens", 0, "classes", 0), "nsaidd", "unknown class", "'nsaid'"),
    ],
)
def test_a_treatment_record_that_refers_to_nothing_is_reported(
    shipped: Sources, file: str, path: tuple[str | int, ...], value: str, what: str, mend: str
) -> None:
    source, data = patched(shipped, file)
    for key in path[:-1]:
        data = data[key]
    data[path[-1]] = value
    assert any(p.file == file and what in p.what and mend in p.mend for p in between_files(shipped, source))


def test_a_combination_of_an_unknown_medicine_is_reported(shipped: Sources) -> None:
    source, data = patched(shipped, "treatments/medicines.yaml")
    (record,) = (m for m in data["medicines"] if m["id"] == "codeine_paracetamol")
    record["contains"] = ["codeine", "paracetmol"]
    problems = between_files(shipped, source)
    assert any("contains the unknown 'paracetmol'" in p.what and "'paracetamol'" in p.mend for p in problems)


# --- the whole folder ----------------------------------------------------------------------------------------------


def test_all_problems_of_a_folder_are_reported_at_once_and_in_order(tmp_path: Path) -> None:
    small = tmp_path / "knowledge"
    for file, content in {
        STUDY: changed(STUDY_TEXT, "design: cohort", "design: cohrt").replace("    tp: 30", "    tpp: 30").encode(),
        RULE: b"",
        "causes/broken.yaml": b"id: [\n",
        "causes/latin.yaml": b"caf\xe9: 1\n",
        "causes/ending.yml": b"id: ending\n",
        "notes/stray.yaml": b"a: 1\n",
        "index.yaml": b"settings: [a]\nsettings: [b]\n",
    }.items():
        path = small / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    with pytest.raises(KnowledgeError) as error:
        read_knowledge(small)
    problems = list(error.value.problems)
    assert problems == sorted(problems)
    study = STUDY_TEXT.splitlines()
    reported(problems, STUDY, study.index("design: cohort") + 1, '"cohrt" is not allowed', "'cohort'")
    reported(problems, STUDY, study.index("    tp: 30") + 1, "unknown key 'tpp'", "'tp'")
    reported(problems, RULE, 1, "the file is empty", "fill it or delete it")
    reported(problems, "causes/broken.yaml", 2, "not valid YAML", "check indentation")
    reported(problems, "causes/latin.yaml", 1, "not valid UTF-8", "save the file as UTF-8")
    reported(problems, "causes/ending.yml", 1, "a file of this ending is not read", "end its name in .yaml")
    reported(problems, "notes/stray.yaml", 1, "no format is known for a file of this place", "move or delete it")
    reported(problems, "index.yaml", 2, "duplicate key 'settings'", "keep one of the two")
    reported(problems, "index.yaml", 1, "the file lacks 'causes'", "add 'causes'")
    reported(problems, "evidence/assumptions.yaml", 1, "the knowledge base lacks this file", "restore it")
    assert str(problems[0]).count(": ") >= 2
    assert str(error.value) == f"{len(problems)} problem(s) in the knowledge base"


def test_problems_between_the_files_of_a_whole_folder_are_reported(folder: Path) -> None:
    files = {STUDY: STUDY_TEXT.replace("x: 40", "x: 140"), RULE: RULE_TEXT.replace("finding: fever", "finding: feever")}
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
    try:
        with pytest.raises(KnowledgeError) as error:
            read_knowledge(folder)
    finally:
        for file in files:
            (folder / file).unlink()
    found = list(error.value.problems)
    reported(
        found, STUDY, line_of(STUDY_TEXT, "id: fever_in"), "x (140) is larger than n (100)", "read the table again"
    )
    reported(found, RULE, line_of(RULE_TEXT, "condition:"), "unknown finding 'feever'", "did you mean 'fever'?")
    assert len(found) == 2


def test_the_digest_changes_with_one_character(folder: Path) -> None:
    before = digest_of(folder)
    text = (folder / "index.yaml").read_bytes()
    try:
        (folder / "index.yaml").write_bytes(text + b"#")
        assert digest_of(folder) != before
    finally:
        (folder / "index.yaml").write_bytes(text)
    assert digest_of(folder) == before
