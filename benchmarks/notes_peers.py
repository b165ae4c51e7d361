"""One other reader in its own environment: reads lines of JSON with notes, writes the findings and the time it took.

Started by ``notes.py``. Needs edsnlp or negspacy, which the program itself does not (see ``peers.txt``).
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import warnings
from typing import Any


def edsnlp_reader(lists: dict[str, Any], *, gaps: bool, assertions: bool) -> Any:
    """A pipeline as its documentation builds one: normaliser, sentences, matcher, qualifiers with our English cues."""
    edsnlp = importlib.import_module("edsnlp")
    eds = importlib.import_module("edsnlp.pipes")
    cues = lists["cues"]
    nlp = edsnlp.blank("eds")
    nlp.add_pipe(eds.normalizer(accents=False, quotes=True, pollution=False))
    nlp.add_pipe(eds.sentences())
    regular = lists["regular"] if gaps else None
    nlp.add_pipe(eds.matcher(terms=lists["terms"], regex=regular, attr="LOWER", span_setter="findings"))
    ends = [*cues["termination"], *cues.get("clause", [])]
    own = {"span_getter": "findings", "termination": ends, "attr": "LOWER"}
    nlp.add_pipe(
        eds.negation(
            preceding=cues["negation_before"],
            following=cues["negation_after"],
            pseudo=cues["pseudo"],
            verbs=[],
            **own,
        )
    )
    if assertions:
        hypothetical = [*cues["uncertain_before"], *cues["hypothetical"]]
        nlp.add_pipe(
            eds.hypothesis(
                preceding=hypothetical,
                following=cues.get("uncertain_after", []),
                pseudo=[],
                verbs_eds=[],
                verbs_hyp=[],
                **own,
            )
        )
        nlp.add_pipe(eds.family(family=[*cues["family"], *cues["other_person"]], use_sections=False, **own))
        nlp.add_pipe(eds.history(history=cues["past"], **own))
    return nlp


def negspacy_reader(lists: dict[str, Any], *, gaps: bool) -> Any:
    """spaCy's entity ruler and NegEx with its clinical cues and ours. It knows negation and nothing else."""
    spacy = importlib.import_module("spacy")
    importlib.import_module("negspacy.negation")
    cues = lists["cues"]
    terms = importlib.import_module("negspacy.termsets").termset("en_clinical_sensitive")
    terms.add_patterns(
        {
            "pseudo_negations": cues["pseudo"],
            "preceding_negations": cues["negation_before"],
            "following_negations": cues["negation_after"],
            "termination": cues["termination"],
        }
    )
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    ruler = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    patterns = [{"label": m, "pattern": p} for m, of in lists["terms"].items() for p in of]
    if gaps:
        patterns += [{"label": m, "pattern": p} for m, of in lists["sequences"].items() for p in of]
    ruler.add_patterns(patterns)
    nlp.add_pipe("negex", config={"neg_termset": terms.get_patterns()})
    return nlp


def findings(doc: Any, reader: str) -> list[list[str]]:
    """The findings of one note, present and absent; what is said both ways is neither."""
    present: set[str] = set()
    absent: set[str] = set()
    for span in doc.spans["findings"] if reader == "edsnlp" else doc.ents:
        affirmed, denied = json.loads(span.label_)
        if reader == "edsnlp":
            if any(getattr(span._, name, None) for name in ("hypothesis", "family", "history")):
                continue
            negated = span._.negation
        else:
            negated = span._.negex
        if negated:
            absent.update(affirmed)
        else:
            present.update(affirmed)
            absent.update(denied)
    return [sorted(present - absent), sorted(absent - present)]


def main() -> None:
    reader, options, words, stride = sys.argv[1], sys.argv[2].split(","), sys.argv[3], int(sys.argv[4])
    warnings.simplefilter("ignore")
    with open(words, encoding="utf-8") as file:  # noqa: PTH123
        given = json.load(file)
    gaps = "gaps" in options
    if reader == "edsnlp":
        nlp = edsnlp_reader(given["lists"], gaps=gaps, assertions="assertions" in options)
    else:
        nlp = negspacy_reader(given["lists"], gaps=gaps)
    notes: list[str] = given["notes"][::stride]
    list(nlp.pipe(notes[: 20 if stride == 1 else 2]))
    took: list[float] = [float("inf")] * len(notes)
    read: list[list[list[str]]] = [[[], []] for _ in notes]
    for _ in range(given["times"] if stride == 1 else 1):
        for i, note in enumerate(notes):
            at = time.process_time()
            doc = nlp(note)
            took[i] = min(took[i], time.process_time() - at)
            read[i] = findings(doc, reader)
    json.dump({"seconds": took, "read": read}, sys.stdout)


if __name__ == "__main__":
    main()
