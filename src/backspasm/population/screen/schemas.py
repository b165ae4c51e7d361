"""Arrow schemas of screening: what goes into the batch function, and what comes out of it.

A row of ``RECORDS`` is a patient with the lines of the export that are about that patient; ``line`` 0 means that the data
are a whole Bundle. A row of ``CASES`` is one case of a table. Out comes one row for each encounter, as in
``population.screened``, and one for each problem; a row has a problem or an assessment, never both.
"""

from __future__ import annotations

import pyarrow as pa

from backspasm.population.screened import COLUMNS, LATER

#: where a piece of data stands: position of its file in the list of input files, and its line (from 1); ``kind`` is the place
#: of its resource type in ``lines.KINDS``, or -1 where nobody has looked
LINE = pa.struct([("source", pa.int32()), ("line", pa.int64()), ("data", pa.binary()), ("kind", pa.int8())])
RECORDS = pa.schema([("patient", pa.string()), ("lines", pa.list_(LINE))])
CASES = pa.schema(
    [
        ("patient", pa.string()),
        ("encounter", pa.string()),
        ("source", pa.int32()),
        ("line", pa.int64()),
        ("case", pa.binary()),
    ]
)
PROBLEM = pa.struct([("source", pa.int32()), ("line", pa.int64()), ("resource", pa.string()), ("reason", pa.string())])
ASSESSED = pa.schema([(name, kind) for name, kind, _ in COLUMNS])
#: under the other knowledge of a comparison; null where the urgency stays
CHANGE = pa.struct(
    [
        ("urgency", pa.string()),
        ("top_cause", pa.string()),
        ("top_probability", pa.float64()),
        ("because", pa.list_(pa.string())),
    ]
)
OUT = pa.schema([*ASSESSED, pa.field("change", CHANGE), pa.field("problem", PROBLEM)])
CHANGES = pa.schema(
    [
        ("patient", pa.string()),
        ("encounter", pa.string()),
        ("urgency", pa.string()),
        ("other_urgency", pa.string()),
        ("top_cause", pa.string()),
        ("other_top_cause", pa.string()),
        ("top_probability", pa.float64()),
        ("other_top_probability", pa.float64()),
        ("because", pa.list_(pa.string())),
    ]
)
#: columns of the table of changes, for the data dictionary
CHANGE_COLUMNS = (
    ("patient", "id of the Patient resource, or of the case"),
    ("encounter", "id of the Encounter resource"),
    ("urgency", "under the knowledge that screened"),
    ("other_urgency", "under the other knowledge"),
    ("top_cause", "the most probable cause under the knowledge that screened"),
    ("other_top_cause", "under the other knowledge"),
    ("top_probability", "its probability under the knowledge that screened"),
    ("other_top_probability", "that of the other one under the other knowledge"),
    (
        "because",
        "what alone takes the difference away: study ID or rule ID; else assumptions, or several changes together",
    ),
)
PROBLEMS = pa.schema([("file", pa.string()), ("line", pa.int64()), ("resource", pa.string()), ("reason", pa.string())])
#: columns of the table of problems, for the data dictionary
PROBLEM_COLUMNS = (
    ("file", "input file, relative to the input"),
    ("line", "line of the file, from 1; 0 where the whole file is meant"),
    ("resource", "type and id of the resource as far as they could be read"),
    ("reason", "what is wrong; never words of the record"),
)
__all__ = [
    "ASSESSED", "CASES", "CHANGES", "CHANGE_COLUMNS", "COLUMNS", "LATER", "LINE", "OUT", "PROBLEM", "PROBLEMS",
    "PROBLEM_COLUMNS", "RECORDS",
]  # fmt: skip
