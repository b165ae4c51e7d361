"""What responses to questionnaires say at all encounters; the twin of ``questionnaire.read_questionnaires`` for one response each."""

from __future__ import annotations

import numpy as np

from backspasm.patients.from_fhir.many.book import FLAGS, SITUATIONS
from backspasm.patients.from_fhir.many.moments import DateTable, Ints
from backspasm.patients.from_fhir.many.repeated import repeated
from backspasm.patients.from_fhir.many.resources import Responses
from backspasm.patients.from_fhir.many.statements import RESPONSES, Collector
from backspasm.patients.from_fhir.many.visits import Visits


def take_responses(
    responses: Responses, encounter: Ints, visits: Visits, table: DateTable, collector: Collector
) -> dict[int, str]:
    """Enter the answers of all responses; returned are the settings that were answered, by visit.

    Args:
        encounter: of each response the place of its encounter, -1 for none.
    """
    book = collector.book
    used, own = book.marked("used")[responses.place], book.marked("own")[responses.place]
    row, within = repeated(visits.count[responses.patient])
    visit = visits.first[responses.patient[row]] + within
    authored = table.times.take(responses.authored[row])
    holds = encounter[row] == visits.encounter[visit]
    future = authored.after(visits.until.take(visit)) & (visits.ended[visit] | ~holds)
    kept = used[row] & ~future
    row, visit = row[kept], visit[kept]
    start = visits.start.take(visit)
    when = authored.take(np.flatnonzero(kept)).or_else(start)
    days = when.days_to(start)
    bucket = book.buckets.of(days, when.there)
    # every item of every response at its visits
    length = np.bincount(responses.of, minlength=len(used))
    first = np.cumsum(length) - length
    pair, within = repeated(length[row])
    item = first[row[pair]] + within
    code = responses.item[item] * SITUATIONS + bucket[pair] * FLAGS + own[row[pair]]
    unique, inverse = np.unique(code, return_inverse=True)
    effects = [book.effect_of_item(c) for c in unique.tolist()]
    ago = np.full((len(visits), len(collector.order)), np.nan)
    settings: dict[int, str] = {}
    for i in np.flatnonzero(np.array([bool(e.days_ago or e.setting) for e in effects], dtype=bool)[inverse]).tolist():
        at, effect = int(visit[pair[i]]), effects[inverse[i]]
        for finding, since in effect.days_ago:
            if finding in collector.order:
                ago[at, collector.order[finding]] = since
        if effect.setting:
            settings[at] = effect.setting
    position = RESPONSES + np.arange(len(pair))
    known = len(collector.out.said.visit)
    collector.say(effects, inverse, visit[pair], when.key[pair], position, days[pair].astype(np.float64), None)
    said = collector.out.said
    for chunk in range(known, len(said.visit)):
        since = ago[said.visit[chunk], said.finding[chunk]]
        said.began[chunk] = np.where(said.present[chunk], since, np.nan)
    collector.enter(effects, inverse, visit[pair], when.key[pair], position)
    return settings
