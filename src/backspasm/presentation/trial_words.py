"""Virtual trials in words: numbers with their units, what a result says, and what it cannot say."""

from __future__ import annotations

from math import isinf

from backspasm.cycle.prescription import read_prescriptions
from backspasm.cycle.trial.compare import Beside
from backspasm.cycle.trial.courses import is_share
from backspasm.cycle.trial.result import Contrast, Estimate, Spread, TrialResult
from backspasm.presentation.words import lower_first
from backspasm.records.cycle_types import CycleRecords
from backspasm.records.knowledge import Knowledge
from backspasm.records.trial_types import TrialOutcome, TrialProtocol

UNITS = {
    "pain": "points of 100",
    "spasm": "%MVC above normal",
    "disability": "points of 24",
    "motion": "% of the person's own",
    "drowsy": "in 100",
}
CRITERIA = {
    "days": "pain too old or too new",
    "pain": "pain too weak or too strong",
    "spasm": "spasm too weak or too strong",
    "disability": "disability too small or too large",
}
ENTRY = {"days": "days since onset", **{name: f"{name}, {UNITS[name]}" for name in UNITS if name != "drowsy"}}
BLINDING = {"double": "double blind", "single": "blind for one side", "open": "open"}
FOUND = {"better": "better", "worse": "worse", "no_difference": "no clear difference"}
USE = {"held_out": "held out", "fitted": "used in the fit", "built_in": "built in: no test"}
#: a result tells the loop from its rival where it names the right one this often
TELLS = 0.8
#: more patients an arm than anybody will ever ask
MOST_NEEDED = 100_000
PERCENT = 100
#: chances below one in so many trials are not told apart; and a ratio below which neither is spoken for
LIKELY, BARELY = 1_000, 1.1


def outcome_name(o: TrialOutcome) -> str:
    """With its unit."""
    return f"{o.name} ({unit(o)})"


def unit(o: TrialOutcome) -> str:
    return UNITS["drowsy"] if is_share(o) else UNITS[o.measure]


def scale(o: TrialOutcome) -> int:
    """What a value of the result is multiplied by to be in the outcome's unit."""
    return PERCENT if is_share(o) else 1


def number(o: TrialOutcome, value: float) -> str:
    """A value or difference in the outcome's unit; never a minus zero."""
    if is_share(o):
        return f"{round(scale(o) * value) + 0:d}"
    return f"{round(value, 1) + 0.0:.1f}"


def interval(o: TrialOutcome, e: Estimate | tuple[float, float]) -> str:
    low, high = (e.low, e.high) if isinstance(e, Estimate) else e
    return f"{number(o, low)} to {number(o, high)}"


def spread(o: TrialOutcome, s: Spread) -> str:
    """Mean and standard deviation; of a share the number of patients."""
    if is_share(o):
        return f"{number(o, s.mean)} ({round(s.mean * s.n)} of {s.n})"
    return f"{number(o, s.mean)} ({s.sd:.1f})"


def share(p: float) -> str:
    """So many in 100."""
    return f"{PERCENT * p:.0f} in 100"


def needed(count: float) -> str:
    """Patients an arm, to two figures."""
    if isinf(count) or count > MOST_NEEDED:
        return f"over {MOST_NEEDED:,}"
    whole = max(round(count), 2)
    step = 10 ** max(len(str(whole)) - 2, 0)
    return f"{round(whole / step) * step:,}"


def arm_name(protocol: TrialProtocol, arm: str) -> str:
    return protocol.arm(arm).name


def contrast_name(protocol: TrialProtocol, c: Contrast) -> str:
    return f"{arm_name(protocol, c.arm)} against {arm_name(protocol, c.against)}"


def what_it_says(r: TrialResult, knowledge: Knowledge) -> list[str]:
    """The result in sentences: what is expected, how often a trial of this size shows it, and what that decides."""
    c, rival = r.primary, r.without_loop(r.primary)
    o = r.protocol.outcome(c.outcome)
    worse = c.shows_worse > c.shows_better
    said = [
        f"{outcome_name(o)} on day {c.day:g}, {contrast_name(r.protocol, c)}: with the loop the model expects a difference of "
        f"{number(o, c.expected)} ({interval(o, c.range)} over the plausible values of its parameters), without the loop "
        f"{number(o, rival.expected)} ({interval(o, rival.range)}).",
        f"Of {r.replicates:,} trials with {r.sizes[c.arm]} and {r.sizes[c.against]} patients {power(c, worse)} with the loop (p < 0.05) "
        f"and {power(rival, worse)} without it; 95 of 100 end between {number(o, c.results[0])} and {number(o, c.results[1])} with "
        f"the loop. For a power of 80 % it would take {needed(c.needed)} patients an arm.",
        told_apart(r, c),
    ]
    said += [line for line in (no_evidence(r, knowledge.cycle), dispute(r, knowledge)) if line]
    return said


def power(c: Contrast, worse: bool) -> str:
    """How many trials show a difference, in the direction that is expected with the loop."""
    return f"{share(c.shows_worse)} show it worse" if worse else f"{share(c.shows_better)} show it better"


def told_apart(r: TrialResult, c: Contrast) -> str:
    """Whether the trial could tell the loop from its rival."""
    apart = r.told_apart(c)
    often = f"names the right one {PERCENT * apart.named_rightly:.0f} times in 100 (a coin: 50)"
    who = "Whoever knows the model with the loop and its rival without it, and sees this result,"
    if apart.named_rightly >= TELLS:
        return f"The trial could tell the loop from its rival. {who} {often}."
    return (
        f"The trial could not tell the loop from its rival. {who} {often}. That would take {needed(apart.needed)} patients an "
        "arm."
    )


def no_evidence(r: TrialResult, cycle: CycleRecords) -> str:
    """That a relaxant lowers spasm without the loop too, where the trial shows it."""
    for c in r.loop.contrasts:
        o = r.protocol.outcome(c.outcome)
        if o.measure != "spasm" or o.taken_as == "share" or c.day != r.protocol.primary.day:
            continue
        if added(r.protocol, c, cycle) != {"relaxant"} or "relaxant" in acts(r.protocol, c.against, cycle).values():
            continue
        rival = r.without_loop(c)
        return (
            f"Less spasm is no evidence for the loop: without it the relaxant lowers spasm by {number(o, -rival.expected)}, with "
            f"it by {number(o, -c.expected)} {unit(o)} (day {c.day:g}). Without the loop it does not touch pain."
        )
    return ""


def added(protocol: TrialProtocol, c: Contrast, cycle: CycleRecords) -> set[str]:
    """What the drugs do that one arm has more than the other: nsaid, relaxant."""
    mine, theirs = (acts(protocol, arm, cycle) for arm in (c.arm, c.against))
    return {act for drug, act in mine.items() if drug not in theirs}


def acts(protocol: TrialProtocol, arm: str, cycle: CycleRecords) -> dict[str, str]:
    """The drugs of an arm, and what each does."""
    text = protocol.arm(arm).prescription
    drugs = read_prescriptions(text, cycle.drugs, cycle.as_needed_pain.value) if text else ()
    return {p.drug: cycle.drugs[p.drug].acts for p in drugs}


def of_pain(r: TrialResult) -> Contrast:
    """The first contrast on pain or what follows from it, on the day of the primary outcome; else the primary one."""
    for c in (r.primary, *r.loop.contrasts):
        first = (c.arm, c.against) == (r.primary.arm, r.primary.against)
        if (
            first
            and c.day == r.protocol.primary.day
            and r.protocol.outcome(c.outcome).measure in {"pain", "disability"}
        ):
            return c
    return r.primary


def dispute(r: TrialResult, knowledge: Knowledge) -> str:
    """Whether the model decides between the sides of the dispute that the trial belongs to."""
    if r.protocol.dispute is None:
        return ""
    c = of_pain(r)
    rival, o = r.without_loop(c), r.protocol.outcome(c.outcome)
    question = lower_first(knowledge.treatment_disputes[r.protocol.dispute].question.rstrip("?"))
    if added(r.protocol, c, knowledge.cycle) != {"relaxant"}:
        return f"The trial does not speak to the disputed question ({question}): what it adds is not a relaxant."
    if r.told_apart(c).named_rightly >= TELLS:
        return f"On the disputed question ({question}) such a trial could decide between the loop and its rival."
    return (
        f"On the disputed question ({question}) the model cannot decide between the sides. With the loop the relaxant moves "
        f"{lower_first(outcome_name(o))} on day {c.day:g} by {number(o, c.expected)} (something, if little, as one side holds); "
        f"without the loop by {number(o, rival.expected)} (nothing, as the other holds); and nothing published tells the loop from its "
        f"rival. Of trials of this size {share(c.shows_better)} and {share(rival.shows_better)} find a gain."
    )


def fit(b: Beside, *, rival: bool = False) -> str:
    """How the model, or its rival, fares against a published result: direction, and how often such a trial finds it."""
    verdict, chance = (b.rival_verdict, b.chance_rival) if rival else (b.verdict, b.chance_loop)
    expected = b.rival_direction if rival else b.direction
    often = f"{share(chance)} such trials find this"
    if b.published.found == "no_difference":
        return f"agrees: {often}" if verdict == "agrees" else f"misses: expects {expected}; {often}"
    if verdict == "agrees":
        return f"agrees: same direction, {often}"
    if verdict == "weaker":
        return f"weaker: same direction, {often}"
    return f"misses: expects {'no difference' if expected == 'none' else expected}; {often}"


def found(b: Beside, protocol: TrialProtocol) -> str:
    """What was published: the direction, and the difference where it can be had."""
    o = protocol.outcome(b.published.outcome)
    given = "" if b.given is None else f", {number(o, b.given.value)} ({interval(o, b.given)})"
    return f"{FOUND[b.published.found]}{given}"


def size(b: Beside) -> str:
    """Whether the size fits, where a size was published."""
    if b.size_fits is None:
        return "no size read"
    return "size inside the published interval" if b.size_fits else "size outside the published interval"


def lean(b: Beside) -> str:
    """Which of the two models the published result speaks for, and how weakly."""
    if b.published.use != "held_out":
        return "no test"
    low = 1 / LIKELY
    ratio = max(b.chance_loop, low) / max(b.chance_rival, low)
    better, ratio = ("loop", ratio) if ratio >= 1 else ("rival", 1 / ratio)
    return "for neither" if ratio < BARELY else f"{ratio:.1f} to 1 for the {better}"
