"""Patients on whom a change of the knowledge is tried: the vignettes, and files in a folder."""

from __future__ import annotations

from pathlib import Path

from backspasm.patients.from_case import from_case
from backspasm.patients.patient import InputError, InputProblem, Patient
from backspasm.patients.reading import read_patient
from backspasm.records.knowledge import Knowledge

ENDINGS = {".yaml", ".yml", ".json"}


def vignette_patients(knowledge: Knowledge) -> dict[str, Patient]:
    """The patients of all vignettes, by ``vignettes/ID``.

    Raises:
        InputError: naming the vignette whose case cannot be read.
    """
    out = {}
    for vignette in knowledge.vignettes.values():
        try:
            out[f"vignettes/{vignette.id}"] = from_case(vignette.case, knowledge)
        except InputError as error:
            raise _in(f"vignettes/{vignette.id}", error) from None
    return out


def patients_in(folder: Path, knowledge: Knowledge) -> dict[str, Patient]:
    """Every case and FHIR Bundle directly in a folder, by ``folder/file``, in order of their names.

    Raises:
        InputError: naming the folder that is none or holds none, or the file that cannot be read.
    """
    if not folder.is_dir():
        raise InputError.one("folder", str(folder), "is not a folder", "name a folder with cases (YAML, JSON)")
    out = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in ENDINGS or not path.is_file():
            continue
        name = f"{folder.name}/{path.name}"
        try:
            out[name] = read_patient(path.read_bytes(), knowledge)
        except InputError as error:
            raise _in(name, error) from None
    if not out:
        raise InputError.one("folder", str(folder), "holds no case", f"put cases there ({', '.join(sorted(ENDINGS))})")
    return out


def patients_on_file(knowledge: Knowledge) -> dict[str, Patient]:
    """The example patients, where there is a source checkout, and those of the vignettes."""
    folder = examples_folder()
    return ({} if folder is None else patients_in(folder, knowledge)) | vignette_patients(knowledge)


def examples_folder() -> Path | None:
    """The example patients of a source checkout, where there is one."""
    folder = Path(__file__).parents[3] / "examples"
    return folder if folder.is_dir() else None


def _in(name: str, error: InputError) -> InputError:
    return InputError([InputProblem(f"{name}: {p.field}", p.value, p.what, p.mend) for p in error.problems])
