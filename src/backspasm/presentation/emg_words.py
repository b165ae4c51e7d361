"""Words about a surface EMG analysis that every form of output says."""

from __future__ import annotations

from backspasm.patients.from_emg import Analysis, Imbalance
from backspasm.patients.from_emg.compare import Comparison
from backspasm.patients.from_emg.measures import ChannelMeasures
from backspasm.presentation.rendering import safe_text

UNTESTED = (
    "This reader was tested on synthetic recordings only: no public recording of lumbar surface EMG could be had. "
    "How it does on patients is not known."
)
MICROVOLTS = (
    "Microvolts depend on skin, fat and electrodes: never compare them between people, nor between two sessions of one person. "
    "Ratios and percentages of the maximum can be compared, with care."
)
HANDED = (
    "Activity at rest is handed over in microvolt because the assessment asks for it so; "
    "what it weighs there is an assumption, not a study."
)
SYNTHETIC = "Synthetic recording: made up, of no person."
PHASES = {
    "rest": "rest",
    "flexion": "bending down (peak)",
    "full_flexion": "full flexion",
    "extension": "coming up (peak)",
}
MEASURES = {
    "flexion_relaxation_ratio": "flexion-relaxation ratio",
    "extension_relaxation_ratio": "extension-relaxation ratio",
    "resting_uv": "activity at rest, µV",
    "resting_percent_mvc": "activity at rest, % of the maximum",
    "asymmetry": "largest difference of the sides, %",
}


def ratio_text(value: float | None, at_least: bool = False) -> str:
    """``4.04``, ``at least 12.3``, or ``not measured``."""
    if value is None:
        return "not measured"
    return ("at least " if at_least else "") + f"{value:.3g}"


def headline(analysis: Analysis) -> str:
    """The result in one sentence."""
    ratio = f"Flexion-relaxation ratio {ratio_text(analysis.ratio, analysis.ratio_at_least)}"
    bends = len(analysis.phases.bends)
    if bends:
        ratio += f" over {bends} bend{'s' * (bends != 1)}"
    rest = "not measured" if analysis.resting_uv is None else f"{analysis.resting_uv:.3g} µV"
    return f"{ratio}; activity at rest {rest}."


def amplitude(channel: ChannelMeasures, phase: str) -> str:
    """``12.3 µV``, with the percentage of the maximum where it is known; ``-`` where there is no such phase."""
    found = getattr(channel, phase)
    if found is None:
        return "-"
    text = f"{found.uv:.3g} µV" if found.told else "below noise"
    return f"{text} ({found.percent_mvc:.1f} %MVC)" if found.percent_mvc is not None and found.told else text


def published(c: Comparison) -> str:
    """The published value, with its interval."""
    fact = c.fact
    if fact.median is not None:
        return f"median {fact.median:g} (middle half {fact.q1:g} to {fact.q3:g})"
    if fact.value is not None:
        return f"{fact.value:g}" + (
            f" ({fact.low:g} to {fact.high:g})" if fact.low is not None and fact.high is not None else ""
        )
    if fact.low is not None and fact.high is not None:
        return f"{fact.low:g} to {fact.high:g}"
    return fact.statement or ""


def beside(c: Comparison) -> str:
    """A measure beside a published value, in one or two sentences."""
    if c.reference.compare == "none":
        shown = f" ({c.fact.quantity}: {published(c)})" if c.fact.quantity else ""
        return f"{c.reference.says.removesuffix('.')}{shown}."
    place = f": {c.place} that interval" if c.place else ""
    return f"{MEASURES[c.measure]} {c.value:.3g}; published {published(c)}{place}. {c.reference.says}"


def imbalance(i: Imbalance) -> str:
    """Which side is more active in one phase."""
    if abs(i.percent) < 1:
        more = "both sides alike"
    else:
        more = f"{'left' if i.percent > 0 else 'right'} more active by {abs(i.percent):.0f} %"
    return f"{PHASES[i.phase]}: {more} ({safe_text(i.left)} against {safe_text(i.right)}, in {i.of})"


def onsets(analysis: Analysis) -> str:
    """When activity began at each bend, all channels together."""
    down, up = (
        ", ".join("-" if t is None else f"{t:.2f}" for t in times) for times in zip(*analysis.onsets, strict=True)
    )
    return f"Onset, all channels together (s): bending down {down}; coming up {up}"
