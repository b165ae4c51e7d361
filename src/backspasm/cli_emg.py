"""The command `backspasm emg`."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backspasm.cli_shared import Sex, bad_input, load_model, refuse, stdout_console

if TYPE_CHECKING:
    from backspasm.patients.from_emg import Analysis
    from backspasm.records.knowledge import Knowledge

emg_app = typer.Typer()


class EmgFormat(StrEnum):
    terminal = "terminal"
    json = "json"
    html = "html"
    png = "png"
    svg = "svg"
    case = "case"


@emg_app.command(
    epilog="Examples:  backspasm emg bend.edf  ·  backspasm emg bend.csv --channels left=ES3,right=ES4 --angle trunk --mvc mvc.csv  ·  "
    "backspasm emg rest.csv --rate 2000 --unit mV --marks rest=0-30  ·  backspasm emg bend.edf --format png > bend.png  ·  "
    "backspasm emg bend.edf --format case --age 41 | backspasm assess -  ·  "
    "backspasm emg bend.edf --format case --case case.yaml | backspasm assess -  ·  "
    "backspasm emg --synthesise made_up.edf --snr 10 --ratio 2.5"
)
def emg(
    file: Annotated[
        Path | None, typer.Argument(help="A recording: EDF, BDF, HDF5 or CSV.", metavar="FILE", show_default=False)
    ] = None,
    channels: Annotated[
        str | None,
        typer.Option(help="Muscle channels parted by commas, with their side: left=NAME,right=NAME. All, if left out."),
    ] = None,
    angle: Annotated[str | None, typer.Option(help="The channel of the trunk's angle, in degrees.")] = None,
    marks: Annotated[
        str | None,
        typer.Option(
            help="Phases in seconds: flexion=4-7,full_flexion=7-11,extension=11-14,rest=0-4; or a CSV file: phase,start,end."
        ),
    ] = None,
    mvc: Annotated[
        str | None,
        typer.Option(help="Maximal contraction: a recording with the same channels, or NAME=MICROVOLT,NAME=MICROVOLT."),
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Samples a second, where the file does not say.")] = None,
    unit: Annotated[
        str | None, typer.Option(help="uV, mV, V or nV, where the file does not say or says wrongly.")
    ] = None,
    output: Annotated[
        EmgFormat,
        typer.Option("--format", "-f", help="How the result is written; case: what `backspasm assess` reads."),
    ] = EmgFormat.terminal,
    age: Annotated[float | None, typer.Option(help="Age in years, for --format case.")] = None,
    sex: Annotated[Sex | None, typer.Option(help="For --format case.")] = None,
    case: Annotated[
        Path | None, typer.Option(help="A case (YAML or JSON) to add the measurements to, for --format case.")
    ] = None,
    synthesise: Annotated[
        Path | None,
        typer.Option(help="Write a made-up recording instead (.edf, .bdf, .h5, .csv), and its truth beside it."),
    ] = None,
    snr: Annotated[float, typer.Option(help="Of the made-up recording: signal to noise at the peak, dB.")] = 10.0,
    ratio: Annotated[float, typer.Option(help="Of the made-up recording: peak over silence.")] = 4.0,
    bends: Annotated[
        int | None, typer.Option(help="How often the person bent, where neither angle nor marks say when. Made-up: 4.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the made-up recording: the same seed gives the same samples.")] = 1,
) -> None:
    """Read surface EMG of the low back: activity at rest, flexion-relaxation ratio, onsets, sides, and what the signal is worth.

    Tested on synthetic recordings only: no public recording of lumbar surface EMG could be had.
    """
    if bends is not None and not 1 <= bends <= 50:
        refuse(f"--bends ({bends}): is no number of bends. Mend: give a whole number from 1 to 50")
    if synthesise is not None:
        _synthesise(synthesise, file, snr, ratio, 4 if bends is None else bends, seed)
        return
    if file is None:
        refuse("FILE: no recording is named. Mend: backspasm emg FILE, or --synthesise OUT for a made-up one")
    if output is not EmgFormat.case and (age is not None or sex is not None or case is not None):
        refuse("--age, --sex, --case: belong to --format case. Mend: add --format case, or leave them out")
    if output is EmgFormat.case and case is not None and (age is not None or sex is not None):
        refuse("--case: holds age and sex already. Mend: leave --age and --sex out")
    if output is EmgFormat.png and sys.stdout.isatty():
        refuse(
            "--format (png): a picture is no text for a terminal. Mend: backspasm emg FILE --format png > picture.png"
        )
    analysis = _analysis(file, channels, angle, marks, mvc, rate, unit, bends)
    _write(analysis, output, age, sex, case)


def _analysis(
    file: Path,
    channels: str | None,
    angle: str | None,
    marks: str | None,
    mvc: str | None,
    rate: float | None,
    unit: str | None,
    bends: int | None,
) -> Analysis:
    from backspasm.patients.from_emg import analyse
    from backspasm.patients.from_emg.choose import load_recording
    from backspasm.patients.from_emg.maximum import read_maxima

    with bad_input():
        recording = load_recording(file, channels, angle, marks, rate, unit)
        maxima = read_maxima(mvc, recording, channels, rate, unit) if mvc else None
        return analyse(recording, maxima, str(file), bends)
    raise AssertionError("unreachable")


def _write(analysis: Analysis, output: EmgFormat, age: float | None, sex: Sex | None, case: Path | None) -> None:
    if output in {EmgFormat.png, EmgFormat.svg}:
        from backspasm.presentation.emg_figure import picture

        sys.stdout.buffer.write(picture(analysis, "png" if output is EmgFormat.png else "svg"))
        return
    from backspasm.patients.from_emg.compare import compared
    from backspasm.patients.from_emg.handover import handed_over

    knowledge = load_model().knowledge
    with bad_input():
        measured = handed_over(analysis, knowledge)
        if output is EmgFormat.case:
            made_up = ("a synthetic recording: made up, of no person",) if analysis.recording.synthetic else ()
            for remark in (*made_up, analysis.standing, *analysis.warnings):
                print(f"backspasm: {remark}", file=sys.stderr)
            _write_case(measured, knowledge, age, sex, case)
            return
    comparisons = compared(analysis, knowledge)
    if output is EmgFormat.json:
        from backspasm.presentation.emg_json import analysis_json

        sys.stdout.buffer.write(analysis_json(analysis, comparisons))
    elif output is EmgFormat.html:
        from backspasm.presentation.emg_page import page

        sys.stdout.buffer.write(page(analysis, comparisons))
    else:
        from backspasm.presentation.emg_terminal import print_analysis

        print_analysis(analysis, comparisons, stdout_console())


def _write_case(
    measured: dict[str, float], knowledge: Knowledge, age: float | None, sex: Sex | None, file: Path | None
) -> None:
    """The case on standard output, checked as `assess` would."""
    from backspasm.patients.case_text import parse_text
    from backspasm.patients.from_case import from_case
    from backspasm.patients.from_emg.handover import case_with
    from backspasm.patients.patient import InputError
    from backspasm.patients.reading import decoded, read_path
    from backspasm.presentation.json_bytes import json_bytes

    given = (
        parse_text(decoded(read_path(str(file), sys.stdin.buffer)))
        if file
        else {"age_years": age, "sex": sex.value if sex else "unknown"}
    )
    if not isinstance(given, dict):
        raise InputError.one("--case", str(file), "is no case", "write its fields, such as age_years: 41")
    whole = case_with(measured, given)
    from_case(whole, knowledge)
    sys.stdout.buffer.write(json_bytes(whole))


def _synthesise(out: Path, file: Path | None, snr: float, ratio: float, bends: int, seed: int) -> None:
    """A made-up recording, and beside it a JSON file with what is true of it."""
    from backspasm.patients.from_emg.synthetic import Programme, synthesise, truth_data
    from backspasm.patients.from_emg.write import write_recording
    from backspasm.presentation.json_bytes import json_bytes

    if file is not None:
        refuse(f"FILE ({file}): is not read with --synthesise. Mend: leave one of the two out")
    if not (-20 <= snr <= 80):
        refuse(f"--snr ({snr:g}): is no signal-to-noise ratio of a recording. Mend: give decibels between -20 and 80")
    if not 1 <= ratio <= 100:
        refuse(f"--ratio ({ratio:g}): is no flexion-relaxation ratio. Mend: give a number from 1 (no silence) to 100")
    if seed < 0:
        refuse(f"--seed ({seed}): is negative. Mend: give a whole number, 0 or more")
    truth_file = out.with_name(out.stem + ".truth.json")
    if truth_file.exists():
        refuse(f"OUT ({truth_file}): is there already. Mend: name another file")
    with bad_input():
        recording, truth = synthesise(Programme(seed=seed, snr_db=snr, ratio=ratio, cycles=bends))
        write_recording(recording, out)
    truth_file.write_bytes(json_bytes(truth_data(truth)))
    print(f"backspasm: wrote {out} (made up, of no person) and its truth {truth_file}", file=sys.stderr)
