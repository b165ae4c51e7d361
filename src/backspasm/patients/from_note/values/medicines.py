"""Medicines by nonproprietary and brand name, also where a letter is wrong. The name is given as written."""

from __future__ import annotations

import re

from rapidfuzz import fuzz, process

from backspasm.patients.from_note.spans import Fact, Span
from backspasm.patients.from_note.values.lexicon import Hit, Lexicon
from backspasm.patients.from_note.values.note import Note, Taken, word_set

#: least likeness of a misspelt name, in per cent of rapidfuzz's ratio
_LIKENESS = 88.0
#: only words of so many letters are read in spite of a slip of spelling
_SPELLED, _LONGEST = 6, 24
_DOSE = re.compile(
    r"(?<![a-z])([a-z][a-z\-]{3,24})\s(?:tablets? |tabs? |caps(?:ules?)? |mr |xl |sr |er |la |po |oral |iv "
    r")?[0-9]{1,4}(?:[.,][0-9]{1,3})?\s?(?:mg|mcg|micrograms?|milligrams?|µg|g|units|iu)(?![a-z/%])"
)
_DOSE_UNIT = re.compile(r"[0-9]\s?(?:mg|mcg|micrograms?|milligrams?|µg|g|units|iu)(?![a-z/%])")
_OVER = re.compile(
    r"\b(stopped(?: taking| using)?|stop taking|discontinued|came off|come off|taken off|weaned off|finished|"
    r"completed|no longer (?:takes?|taking|on|uses?)|not taking|not on|not taken|isn'?t taking|isn'?t on|"
    r"doesn'?t take|does not take|don'?t take|do not take|doesn'?t use|never (?:took|taken|takes|take|had|tried|"
    r"on)|hasn'?t (?:taken|had|tried)|haven'?t (?:taken|had|tried)|declined|refused|refuses|off|ran out of|"
    r"avoid(?:s|ed|ing)?|denies(?: taking| using| use of)?|without|no|nil|ceased|withheld|held|omit(?:ted)?|"
    r"previously (?:on|took|tried)|used to take|had tried|past|ex)\b[^.;:\n]{0,40}$"
)
_OVER_BEHIND = re.compile(
    r"(?:\s?[0-9.]+\s?(?:mg|mcg|g))?[ ,(\-]{0,2}(?:was |were |has been |had been |is |now |been |which she |"
    r"which he |which i |but |since ){0,3}(stopped|discontinued|ceased|withdrawn|withheld|on hold|no longer|"
    r"finished|completed|not taken|not tolerated|allergy|allergic|intolerance|intolerant)\b"
)
_ALLERGY = re.compile(
    r"\b(allerg(?:ic|y|ies)(?: to)?|intoleran(?:t|ce)(?: of| to)?|hypersensitiv(?:e|ity) to|reacts? to|"
    r"anaphylaxis (?:to|with)|(?:rash|hives|urticaria|anaphylaxis|wheeze|wheezy) (?:with|from|to|after)|can'?t "
    r"(?:have|tolerate)|cannot (?:have|tolerate))\b[^.;\n]{0,50}$"
)
_PLAN = re.compile(
    r"\b(start(?:ed|ing)? on|start|commence|prescribe[ds]?|will try|trial of|recommend(?:ed)?|advised?|"
    r"suggest(?:ed)?|given|gave|offer(?:ed)?|issue[d]?|continue|script for|try|increase|switch(?:ed)? to|"
    r"consider|rx|plan)\b[^.;\n]{0,40}$"
)
_TAKES = re.compile(
    r"\b(takes?|taking|took|on|uses?|using|meds?|medications?|medicines?|dh|drugs|regular(?:ly)?|current(?:ly)?|"
    r"taken|tried|having|has been having|with|had|been on|prn)\b[^.;\n]{0,60}$"
)
_OTHERS = re.compile(
    r"\b(mother|father|mum|mom|dad|brother|sister|husband|wife|partner|friend)(?:'s)?\b(?! (?:gave|gives|gave "
    r"him|gave her|has given|has tried|says))[^.;\n]{0,30}$"
)


def find_medicines(note: Note, hits: list[Hit], lexicon: Lexicon) -> list[Fact]:
    """Medicines that the note names, each once per place.

    ``cue`` is the word close by that says what became of it (stopped, allergic to, takes, started), or empty.
    """
    out: dict[int, Fact] = {}
    for hit in hits:
        out[hit.start] = _fact(note, hit.start, hit.end)
    meant = lexicon.meant
    unknown = [w for w in note.words if len(w) >= _SPELLED and w not in lexicon.by_first]
    misspelt = {w for w in unknown if (meant[w] if w in meant else _meant(w, lexicon)) is not None}
    if misspelt:
        low = note.low
        for token, start, end in note.tokens_of(misspelt):
            if meant.get(token) is None or start in out or (start and low[start - 1].isalnum()):
                continue
            if not (end < len(low) and low[end].isalnum()):
                out[start] = _fact(note, start, end)
    _listed(note, lexicon, out)
    if note.numbers and "g" in note.low:
        taken = Taken((f.span.start, f.span.end) for f in out.values())
        refused = note.said.not_before_dose
        for match in _DOSE.finditer(note.low) if _DOSE_UNIT.search(note.low) else ():
            name = match.group(1)
            if match.start(1) in out or name in refused or match.start(1) in taken:
                continue
            out[match.start(1)] = _fact(note, match.start(1), match.end(1))
    return [out[place] for place in sorted(out)]


_HEADING = re.compile(
    r"(?:^|[\n.;|]|\s\s|\s-)\s{0,3}(?:current |regular |home |usual |his |her |my )?(?:meds?|medications?|"
    r"medicines?|dh|dhx|drug history|drugs|drug hx|rx|tablets|prescriptions?)(?: history| list| "
    r"currently)?\s?(?:[:=\-]\s{0,3}(?:\n\s{0,3}[\-*]?\s?)?|\s(?=[a-z]))"
)
#: one of these stands in each such heading, which is not longer than this
_IN_HEADING, _LONGEST_HEADING = ("med", "dh", "drug", "rx", "tablet", "prescription"), 120
_LIST_ITEM = re.compile(
    r"\s{0,3}(?:and |plus |& |\+ ?|also )?(?:takes |taking |on |prn |regular |some |occasional |daily |a |an |"
    r"her |his |my |just |only )*(?P<n>[a-z][a-z\-]{4,22})(?: "
    r"[a-z]{1,3})?(?P<rest>[^,;.\n&+(]{0,30})(?:\([^)\n]{0,40}\))?\s?(?P<sep>,|;|&|\+|/|\n\s?[\-*•]|$|\.|\n)"
)


def _listed(note: Note, lexicon: Lexicon, out: dict[int, Fact]) -> None:
    """In a list of medicines a name counts that no list of ours holds, if it ends as names of medicines do."""
    if note.words.isdisjoint(_HEADINGS):
        return
    endings = note.said.medicine_endings
    taken = Taken((f.span.start, f.span.end) for f in out.values())
    for heading in note.matches_in(_HEADING, note.around(_IN_HEADING, _LONGEST_HEADING)):
        place = heading.end()
        for _ in range(20):
            item = _LIST_ITEM.match(note.low, place)
            if item is None:
                break
            name = item.group("n")
            if (
                name.endswith(endings)
                and name not in lexicon.common
                and item.start("n") not in taken
                and item.start("n") not in out
            ):
                out[item.start("n")] = _fact(note, item.start("n"), item.end("n"))
            if item.group("sep") in (".", "\n", "") or item.end() <= place:
                break
            place = item.end()


_HEADINGS = word_set(
    "med meds medication medications medicine medicines dh dhx drug drugs rx tablets prescription prescriptions"
)


#: so many words are remembered, then the memory is emptied
_REMEMBERED = 50_000


def _meant(token: str, lexicon: Lexicon) -> str | None:
    """The name that a misspelt word means, or None; remembered. The first letter is taken as right."""
    if len(lexicon.meant) > _REMEMBERED:
        lexicon.meant.clear()
    names = lexicon.spellings.get(token[0], ())
    found: str | None = None
    if names and token not in lexicon.common and len(token) <= _LONGEST:
        match = process.extractOne(token, names, scorer=fuzz.ratio, score_cutoff=_LIKENESS)
        if match is None and "ph" in token[1:]:  # ibuprophen
            match = process.extractOne(token.replace("ph", "f"), names, scorer=fuzz.ratio, score_cutoff=_LIKENESS)
        found = None if match is None else match[0]
    lexicon.meant[token] = found
    return found


def _fact(note: Note, start: int, end: int) -> Fact:
    before = note.before(start, 70)
    cue = ""
    behind = _OVER_BEHIND.match(note.low, end)
    for pattern in (_ALLERGY, _OVER, _OTHERS, _PLAN, _TAKES):
        match = pattern.search(before)
        if match is not None:
            cue = match.group(1)
            break
    if behind is not None and (not cue or cue not in ("allergic to",)):
        cue = behind.group(1)
    return Fact("medications", note.text[start:end], Span(start, end), cue)
