"""A surface EMG analysis for a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from backspasm.patients.from_emg import Analysis
from backspasm.patients.from_emg.compare import Comparison
from backspasm.presentation import emg_words
from backspasm.presentation.rendering import safe_text
from backspasm.presentation.words import DISCLAIMER


def print_analysis(analysis: Analysis, comparisons: tuple[Comparison, ...], console: Console) -> None:
    """The result, each channel, its quality, published values, and what has to be known of all that."""
    recording = analysis.recording
    if recording.synthetic:
        console.print(Text(emg_words.SYNTHETIC, style="bold yellow"))
    console.print(Text(emg_words.headline(analysis), style="bold"))
    console.print(
        Text(
            f"{safe_text(recording.name)}: {recording.seconds:.1f} s at {recording.rate_hz:g} Hz; {analysis.standing}."
        )
    )
    for warning in analysis.warnings:
        console.print(Text(f"! {safe_text(warning)}", style="yellow"))
    console.print()
    console.print(_channels(analysis))
    if analysis.onsets:
        console.print(Text(emg_words.onsets(analysis)))
    for i in analysis.asymmetry:
        if i.phase in {"flexion", "rest"}:
            console.print(Text(emg_words.imbalance(i)))
    console.print()
    console.print(_quality(analysis))
    if comparisons:
        console.print()
        console.print(Text("Beside published values", style="bold"))
        for c in comparisons:
            console.print(Text(f"· {emg_words.beside(c)}  {c.source}"))
    console.print()
    handed = ", ".join(f"{name} {value:g}" for name, value in analysis.measured.items()) or "nothing"
    console.print(Text(f"Handed to the assessment: {handed}"))
    for remark in (
        emg_words.HANDED if "resting_emg" in analysis.measured else "",
        emg_words.MICROVOLTS,
        emg_words.UNTESTED,
        DISCLAIMER,
    ):
        if remark:
            console.print(Text(remark, style="dim"))


def _channels(analysis: Analysis) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title="Amplitudes (RMS, noise taken off)", title_justify="left")
    for name in ("channel", "side", *emg_words.PHASES.values(), "ratio", "each bend", "median Hz"):
        table.add_column(name)
    for c in analysis.channels:
        each = " ".join(f"{v:.2g}" for v in c.ratio.each_bend) if c.ratio else ""
        table.add_row(
            safe_text(c.name),
            c.side,
            *(emg_words.amplitude(c, phase) for phase in emg_words.PHASES),
            emg_words.ratio_text(c.ratio.value, c.ratio.at_least) if c.ratio else "-",
            each,
            f"{c.median_frequency_hz:.0f}" if c.median_frequency_hz is not None else "-",
        )
    return table


def _quality(analysis: Analysis) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), title="Quality", title_justify="left")
    for name in ("channel", "signal to noise", "mains", "heart", "clipped", "movement", "pops"):
        table.add_column(name)
    for q in analysis.quality:
        table.add_row(
            safe_text(q.name),
            f"{q.snr_db:.0f} dB" if q.snr_db is not None else "unknown",
            f"{q.mains_hz:g} Hz, {q.mains_share:.1%}" if q.mains_hz else "none",
            f"{q.heart_per_minute:.0f}/min, {q.heart_uv:.0f} µV" if q.heart_per_minute else "not found",
            f"{q.clipped_share:.2%}",
            f"{q.movement_share:.0%}",
            str(q.pops),
        )
    return table
