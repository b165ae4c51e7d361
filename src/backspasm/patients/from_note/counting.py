"""Which of the findings that a sentence names count: no words that belong to something else, none said twice."""

from __future__ import annotations

from collections.abc import Sequence

from backspasm.patients.from_note.kinds import Match
from backspasm.patients.from_note.matching import Found


def counted(matched: Found) -> list[Match]:
    """What a sentence names, without what does not count; worked out once for sentences of the same words."""
    if matched.counted is None:
        named, blocks = matched.named, matched.blocks
        if blocks:
            named = [m for m in named if not (m.rule.name in blocks and _blocked(m, blocks[m.rule.name]))]
        matched.counted = _widest(named)
    return matched.counted


def _widest(matches: list[Match]) -> list[Match]:
    """Findings and statements, without those that lie inside another one of the same rule."""
    by: dict[tuple[str, str], list[Match]] = {}
    if len(matches) == 1:
        return matches
    for m in matches:
        source = m.rule.source
        by.setdefault((m.rule.name, "says" if source == "counts_as" else source), []).append(m)
    out: list[Match] = []
    for own in by.values():
        if len(own) == 1:
            out += own
            continue
        own.sort(key=lambda m: (m.start, -m.end, len(m.parts)))
        last = -1
        for m in own:
            if m.end > last:
                out.append(m)
                last = m.end
    return out


def _blocked(match: Match, blocks: Sequence[Match]) -> bool:
    """Whether words that do not count for the finding overlap the match.

    A longer phrase wins over a block inside it (``never smoked`` denies smoking, though ``smoked`` alone is blocked),
    unless the block holds words that the match only skipped (``normal .. sensation`` and ``perianal sensation``).
    """
    denies = match.rule.source in ("denies", "mention", "statements", "trouble")
    single = len(match.parts) == 1
    for b in blocks:
        if b.start >= match.end or match.start >= b.end:
            continue
        if match.start <= b.start and b.end <= match.end:
            shorter = b.end - b.start < match.end - match.start
            if match.rule.kind == "statement":
                return True
            if denies:
                own = match.parts
                skipped = any(not any(x <= i < y for x, y in own) for a, z in b.parts for i in range(a, z))
                if not skipped or (match.rule.kind == "finding" and len(b.parts) > 1):
                    continue
            elif shorter and (single or b.end - b.start == 1):
                continue
        return True
    return False
