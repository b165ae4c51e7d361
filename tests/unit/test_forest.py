"""Does a forest plot show every study and opinion where it stands, the same bytes each time?"""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from backspasm import Model
from backspasm.inference.cell_evidence import TOGETHER, CellEvidence, Row, cell_evidence
from backspasm.inference.refitting import Refitter
from backspasm.presentation.forest import axis_of, axis_text, forest_svg, forest_text
from backspasm.records.types import AgeGroup

SVG = "{http://www.w3.org/2000/svg}"
CELLS: tuple[tuple[str, str, AgeGroup], ...] = (
    ("fever", "spinal_epidural_abscess", "adult"),
    ("saddle_anaesthesia", "cauda_equina_syndrome", "adult"),
    ("cauda_equina_syndrome", "disc_herniation", "adult"),
    ("crp", "vertebral_osteomyelitis", "adult"),
    ("esr", "discitis", "young_child"),
    ("worse_on_extension", "lymphoma", "teen"),
)


@pytest.fixture(scope="module")
def refitter(model: Model) -> Refitter:
    return Refitter(model)


@pytest.fixture(scope="module", params=CELLS, ids=lambda c: "-".join(c))
def cell(request: pytest.FixtureRequest, refitter: Refitter) -> CellEvidence:
    what, given, age = request.param
    return cell_evidence(what, given, age, refitter)


def test_every_study_that_the_model_pools_has_a_row(cell: CellEvidence, model: Model) -> None:
    key = f"{cell.what}|{cell.given}" + ("" if cell.kind == "complication" else f"|{cell.age}")
    backing = model.parameters.backing.get(key)
    assert {r.label for r in cell.studies} == set(backing.facts if backing else ())


def test_every_estimator_has_a_row_marked_as_opinion(cell: CellEvidence, model: Model) -> None:
    labels = {r.label.partition(" (")[0] for r in cell.rows if r.kind == "opinion"} - {TOGETHER}
    assert labels == {e.estimator for e in model.knowledge.elicitations}


def test_weights_of_studies_and_opinions_make_one(cell: CellEvidence) -> None:
    weights = [r.weight for r in cell.rows if r.weight is not None]
    if weights:
        assert sum(weights) == pytest.approx(1)


def test_the_pooled_row_is_the_models_rate(refitter: Refitter, model: Model) -> None:
    p = model.parameters
    found = cell_evidence("fever", "spinal_epidural_abscess", "adult", refitter).rows[-1]
    assert found.kind == "pooled"
    expected = model.means.rate("fever", 2)[p.causes.index("spinal_epidural_abscess")]
    assert found.value == pytest.approx(float(expected))


def test_without_studies_the_pooled_rate_is_that_of_the_opinions(refitter: Refitter) -> None:
    cell = cell_evidence("worse_on_extension", "lymphoma", "teen", refitter)
    together = next(r for r in cell.rows if r.label == TOGETHER)
    pooled = cell.rows[-1]
    assert not cell.studies
    assert pooled.value == pytest.approx(together.value)
    assert pooled.low == pytest.approx(together.low)
    assert pooled.high == pytest.approx(together.high)


def test_the_svg_is_well_formed_and_says_itself_in_words(cell: CellEvidence) -> None:
    root = ElementTree.fromstring(forest_svg(cell, "A <title> & more", "k1"))
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert desc is not None
    assert title.text == "A <title> & more"
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"].split() == [title.attrib["id"], desc.attrib["id"]]
    text = "".join(root.itertext())
    for row in cell.rows:
        assert row.label[:30] in text
        assert row.label in (desc.text or "")


def test_marks_stand_inside_the_drawing_and_in_order(cell: CellEvidence) -> None:
    axis = axis_of(cell)
    root = ElementTree.fromstring(forest_svg(cell, "t", "k"))
    width = float(root.attrib["viewBox"].split()[2])
    for line in root.iter(f"{SVG}line"):
        assert 0 <= float(line.attrib["x1"]) <= float(line.attrib["x2"]) <= width
    for row in cell.rows:
        for value in (row.low, row.value, row.high):
            assert value is None or axis.low <= value <= axis.high
    places = [axis.place(v, 0, 1) for v in sorted(r.value for r in cell.rows if r.value is not None)]
    assert places == sorted(places)


def test_the_same_cell_gives_the_same_bytes(cell: CellEvidence, refitter: Refitter) -> None:
    again = cell_evidence(cell.what, cell.given, cell.age, refitter)
    assert forest_svg(again, "t", "k") == forest_svg(cell, "t", "k")


def test_in_a_terminal_each_row_has_its_mark_and_its_numbers(cell: CellEvidence) -> None:
    for row, line, numbers in forest_text(cell, 40):
        assert len(line) == 40
        mark = {"study": "■", "opinion": "○", "pooled": "◆"}[row.kind]
        assert line.count(mark) == (row.value is not None)
        assert numbers
    assert len(axis_text(cell, 40)) == 40


def test_a_hostile_label_stays_text() -> None:
    row = Row("study", '<script>alert("x")</script>&', 0.5, 0.4, 0.6, 1.0)
    svg = forest_svg(CellEvidence("a", "b", "adult", "rate", "", (row,)), '"><script>', "k")
    root = ElementTree.fromstring(svg)
    assert [e for e in root.iter() if e.tag.endswith("script")] == []


def test_an_unknown_cell_is_refused(refitter: Refitter) -> None:
    with pytest.raises(KeyError, match="no rate"):
        cell_evidence("nothing", "discitis", "adult", refitter)


def test_what_is_no_single_value_stands_under_its_name_and_inside_the_drawing() -> None:
    remark = "≥ 3.5 in 100 %, ≥ 10 in 100 %, ≥ 30 in 100 %, ≥ 50 in 89 %, ≥ 100 in 58 %, ≥ 200 in 11 %"
    rows = (
        Row("study", "davis2020/crp_derivation", None, None, None, None, remark),
        Row("study", "matsuo2021/crp_staph", 132.0, 87.0, 200.0),
    )
    drawn = forest_svg(CellEvidence("crp", "discitis", "adult", "value", "mg/L", rows), "title", "k")
    texts = [t for t in ElementTree.fromstring(drawn).iter(f"{SVG}text") if (t.text or "") != ""]
    name = next(t for t in texts if t.text == "davis2020/crp_derivation")
    said = next(t for t in texts if (t.text or "").startswith("≥ 3.5"))
    assert float(said.get("y", 0)) >= float(name.get("y", 0)) + 12
    assert len(said.text or "") <= 64  # at six pixels a letter inside 400
