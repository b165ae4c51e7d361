"""What every command writes, where it writes it, and the exit code it leaves."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from typer.testing import CliRunner

from backspasm import Knowledge, Model, cli, from_case
from backspasm.advice.verdict import question, verdict
from backspasm.inference.explain import studies_behind
from backspasm.inference.model import fit_model
from tests.doors.conftest import Run

CASE = b"""
age_years: 46
sex: male
setting: emergency
present: [radicular_leg_pain, saddle_anaesthesia, urinary_retention]
absent: [history_of_cancer]
measured: {temperature: 38.7, duration_days: 10}
medications: [apixaban, unheardofamab]
allergies: [naproxen]
"""
SAME_CASE_AS_JSON = json.dumps(
    {
        "age_years": 46,
        "sex": "male",
        "setting": "emergency",
        "present": ["radicular_leg_pain", "saddle_anaesthesia", "urinary_retention"],
        "absent": ["history_of_cancer"],
        "measured": {"temperature": 38.7, "duration_days": 10},
        "medications": ["apixaban", "unheardofamab"],
        "allergies": ["naproxen"],
    }
).encode()
BUNDLE = json.dumps(
    {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": "2024-05-01T10:00:00Z",
        "entry": [{"resource": {"resourceType": "Patient", "id": "p", "gender": "female", "birthDate": "1950-05-01"}}],
    }
).encode()
COMMANDS = (
    ("assess",),
    ("leaflet",),
    ("read",),
    ("explain",),
    ("evidence",),
    ("interview",),
    ("knowledge", "check"),
    ("knowledge", "coverage"),
    ("knowledge", "priorities"),
    ("knowledge", "impact"),
    ("cohort",),
    ("screen",),
    ("audit",),
    ("serve",),
    ("mcp",),
    ("validate",),
    ("emg",),
    ("knowledge", "export"),
    ("simulate",),
    ("trial",),
    ("cycle", "export"),
    ("cycle", "fit"),
    ("cycle", "map"),
    ("store", "upgrade"),
    ("store", "retention"),
    ("store", "audit"),
    ("store", "replay"),
    ("store", "reception"),
)


def assessed(run: Run, stdin: bytes, *options: str) -> dict[str, Any]:
    """The JSON of an assessment read from standard input."""
    done = run("assess", "-", "--format", "json", *options, stdin=stdin)
    assert (done.code, done.err) == (0, "")
    data = json.loads(done.out)
    assert isinstance(data, dict)
    return data


def process(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """A real process."""
    return subprocess.run(
        [sys.executable, "-m", "backspasm.cli", *arguments],
        input=stdin,
        capture_output=True,
        check=False,
        timeout=120,
        env=os.environ | environment,
    )


# --- real processes ------------------------------------------------------------------------------------------------


def test_a_command_loads_no_heavy_library_that_its_answer_does_not_need(model: Model) -> None:
    code = (
        "import sys; from backspasm import cli; sys.argv = ['backspasm', 'assess', '-']\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "print(*sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=SAME_CASE_AS_JSON, capture_output=True, check=True)
    loaded = set(done.stderr.decode().split())
    assert {"numpy", "msgspec", "rich"} <= loaded
    assert not loaded & {"scipy", "jsonschema", "matplotlib", "pyarrow", "jinja2"}


def test_a_process_writes_only_json_and_the_same_bytes_every_time(model: Model, tmp_path: Path) -> None:
    file = tmp_path / "case.yaml"
    file.write_bytes(CASE)
    from_file = process("assess", str(file), "--format", "json", PYTHONHASHSEED="1")
    from_pipe = process("assess", "-", "-f", "json", stdin=CASE, PYTHONHASHSEED="2")
    assert (from_file.returncode, from_file.stderr) == (0, b"")
    assert json.loads(from_file.stdout)["urgency"]["level"] == "emergency"
    assert from_file.stdout == from_pipe.stdout
    assert from_file.stdout.endswith(b"}\n")


def test_an_unknown_age_gives_the_same_bytes_in_every_process(model: Model) -> None:
    """The facts behind a step come from several age groups then; their order once was that of a set."""
    case = CASE.replace(b"age_years: 46", b"age_years: null")
    outputs = {process("assess", "-", "-f", "json", stdin=case, PYTHONHASHSEED=seed).stdout for seed in "123"}
    assert len(outputs) == 1
    assert json.loads(outputs.pop())["differential"]


def test_a_process_that_refuses_its_input_writes_only_to_standard_error(model: Model) -> None:
    done = process("assess", "-", "--format", "json", stdin=b"age_years: 200")
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.startswith(b"backspasm: age_years (200): ")
    assert b"Traceback" not in done.stderr


def test_a_process_whose_reader_leaves_ends_without_a_traceback(model: Model) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "backspasm.cli", "assess", "-"],
            input=CASE,
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            timeout=120,
        )
    finally:
        os.close(writing)
    assert done.stderr == b""


def test_the_version_is_that_of_the_package(knowledge: Knowledge) -> None:
    done = process("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == f"backspasm {knowledge.version}\n"


# --- assess --------------------------------------------------------------------------------------------------------


def test_the_json_has_the_keys_of_the_contract(run: Run) -> None:
    data = assessed(run, CASE)
    contract = {
        "urgency", "red_flags", "must_not_miss", "differential", "complications", "next", "investigations",
        "treatments", "course", "derived", "not_assessed", "bibliography", "knowledge", "input_digest",
    }  # fmt: skip
    assert contract <= set(data)
    assert {"level", "because"} <= set(data["urgency"])
    assert {"rule", "findings", "sources"} <= set(data["urgency"]["because"][0])
    assert {"id", "name", "findings", "sources"} <= set(data["red_flags"][0])
    assert {"group", "probability", "causes", "asked", "not_asked", "against"} <= set(data["must_not_miss"][0])
    hypothesis = data["differential"][0]
    assert {"cause", "probability", "interval", "because"} <= set(hypothesis)
    step = {"finding", "answer", "likelihood_ratio", "before", "after", "facts", "assumed"}
    assert step <= set(hypothesis["because"][0])
    assert {"id", "probability", "interval"} <= set(data["complications"][0])
    assert {"questions", "tests", "stop"} <= set(data["next"])
    assert {"consider", "avoid", "not_checked"} <= set(data["treatments"])
    assert set(data["knowledge"]) == {"version", "digest"}


def test_the_differential_holds_every_cause_in_order_and_sums_to_one(run: Run, knowledge: Knowledge) -> None:
    found = assessed(run, CASE)["differential"]
    probabilities = [h["probability"] for h in found]
    assert len(found) == 34
    assert {h["cause"] for h in found} == set(knowledge.index.cause_ids)
    assert probabilities == sorted(probabilities, reverse=True)
    assert sum(probabilities) == pytest.approx(1, abs=34 * 0.5e-6)
    for h in found:
        low, high = h["interval"]
        assert 0 <= low <= high <= 1


def test_yaml_json_and_a_file_give_the_same_assessment(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "case"
    file.write_bytes(SAME_CASE_AS_JSON)
    by_file = run("assess", str(file), "--from", "case", "--format", "json")
    assert by_file.code == 0
    assert json.loads(by_file.out) == assessed(run, CASE)


def test_what_follows_from_an_answer_is_shown_as_derived(run: Run) -> None:
    derived = {d["finding"]: (d["answer"], d["source"]) for d in assessed(run, CASE)["derived"]}
    assert derived["fever"] == ("present", "temperature")
    assert derived["no_improvement_after_4_weeks"] == ("absent", "duration_days")
    assert derived["anticoagulant_use"] == ("present", "medications")


def test_what_was_not_assessed_is_named(run: Run) -> None:
    data = assessed(run, CASE)
    text = "\n".join(data["not_assessed"])
    assert "unheardofamab" in text
    assert "naproxen" not in text, "the allergy is recognised and checked"
    unchecked = "\n".join(data["treatments"]["not_checked"])
    assert "medication unheardofamab" in unchecked
    assert "apixaban" not in unchecked
    avoided = {v["treatment"]: v["verdict"] for v in data["treatments"]["avoid"]}
    assert avoided["naproxen"] == avoided["ibuprofen"] == "avoid"


def test_a_treatment_opens_with_its_trials(run: Run) -> None:
    shown = run("evidence", "naproxen")
    assert shown.code == 0
    assert "friedman2015/disability_1_week" in shown.out
    assert "Rules of safe prescribing" in shown.out
    data = json.loads(run("evidence", "naproxen", "--format", "json").out)["treatment"]
    assert {t["fact"] for t in data["trials"]} >= {"friedman2017/disability_1_week", "vandergaag2020/pain_3_weeks"}
    assert run("evidence", "naproxn").code == 2


def test_the_digests_name_the_knowledge_and_the_input(run: Run, knowledge: Knowledge) -> None:
    one, other = assessed(run, CASE), assessed(run, b"age_years: 46")
    assert one["knowledge"] == {"version": knowledge.version, "digest": knowledge.digest}
    assert one["knowledge"] == other["knowledge"]
    assert one["input_digest"] != other["input_digest"]


def test_an_unknown_age_is_not_taken_for_an_adult(run: Run) -> None:
    strata = assessed(run, b"age_years: null\nsex: male\nsetting: emergency")["strata"]
    assert len({s["age"] for s in strata}) > 1
    assert sum(s["weight"] for s in strata) == pytest.approx(1, abs=1e-3)


def test_the_report_for_a_terminal_begins_with_the_urgency(run: Run) -> None:
    done = run("assess", "-", stdin=CASE)
    assert (done.code, done.err) == (0, "")
    assert done.out.lstrip().startswith("EMERGENCY")
    words = " ".join(done.out.split())
    assert "not a certified medical device" in words
    assert "Red flags" in words
    assert "Differential" in words
    assert "unheardofamab" in words


def test_brackets_in_a_name_are_text_and_not_markup(run: Run) -> None:
    done = run("assess", "-", stdin=b'{"age_years": 46, "medications": ["[bold]oddamab[/italic]"]}')
    assert done.code == 0
    assert "[bold]oddamab[/italic]" in done.out


def test_a_fhir_bundle_is_recognised_by_itself(run: Run) -> None:
    data = assessed(run, BUNDLE)
    assert data == assessed(run, BUNDLE, "--from", "fhir")
    assert {s["sex"] for s in data["strata"]} == {"female"}


def test_a_bundle_read_as_a_case_is_refused(run: Run) -> None:
    done = run("assess", "-", "--from", "case", stdin=BUNDLE)
    assert (done.code, done.out) == (2, "")
    assert "resourceType: unknown field" in done.err


# --- explain -------------------------------------------------------------------------------------------------------


def test_explain_leads_from_the_base_rate_to_the_probability(run: Run) -> None:
    done = run("explain", "disc_herniation", "-", "--format", "json", stdin=CASE)
    assert (done.code, done.err) == (0, "")
    data = json.loads(done.out)
    steps = data["steps"]
    assert data["cause"] == "disc_herniation"
    assert steps[0]["before"] == pytest.approx(data["base_rate"], abs=1e-6)
    assert steps[-1]["after"] == pytest.approx(data["probability"], abs=1e-6)
    for one, following in itertools.pairwise(steps):
        assert one["after"] == following["before"]
    own = next(h for h in assessed(run, CASE)["differential"] if h["cause"] == "disc_herniation")
    assert data["probability"] == own["probability"]


def test_explain_says_every_answer_on_a_terminal(run: Run) -> None:
    done = run("explain", "disc_herniation", "-", stdin=CASE)
    assert done.code == 0
    words = " ".join(done.out.split())
    assert "before the answers" in words
    assert "--studies" in words


def test_explain_leaves_out_each_study_when_asked(run: Run, model: Model) -> None:
    done = run("explain", "disc_herniation", "-", "--studies", "--format", "json", stdin=CASE)
    assert (done.code, done.err) == (0, "")
    data = json.loads(done.out)
    rows = {row["study"]: row["probability"] for row in data["without_study"]}
    patient = from_case(yaml.safe_load(CASE), model.knowledge)
    asked = question(patient, model)
    assert set(rows) == set(studies_behind(asked.answers.items, asked.strata, model))
    furthest = max(rows, key=lambda study: abs(rows[study] - data["probability"]))
    whole = fit_model(model.knowledge, frozenset({furthest}))
    assert rows[furthest] == pytest.approx(dict(verdict(asked, whole).causes)["disc_herniation"], abs=1e-6)


def test_explain_names_the_nearest_cause(run: Run) -> None:
    done = run("explain", "disc_hernia", "-", stdin=CASE)
    assert (done.code, done.out) == (2, "")
    assert done.err == "backspasm: CAUSE (disc_hernia): unknown cause. Mend: did you mean 'disc_herniation'?\n"


# --- evidence ------------------------------------------------------------------------------------------------------


def test_evidence_lists_every_study_and_assumption(run: Run, knowledge: Knowledge) -> None:
    data = json.loads(run("evidence", "--format", "json").out)
    assert [s["id"] for s in data["studies"]] == list(knowledge.studies)
    assert [a["id"] for a in data["assumptions"]] == list(knowledge.assumptions)
    on_terminal = run("evidence")
    assert on_terminal.code == 0
    assert next(iter(knowledge.studies)) in on_terminal.out


def test_evidence_opens_a_study(run: Run, knowledge: Knowledge) -> None:
    study = next(s for s in knowledge.studies.values() if len(s.facts) > 1)
    data = json.loads(run("evidence", study.id, "--format", "json").out)
    assert [f["id"] for f in data["study"]["facts"]] == [f.id for f in study.facts]
    on_terminal = run("evidence", study.id)
    assert on_terminal.code == 0
    assert on_terminal.out.startswith(study.id)


def test_evidence_opens_one_fact_and_says_what_it_feeds(run: Run, model: Model) -> None:
    address = next(fact for backing in model.parameters.backing.values() for fact in backing.facts)
    data = json.loads(run("evidence", address, "--format", "json").out)
    (fact,) = data["study"]["facts"]
    assert fact["id"] == address.split("/")[1]
    assert fact["says"]
    assert any(use.startswith("rate ") for use in fact["used_in"])
    assert "feeds rate" in run("evidence", address).out


def test_evidence_opens_an_assumption(run: Run, knowledge: Knowledge) -> None:
    data = json.loads(run("evidence", "fever_temperature", "--format", "json").out)
    assert data["assumption"]["value"] == knowledge.number("fever_temperature")
    assert data["assumption"]["why"]
    assert "red flag fever" not in data["used_in"]  # used in its condition, which is no source
    on_terminal = run("evidence", "fever_temperature").out
    assert "assumption" in on_terminal
    assert "why:" in on_terminal


def test_evidence_names_the_nearest_of_an_unknown_id(run: Run, knowledge: Knowledge) -> None:
    study = next(s for s in knowledge.studies.values() if len(s.facts) > 1)
    for wrong, near in (
        ("fever_temperatur", "fever_temperature"),
        (f"{study.id}/{study.facts[0].id}x", study.facts[0].id),
    ):
        done = run("evidence", wrong)
        assert (done.code, done.out) == (2, "")
        assert f"ID ({wrong})" in done.err
        assert f"did you mean {near!r}?" in done.err


# --- knowledge -----------------------------------------------------------------------------------------------------


def test_the_knowledge_that_ships_passes_its_check(run: Run, knowledge: Knowledge) -> None:
    done = run("knowledge", "check")
    assert (done.code, done.err) == (0, "")
    assert f"No problem in {len(knowledge.studies)} studies" in " ".join(done.out.split())
    assert knowledge.digest[:12] in done.out


def test_the_check_names_every_problem_of_another_folder(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSPASM_KNOWLEDGE", str(tmp_path))
    (tmp_path / "index.yaml").write_text("settings: [a\n", encoding="utf-8")
    (tmp_path / "stray.yaml").write_text("a: 1\n", encoding="utf-8")
    done = run("knowledge", "check")
    assert done.code == 2
    both = done.out + done.err
    assert "index.yaml:2: not valid YAML" in both
    assert "stray.yaml:1: no format is known" in both
    assert "comorbidities.yaml:1: the knowledge base lacks this file. Mend: restore it" in both
    assert "problem(s) found" in done.err


def test_nothing_is_assessed_with_broken_knowledge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKSPASM_KNOWLEDGE", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    result = CliRunner().invoke(cli.app, ["assess", "-"], input=CASE)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "index.yaml:1: the knowledge base lacks this file" in result.stderr
    assert "nothing was assessed" in result.stderr


def test_coverage_counts_every_cause(run: Run, knowledge: Knowledge) -> None:
    data = json.loads(run("knowledge", "coverage", "--no-effects", "--format", "json").out)
    assert [row["cause"] for row in data["causes"]] == list(knowledge.index.cause_ids)
    assert data["studies"] == len(knowledge.studies)
    assert 0 < data["cells_studied"] < data["cells"]
    on_terminal = run("knowledge", "coverage", "--no-effects")
    assert on_terminal.code == 0
    assert f"{data['cells_studied']} of {data['cells']} cause-finding cells" in on_terminal.out


# --- help, completion, exit codes ----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_the_help_of_each_command_has_an_example(run: Run, command: tuple[str, ...]) -> None:
    done = run(*command, "--help")
    assert (done.code, done.err) == (0, "")
    assert "Example" in done.out
    assert f"backspasm {' '.join(command)}" in " ".join(done.out.split("Example")[1].split())
    assert run(*command, "-h") == done


def test_every_command_is_in_the_list_of_this_file(run: Run) -> None:
    families = ("knowledge", "cycle", "store")
    groups = {"": run("--help").out, **{name: run(name, "--help").out for name in families}}
    listed = {
        (*group.split(), words[1])
        for group, text in groups.items()
        for line in text.split("Commands")[1].splitlines()
        if (words := line.split())[:1] == ["│"] and line[2] != " "
    }
    assert listed - {(name,) for name in families} == set(COMMANDS)


@pytest.mark.parametrize(
    ("environment", "offered"),
    [
        ({"_BACKSPASM_COMPLETE": "complete_bash", "COMP_WORDS": "backspasm kno", "COMP_CWORD": "1"}, "knowledge"),
        ({"_BACKSPASM_COMPLETE": "complete_bash", "COMP_WORDS": "backspasm assess --f", "COMP_CWORD": "2"}, "--format"),
        ({"_BACKSPASM_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "backspasm knowledge co"}, "coverage"),
        (
            {
                "_BACKSPASM_COMPLETE": "complete_fish",
                "_TYPER_COMPLETE_ARGS": "backspasm assess --format j",
                "_TYPER_COMPLETE_FISH_ACTION": "get-args",
            },
            "json",
        ),
    ],
    ids=["bash command", "bash option", "zsh command", "fish choice"],
)
def test_a_shell_is_offered_the_rest_of_a_word(environment: dict[str, str], offered: str) -> None:
    result = CliRunner().invoke(cli.app, [], prog_name="backspasm", env=environment)
    assert (result.exit_code, result.stderr) == (0, "")
    assert offered in result.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_completion_script(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shellingham.detect_shell", lambda: (shell, f"/bin/{shell}"))
    result = CliRunner().invoke(cli.app, ["--show-completion"], prog_name="backspasm")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"_BACKSPASM_COMPLETE=complete_{shell}" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("frobnicate",), "frobnicate"),
        (("assess",), "FILE|-"),
        (("assess", "-", "--format", "pdf"), "pdf"),
        (("assess", "-", "--from", "note"), "note"),
        (("assess", "-", "--frobnicate"), "--frobnicate"),
        (("explain", "discitis"), "FILE|-"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_command_line_that_is_wrong_ends_with_two(run: Run, arguments: tuple[str, ...], named: str) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert named in done.err


def test_an_internal_fault_ends_with_one_and_shows_nothing_of_the_patient(
    model: Model, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def fault(patient: object, model: Model) -> None:
        raise ZeroDivisionError(f"cannot handle {patient}")

    file = tmp_path / "case.yaml"
    file.write_bytes(CASE)
    monkeypatch.setattr("backspasm.inference.model.load", lambda *_, **__: model)
    monkeypatch.setattr("backspasm.advice.assessment.assess", fault)
    monkeypatch.setattr(sys, "argv", ["backspasm", "assess", str(file)])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.delenv("BACKSPASM_TRACEBACK", raising=False)
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    out, err = capsys.readouterr()
    assert stopped.value.code == 1
    assert out == ""
    assert err == "backspasm: internal fault (ZeroDivisionError); set BACKSPASM_TRACEBACK=1 for details\n"


def test_an_internal_fault_can_be_looked_into(model: Model, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fault(patient: object, model: Model) -> None:
        raise ZeroDivisionError

    file = tmp_path / "case.yaml"
    file.write_bytes(CASE)
    monkeypatch.setattr("backspasm.inference.model.load", lambda *_, **__: model)
    monkeypatch.setattr("backspasm.advice.assessment.assess", fault)
    monkeypatch.setattr(sys, "argv", ["backspasm", "assess", str(file)])
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setenv("BACKSPASM_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        cli.main()


# --- knowledge export ----------------------------------------------------------------------------------------------

STRATUM = ("--setting", "emergency", "--age", "40-49", "--sex", "female")


def test_the_network_of_a_stratum_is_written_to_a_file_or_to_standard_output(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "network.bifxml"
    to_file, to_output = run("knowledge", "export", *STRATUM, "--out", str(file)), run("knowledge", "export", *STRATUM)
    assert (to_file.code, to_file.out) == (0, "")
    assert str(file) in to_file.err.replace("\n", "")
    assert (to_output.code, to_output.err) == (0, "")
    assert to_output.out == file.read_text(encoding="utf-8")
    root = ElementTree.fromstring(to_output.out)
    names = [v.findtext("NAME") for v in root.iter("VARIABLE")]
    assert {"cause", "cauda_equina_syndrome", "fever", "crp"} <= set(names)
    assert len(names) == len(set(names)) == len(list(root.iter("DEFINITION")))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (("--setting", "emergancy"), "--setting (emergancy): unknown. Mend: did you mean 'emergency'?"),
        (("--age", "41"), "--age (41): unknown. Mend: "),
        (("--out", "/no/such/folder/file"), "--out (/no/such/folder/file): cannot be written (No such file"),
    ],
)
def test_an_export_that_cannot_be_says_why(run: Run, changed: tuple[str, str], message: str) -> None:
    done = run("knowledge", "export", *STRATUM, *changed)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
