"""A long note in which no sentence comes back: what is worked out for one sentence helps with no other.

Sentences are templates with words and numbers drawn by chance; each run of words, numbers aside, is written once.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping

_SLOTS: Mapping[str, str] = {
    "who": "she he patient the_patient pt mum dad his_wife her_husband the_carer Mr_Okafor Ms_Lindqvist this_lady the_child "
    "our_patient his_mother a_neighbour the_coach her_teacher the_physio his_daughter",
    "part": "back lower_back lumbar_spine left_leg right_leg buttock groin hip knee calf foot thigh flank neck shoulder "
    "abdomen chest saddle_area perineum thoracic_spine tailbone sacrum ankle heel",
    "pain": "pain ache stiffness spasm discomfort soreness tenderness cramp burning tingling numbness weakness heaviness "
    "swelling stabbing_pain shooting_pain tightness pins_and_needles",
    "finding": "fever night_sweats weight_loss incontinence vomiting rigors haematuria dysuria headache constipation rash "
    "sciatica saddle_numbness urinary_retention limp morning_stiffness cough breathlessness trauma fatigue_at_work "
    "loss_of_appetite foot_drop visual_change diarrhoea chest_pain",
    "how": "constant dull sharp mild severe nagging worsening intermittent deep throbbing sudden gradual bilateral "
    "unremitting electric persistent mechanical vague",
    "when": "at_night in_the_morning after_lunch on_the_stairs since_Monday last_week yesterday while_driving in_bed "
    "during_the_shift over_the_weekend before_breakfast when_coughing on_bending after_football when_sitting",
    "did": "lifting carrying gardening digging painting jogging dancing swimming rowing climbing stacking_crates "
    "moving_a_sofa pushing_a_van shovelling_snow raking_leaves laying_tiles wrestling cycling",
    "thing": "boxes logs buckets chairs suitcases a_wardrobe a_mattress a_fridge bricks shopping_bags her_nephew a_piano "
    "crates paving_slabs a_wheelbarrow old_carpets",
    "drug": "ibuprofen paracetamol naproxen codeine amitriptyline diazepam gabapentin omeprazole ramipril metformin "
    "apixaban prednisolone tramadol cyclobenzaprine amlodipine levothyroxine",
    "test": "CRP ESR WCC Hb calcium creatinine temp HR platelets ALP",
    "disease": "hypertension asthma diabetes breast_cancer osteoporosis psoriasis Crohn's_disease migraine gout epilepsy "
    "hypothyroidism prostate_cancer tuberculosis eczema endometriosis kidney_stones",
    "sign": "SLR power sensation reflexes tone gait perianal_sensation anal_tone plantars clonus lumbar_flexion "
    "spinous_processes abdomen hips SI_joints",
    "state": "normal reduced intact absent brisk equal symmetrical unremarkable limited negative positive preserved "
    "diminished guarded full",
    "unit": "days weeks months years hours",
    "job": "roofer teacher nurse baker courier farmer student plumber cashier librarian driver chef welder tailor clerk "
    "gardener pilot florist",
    "mood": "worried cheerful tired anxious calm tearful stoical frustrated bored hopeful restless polite puzzled",
    "place": "office garden kitchen warehouse garage gym workshop playground harbour market stadium library station "
    "attic cellar orchard",
    "noun": "kettle window bicycle carpet ladder curtain blanket pillow bucket basket handle bottle candle ticket pencil "
    "violin saddlebag lantern hammock notebook umbrella scarf hedge gate ferry tram bench mirror teapot",
    "verb": "mentions recalls explains wonders says reports adds thinks insists believes notes remarks repeats stresses",
}  # fmt: skip
_TEMPLATES = (
    "{who} {verb} {how} {pain} in the {part} {when}, {how} {when}.",
    "No {finding}, {finding}, {pain} or {finding}.",
    "{pain} of the {part} for {n} {unit} after {did} {thing}.",
    "Denies {finding} and {finding}, but {verb} {how} {pain} {when}.",
    "{sign} {state} on the left, {sign} {state} on the right, {part} {state}.",
    "{test} {n}, {test} {n}, {sign} {state}, {part} {state}.",
    "Takes {drug} {n} mg and {drug} for {disease}; stopped {drug} {n} {unit} ago.",
    "PMH {disease}, {disease}, {disease}, {drug}.",
    "{who} is a {mood} {job} who keeps a {noun} and a {noun} in the {place}.",
    "{who} was {did} {thing} near the {noun} {when}.",
    "The {part} feels {how} and the {part} {how}, worse {when} and {when}.",
    "If {finding} or {finding} develops, come back to the {place}.",
    "{who} had {disease} and {finding} {n} {unit} ago, {mood} about it.",
    "Pain {n}/10 {when}, {n}/10 {when}, no {finding}.",
    "{drug} eases the {pain}, {drug} does not, {drug} made {who} {mood}.",
    "Could this be {disease}, or {how} {pain} from the {part}?",
    "{who} cannot {verb} why the {noun} by the {noun} hurts the {part}.",
    "Not only {finding} but also {how} {pain} {when}, {who} {verb}.",
    "{sign}: {state}; {sign}: {state}; {sign}: {state}.",
    "Works as a {job} in the {place}, {n} {unit}, lifts {thing} and a {noun}.",
    "Woke {when} with {how} {pain} across the {part} and {part}, then {did}.",
    "BP {n}/{n}, {test} {n}, {part} {state}, {finding}: none.",
    "{who} feels {mood} {when}, sleeps beside the {noun}, drinks {n} units by the {noun}.",
    "Seen by the {job} {when} for {finding}; {sign} {state}.",
    "Unable to {verb} any {finding} since {did} {thing} in the {place}.",
    "Plan: {drug}, {drug}, review in {n} {unit}, {test} and {test}.",
)
_SLOT = re.compile(r"\{(\w+)\}")


def different(length: int, seed: int = 1) -> str:
    """A text of so many characters, in lines of a few sentences."""
    chance = random.Random(seed)
    slots = {name: [w.replace("_", " ") for w in words.split()] for name, words in _SLOTS.items()}
    said: set[str] = set()
    out: list[str] = []
    made = 0
    while made < length:
        words = _SLOT.sub(lambda m: m[0] if m[1] == "n" else chance.choice(slots[m[1]]), chance.choice(_TEMPLATES))
        if words in said:
            continue
        said.add(words)
        sentence = _SLOT.sub(lambda _: str(chance.randrange(1, 200)), words)
        out.append(sentence[0].upper() + sentence[1:] + ("\n" if len(out) % 5 == 4 else " "))
        made += len(out[-1])
    return "".join(out)[:length]
