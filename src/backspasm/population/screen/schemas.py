"""Arrow schemas of screening: what goes into the batch function, and what comes out of it.

A row of ``RECORDS`` is a patient with the lines of the export that are about that patient; ``line`` 0 means that the data
are a whole Bundle. A row of ``CASES`` is one case of a table. Out comes one row for each encounter, as in
``population.screened``, and one for each problem; a row has a problem or an assessment, never both.
"""

from __future__ import annotations

import pyarrow as pa

from backspasm.population.screened import COLUMNS, LATER

#: where a piece of data stands: position of its file in the list of input files, and its line (from 1)
LINE = pa.struct([("source", pa.int32()), ("line", pa.int64()), ("data", pa.binary())])
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
OUT = pa.schema([*ASSESSED, pa.field("problem", PROBLEM)])
PROBLEMS = pa.schema([("file", pa.string()), ("line", pa.int64()), ("resource", pa.string()), ("reason", pa.string())])
#: columns of the table of problems, for the data dictionary
PROBLEM_COLUMNS = (
    ("file", "input file, relative to the input"),
    ("line", "line of the file, from 1; 0 where the whole file is meant"),
    ("resource", "type and id of the resource as far as they could be read"),
    ("reason", "what is wrong; never words of the record"),
)
__all__ = ["ASSESSED", "CASES", "COLUMNS", "LATER", "LINE", "OUT", "PROBLEM", "PROBLEMS", "PROBLEM_COLUMNS", "RECORDS"]
