"""Reads surface EMG of the low back: a file becomes a recording, a recording an analysis, an analysis two measurements."""

from backspasm.patients.from_emg.analyse import Analysis, Imbalance, Quality, analyse, envelope, maxima_of
from backspasm.patients.from_emg.recording import Mark, Recording, Span, Trace

__all__ = [
    "Analysis",
    "Imbalance",
    "Mark",
    "Quality",
    "Recording",
    "Span",
    "Trace",
    "analyse",
    "envelope",
    "maxima_of",
]
