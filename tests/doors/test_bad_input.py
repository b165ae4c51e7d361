"""Bad input ends with exit code 2 and a message with field, value and mend; nothing else is written, nothing hangs."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from backspasm import Model
from tests.doors.conftest import Run

AGE = "age_years: 47\n"


def refused(run: Run, data: str | bytes, *options: str) -> str:
    """The message for an input that must be refused."""
    done = run("assess", "-", *options, stdin=data.encode() if isinstance(data, str) else data)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err
    for line in done.err.splitlines():
        assert line.startswith("backspasm: ")
        assert ". Mend: " in line
        assert len(line) < 600
    return done.err


#: what is wrong: the case, the field (with its value) as named, and what the mend names
WRONG_CASES: dict[str, tuple[str, str, str]] = {
    # unknown ids, with the nearest known one
    "finding present": (AGE + "present: [feverr]", "present (feverr): unknown finding", "'fever'"),
    "finding absent": (AGE + "absent: [saddle_anesthesia]", "absent (saddle_anesthesia)", "'saddle_anaesthesia'"),
    "finding measured": (AGE + "measured: {crpp: 3}", "measured (crpp): unknown finding", "'crp'"),
    "finding in days": (
        AGE + "days_ago: {significant_truma: 3}",
        "days_ago (significant_truma): unknown finding",
        "'significant_trauma'",
    ),
    "finding unlike any": (AGE + "present: [qqqq]", "present (qqqq): unknown finding", "knowledge coverage"),
    "comorbidity": (AGE + "comorbidities: [heart_failur]", "comorbidities (heart_failur): unknown", "'heart_failure'"),
    "setting": (AGE + "setting: emergancy", "setting (emergancy): unknown", "'emergency'"),
    "sex": (AGE + "sex: femal", "sex (femal): unknown", "'female'"),
    "sex as a list": (AGE + "sex: [male]", "sex (['male']): unknown", "'male'"),
    "field": (AGE + "presnt: [fever]", "presnt: unknown field", "'present'"),
    "field without a name": (AGE + "'': 3", "'': unknown field", "fields are age_years"),
    # contradictions
    "in both lists": (
        AGE + "present: [fever]\nabsent: [fever]",
        "present and absent (fever): is in both lists",
        "keep it in one",
    ),
    "no fever with a temperature": (
        AGE + "absent: [fever]\nmeasured: {temperature: 38.7}",
        "absent (fever): contradicts temperature 38.7",
        "take fever out of absent, or correct temperature",
    ),
    "severe weakness without weakness": (
        AGE + "present: [severe_motor_weakness]\nabsent: [motor_weakness]",
        "absent (motor_weakness): contradicts severe_motor_weakness",
        "take motor_weakness out of absent",
    ),
    "four weeks in ten days": (
        AGE + "present: [no_improvement_after_4_weeks]\nmeasured: {duration_days: 10}",
        "present (no_improvement_after_4_weeks): contradicts duration_days 10",
        "correct duration_days",
    ),
    "sudden and insidious": (
        AGE + "present: [sudden_onset, insidious_onset]",
        "present (insidious_onset): contradicts sudden_onset",
        "take insidious_onset out of present",
    ),
    "pregnant man": (AGE + "sex: male\npregnant: true", "pregnant (true): contradicts sex (male)", "correct one"),
    "man with a pregnancy": (
        AGE + "sex: male\npresent: [pregnancy]",
        "present (pregnancy): contradicts sex (male)",
        "correct one",
    ),
    "man in a week of pregnancy": (
        AGE + "sex: male\npregnancy_weeks: 12",
        "pregnancy_weeks (12.0): contradicts sex (male)",
        "correct one",
    ),
    "weeks while not pregnant": (
        AGE + "sex: female\npregnant: false\npregnancy_weeks: 12",
        "pregnancy_weeks (12.0): contradicts pregnant (false)",
        "correct one",
    ),
    "weeks without a pregnancy": (
        AGE + "sex: female\nabsent: [pregnancy]\npregnancy_weeks: 12",
        "absent (pregnancy): contradicts pregnancy_weeks (in week 12 of pregnancy)",
        "take pregnancy out of absent",
    ),
    "pregnant without a pregnancy": (
        AGE + "sex: female\nabsent: [pregnancy]\npregnant: true",
        "absent (pregnancy): contradicts pregnant",
        "take pregnancy out of absent",
    ),
    "minor skin cancer only, and cancer": (
        AGE + "present: [minor_skin_cancer_only, history_of_cancer]",
        "(history_of_cancer): contradicts minor_skin_cancer_only",
        "take history_of_cancer out of present",
    ),
    "no anticoagulant but apixaban": (
        AGE + "absent: [anticoagulant_use]\nmedications: [apixaban]",
        "absent (anticoagulant_use): contradicts medications (takes apixaban)",
        "correct medications",
    ),
    # impossible values
    "age of 200": ("age_years: 200", "age_years (200): is impossible (expected 0 to 125)", "age in years"),
    "negative age": ("age_years: -1", "age_years (-1): is impossible", "age in years"),
    "age as text": ("age_years: forty", "age_years (forty): is not a number", "null if unknown"),
    "age as true": ("age_years: true", "age_years (true): is not a number", "null if unknown"),
    "age with a leading zero": ("age_years: 047", "age_years (047): is not a number", "such as 47"),
    "age as minutes and seconds": ("age_years: 1:30", "age_years (1:30): is not a number", "such as 47"),
    "age without end": ("age_years: .inf", "age_years (inf): is not a number", "such as 47"),
    "age of 400 digits": ("age_years: " + "9" * 400, "age_years (999", "such as 47"),
    "age of 400 digits in JSON": ('{"age_years": ' + "9" * 400 + "}", "age_years (999", "such as 47"),
    "age of 5000 digits": ("age_years: " + "9" * 5000, "input: not valid", "check"),
    "age missing": ("present: [fever]", "age_years: missing", "null if it is unknown"),
    "temperature in Fahrenheit": (
        AGE + "measured: {temperature: 98.6}",
        "measured.temperature (98.6): is impossible in °C (expected 28 to 44)",
        "in °C",
    ),
    "negative crp": (AGE + "measured: {crp: -5}", "measured.crp (-5): is impossible in mg/L", "in mg/L"),
    "pain of 11": (AGE + "measured: {pain_intensity: 11}", "measured.pain_intensity (11): is impossible", "on a scale of 0 to 10"),
    "not a number": (AGE + "measured: {crp: .nan}", "measured.crp (nan): is not a number", "plain number in mg/L"),
    "not a number in JSON": (
        '{"age_years": 47, "measured": {"crp": NaN}}',
        "measured.crp (nan): is not a number",
        "plain number in mg/L",
    ),
    "number as text": (AGE + 'measured: {crp: "182"}', "measured.crp ('182'): is text, not a number", "write 182, without quotes"),
    "number as true": (AGE + "measured: {crp: true}", "measured.crp (true): is not a number", "plain number"),
    "number missing": (AGE + "measured: {crp: }", "measured.crp (null): is not a number", "plain number in mg/L"),
    "weeks beyond any pregnancy": (AGE + "pregnancy_weeks: 60", "pregnancy_weeks (60): is impossible", "completed"),
    "days before today": (
        AGE + "days_ago: {significant_trauma: -3}",
        "days_ago.significant_trauma (-3): must be a number of days, 0 or more",
        "days since",
    ),
    "days as words": (
        AGE + "present: [{finding: fever, days_ago: soon}]",
        "present.days_ago.fever (soon): must be a number of days",
        "days since",
    ),
    "pregnant as a word": (AGE + "pregnant: maybe", "pregnant (maybe): must be true, false or null", "pregnant: true"),
    "medicine as a number": (AGE + "medications: [5]", "medications (5): must be a name", "plain text"),
    "medicine without a name": (AGE + "medications: [' ']", "medications: must be a name", "plain text"),
    "medicine that steers the terminal": (
        AGE + 'medications: ["a\\e[2Jb"]',
        "medications (a\N{REPLACEMENT CHARACTER}[2Jb): must be a name",
        "plain text",
    ),
    "medicine of half a character": (
        '{"age_years": 47, "medications": ["\\ud800"]}',
        "medications (\N{REPLACEMENT CHARACTER}): must be a name",
        "plain text",
    ),
    "finding of half a character": (
        '{"age_years": 47, "present": ["\\ud800"]}',
        "present (\N{REPLACEMENT CHARACTER}): unknown finding",
        "knowledge coverage",
    ),
    # wrong kinds
    "measurement under present": (AGE + "present: [crp]", "present (crp): is a measurement", "under measured, in mg/L"),
    "yes or no under measured": (
        AGE + "measured: {fever: 1}",
        "measured.fever (1): is a yes-or-no finding",
        "under present or absent",
    ),
    "list instead of mapping": (AGE + "measured: [crp]", "measured (['crp']): must map", "measured: {crp: 182}"),
    "mapping instead of list": (AGE + "present: {fever: true}", "present ({'fever': True}): must be a list", "[...]"),
    "text instead of list": (AGE + "present: fever", "present (fever): must be a list, this is a text", "[...]"),
    "number instead of id": (AGE + "present: [3]", "present (3): a finding is named by its id", "such as fever"),
    "list instead of id": (
        AGE + "present: [{finding: [fever], days_ago: 3}]",
        "present (['fever']): a finding is named by its id",
        "such as fever",
    ),
    "list of cases": ('[{"age_years": 47}]', "input ([{'age_years': 47}]): a case is a mapping", "write {age_years"),
    "one number": ("47", "input (47): a case is a mapping of fields, this is a number", "write {age_years"),
    "one word": ("fever", "input (fever): a case is a mapping of fields, this is a text", "write {age_years"),
    # text that cannot be read
    "broken JSON": ('{"age_years": 47, "present": ["fever"', "input: not valid JSON: ", "check brackets"),
    "broken JSON list": ('["fever"', "input: not valid JSON: ", "check brackets"),
    "broken YAML": ("age_years: 47\n  present: [fever]", "input: not valid YAML at line 2, column 10", "indentation"),
    "open bracket in YAML": (AGE + "present: [fever", "input: not valid YAML at line 2", "indentation"),
    "tabs": (AGE + "measured:\n\tcrp: 3", "input: not valid YAML at line 3", "indentation"),
    "two documents": (AGE + "---\n" + AGE, "input: not valid YAML at line 2", "check"),
    "key twice": (AGE + AGE, "age_years: given twice", "keep one"),
    "inner key twice": (AGE + "measured: {crp: 3, crp: 4}", "crp: given twice", "keep one"),
    "key twice in JSON": (
        '{"age_years": 47, "present": ["fever"], "present": []}',
        "present: given twice",
        "keep one",
    ),
    "list as a key": (AGE + "? [a]\n: b", "input: not valid YAML at line 2, column 3: a key must be one word", "check"),
    "tag": ("age_years: !!bool x", "input: not valid YAML at line 1, column 12: a tag (!name) is not allowed", "check"),
    "tag of the language": ("!!python/object/apply:os.getcwd []", "input: not valid YAML at line 1", "check"),
    "zero byte": ("age_years: 4\0", "input: not valid YAML", "check"),
    "empty": ("", "input: the file is empty", "give a case"),
    "only whitespace": (" \n\t\r\n ", "input: the file is empty", "give a case"),
    "only a comment": ("# nothing yet\n", "input: a case is a mapping of fields, this is empty", "write {age_years"),
    "only a byte order mark": ("\ufeff", "input: a case is a mapping of fields, this is empty", "write {age_years"),
    "empty object": ("{}", "input: the case is empty", "age_years"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_CASES)
def test_a_wrong_case_is_refused_with_field_value_and_mend(run: Run, name: str) -> None:
    case, said, mend = WRONG_CASES[name]
    message = refused(run, case)
    line = next((line for line in message.splitlines() if said in line), None)
    assert line is not None, message
    assert mend in line.partition("Mend: ")[2]


def test_explain_refuses_a_wrong_case_alike(run: Run) -> None:
    wrong = b"age_years: 47\nabsent: [fever]\nmeasured: {temperature: 38.7}"
    done = run("explain", "discitis", "-", stdin=wrong)
    assert (done.code, done.out) == (2, "")
    assert "absent (fever): contradicts temperature 38.7" in done.err


def test_all_faults_are_named_at_once(run: Run) -> None:
    message = refused(run, "sex: femal\npresent: [feverr, crp]\nmeasured: {temperature: 98.6}\nmedications: x\n")
    fields = [line.removeprefix("backspasm: ").split(" ")[0].rstrip(":") for line in message.splitlines()]
    assert sorted(fields) == ["age_years", "measured.temperature", "medications", "present", "present", "sex"]


def test_a_long_value_is_shortened(run: Run) -> None:
    message = refused(run, AGE + f"present: ['{'fever' * 1000}']")
    assert "feverfever" in message
    assert len(message) < 400


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which the command runs: short names stay whole in messages."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_missing_file_is_named(run: Run, folder: Path) -> None:
    done = run("assess", "none.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("backspasm: FILE (none.yaml): does not exist. Mend: check the path")


def test_a_directory_is_named(run: Run, folder: Path) -> None:
    done = run("assess", ".")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("backspasm: FILE (.): is a directory. Mend: name one file")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_named(run: Run, folder: Path) -> None:
    (folder / "closed.yaml").write_text(AGE, encoding="utf-8")
    (folder / "closed.yaml").chmod(0)
    done = run("assess", "closed.yaml")
    assert (done.code, done.out) == (2, "")
    assert "FILE (closed.yaml): cannot be read (Permission denied). Mend: check its permissions" in done.err


def test_a_file_that_the_system_refuses_is_named(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    (folder / "closed.yaml").write_text(AGE, encoding="utf-8")
    monkeypatch.setattr(Path, "open", denied)
    done = run("assess", "closed.yaml")
    assert (done.code, done.out) == (2, "")
    assert "FILE (closed.yaml): cannot be read (Permission denied). Mend: check its permissions" in done.err


@pytest.mark.parametrize(
    ("data", "shown"),
    [
        (b"age_years: 47\npresent: [f\xe9ver]", "byte 0xe9 at position 25"),
        ("age_years: 47".encode("utf-16"), "byte 0xff at position 0"),
        (b'{"resourceType": "Bundle", "\xff": 1}', "byte 0xff at position 28"),
    ],
    ids=["latin-1", "utf-16", "in a bundle"],
)
def test_text_that_is_not_utf_8_is_named_by_its_first_wrong_byte(run: Run, data: bytes, shown: str) -> None:
    message = refused(run, data)
    assert f"input ({shown}): is not valid UTF-8. Mend: save the file as UTF-8 text" in message


# --- attacks on memory and time ------------------------------------------------------------------------------------

FIFTY_MB = 50_000_000
ALIAS_BOMB = (
    AGE
    + "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "present: *j\n"
)


@pytest.mark.parametrize("options", [(), ("--from", "case"), ("--from", "fhir")], ids=["detected", "case", "fhir"])
@pytest.mark.parametrize("kind", ["random bytes", "letters", "spaces", "open braces"])
def test_fifty_megabytes_of_garbage_are_refused_at_once(
    run: Run, tmp_path: Path, kind: str, options: tuple[str, ...]
) -> None:
    data = {
        "random bytes": lambda: random.Random(1).randbytes(FIFTY_MB),
        "letters": lambda: b"fever " * (FIFTY_MB // 6),
        "spaces": lambda: b" " * FIFTY_MB,
        "open braces": lambda: b'{"resourceType":' * (FIFTY_MB // 16),
    }[kind]()
    file = tmp_path / "garbage"
    file.write_bytes(data)
    begun = time.perf_counter()
    done = run("assess", str(file), *options)
    assert time.perf_counter() - begun < 10
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(("backspasm: input", "backspasm: Bundle"))
    assert "Mend: " in done.err
    assert len(done.err) < 400


@pytest.mark.parametrize(
    "data",
    [
        "[" * 100_000,
        "[" * 400 + "]" * 400,
        "[" * 5_000 + "]" * 5_000,
        '{"age_years": ' * 100_000,
        '{"age_years": 47, "present": ' + "[" * 900 + "]" * 900 + "}",
        '{"age_years": 47, "present": ' + "[" * 5_000 + "]" * 5_000 + "}",
        "present: " + "[" * 100_000,
        "present: " + "[" * 200 + "]" * 200,
        "".join(f"{' ' * i}-\n" for i in range(900)),
        '{"resourceType": "Bundle", "entry": ' + "[" * 100_000,
        '{"resourceType": "Bundle", "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
    ids=[
        "open lists", "lists", "deep lists", "open objects", "lists in JSON", "deep lists in JSON",
        "open lists in YAML", "lists in YAML", "blocks in YAML", "open lists in a bundle", "lists in a bundle",
    ],
)  # fmt: skip
def test_deep_nesting_is_refused(run: Run, data: str) -> None:
    assert len(refused(run, data)) < 400


@pytest.mark.parametrize(
    ("data", "line"),
    [(ALIAS_BOMB, 3), ("present: &a [*a]", 1), ("age_years: &a 47\nmeasured: {crp: *a}", 2)],
    ids=["bomb", "holds itself", "harmless"],
)
def test_an_alias_is_refused(run: Run, data: str, line: int) -> None:
    begun = time.perf_counter()
    message = refused(run, data)
    assert f"not valid YAML at line {line}, column " in message
    assert "an alias (*name) is not allowed in a case" in message
    assert time.perf_counter() - begun < 5


# --- FHIR ----------------------------------------------------------------------------------------------------------


def _bundle(*resources: dict[str, Any]) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": r} for r in resources]})


@pytest.mark.parametrize(
    ("data", "said", "mend"),
    [
        (_bundle(), "Bundle.entry: holds no Patient", "add the Patient"),
        (_bundle({"resourceType": "Condition", "id": "c"}), "Bundle.entry: holds no Patient", "add the Patient"),
        (
            _bundle({"resourceType": "Patient", "id": "a"}, {"resourceType": "Patient", "id": "b"}),
            "Bundle.entry: holds 2 different patients",
            "one Bundle for each patient",
        ),
        (
            '{"resourceType": "Patient", "id": "a", "birthDate": "1970-01-01"}',
            "resourceType (Patient): this is not a FHIR Bundle",
            "in a Bundle",
        ),
        ('{"resourceType": "Bundle", "entry": [', "input: not valid JSON", "check brackets"),
        ('{"resourceType": "Bundle", "entry": 3}', "Bundle: not a FHIR Bundle", "resourceType Bundle"),
    ],
    ids=["empty", "no patient", "two patients", "no bundle", "broken", "wrong kind"],
)
def test_a_record_without_its_one_patient_is_refused(run: Run, data: str, said: str, mend: str) -> None:
    message = refused(run, data)
    assert message.startswith(f"backspasm: {said}")
    assert mend in message.partition("Mend: ")[2]


def test_a_case_is_no_bundle(run: Run) -> None:
    assert refused(run, AGE, "--from", "fhir").startswith("backspasm: input: not valid JSON")
    assert "this is not a FHIR resource" in refused(run, '{"age_years": 47}', "--from", "fhir")


# --- a real process ------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on memory")
def test_a_bomb_is_refused_within_little_memory(model: Model) -> None:
    import resource

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (2_000_000_000, 2_000_000_000))

    done = subprocess.run(
        [sys.executable, "-m", "backspasm.cli", "assess", "-"],
        input=ALIAS_BOMB.encode(),
        capture_output=True,
        check=False,
        timeout=60,
        preexec_fn=limited,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},
    )
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"an alias (*name) is not allowed" in done.stderr
