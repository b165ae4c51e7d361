"""Tables of cases: Parquet and CSV with a column for each field or finding, and JSON lines with a case each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq

from backspasm.patients.from_case import FIELDS
from backspasm.patients.patient import InputError
from backspasm.population.screen.inputs import File, Input, lines_of, open_file
from backspasm.population.screen.partition import BLOCK
from backspasm.population.screen.schemas import CASES
from backspasm.records.knowledge import Knowledge
from backspasm.records.problems import did_you_mean

#: columns that name the row; the first that is there names the patient
NAMES = ("patient", "id")
ENCOUNTER = "encounter"
LISTS = ("present", "absent", "medications", "allergies", "comorbidities")
MAPS = ("measured", "days_ago")
#: rows of one batch
ROWS = 2_048
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

Row = tuple[str | None, str | None, int, bytes]


class Table(msgspec.Struct, frozen=True):
    """A part of a table: the whole file, or one or more groups of rows of a Parquet file."""

    source: int
    group: int | None = None
    groups: int = 1

    @property
    def name(self) -> str:
        return f"table-{self.source:05d}" + ("" if self.group is None else f"-{self.group:06d}")


def tables_of(given: Input, knowledge: Knowledge) -> tuple[Table, ...]:
    """The parts of all tables.

    Raises:
        InputError: a table that cannot be opened, or a column that is neither a field of a case nor a finding.
    """
    out: list[Table] = []
    for i, file in enumerate(given.files):
        columns, groups = _shape(file)
        check_columns(file.name, columns, knowledge)
        out += [Table(i)] if groups is None else [Table(i, g) for g in range(groups)]
    return tuple(out)


def _shape(file: File) -> tuple[Sequence[str], int | None]:
    """Names of the columns (none for JSON lines), and how many groups of rows a Parquet file has."""
    try:
        if file.path.lower().endswith(".parquet"):
            with pq.ParquetFile(file.path) as table:
                return table.schema_arrow.names, table.num_row_groups
        if file.path.lower().endswith(".csv"):
            with pv.open_csv(file.path) as table:
                return table.schema.names, None
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError.one("INPUT", file.name, f"cannot be read: {error}", "check that the file is whole") from None
    return (), None


def check_columns(name: str, columns: Iterable[str], knowledge: Knowledge) -> None:
    """Refuse a column that nothing is known of: a misspelt finding would be lost in silence."""
    known = {*NAMES, ENCOUNTER, *FIELDS, *knowledge.findings}
    for column in columns:
        if column not in known:
            mend = did_you_mean(column, sorted(known), "drop it, or name it as a field of a case or a finding")
            raise InputError.one(f"INPUT {name}, column", column, "neither a field of a case nor a finding", mend)


def case_batches(table: Table, file: File, knowledge: Knowledge) -> Iterator[pa.RecordBatch]:
    """Cases of one part of a table, ``ROWS`` at a time, with the number of each row or line."""
    if file.path.lower().endswith(".parquet"):
        rows = _parquet(table, file, knowledge)
    elif file.path.lower().endswith(".csv"):
        rows = _csv(file, knowledge)
    else:
        rows = _json(file)
    waiting: list[Row] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == ROWS:
            yield _batch(table.source, waiting)
            waiting = []
    if waiting:
        yield _batch(table.source, waiting)


def _batch(source: int, rows: Sequence[Row]) -> pa.RecordBatch:
    names = [row[0] if row[0] is not None else f"line-{row[2]}" for row in rows]
    return pa.record_batch(
        [
            pa.array(names, pa.string()),
            pa.array([row[1] for row in rows], pa.string()),
            pa.array([source] * len(rows), pa.int32()),
            pa.array([row[2] for row in rows], pa.int64()),
            pa.array([row[3] for row in rows], pa.binary()),
        ],
        schema=CASES,
    )


def _parquet(table: Table, file: File, knowledge: Knowledge) -> Iterator[Row]:
    with pq.ParquetFile(file.path) as source:
        group = table.group or 0
        number = sum(source.metadata.row_group(g).num_rows for g in range(group))
        for batch in source.iter_batches(batch_size=ROWS, row_groups=[group]):
            for row in batch.to_pylist():
                number += 1
                yield _row(row, number, knowledge)


def _csv(file: File, knowledge: Knowledge) -> Iterator[Row]:
    with pv.open_csv(file.path) as probe:
        names = probe.schema.names
    texts = pv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=True)
    number = 1  # the header
    with pv.open_csv(file.path, convert_options=texts) as source:
        for batch in source:
            for row in batch.to_pylist():
                number += 1
                yield _row({k: _said(k, v, knowledge) for k, v in row.items()}, number, knowledge)


def _said(column: str, text: str | None, knowledge: Knowledge) -> Any:
    """What a cell of a CSV says. What cannot be read is left as it is, and refused with the case."""
    if text is None or not text.strip() or column in {*NAMES, ENCOUNTER, "sex", "setting"}:
        return text or None
    if column in LISTS:
        return [part.strip() for part in text.split(";") if part.strip()]
    finding = knowledge.findings.get(column)
    if column == "pregnant" or (finding is not None and finding.kind == "boolean"):
        return _WORDS.get(text.strip().lower(), text)
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _row(row: dict[str, Any], number: int, knowledge: Knowledge) -> Row:
    """The case of one row: findings in columns of their own go to where a case has them."""
    case: dict[str, Any] = {"age_years": row.get("age_years")}
    for column, value in row.items():
        if value is None or column in {*NAMES, ENCOUNTER, "age_years"}:
            continue
        finding = knowledge.findings.get(column)
        if finding is None:
            held = dict(value) if column in MAPS and isinstance(value, list) else value
            if column in MAPS and isinstance(held, dict):
                case.setdefault(column, {}).update({k: v for k, v in held.items() if v is not None})
            elif column in LISTS and isinstance(held, list):
                case.setdefault(column, []).extend(held)
            else:
                case[column] = held
        elif finding.kind == "measured":
            case.setdefault("measured", {})[column] = value
        elif isinstance(value, bool):
            case.setdefault("present" if value else "absent", []).append(column)
        else:  # neither yes nor no: refused with the name of the column
            case.setdefault("present", []).append({column: value})
    name = next((str(row[n]) for n in NAMES if row.get(n) is not None), None)
    encounter = row.get(ENCOUNTER)
    return name, None if encounter is None else str(encounter), number, msgspec.json.encode(case)


class _Wrapped(msgspec.Struct):
    patient: str | int | None = None
    id: str | int | None = None
    encounter: str | int | None = None
    case: msgspec.Raw = msgspec.Raw()


def _json(file: File) -> Iterator[Row]:
    number = 0
    with open_file(file.path, file.codec) as stream:
        for lines in lines_of(stream, BLOCK):
            for data in lines:
                number += 1
                if data and not data.isspace():
                    yield _json_row(data, number)


def _json_row(data: bytes, number: int) -> Row:
    try:
        found = msgspec.json.decode(data, type=_Wrapped)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, None, number, data  # what is wrong with it is told when the case is read
    name = found.patient if found.patient is not None else found.id
    case = data
    if found.case:
        case = bytes(found.case)
    elif name is not None or found.encounter is not None:
        plain = msgspec.json.decode(data)
        case = msgspec.json.encode({k: v for k, v in plain.items() if k not in {*NAMES, ENCOUNTER}})
    encounter = None if found.encounter is None else str(found.encounter)
    return None if name is None else str(name), encounter, number, case
