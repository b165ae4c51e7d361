"""Which of the times is the duration of the present pain: every time of the note is weighed by the words around it.

The weights only order the candidates of one note; they are no probabilities. A time with more against it than for it is
no candidate. Two times are added where the note does so ("first seen 10 days ago after 4 weeks of pain").
"""

from __future__ import annotations

import re
from itertools import pairwise

from backspasm.patients.from_note.spans import Span, Time
from backspasm.patients.from_note.values.note import Note
from backspasm.patients.from_note.values.onsets import flare, later_onset

_PAIN = re.compile(
    r"\b(?:back ?pain|backache|back ache|lbp|tlbp|low back|lower back|lumbar pain|loin pain|flank pain|neck pain|"
    r"sciatica|pains?|painful|spasms?|aches?|aching|achey|sore|soreness|hurts?|hurting|bad back|stiff back|"
    r"lumbago|discomfort|twinge|agony|symptoms?|sx|problem|complaint|trouble|his back|her back|my back|the back|"
    r"back)\b"
)
_BACK = re.compile(
    r"\b(?:back ?pain|backache|back ache|lbp|tlbp|low(?:er)? back|lumbar pain|loin pain|flank pain|bad back|"
    r"stiff back|lumbago|sciatica|(?:his|her|my|the|sore|painful) back|back (?:has|is|was|been|went|go|hurt|gave|"
    r"seized|locked|spasm|sore)|mid[- ]?back|upper back|thoracic pain)\b"
)
_ONSET = re.compile(
    r"\b(?:start(?:ed|ing|s)?|began|begun|came on|come on|coming on|onset|developed|appeared|set in|commenced|"
    r"ongoing|on ?going|going on|hit me|hit him|hit her|out of the blue|lasting|lasted|persist(?:ed|ent|ing|s)?|"
    r"continu(?:ed|ous|es)|suffer(?:ed|ing)|experienc(?:ed|ing)|complain(?:s|ed|ing)?|c/o|present(?:s|ed|ing|"
    r"ation)?|p/w|hx|history|h/o|duration|troubl(?:ed|ing)|had|having|has|been|got|woke|awoke|noticed|since|"
    r"gradual(?:ly)?|sudden(?:ly)?|struck|kicked off|first)\b"
)
_EVENT = re.compile(
    r"\b(?:lift(?:ed|ing)|bent|bending|twist(?:ed|ing)|pull(?:ed|ing)|push(?:ed|ing)|shift(?:ed|ing)|"
    r"dig(?:ging)?|dug|garden(?:ed|ing)|slip(?:ped)?|fell|fall|jar(?:red)?|jump(?:ed)?|land(?:ed)?|hurt (?:my|"
    r"his|her)|injur(?:ed|y)|strain(?:ed)?|tweak(?:ed)?|ricked|felt (?:it|something|a|my|his|her|sudden)|back "
    r"(?:went|go|gave|seized|locked)|went|pop(?:ped)?|crash|rollover|accident|rta|rtc|mva|mvc|collision|"
    r"carr(?:ied|ying)|mov(?:ed|ing) (?:a |house|furniture|boxes)|reach(?:ed|ing)|sneez(?:ed|ing)|"
    r"deadlift\w*|came off|rear[- ]?ended|knocked|tackled?|thrown|tripped|squat(?:s|ting)?|"
    r"training|match|carry|helped|picked up|picking up|after)\b"
)
#: words of other events: the list stands in words/values.yaml, here are only those that need their neighbours
_OTHER_PHRASES = re.compile(
    r"\b(?:(?:mother|father|mum|mom|dad|brother|sister|husband|wife|uncle|aunt|gran|grand[a-z]+|in-?law|partner)"
    r"(?:'s| had| has| have| died| was| is| who| with| dx| got)|when (?:i|he|she) (?:was|had)|as a child|gave up|"
    r"gave birth|"
    r"started on|commenced on|passed (?:water|urine)|threw up|seen by|last (?:seen|time)|before that|foot drop|"
    r"shoulder(?! blade)|(?<!this )(?<!the )(?<!current )(?:attack|episode|bout|spell)\b)"
)
_WORD = re.compile(r"[a-z]+")
_CHRONIC = re.compile(
    r"\b(?:chronic|long[- ]?standing|longstanding|background|known|recurrent|on and off|off and on|on/off|on [+&] off|off [+&] on|"
    r"intermittent(?:ly)?|years of|usual|usually|always|grumbling|niggl[a-z]*|history of (?:chronic|recurrent|"
    r"intermittent|previous)|periodic(?:ally)?|flare[- ]?ups?|ex-?flares|occasional(?:ly)?)\b"
)
_NEW = re.compile(
    r"\b(?:new|acute(?:ly)?|this (?:episode|time|attack|bout|one|pain|has|is)|present (?:episode|pain)|current "
    r"(?:episode|pain)|different|flare|latest|recent|sudden(?:ly)?)\b"
)
_HEADED = re.compile(
    r"(?:^|\n)\s*(?:pc|hpc|hpi|cc|presenting complaint|presenting problem|chief complaint|complaint|reason|"
    r"duration|onset|history of presenting complaint|symptom duration|problem|hx|s|subjective|"
    r"triage)\b\s*[:\-]?[^\n]{0,40}$"
)
_DIRECT = re.compile(
    r"\b(?:(?:this|the|current|present|latest|new) (?:episode|flare(?:[- ]?up)?|bout|attack|spell)|pain|lbp|back "
    r"?pain|backache|sciatica|spasms?|ache|symptoms|sx|discomfort|lumbago)\b[\s,:(\-]{0,3}(?:(?:for|x|of|over|"
    r"since|started|began|onset|ongoing|present|now|has|have|been|lasting|there|came|come|on|about|approx|"
    r"approximately|around|roughly|maybe|perhaps|probably|the|last|past|duration|at least|nearly|almost|more "
    r"than|over|~|some|continuous(?:ly)?|constant(?:ly)?|that|which|is|was|and|in|his|her|my|lower|low|back|left|"
    r"right|sided|leg|lumbar|thoracic|central|midline|sharp|dull|area|going|on|gradually|gradual|suddenly|sudden|still|persisting|persistent|these|"
    r"this|a|mid|upper|radiating|buttock|into|first|really|just|only|with|insidious|acute|worsening|severe|hx|"
    r"history)\b[\s,:(\-~]{0,3}){0,9}$"
)
_DIRECT_BEHIND = re.compile(
    r"^(?:'s)?[\s\-,:)]{0,3}(?:(?:hx|history|h/o|of|ago|with|ongoing|continuous|constant|gradual(?:ly)?|"
    r"progressive(?:ly)?|increasing(?:ly)?|worsening|severe|acute|new|non-?specific|intermittent|bad|terrible|"
    r"awful|dull|sharp|central|left|right|l|r|sided|sided?|lower|low|mid|upper|lumbar|thoracic|back|bilateral|"
    r"unilateral|his|her|my|the|now|moderate|atraumatic|mechanical|unremitting|persistent|insidious|onset|"
    r"duration|really|nagging|midline|burning|niggling|in|this|deep|stabbing|throbbing|gnawing|boring|horrible|flank|loin|"
    r"neck|chest|groin|hip|heel|buttock|leg|thigh|calf|knee|abdominal|abdo|belly|rib|shoulder|tired|tiredness|fatigue|and|"
    r"mid|both|sides?|bilat|b/l)\b[\s\-,:]{0,3}){0,8}(?:pain|lbp|backache|ache|"
    r"sciatica|symptoms|discomfort|spasms?|lumbago|soreness|twinges)\b"
)
_SEEN = re.compile(
    r"\b(?:seen|saw|present(?:ed|s)|consult(?:ed)?|visited|attended|assessed|reviewed|came|telephoned|phoned|"
    r"spoke|first appointment|initial(?:ly)?)\b"
)
_THEN = re.compile(r"\b(?:after|with|having had|following|when (?:she|he|they) had (?:already )?had|by then|already)\b")
_ATTACK = re.compile(
    r"\|\s+(?:on|in) the (?:left|right)\b|\b(?:another|alternat[a-z]*|then the other|each|per|a time|at a time|"
    r"lasts|lasting up to|before (?:my|his|her|the|it) (?:back|frees|eases|loosens)|then "
    r"(?:goes|eases|settles|passes)|before (?:i|he|she) (?:have|has|"
    r"had|need)|in the morning|each morning|to get going|to loosen|of (?:walking|sitting|standing|driving|rest|"
    r"lying))\b"
)
_HAD_BEHIND = re.compile(
    r"^(?: now| or so| or more)?[\s,]{0,2}(?:i've|i have|she's|she has|he's|he has|my [a-z]+ has|my [a-z]+'s|"
    r"they've|it's|it has|there'?s|there has|has|have|i|she|he)\s(?:now |also )?(?:had|been|got|felt|hurt|ached|"
    r"suffered|experienced)\b"
)
#: parts of the back without the word pain: "tender between the shoulder blades for eight weeks"
_PLACE = re.compile(
    r"\b(?:shoulder blades?|loins?|flanks?|lumbar|spine|tailbone|coccyx|buttocks?|beltline|waist|kidney area)\b"
)
_ONE_DAY, _HOUR_OR_SO = 1.0, 0.07
#: what lasts so long is a state, not an illness with an onset
_LIFELONG = 3650.0
_NOTHING_BEFORE = re.compile(
    r"[\s\-:|]*(?:[a-z.' ]{1,16}:)?\s*(?:(?:so|about|around|oh|well|um|only|just|maybe|probably|nearly|almost|yes,?|yeah,?|yep,?|now|"
    r"for|over)\s+){0,2}"
)
_THIS = re.compile(r"\b(?:it|this|that|these)\b")
_COMMA = re.compile(r"[,;(]")
_ASKED = re.compile(
    r"(?:how long|since when|when did (?:it|this|that|the pain)|when was that|(?:^|\n|"
    r"\|)\s*(?:\*\s?)?(?:duration|when|onset|since|how long|time course|duration of (?:symptoms|pain)|symptom "
    r"duration|started))\b[^\n?]{0,40}[?:]?\s{0,2}\n?\s{0,2}(?:[a-z. ]{1,14}:)?[^\n.]{0,24}$"
)
#: the first question of a talk, and its answer
_WHAT = re.compile(
    r"\b(?:what'?s (?:happen(?:ed|ing)|wrong|going on|the (?:matter|trouble|problem)|up)|what (?:happened|can i "
    r"do|is (?:the (?:matter|problem|trouble)|going on|wrong))|how can i help|tell me (?:what|about)|what brings|"
    r"how are you)\b[^\n]{0,50}\s{0,2}(?:[a-z.' ]{1,20}:)[^\n?]{0,60}$"
)
_WORSE_BEFORE = re.compile(
    r"\b(?:worse[a-z]*|worsen[a-z]*|deteriorat[a-z]*|progress[a-z]*|increas(?:ed|ing|ingly)|more severe|"
    r"escalat[a-z]*|exacerbat[a-z]*|constant|unbearable|spread(?:ing)?|radiat[a-z]*|now(?! (?:back|low|neck|pain|a|has|have)\b))"
    r"\b(?! -)[^,;.]{0,26}$"
)
_WORSE_BEHIND = re.compile(
    r"^[\s,]{0,2}(?:or so |it |the pain |has |is |have |got |getting |become |been |even |much ){0,4}"
    r"(?:worse(?! (?:first thing|in the|at |on |with |when |after |by |if |lying |sitting |standing ))|"
    r"worsening|increasing|unbearable|spread|deteriorat|(?:constant|continuous|unremitting)(?=\s?(?:[,.;)|]|$)))"
)
_WEEKDAY = re.compile(r"(?:mon|tues|wednes|thurs|fri|satur|sun)day$")
_TODAY = re.compile(r"(?:earlier )?(?:today|this week|tonight|this afternoon|this evening|this morning)")
_ONSET_NEAR = re.compile(
    r"\b(?:start(?:ed|ing)?|began|begun|came on|come on|onset|developed|woke|awoke|sudden(?:ly)?|first|struck|"
    r"went|hit)\b"
)
#: a clause ends here
_CLAUSE = re.compile(
    r"[;\n]|\.\s|, but |, and (?:has|had|is|was|he|she|i|her|his|my|then)\b| but |, although |, then | whereas |"
    r", which |\?|\)\s?[.,]?"
)

#: how long it took to come on, not how long it has lasted: "built up over a few weeks"
_COMING_ON = re.compile(
    r"\b(?:came|come|comes|built|build|crept|creeping|develop(?:ed|ing)|evolved|gradual|insidious|onset|grew|grown)\b[^,.;]{0,16}"
    r"\b(?:over|within|in)\s(?:the\s)?(?:course of\s)?$"
)
#: counted from another event: "two hours later"
_LATER = re.compile(
    r"\s?(?:later|afterwards|after(?! (?:a|the|lift|fall))|post[ -]?(?:partum|natal\w*|op\w*|delivery|surgery|"
    r"discharge)|thereafter|apart|straight|at a stretch|at most|max)\b"
)
_NOW_BEFORE = re.compile(r"(?:^|[\s,;(\-])(?:now|so far|by now)[\s,]{1,2}(?:for |about |around )?$")
_NOW_BEHIND = re.compile(r"\s?(?:now|so far|already)\b(?! (?:can|has|have|is|it|he|she|with|in|worse|the))")
_EVERY_DAY = re.compile(r"\b(?:every|each) (?:single )?(?:day|night|morning|evening|time|am|step)\b")
#: with what else than pain a bad back presents: its times count where no pain has one
_SYMPTOM = re.compile(
    r"(?:walk|refus|limp|stiff|stand|sit|crawl|numb|tingl|weak|heavy|wobbl|unsteady|tripping|stumbl|tired|fatigue|bladder|wee|"
    r"incontinen|retention|constipat|leg|sleep|wak|irritable|pale|bruis|lie|lying|drag|shuffl|each|every)[a-z]*$"
)
_PRESENTS = re.compile(
    r"\b(?:walk|walks|walking|stand|standing|sit|sitting|crawl|crawling|refus[a-z]*|limp[a-z]*|weight[ -]?bear[a-z]*|stiff[a-z]*|"
    r"head|neck|tilt[a-z]*|legs?|feet|foot|arms?|numb[a-z]*|tingl[a-z]*|weak[a-z]*|heavy|wobbl[a-z]*|unsteady|crooked|curve|"
    r"hump|stoop[a-z]*|lump|mass|herself|himself|unwell|off (?:his|her) (?:legs|feet)|woke|awoke|tired|crying|irritable)\b"
)
#: an injury that is told where the pain is not dated
_HURT = re.compile(r"\b(?:deadlift\w*|came off|rear[- ]?ended|crash\w*|rta|rtc|mva|mvc|lift(?:ed|ing))\b")
_STOPPED = re.compile(
    r"\bstopped (?:walking|standing|sitting|crawling|running|playing|wanting|putting|using|bearing)\b"
)
_GONE_SINCE = re.compile(
    r"\b(?:gone|resolved|settled|better|pain[- ]free|cleared|disappeared|stopped|well|back at work|off work) $"
)
_WELL_UNTIL = re.compile(r"\b(?:until|till|til) (?:about |around |some )?$")
_WELL_AFTER = re.compile(
    r"(?: ago)?[\s,]{0,2}(?:(?:but|and|though|although) )?(?:he |she |i |they |it |we )?(?:(?:was|were|is|seemed|felt|got up|"
    r"carried on|had been|have been|has been) )?(?:completely |totally |perfectly |absolutely )?(?:fine|ok|okay|well|alright|"
    r"all right|unhurt|uninjured|unharmed|right as rain|no (?:pain|problems?|symptoms?|ill effects?|injury))\b"
)
#: an injury of years ago belongs to no pain of today that the note dates otherwise
_OLD = 365.0

#: sections whose times are never those of the present pain
_NEVER = -3.0
_FROM_PART = {
    "complaint": 1.0,
    "history": 1.0,
    "past": -3.0,
    "medication": -3.0,
    "allergies": -4.0,
    "family": -4.0,
    "social": -3.0,
    "examination": -1.5,
    "laboratory": -3.0,
    "plan": -3.0,
}


#: weight from which a time is that of the pain although the complaint is an old one
_SURE = 1.5


def durations(note: Note, times: list[Time]) -> list[Time]:
    """The candidates for the duration of the present pain, best first."""
    weighed: list[tuple[float, int, Time]] = []
    for i, time in enumerate(times):
        if _FROM_PART[note.part_at(time.span.start)] <= _NEVER:
            continue
        weight = _weight(note, time, i)
        if weight > 0:
            weighed.append((weight, i, time))
    weighed.sort(key=lambda w: (-w[0], w[1]))
    best = [time for _, _, time in weighed]
    if not best:  # "intermittent back pain for a year" is a year where the note knows of nothing newer
        best = [t for i, t in enumerate(times) if t.form != "ago" and _weight(note, t, i, old=True) > _SURE]
    if not best:
        best = _of_the_presentation(note, times)
    for more in (flare(note, times, best), later_onset(note, times), _sum(note, times)):
        if more is not None:
            best.insert(0, more)
    return best


def _of_the_presentation(note: Note, times: list[Time]) -> list[Time]:
    """Where no pain is dated: since when the child does not walk, the head is held askew, the legs are heavy."""
    found: list[tuple[float, int, Time]] = []
    for i, time in enumerate(times):
        if _FROM_PART[note.part_at(time.span.start)] < 0 or time.days >= _LIFELONG:
            continue
        clause = " | ".join(_clause(note, time))
        if _PRESENTS.search(clause) is None and (time.form != "ago" or _HURT.search(clause) is None):
            continue
        weight = _weight(note, time, i, presenting=True)
        if weight > 0:
            found.append((weight, i, time))
    return [time for _, _, time in sorted(found, key=lambda w: (-w[0], w[1]))]


def _clause(note: Note, time: Time) -> tuple[str, str]:
    """The words of the clause before and behind a time."""
    before, after = note.before(time.span.start, 110), note.after(time.span.end, 70)
    cuts = [m.end() for m in _CLAUSE.finditer(before)]
    if cuts:
        before = before[cuts[-1] :]
    cut_behind = _CLAUSE.search(after)
    if cut_behind is not None:
        after = after[: cut_behind.start()]
    return before, after


def _weight(note: Note, time: Time, order: int, presenting: bool = False, old: bool = False) -> float:
    before, after = _clause(note, time)
    near_before, near_after = before[-48:], _COMMA.split(after[:40], maxsplit=1)[0]
    near = f"{near_before} | {near_after}"
    clause = f"{before} | {after}"
    said = note.low[time.span.start : time.span.end]
    weight = _FROM_PART[note.part_at(time.span.start)]
    direct = _DIRECT.search(before) is not None or _DIRECT_BEHIND.search(after) is not None
    if direct:
        weight += 4.0
    elif _HAD_BEHIND.search(after):
        weight += 2.5
    if _BACK.search(clause):
        weight += 2.0
    elif _PAIN.search(clause) or _PLACE.search(clause):
        weight += 1.2
    elif _BACK.search(note.low[max(0, time.span.start - 110) : time.span.start]):
        weight += 1.0
    elif _THIS.search(clause):
        weight += 0.6
    if _ONSET.search(near):
        weight += 1.0
    if _EVENT.search(clause):
        weight += 1.2
    if time.form == "since":
        weight += 0.6
    asked = note.low[max(0, time.span.start - 70) : time.span.start]
    if _ASKED.search(asked):
        weight += 3.0
    elif _HEADED.search(asked):
        weight += 1.5
    elif _WHAT.search(asked):
        weight += 1.2
    now_behind = _NOW_BEHIND.match(after)
    alone = not (after[now_behind.end() :] if now_behind else after).strip(" .-:|")
    if _NOTHING_BEFORE.fullmatch(before) and alone:  # an answer of its own: "Nine days.", "Three weeks now."
        weight += 1.5
    if time.form == "length" and (_NOW_BEFORE.search(before) or (now_behind and alone)):  # "sore, now 3/7"
        weight += 1.5
    whole, stems = note.said.events, note.said.event_stems
    counted = _WORD.findall(_EVERY_DAY.sub(" ", near))
    if presenting:
        stopped = _STOPPED.search(near) is not None
        counted = [w for w in counted if _SYMPTOM.match(w) is None and not (stopped and w == "stopped")]
        weight += 1.2
    against = sum(w in whole or w.startswith(stems) for w in counted) + len(_OTHER_PHRASES.findall(near))
    if against:
        weight -= min(3.0, 0.8 * against) if direct else min(4.5, 1.8 + 0.7 * (against - 1))
    if time.form == "ago" and _WELL_UNTIL.search(before):
        weight += 2.5
    if _WELL_AFTER.match(note.after(time.span.end, 50)):  # "fell three weeks ago but was fine after"
        weight -= 3.0
    if _GONE_SINCE.search(before):  # "leg pain gone since last week"
        weight -= 4.0
    if before.endswith("after "):  # "better after 2 hours"
        weight -= 1.5
    if (_WORSE_BEFORE.search(before) and not _NOW_BEFORE.search(before)) or (
        _WORSE_BEHIND.match(after) and _DIRECT_BEHIND.search(after) is None
    ):
        weight -= 2.0
    if _COMING_ON.search(before):
        weight -= 3.0
    later = _LATER.match(after) if time.form == "length" else None
    if later is not None and not (direct and later.group().strip() == "after"):  # but "LBP 2/7 after reaching for it"
        weight -= 8.0
    if time.form == "ago" and time.days >= _OLD and _EVENT.search(clause) and not direct:
        weight -= 2.0
    chronic, new = _CHRONIC.search(near), _NEW.search(near)
    if chronic and not new and not old:
        weight -= 3.2 if direct else 2.2
    if new:
        weight += 1.0
    if _ATTACK.search(near):
        weight -= 2.5
    if "stiff" in near:
        weight -= 2.0 if time.days < 1 else 0.5
    if time.form == "length" and time.days < _ONE_DAY:  # minutes and hours are rather the length of an attack
        weight -= (1.5 if direct else 3.0) if time.days < _HOUR_OR_SO else (0.0 if direct else 1.5)
    if _TODAY.match(said) and not _ONSET_NEAR.search(near) and not _EVENT.search(near):
        weight -= 2.0
    if said[-4:].isdigit() and time.form == "ago":  # a year by its name is rather that of another event
        weight -= 1.5
    if (said.endswith("day") and _WEEKDAY.search(said)) or said.endswith("weekend"):  # a count of days says more
        weight -= 0.5
    weight -= min(order, 8) * 0.15
    return weight - 1.2


def _sum(note: Note, times: list[Time]) -> Time | None:
    """ "First seen 10 days ago after 4 weeks of pain" is 38 days."""
    for first, second in pairwise(times):
        if first.form != "ago" or second.form != "length" or second.span.start - first.span.end > 60:
            continue
        if note.sentence_at(first.span.start) != note.sentence_at(second.span.start):
            continue
        between = note.low[first.span.end : second.span.start]
        before = note.before(first.span.start, 60)
        behind = note.after(second.span.end, 40)
        if _SEEN.search(before) and _THEN.search(between) and (_PAIN.search(behind) or _PAIN.search(between)):
            return Time(first.days + second.days, "ago", Span(first.span.start, second.span.end))
    return None
