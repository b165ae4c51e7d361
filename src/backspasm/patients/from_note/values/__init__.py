"""Values in a note: measured values with their units, times and the duration of the pain, the person, what they take."""

from backspasm.patients.from_note.values.find import find_values
from backspasm.patients.from_note.values.results import PowerGrade, Pressure, Values
from backspasm.patients.from_note.values.vitals import hypotensive

__all__ = ["PowerGrade", "Pressure", "Values", "find_values", "hypotensive"]
