"""A surface EMG analysis as one page that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from backspasm.patients.from_emg import Analysis
from backspasm.patients.from_emg.compare import Comparison
from backspasm.presentation import emg_words
from backspasm.presentation.bibliography import link
from backspasm.presentation.emg_figure import svg
from backspasm.presentation.rendering import safe_text
from backspasm.presentation.words import DISCLAIMER

_STYLE = """
body{font:16px/1.55 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#111;background:#fff}
table{border-collapse:collapse;width:100%;font-size:.93rem}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem;border-bottom:1px solid #cfd7de}
svg{width:100%;height:auto}.scroll{overflow-x:auto}.warn{border-left:5px solid #9a3d00;padding-left:.7rem}
.made{background:#ffe9b3;padding:.4rem .8rem;font-weight:bold}.small{font-size:.9rem}
"""


def page(analysis: Analysis, comparisons: tuple[Comparison, ...]) -> bytes:
    """The page as UTF-8; everything that comes from the recording is escaped."""
    recording = analysis.recording
    parts = [f"<h1>Surface EMG of the low back</h1>\n<p><strong>{_text(emg_words.headline(analysis))}</strong></p>"]
    if recording.synthetic:
        parts.insert(0, f"<p class=made>{_text(emg_words.SYNTHETIC)}</p>")
    parts.append(
        f"<p>{_text(recording.name)}: {recording.seconds:.1f} s at {recording.rate_hz:g} Hz; {_text(analysis.standing)}.</p>"
    )
    parts += [f"<p class=warn>{_text(w)}</p>" for w in analysis.warnings]
    parts.append(f"<figure role=img aria-label='Envelope of each channel with its phases'>{svg(analysis)}</figure>")
    parts.append("<h2>Amplitudes</h2>" + _channels(analysis))
    parts.append(f"<p>{_text(emg_words.onsets(analysis))}</p>" if analysis.onsets else "")
    parts.append("<h2>Left and right</h2>" + _sides(analysis) if analysis.asymmetry else "")
    parts.append("<h2>Quality</h2>" + _quality(analysis))
    if comparisons:
        parts.append("<h2>Beside published values</h2>" + _published(comparisons))
    handed = ", ".join(f"{n} {v:g}" for n, v in analysis.measured.items()) or "nothing"
    parts.append(f"<h2>What this is worth</h2><p>Handed to the assessment: {_text(handed)}.</p>")
    parts += [
        f"<p class=small>{_text(r)}</p>"
        for r in (emg_words.HANDED, emg_words.MICROVOLTS, emg_words.UNTESTED, DISCLAIMER)
    ]
    body = "\n".join(parts)
    return (
        "<!doctype html>\n<html lang=en>\n<head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Surface EMG</title><style>{_STYLE}</style></head>\n<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    ).encode()


def _text(value: object) -> str:
    return escape(safe_text(value))


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    top = "".join(f"<th scope=col>{_text(h)}</th>" for h in head)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div class=scroll><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>"


def _channels(analysis: Analysis) -> str:
    rows = []
    for c in analysis.channels:
        ratio = emg_words.ratio_text(c.ratio.value, c.ratio.at_least) if c.ratio else "-"
        each = ", ".join(f"{v:.2g}" for v in c.ratio.each_bend) if c.ratio else ""
        frequency = f"{c.median_frequency_hz:.0f} Hz" if c.median_frequency_hz is not None else "-"
        cells = (c.name, c.side, *(emg_words.amplitude(c, p) for p in emg_words.PHASES), ratio, each, frequency)
        rows.append(tuple(_text(v) for v in cells))
    head = ("channel", "side", *emg_words.PHASES.values(), "flexion-relaxation ratio", "each bend", "median frequency")
    return _table(head, rows) + "<p class=small>Root mean square, the recorder's noise taken off.</p>"


def _sides(analysis: Analysis) -> str:
    rows = [
        tuple(_text(v) for v in (i.left, i.right, emg_words.PHASES[i.phase], f"{i.percent:+.1f} %", i.of))
        for i in analysis.asymmetry
    ]
    note = "<p class=small>(left - right) / (left + right): positive where the left is more active.</p>"
    return _table(("left", "right", "phase", "difference", "of"), rows) + note


def _quality(analysis: Analysis) -> str:
    rows = []
    for q in analysis.quality:
        cells = (
            q.name,
            f"{q.snr_db:.1f} dB" if q.snr_db is not None else "unknown",
            f"{q.mains_hz:g} Hz, {q.mains_share:.2%} of the power" if q.mains_hz else "none",
            f"{q.heart_per_minute:.0f} a minute, {q.heart_uv:.0f} µV" if q.heart_per_minute else "not found",
            f"{q.clipped_share:.2%}",
            f"{q.movement_share:.1%}",
            f"{q.pops}",
        )
        rows.append(tuple(_text(v) for v in cells))
    return _table(
        (
            "channel",
            "signal to noise",
            "mains, taken out",
            "heart, taken out",
            "clipped",
            "movement below the band",
            "pops, left out",
        ),
        rows,
    )


def _published(comparisons: tuple[Comparison, ...]) -> str:
    rows = []
    for c in comparisons:
        here = f"{c.value:.3g}" + (f", {c.place} it" if c.place else "") if c.reference.compare != "none" else ""
        address = link(c.study)
        source = (
            f'<a href="{escape(address, quote=True)}" rel=noreferrer>{_text(c.source)}</a>'
            if address
            else _text(c.source)
        )
        rows.append(
            (
                _text(emg_words.MEASURES[c.measure]),
                _text(here),
                _text(emg_words.published(c)),
                _text(c.reference.says),
                source,
            )
        )
    return _table(("measure", "here", "published", "meaning", "source"), rows)
