"""Recordings in files: EDF, BDF, HDF5 and CSV say the same, and what cannot be read is refused with a mend."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backspasm import InputError, Model
from backspasm.patients.from_emg import Recording, analyse
from backspasm.patients.from_emg.choose import load_recording
from backspasm.patients.from_emg.marks import marks_of_annotations, read_marks
from backspasm.patients.from_emg.synthetic import Programme, synthesise
from backspasm.patients.from_emg.write import write_recording
from tests.doors.conftest import Run

PROGRAMME = Programme(seed=1, cycles=1, snr_db=30.0, standing_s=3)


@pytest.fixture(scope="module")
def recording() -> Recording:
    return synthesise(PROGRAMME)[0]


@pytest.fixture(scope="module")
def folder(recording: Recording, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same recording as EDF, BDF, HDF5 and CSV, and a recording of a maximal contraction."""
    out = tmp_path_factory.mktemp("emg")
    for ending in ("edf", "bdf", "h5", "csv"):
        write_recording(recording, out / f"bend.{ending}")
    strong, _ = synthesise(Programme(seed=2, cycles=1, snr_db=30.0, peak_uv=200.0))
    write_recording(strong, out / "mvc.edf")
    return out


def refused(path: Path, **options: Any) -> str:
    with pytest.raises(InputError) as error:
        analyse(load_recording(path, **options), file=str(path))
    text = str(error.value)
    assert "Mend: " in text
    return text


# --- the doors agree -----------------------------------------------------------------------------------------------


def test_every_kind_of_file_gives_the_same_measures(folder: Path, recording: Recording) -> None:
    marks = "rest=0-3,flexion=3-6,full_flexion=6-10,extension=10-13"  # CSV holds none
    expected = analyse(recording)
    for ending in ("edf", "bdf", "h5", "csv"):
        read = load_recording(folder / f"bend.{ending}", marks=marks if ending == "csv" else None)
        found = analyse(read)
        assert read.synthetic, ending
        assert [m.side for m in read.muscles] == ["left", "right"]
        assert read.angle is not None
        assert found.ratio == pytest.approx(expected.ratio, rel=1e-3), ending
        assert found.resting_uv == pytest.approx(expected.resting_uv, rel=0.05), ending
        assert found.extension_ratio == pytest.approx(expected.extension_ratio, rel=1e-3), ending
        for one, other in zip(found.channels, expected.channels, strict=True):
            assert one.flexion_onsets == pytest.approx(other.flexion_onsets, abs=2e-3)
            assert one.median_frequency_hz == pytest.approx(other.median_frequency_hz, abs=1)


def test_annotations_are_marks(folder: Path) -> None:
    for ending in ("edf", "bdf", "h5"):
        marks = load_recording(folder / f"bend.{ending}").marks
        assert [m.phase for m in marks] == ["rest", "flexion", "full_flexion", "extension", "rest"], ending
        assert (
            load_recording(folder / f"bend.{ending}", angle="trunk angle").marks == ()
        )  # who names the angle wants it
    found = marks_of_annotations([5.0, 0.0, 2.0, 9.0], [0, 0, 0, 0], ["Full flexion", "standing", "bending", "cough"])
    assert [(m.phase, m.start, m.end) for m in found] == [("rest", 0, 2), ("flexion", 2, 5)]


def test_units_and_rates_are_read_or_said(tmp_path: Path, recording: Recording) -> None:
    left, right = (m.values[::1] for m in recording.muscles)
    base = analyse(load_recording(write_csv(tmp_path / "uv.csv", "left (uV),right (uV)", left, right), rate_hz=2000))
    for name, header, factor, unit in (
        ("mv.csv", "left [mV],right [mV]", 1e-3, None),
        ("v.csv", "left,right", 1e-6, "V"),
        ("semi.csv", "left (uV);right (uV)", 1.0, None),
    ):
        path = write_csv(tmp_path / name, header, left * factor, right * factor)
        found = analyse(load_recording(path, rate_hz=2000, unit=unit))
        assert found.quality[0].noise_uv == pytest.approx(base.quality[0].noise_uv, rel=1e-3)


def write_csv(path: Path, header: str, *columns: np.ndarray[Any, np.dtype[np.float64]]) -> Path:
    separator = ";" if ";" in header else ","
    np.savetxt(path, np.column_stack(columns), fmt="%.9g", delimiter=separator, header=header, comments="")
    if separator == ";":  # with decimal commas, as some countries write
        path.write_text(path.read_text().replace(".", ","))
    return path


def test_a_table_in_hdf5_is_read_with_its_names(tmp_path: Path, recording: Recording) -> None:
    h5py: Any = import_module("h5py")

    path = tmp_path / "table.h5"
    with h5py.File(path, "w") as file:
        data = file.create_dataset("emg", data=np.stack([m.values for m in recording.muscles]))
        data.attrs["channels"], data.attrs["fs"], data.attrs["units"] = ["L ES", "R ES"], 2000.0, "uV"
    read = load_recording(path)
    assert [(m.name, m.side) for m in read.muscles] == [("L ES", "left"), ("R ES", "right")]
    np.testing.assert_array_equal(read.muscles[1].values, recording.muscles[1].values)


def test_sides_are_guessed_from_names_or_given(folder: Path) -> None:
    read = load_recording(folder / "bend.edf", channels="right=ES left, left=ES right")
    assert [(m.name, m.side) for m in read.muscles] == [("ES left", "right"), ("ES right", "left")]


# --- what is refused -----------------------------------------------------------------------------------------------


def test_a_file_that_is_cut_short_is_refused(folder: Path, tmp_path: Path) -> None:
    for ending in ("edf", "bdf", "h5"):
        whole = (folder / f"bend.{ending}").read_bytes()
        for share in (0.6, 0.002):
            path = tmp_path / f"cut.{ending}"
            path.write_bytes(whole[: int(len(whole) * share)])
            text = refused(path)
            assert "cannot be read as" in text
            assert "cut short or damaged" in text


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    for name, data, message in (
        ("empty.edf", b"", "is empty"),
        ("noise.edf", b"\x00\x01\x02" * 500, "is no EDF, BDF, HDF5 or text file"),
        ("text.edf", b"hello there", "is no EDF, BDF, HDF5 or text file"),
        ("words.csv", b"hello there\nthis is a letter\n", "cannot be read as text in columns"),
        ("bare.csv", b"1,2\n3,4\n", "is no header"),
        ("head.csv", b"left (uV),right (uV)\n", "sampling rate: is not in the file"),
        ("rows.csv", b"time (s),left (uV)\n0,1\n0.001,2,3\n", "cannot be read as text in columns"),
    ):
        path = tmp_path / name
        path.write_bytes(data)
        assert message in refused(path), name
    assert "does not exist" in refused(tmp_path / "nowhere.edf")
    assert "is a directory" in refused(tmp_path)


def test_times_that_are_uneven_are_refused(tmp_path: Path) -> None:
    time = np.arange(8000) / 1000
    time[4000:] += 2  # two seconds are missing
    path = write_csv(tmp_path / "gap.csv", "time (s),left (uV)", time, np.random.default_rng(0).standard_normal(8000))
    assert "is uneven" in refused(path)
    path = write_csv(tmp_path / "back.csv", "time (s),left (uV)", time[::-1], time)
    assert "does not run forwards" in refused(path)


def test_gaps_in_a_column_are_refused(tmp_path: Path) -> None:
    rows = "\n".join(f"{i / 1000},{'' if i == 700 else i % 7}" for i in range(4000))
    (tmp_path / "nan.csv").write_text("time (s),left (uV)\n" + rows + "\n")
    assert "left (1 of 4000 samples, the first at 0.700 s): are not numbers" in refused(tmp_path / "nan.csv")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": "ES lift"}, "--channels (ES lift): is no channel of bend.edf. Mend: did you mean 'ES left'?"),
        ({"channels": "left=ESleft,ES rihgt"}, "did you mean 'ES right'?"),
        ({"channels": ","}, "names no channel. Mend: the file holds ES left, ES right, trunk angle"),
        ({"channels": "trunk angle"}, "unit (deg): is no unit of voltage. Mend: give --unit uV"),
        ({"angle": "trunk"}, "--angle (trunk): is no channel of bend.edf. Mend: did you mean 'trunk angle'?"),
        ({"unit": "furlong"}, "--unit (furlong): is no unit of voltage"),
        ({"rate_hz": -1.0}, "--rate (-1.0): is no sampling rate"),
        ({"marks": "flextion=1-2"}, "--marks (flextion): unknown phase. Mend: did you mean 'flexion'?"),
        ({"marks": "flexion=2-1"}, "is no stretch of time"),
        ({"marks": "flexion=two-3"}, "are not two times"),
        ({"marks": "flexion=1-4,extension=3-5"}, "overlap"),
        ({"marks": "flexion=1-400"}, "ends after the recording (16.0 s)"),
        ({"marks": "nowhere.csv"}, "cannot be read (No such file or directory)"),
    ],
)
def test_a_wrong_choice_is_refused_with_the_nearest(folder: Path, options: dict[str, Any], message: str) -> None:
    assert message in refused(folder / "bend.edf", **options)


def test_marks_come_from_a_table(tmp_path: Path) -> None:
    path = tmp_path / "marks.csv"
    path.write_text("phase,start,end\nstanding,0,3\nmvf,6,10\n")
    assert [(m.phase, m.start, m.end) for m in read_marks(str(path), 20)] == [("rest", 0, 3), ("full_flexion", 6, 10)]
    path.write_text("phase,begin,end\nstanding,0,3\n")
    with pytest.raises(InputError, match="lacks the column 'start'"):
        read_marks(str(path), 20)


def test_a_missing_library_is_named_with_the_command_that_installs_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("backspasm.patients.from_emg.files.import_module", absent)
    for ending, library in (("edf", "pyedflib"), ("h5", "h5py")):
        text = refused(folder / f"bend.{ending}")
        assert f"needs {library}, which is not installed. Mend: pip install 'backspasm[emg]'" in text


def test_a_recording_is_never_written_over_another(recording: Recording, folder: Path, tmp_path: Path) -> None:
    for path, message in (
        (folder / "bend.edf", "is there already"),
        (tmp_path / "x.wav", "has no known ending"),
        (tmp_path / "no" / "x.edf", "lies in a folder that does not exist"),
    ):
        with pytest.raises(InputError, match=message):
            write_recording(recording, path)


# --- the command ---------------------------------------------------------------------------------------------------


def test_the_json_says_everything_and_twice_the_same(run: Run, folder: Path) -> None:
    done = run("emg", str(folder / "bend.edf"), "--format", "json", "--mvc", str(folder / "mvc.edf"))
    assert (done.code, done.err) == (0, "")
    data = json.loads(done.out)
    assert set(data["measured"]) == {"resting_emg", "flexion_relaxation_ratio"}
    assert data["recording"]["synthetic"] is True
    assert data["phases"]["source"] == "marks"
    assert {q["name"] for q in data["quality"]} == {"ES left", "ES right"}
    assert data["channels"][0]["flexion"]["percent_mvc"] == pytest.approx(30, abs=12)
    assert {p["source"] for p in data["published"]} >= {"gouteron2022/frr_mean", "ringheim2019/sitting_percent_healthy"}
    placed = next(p for p in data["published"] if p["source"] == "gouteron2022/frr_mean")
    assert placed["place"] in {"below", "within", "above"}
    assert any("synthetic recordings only" in r for r in data["remarks"])
    assert any("never compare them between people" in r for r in data["remarks"])
    assert run("emg", str(folder / "bend.edf"), "-f", "json", "--mvc", str(folder / "mvc.edf")).out == done.out


def test_the_terminal_says_what_the_result_is_worth(run: Run, folder: Path) -> None:
    text = " ".join(run("emg", str(folder / "bend.csv"), "--mvc", "ES left=300,ES right=310").out.split())
    for words in (
        "Synthetic recording: made up, of no person.",
        "Flexion-relaxation ratio 3.",
        "phases from the trunk's angle",
        "%MVC",
        "gouteron2022/frr_mean",
        "Handed to the assessment: resting_emg",
        "never compare them between people",
        "no public recording of lumbar surface EMG could be had",
    ):
        assert words in text, words


def test_the_page_needs_nothing_else(run: Run, folder: Path) -> None:
    page = run("emg", str(folder / "bend.edf"), "--format", "html").out
    assert page.count("<svg") == page.count("</svg>") == 1
    assert "<script" not in page
    assert "made up, of no person" in page
    assert page.count("<h2>") == 5


def test_pictures_are_pictures_and_the_same_every_time(folder: Path) -> None:
    from backspasm.presentation.emg_figure import picture

    analysis = analyse(load_recording(folder / "bend.edf"))
    png, vector = picture(analysis, "png"), picture(analysis, "svg")
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert b"</svg>" in vector
    assert picture(analysis, "svg") == vector


def test_a_case_goes_straight_into_the_assessment(run: Run, folder: Path, tmp_path: Path, model: Model) -> None:
    made = run("emg", str(folder / "bend.edf"), "--format", "case", "--age", "41", "--sex", "female")
    assert made.code == 0
    assert "phases from marks" in made.err
    assert "made up, of no person" in made.err
    case = json.loads(made.out)
    assert case["age_years"] == 41
    assert set(case["measured"]) == {"resting_emg", "flexion_relaxation_ratio"}
    assert run("assess", "-", "--format", "json", stdin=made.out.encode()).code == 0
    file = tmp_path / "case.yaml"
    file.write_text(
        "age_years: 30\npresent: [muscle_tenderness]\nmeasured: {crp: 3}\n".replace("muscle_tenderness", "fever")
    )
    joined = run("emg", str(folder / "bend.edf"), "--format", "case", "--case", str(file))
    assert set(json.loads(joined.out)["measured"]) == {"crp", "resting_emg", "flexion_relaxation_ratio"}
    file.write_text("age_years: 30\nmeasured: {resting_emg: 3}\n")
    twice = run("emg", str(folder / "bend.edf"), "--format", "case", "--case", str(file))
    assert twice.code == 2
    assert "measured.resting_emg (3): is in the case already" in twice.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "FILE: no recording is named. Mend: backspasm emg FILE, or --synthesise OUT"),
        (("FILE", "--age", "40"), "belong to --format case"),
        (("FILE", "--bends", "0"), "--bends (0): is no number of bends"),
        (("FILE", "--mvc", "ES left=300"), "--mvc (ES left=300): has no maximum of ES right"),
        (("FILE", "--mvc", "ES left=-1,ES right=2"), "--mvc ES left (-1): is no amplitude"),
        (("FILE", "--mvc", "ES lft=3"), "did you mean 'ES left'?"),
        (("FILE", "--format", "case", "--age", "40", "--unit", "V"), "measured.resting_emg"),
        (("FILE", "--synthesise", "x.edf"), "is not read with --synthesise"),
        (("--synthesise", "x.edf", "--snr", "200"), "--snr (200): is no signal-to-noise ratio"),
        (("--synthesise", "x.edf", "--ratio", "0.1"), "--ratio (0.1): is no flexion-relaxation ratio"),
        (("--synthesise", "x.edf", "--seed", "-1"), "--seed (-1): is negative"),
    ],
)
def test_what_cannot_be_is_refused_with_exit_code_2(
    run: Run, folder: Path, arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("emg", *(str(folder / "bend.edf") if a == "FILE" else a for a in arguments))
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_made_up_recording_is_written_with_its_truth(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "made.edf"
    done = run("emg", "--synthesise", str(out), "--snr", "25", "--ratio", "3", "--bends", "2", "--seed", "5")
    assert (done.code, done.out) == (0, "")
    truth = json.loads((tmp_path / "made.truth.json").read_text())
    assert truth["synthetic"] is True
    found = json.loads(run("emg", str(out), "--format", "json").out)
    assert found["flexion_relaxation_ratio"]["value"] == pytest.approx(truth["flexion_relaxation_ratio"], rel=0.06)
    assert run("emg", "--synthesise", str(out)).code == 2


def test_help_loads_neither_scipy_nor_the_readers_of_files() -> None:
    code = (
        "import sys; from backspasm import cli; sys.argv = ['backspasm', 'emg', '--help']\n"
        "try: cli.main()\nexcept SystemExit: pass\n"
        "print(*sorted({m.partition('.')[0] for m in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert not set(done.stderr.decode().split()) & {"scipy", "numpy", "matplotlib", "h5py", "pyedflib", "pyarrow"}
