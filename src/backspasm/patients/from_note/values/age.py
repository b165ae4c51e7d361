"""Age of the patient: by the words that say it, of the patient and not of those beside the patient."""

from __future__ import annotations

import re

from backspasm.patients.from_note.spans import Fact, Span
from backspasm.patients.from_note.values.child_age import CHILDREN, child_ages, in_months, introduced, named_children
from backspasm.patients.from_note.values.note import Note, word_set
from backspasm.patients.from_note.values.numbers import COUNT, value_of

_N = rf"(?:[0-9]{{1,3}}(?:\.[0-9]{{1,2}})?|{COUNT})"
_YEARS = r"(?:years?|yrs?|yr|y|year's|years')"
_OLD = re.compile(
    rf"(?<![0-9./a-z])(?P<n>{_N})(?P<half>\s?½|\s1/2| and a "
    rf"half)?[\s\-]{{0,2}}(?:(?P<y>{_YEARS})[\s\-/.]{{0,2}}(?:and |,\s?)?(?:(?P<m>[0-9]{{1,2}}|"
    rf"{COUNT})[\s\-]{{0,2}}(?:months?|mths?|mos?|m)\b[\s\-]{{0,2}})?(?P<o>olds?\b|o\b\.?|/o\b|of age\b)|"
    rf"(?P<mo>months?|mths?|mos?|m|/12)[\s\-/.]{{0,2}}(?P<mold>olds?\b|o\b|/o\b|of age\b)|(?P<wk>weeks?|wks?|"
    rf"/52)[\s\-]{{0,2}}(?P<wold>olds?\b|of age\b)|(?P<dy>days?|/7)[\s\-]{{0,2}}(?P<dold>olds?\b)|(?P<yo>yo|"
    rf"y\.o\.?)(?![a-z]))"
)
#: "82F", "F82", "47 M", "47/M", "47 y M", "47 year man", "(47M)"
_WITH_SEX = re.compile(
    rf"(?<![0-9./a-z:])(?P<n>[0-9]{{1,3}})(?:\s?(?:{_YEARS}\s|{_YEARS}[\s\-]|/)?\s?(?P<s>f|m|♀|♂)(?![a-z0-9/]|"
    rf"\s?[0-9](?![0-9]?\s?(?:/(?:7|52|12)\b|(?:days?|weeks?|wks?|months?|hours?|hrs?)\b)))|(?:[\s\-]|,\s?)(?:{_YEARS}[\s\-,]{{1,2}})?(?P<s2>female|male|woman|man|lady|gentleman|girl|"
    rf"boy)\b)"
)
#: a sex right before a number: "woman of 66", "Male, 45", "F82"
_SEX_BEFORE = re.compile(
    r"(?:\b(?P<s4>female|male|woman|man|lady|gentleman|girl|boy)|(?<![a-z0-9'./])(?P<s3>[fm♀♂]))(?:(?:,? (?:of|"
    r"aged?|age))?[,:\s/(]{1,3})?$"
)
#: what behind a number shows that it is no age
_NOT_AGE_BEHIND = re.compile(
    rf"[0-9/%°a-z]|\.[0-9]|\s?[0-9]|\s?(?:{_YEARS} (?:ago|hx|history)|mg|kg|cm|ml|mls|units|weeks?|months|days?|"
    rf"hours?|wks|mins?|minutes|times|miles)\b"
)
_AGED = re.compile(
    rf"\b(?P<c>aged?|age/sex|age\s?\(yrs?\)|age is|is aged|turned|just turned|turning|just "
    rf"turning)[\s:=]{{1,3}}(?P<n>{_N})(?P<half>\s?½|\s1/2| and a half)?(?:\s?(?P<u>months?|mths?|mos?|weeks?|"
    rf"wks?|{_YEARS}))?(?:[\s,]{{1,2}}(?:and )?(?P<m>[0-9]{{1,2}})\s?(?:months?|mths?|mo?s?)\b)?(?![0-9/%])"
)
#: "I'm 34", "she is 8", "he's nearly 3", "my daughter is four", "my son, 8,", "Tom (8)"
_IS_BEFORE = re.compile(
    r"\b(?P<w>i'?m|i am|im|he'?s|hes|he is|she'?s|shes|she is|patient is|pt is|you'?re|you are|down as|i see "
    r"you'?re|(?:my |our |the |his |her )?(?:(?:little|young|eldest|youngest|older|younger|middle) )?(?:son|"
    r"daughter|boy|girl|child|toddler|kid|lad|grandson|granddaughter|mum|mom|mother|dad|father|husband|wife|gran|"
    r"nan|partner)(?:,? (?!is\b|was\b|has\b|s\b)[a-z]{2,14})?(?: is|'s|,| \()|name is [a-z]+,?|who is|who's) (?:a |"
    r"an |only |just |now |nearly |almost |about "
    r")?$"
)
_IS_NUMBER = re.compile(
    rf"(?P<n>{_N})(?: and a half)?(?P<u> months?| mths?| {_YEARS})?(?P<old> old)?(?=\s?(?:[.,;:!)\n]|$|and\b|"
    rf"but\b|with\b|who\b|years?\b|fit\b|otherwise\b|now\b|next\b|in\b|tomorrow\b|today\b|male\b|female\b|has\b|"
    rf"-\s))"
)
#: "Roofer, 42, came off a ladder"; "my husband Ted, 74."; "Kayla M., 19,"; "mum to Aoife, 11."
_COMMA_BEFORE = re.compile(r"\b(?P<w>[a-z][a-z'\-]{1,20}\.?)(?: [a-z]\.)?[,(] ?$")
_COMMA_BEHIND = re.compile(r"[,.;)](?:\s|$)")
#: "How old are you? Patient: 29."
_ASKED = re.compile(
    rf"\b(?:how old|your age|his age|her age|age)\b[^?\n]{{0,50}}\?(?:[^?\n]{{0,40}}\?){{0,3}}\s{{0,3}}(?:[a-z.' "
    rf"]{{1,20}}:)?\s{{0,2}}(?:[a-z'\-]+(?: [a-z'\-]+)?[,.] )?(?:(?:i'm|im|i am|he's|she's|he is|she is|just|"
    rf"nearly|she'll be|he'll be|male|female|man|woman|um|oh|a|he was|she was|yes|yeah|well|still|only)[, "
    rf"]{{1,2}}){{0,3}}(?P<n>{_N})(?![0-9/%])(?P<mo> months?)?"
)
_TITLE_BEFORE = re.compile(r"\b(?:mr|mrs|ms|miss|master)\.? [a-z'\-]+(?: [a-z'\-]+)?,? (?:\(|is |aged )?$")
_PATIENT_BEFORE = re.compile(r"(?:\(|\b(?:pt|patient),? )$")
_Y_M = re.compile(
    r"(?<![0-9./a-z])(?P<n>[0-9]{1,2})\s?y(?:rs?|ears?)?[\s,]{0,2}(?P<m>[0-9]{1,2})\s?m(?:o|os|ths?|"
    r"onths?)?(?![a-z0-9])"
)
_AT_AGE = re.compile(
    r"(?:\bat (?:the )?(?:age|ages)(?: of)?|\bsince (?:the )?(?:age|she was|he was|i was|being)(?: of)?|\bwhen "
    r"(?:(?:he|she|i|they|we) (?:was|were)|aged?)|\bfrom (?:the )?age(?: of)?|\buntil(?: the)?(?: age)?(?: of)?|"
    r"\bby (?:the )?age(?: of)?|\bbefore (?:the )?age(?: of)?|\bmenopause|\bdied|\bunder|\bover the age of|"
    r"\bpassed away|\bretired|\bbelow|\babove|\bstarted smoking)[\s,:(]{0,3}(?:of |about |around |aged? |at )?$"
)
_OTHERS = re.compile(
    r"(?:\b(?:his|her|their|with|has|have|with her|with his|lifting|lifted|carrying|carried|picked up|picking up|"
    r"holding|minding|of)\s(?:(?:a|an|the|my|our|his|her|their|two|three)\s)?|\b(?:mother|father|mum|mom|dad|"
    r"brother|sister|husband|wife|partner|aunt|uncle|cousin|friend|grandfather|grandmother|neighbour|neighbor|"
    r"twin)\b(?!\s?:)(?! (?:says|said|reports|reported|states|tells|thinks|rang|phoned|worried))[^.;\n]{0,18})$"
)
_LIFTED = re.compile(
    r"\b(?:nursing|nurses|feeding|breast-?feeding|delivered|gave birth to|lift(?:ed|ing)?|carry(?:ing)?|carried|"
    r"pick(?:ed|ing)?(?: up)?|hold(?:ing)?|after|bath(?:ing|ed)|looks? after|care(?:s|r)? (?:of|for)|lives with|"
    r"chasing|has)\s(?:an? |the |my |our |his |her |their |two |three )?(?:[a-z]+ )?$"
)
_PARENT_OF = re.compile(r"\b(?:mother|father|mum|mom|mam|dad|parent)s? (?:of|to) (?:an? |the )?$")
#: "mum of Oliver aged 4": who is named behind a parent, and has an age, is the patient
_PARENT_OF_NAMED = re.compile(
    r"\b(?:mother|father|mum|mom|mam|dad|gran|nan|carer) (?:of|to|for) [a-z]{2,14},? (?:who is |who's )?$"
)
_KIN_BEHIND = re.compile(
    r"[\s\-]{0,2}(?:(?:elderly |frail )?(?:mother|father|mum|mom|dad|brother|sister|husband|wife|partner|aunt|"
    r"uncle|grandson|granddaughter|grandchild|grandfather|grandmother|twins?)|(?:scan|mattress|house|car|injury|"
    r"fracture|bed|prosthesis|hip))\b"
)
_CHILD_BEHIND = re.compile(
    r"[\s\-]{0,2}(?:[a-z]+ )?(?:son|daughter|child|toddler|baby|kids?|children|grandchild|boy|girl)\b"
)
_PARENT = re.compile(
    r"\bcaller's (?:husband|wife|partner|mother|father|mum|mom|dad|son|daughter|gran|sister|brother)\b|"
    r"\b(?:my|our) (?:(?:little|young|eldest|youngest|older|younger|middle|poor|[0-9a-z\-]+ (?:year|yr|month)s?[ "
    r"-]?old|[0-9]+\s?y/?o|teenage|baby|wee) ){0,2}(?:son|daughter|boy|girl|lad|child|toddler|kid|baby|little "
    r"one|grandson|granddaughter|one|teenager)\b|\bmy (?:[0-9]+|[a-z]+)[ -]?(?:year|yr|month)s?[ -]?old(?! "
    r"(?:mother|father|husband|wife|brother|sister))\b|\bmy (?:husband|wife|partner|mum|mom|mother|dad|father|"
    r"gran|nan|grandmother|grandfather|grandad|sister|brother|friend|boyfriend|girlfriend)(?:,? [a-z]+)?(?:,? "
    r"(?:aged )?[0-9]{1,3}\b|,? (?:he|she)(?:'s| is| has)\b|(?:'s| is) [0-9]{1,3}\b|'?s? (?:back|legs?|pain)|, "
    r"who)|\bi'?m (?:[a-z]+'s )?(?:mum|mom|mummy|dad|mother|father|gran) (?:to|of) [a-z]+, [0-9]|\b(?:calling|"
    r"ringing|rings|rang|phon(?:ed|ing|es)|calls|called|call|about) (?:about |for |re |on behalf of )*(?:her |"
    r"his |my )?(?:husband|wife|mother|father|mum|mom|dad|partner)\b|\bi'?m [a-z]+'s (?:mum|mom|dad|mother|"
    r"father|wife|husband)"
)
_FIRST_PERSON = re.compile(
    r"\b(?:my (?:lower |low |upper |mid |middle |bad )?(?:back|legs?|spine|bum|bladder|neck|right|left)|i "
    r"(?:have|had|can'?t|cannot|feel|felt|woke|bent|lifted|hurt|get|fell|take|took|was (?:lifting|bending|moving|"
    r"carrying))|i'?ve (?:had|got|been)|i'?m (?:in|having|getting|on))\b"
)


def _speaks_for_another(note: Note) -> bool:
    """Whether the writer or caller is not the patient: "my son has ...", "I'm mum to Aoife"."""
    if note.words.isdisjoint(_OWNERS):
        return False
    return note.holds(_PARENT)


def speaks_of_self(note: Note) -> bool:
    """Whether the writer or caller is the patient: "my back", "I can't feel ..."."""
    if note.words.isdisjoint(_SELF):
        return False
    return note.holds(_FIRST_PERSON)


_OWNERS = frozenset(
    {
        "my",
        "our",
        "calling",
        "ringing",
        "rings",
        "rang",
        "phoned",
        "phoning",
        "calls",
        "called",
        "call",
        "about",
        "m",
        "im",
        "caller",
    }
)
_SELF = frozenset({"my", "i"})


class _Age:
    """One age in the note with its weight."""

    __slots__ = ("cue", "end", "start", "weight", "years")

    def __init__(self, years: float, weight: float, start: int, end: int, cue: str) -> None:
        self.years, self.weight, self.start, self.end, self.cue = years, weight, start, end, cue


def find_age(note: Note, low_limit: float, high_limit: float) -> tuple[list[Fact], list[Span]]:
    """The patient's age in years (best candidate), and the places of all ages, which are no times."""
    if not note.numbers and note.words.isdisjoint(_AGE_WORDS):
        return [], []
    found: list[_Age] = []
    low = note.low
    if not note.words.isdisjoint(_OLD_WORDS):
        for match in note.number_matches(_OLD):
            years = _old_years(match)
            if years is not None:
                found.append(_Age(years, 4.0, match.start(), match.end(), match.group()))
    if note.numbers:
        if not note.words.isdisjoint(CHILDREN):
            for c in child_ages(note):
                if not _overlaps(found, c.start):
                    found.append(_Age(c.years, 4.0, c.start, c.end, low[c.start : c.end]))
        for match in note.number_matches(_Y_M, words=False):
            if not _overlaps(found, match.start()):
                years = float(match.group("n")) + float(match.group("m")) / 12
                follows = low[match.end() : match.end() + 5]
                if not follows.startswith((" ago", " hx", " his")):
                    found.append(_Age(years, 2.5, match.start(), match.end(), match.group()))
        for match in note.number_matches(_WITH_SEX, words=False):
            if not _overlaps(found, match.start("n")) and _sexed(note, match):
                found.append(_Age(float(match.group("n")), 3.5, match.start(), match.end(), match.group()))
        _plain_numbers(note, found)
    if not note.words.isdisjoint(_NAMED_CHILDREN):
        for c in named_children(low, note.text):
            if not _overlaps(found, c.start):
                found.append(_Age(c.years, 3.2, c.start, c.end, low[c.start : c.end]))
    if note.numbers and not note.words.isdisjoint(_INTRODUCED):
        for c in (*introduced(low, note.text), *in_months(low, note.text)):
            if not _overlaps(found, c.start):
                found.append(_Age(c.years, 2.2, c.start, c.end, low[c.start : c.end]))
    if not note.words.isdisjoint(_AGED_WORDS):
        for match in note.led_matches(_AGED, _AGED_FIRST):
            years_of = value_of(match.group("n"))
            if years_of is None or _overlaps(found, match.start("n")):
                continue
            unit = match.group("u") or ""
            if low.startswith("s", match.end()) or (
                match.group("c") in ("turned", "turning") and low.startswith(("°", " degrees"), match.end())
            ):
                continue
            years = years_of / 12 if unit.startswith("m") else years_of / 52 if unit.startswith("w") else years_of
            years += 0.5 if match.group("half") else 0.0
            years += float(match.group("m")) / 12 if match.group("m") else 0.0
            found.append(_Age(years, 3.6, match.start(), match.end(), match.group()))
    if not note.words.isdisjoint(_IS_WORDS):
        _said_to_be(note, found)
    if "old" in note.words or "age" in note.words:
        for match in note.led_matches(_ASKED, _ASKED_FIRST):
            years_of = value_of(match.group("n"))
            if years_of is not None and not _overlaps(found, match.start("n")):
                years = years_of / 12 if match.group("mo") else years_of
                found.append(_Age(years, 4.0, match.start("n"), match.end(), match.group("n")))
    if not found:
        return [], []
    spans = [Span(a.start, a.end) for a in found]
    found.sort(key=lambda a: a.start)
    best: _Age | None = None
    for order, age in enumerate(found):
        if not low_limit <= age.years <= high_limit:
            continue
        age.weight += _of_patient(note, age) - 0.4 * min(order, 5)
        if age.weight > 0.8 and (best is None or age.weight > best.weight):
            best = age
    if best is None:
        return [], spans
    return [
        Fact("age_years", round(best.years, 2), Span(best.start, best.end), note.text[best.start : best.end])
    ], spans


#: an age without any word of age stands in the opening of a note
_OPENING = 260
_NOT_COMMA_AGE = word_set(
    "hr pulse rr bp sats p t temp temperature score gcs crp esr wcc wbc hb plt plts ca cr creat "
    "creatinine egfr january february march april may june july august september october november "
    "december jan feb mar apr jun jul aug sep sept oct nov dec ward room bed day week l c s scale on at "
    "to of the and room apt"
)
_AGE_WORDS = word_set("year years yr yrs month months old aged age turned i he she im is")
_OLD_WORDS = word_set("old olds o yo y age years year yrs yr months month mo weeks m")
_INTRODUCED = word_set("referring sending see seeing reviewed re about regarding meet met months mths month")
_NAMED_CHILDREN = word_set("child baby infant toddler girl boy son daughter grandson granddaughter")
_AGED_FIRST = frozenset({"aged", "age", "is", "turned", "just", "turning"})
_ASKED_FIRST = frozenset({"how", "your", "his", "her", "age"})
_AGED_WORDS = frozenset({"aged", "age", "turned", "turning"})
_IS_WORDS = word_set(
    "i im he hes she shes is son daughter boy girl child toddler kid lad you who name down patient pt s "
    "mum mom mother dad father husband wife gran nan partner grandson granddaughter"
)


def _plain_numbers(note: Note, found: list[_Age]) -> None:
    """Ages that only the words before them tell: "Male, 45", "Mrs Roe, 35", "Roofer, 42, fell", "(57)"."""
    low = note.low
    titled = not note.words.isdisjoint(_TITLE_WORDS)
    for place in note.digits:
        end = place + 1
        while end < len(low) and "0" <= low[end] <= "9" and end < place + 4:
            end += 1
        if end > place + 3 or low[place] == "½" or _NOT_AGE_BEHIND.match(low, end) or _overlaps(found, place):
            continue
        before, years = low[max(0, place - 44) : place], float(low[place:end])
        if years > _OLDEST:
            continue
        sex = _SEX_BEFORE.search(before[-18:])
        if sex is not None:
            start = place - len(before[-18:]) + sex.start()
            if sex.group("s3") is None:
                found.append(_Age(years, 3.5, start, end, low[start:end]))
            elif start < _TITLE and (start == 0 or note.text[start].isupper()):
                found.append(_Age(years, 2.8, start, end, low[start:end]))
            continue
        if titled and _TITLE_BEFORE.search(before):
            found.append(_Age(years, 2.5, place, end, low[place:end]))
        elif place < _OPENING and years < _YEARS_OF_TWO_DIGITS and _COMMA_BEHIND.match(low, end):
            comma = _COMMA_BEFORE.search(before)
            if comma is not None and comma.group("w") not in _NOT_COMMA_AGE:
                found.append(_Age(years, 1.6, place, end, low[place:end]))
            elif _PATIENT_BEFORE.search(before):
                found.append(_Age(years, 1.4, place, end, low[place:end]))


_YEARS_OF_TWO_DIGITS = 100
_TITLE_WORDS = frozenset({"mr", "mrs", "ms", "miss", "master"})
_NO_YEARS = ("weeks", "days", "cm", "kg", "out of", "months pregnant", "hours")


def _said_to_be(note: Note, found: list[_Age]) -> None:
    """ "I'm 34", "she is eight", "my daughter, 11,"."""
    low = note.low
    for match in note.number_matches(_IS_NUMBER):
        if _overlaps(found, match.start()):
            continue
        before = _IS_BEFORE.search(low[max(0, match.start() - 46) : match.start()])
        years = value_of(match.group("n"))
        if before is None or years is None or low[match.end() : match.end() + 14].strip().startswith(_NO_YEARS):
            continue
        unit = (match.group("u") or "").strip()
        start = match.start() - len(before.group())
        found.append(
            _Age(years / 12 if unit.startswith("m") else years, 3.0, start, match.end(), low[start : match.end()])
        )


def _overlaps(found: list[_Age], place: int) -> bool:
    return any(a.start <= place < a.end for a in found[-12:])


def _old_years(match: re.Match[str]) -> float | None:
    number = value_of(match.group("n"))
    if number is None:
        return None
    if match.group("half"):
        number += 0.5
    if match.group("o") or match.group("yo"):
        months = value_of(match.group("m")) if match.group("m") else None
        return number + (months or 0.0) / 12
    if match.group("mold"):
        return number / 12
    if match.group("wold"):
        return number / 52
    return number / 365


_NO_AGE_BEFORE = re.compile(
    r"(?:\bfor|\bwalk(?:s|ed)?|\brun|\bfrom|\bscale|\bup to|\btemp|\bt|\bof|\bfever|\bswim|\bover|\bheight|\bx|"
    r"\bsprint|\bto|\bwithin|\bobs)[\s:=]{0,3}$"
)
#: above this a number beside a letter is no age but a distance or a temperature
_OLDEST = 110.0
_TITLE = 60


def _sexed(note: Note, match: re.Match[str]) -> bool:
    """A letter behind a number is a sex only where no temperature, distance or measure can be meant."""
    if float(match.group("n")) > _OLDEST:
        return False
    return match.group("s") is None or _NO_AGE_BEFORE.search(note.before(match.start(), 16)) is None


_MY = re.compile(r"\bmy\s(?:[a-z]+ )?$")
_I_AM = re.compile(r"(?:i'?m|i am|im)\b")


def _of_patient(note: Note, age: _Age) -> float:
    """How much speaks for the patient's own age of today."""
    low = note.low
    before = note.before(age.start, 70)
    weight = 0.0
    words_of_age = low[age.start : age.end]
    if _AT_AGE.search(before) or (
        words_of_age.startswith("age")
        and re.search(r"\b(?:at|since|from|until|by|of|middle|old)(?: the| a| an)?\s$", before)
    ):
        weight -= 5.0
    if _KIN_BEHIND.match(low, age.end):
        weight -= 5.0
    child_behind = _CHILD_BEHIND.match(low, age.end) is not None
    if _LIFTED.search(before):
        weight -= 4.5
    elif _PARENT_OF.search(before):  # "34F, mother of a 2-year-old", but also "mother of 2-year-old calling"
        weight -= 1.5
    elif _PARENT_OF_NAMED.search(before):
        weight += 0.5
    elif _OTHERS.search(before) and not (_speaks_for_another(note) and not speaks_of_self(note)):
        weight -= 3.5
    if "my" in before[-16:] and _MY.search(before):
        parent, first_person = _speaks_for_another(note), speaks_of_self(note)
        if _LIFTED.search(before):
            weight -= 3.0
        elif parent and not first_person:
            weight += 1.5
        elif first_person and not child_behind:
            weight -= 1.5
        elif first_person:
            weight -= 0.5
    if _I_AM.match(words_of_age):
        weight += 1.0 if speaks_of_self(note) or not _speaks_for_another(note) else -2.0
    if note.part_at(age.start) in ("family", "past", "social", "medication", "plan"):
        weight -= 2.5
    if age.start < 120:
        weight += 0.6
    return weight
