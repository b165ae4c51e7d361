"""The columns of screened encounters: what ``screen`` writes and ``audit`` reads. One row is one encounter.

Everything up to the digests is known at the encounter. The columns after them look at what the record holds later; they
serve the audit alone and never an assessment.
"""

from __future__ import annotations

import pyarrow as pa

#: name, type, what it says
COLUMNS: tuple[tuple[str, pa.DataType, str], ...] = (
    ("patient", pa.string(), "id of the Patient resource"),
    ("encounter", pa.string(), "id of the Encounter resource; null where the record has none"),
    ("start", pa.date32(), "day of the encounter"),
    ("site", pa.string(), "where: reference of Encounter.serviceProvider"),
    ("clinician_group", pa.string(), "by whom: reference of the first Encounter.participant.individual"),
    ("age_years", pa.float64(), "age at the encounter in years; null where unknown, which never means adult"),
    ("sex", pa.string(), "male, female or unknown"),
    ("setting", pa.string(), "setting of the encounter; null where the record does not tell"),
    ("urgency", pa.string(), "emergency, same_day, urgent, routine or self_care"),
    ("floor", pa.string(), "the urgency that the safety rules alone demand"),
    ("red_flags", pa.list_(pa.string()), "ids of the safety rules that hold, the most urgent first"),
    ("top_cause", pa.string(), "the most probable cause"),
    ("top_probability", pa.float64(), "its probability at the fixed parameter set"),
    ("causes", pa.list_(pa.string()), "the most probable causes, in order"),
    ("probabilities", pa.list_(pa.float64()), "their probabilities"),
    ("must_not_miss", pa.list_(pa.string()), "groups of the must-not-miss ledger, the likeliest first"),
    ("must_not_miss_probability", pa.list_(pa.float64()), "their probabilities"),
    ("must_not_miss_asked", pa.list_(pa.list_(pa.string())), "of each group the telling findings that were asked or are known"),
    ("must_not_miss_not_asked", pa.list_(pa.list_(pa.string())), "and those that were not"),
    ("imaging", pa.string(), "indicated, consider or not_indicated: the strongest of what the rules say of any imaging; null for none"),
    ("imaging_indicated", pa.list_(pa.string()), "imaging tests that a rule calls indicated"),
    ("imaging_not_indicated", pa.list_(pa.string()), "imaging tests that a rule advises against"),
    ("avoid", pa.list_(pa.string()), "medicines on the list that must not be taken, each as medicine:rule"),
    ("caution", pa.list_(pa.string()), "medicines on the list that ask for care, each as medicine:rule"),
    ("knowledge_digest", pa.string(), "digest of the knowledge that gave the row"),
    ("input_digest", pa.string(), "SHA-256 of what the assessment saw (answers, values, lists and so on), not of where it was read"),
    ("imaged_days", pa.float64(), "days from the encounter to the first order or picture of the spine; null for none"),
    ("imaged_with", pa.list_(pa.string()), "what with: radiograph, mri or ct"),
    ("imaged_before_days", pa.float64(), "days from the latest picture of the spine before the encounter to it; null for none"),
    ("workup_days", pa.float64(), "days from the encounter to the first spine image or referral; null for none"),
    ("followed_days", pa.float64(), "days from the encounter to the latest date of the record"),
)  # fmt: skip

SCHEMA = pa.schema([(name, kind) for name, kind, _ in COLUMNS])
#: the columns that look at what came after the encounter
LATER = ("imaged_days", "imaged_with", "imaged_before_days", "workup_days", "followed_days")
