"""What a clinician does with the page, in a real browser."""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Request, Route, expect

from tests.doors.browser.conftest import Opened, enter, example, level, updated

NOTE = "52-year-old man, emergency department. Low back pain for 3 weeks. Numb in the saddle area. No fever. CRP 12."
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=2</script> \' " {{7*191}}'


def test_an_example_fills_the_form_and_tells_urgency_and_why(opened: Opened) -> None:
    page = opened()
    assert level(page) == "NOTHING ENTERED YET"
    example(page, "compressed_cauda_equina")
    assert level(page) == "EMERGENCY"
    expect(page.locator("#urgency .whys li").first).to_be_visible()
    expect(page.locator("#urgency .first li").first).to_contain_text("Disc herniation")
    assert page.locator("#age").input_value() != ""
    assert page.locator("#answered .row.present").count() >= 3
    assert page.title().startswith("EMERGENCY")


def test_a_note_is_marked_and_a_mark_corrected(opened: Opened) -> None:
    page = opened()
    updated(page, lambda: page.locator("#note").fill(NOTE))
    assert level(page) == "EMERGENCY"
    assert page.locator("#age").input_value() == "52"
    assert page.locator("#m-crp").input_value() == "12"
    mark = page.locator(".mk.present summary", has_text="saddle")
    mark.click()
    updated(page, page.locator(".mk[open] button", has_text="No").click)
    assert level(page) != "EMERGENCY"
    expect(page.locator("#f-saddle_anaesthesia-absent")).to_be_checked()
    expect(page.locator(".mk.corrected")).to_have_count(1)
    # what a person said stays when the note goes on, and what the note says new is taken over
    updated(page, lambda: page.locator("#note").fill(NOTE + " Night pain."))
    expect(page.locator("#f-saddle_anaesthesia-absent")).to_be_checked()
    expect(page.locator("#f-night_pain-present")).to_be_checked()
    # by key: on the mark itself
    page.locator(".mk summary", has_text="Night pain").focus()
    updated(page, lambda: page.keyboard.press("r"))
    expect(page.locator("#row-night_pain.none")).to_have_count(1)
    assert page.evaluate("document.activeElement.closest('.mk') !== null")


def test_three_suggested_questions_are_answered_by_one_click_each(opened: Opened) -> None:
    page = opened()
    example(page, "sciatica")
    rows = page.locator("#answered .row").count()
    asked = []
    for label in ("No", "Yes", "Don't know"):
        first = page.locator(".asks .ask").first
        asked.append(first.locator("strong").inner_text())
        updated(page, first.get_by_role("button", name=label, exact=True).click)
    assert len(set(asked)) == 3
    assert page.locator("#answered .row").count() == rows + 3
    assert page.locator("#answered .row.unsure").count() == 1
    assert not {*page.locator(".asks strong").all_inner_texts()} & set(asked)


def test_a_number_opens_its_steps_and_a_step_its_study(opened: Opened) -> None:
    page = opened()
    example(page, "compressed_cauda_equina")
    opener = page.locator("#cause-disc-herniation button")
    opener.click()
    panel = page.locator("#panel")
    expect(panel.locator("table.steps")).to_be_visible()
    expect(panel.locator("svg.forest").first).to_be_attached()
    panel.locator("table.steps .lk").first.click()
    expect(panel.get_by_role("heading", name="Without this study")).to_be_visible()
    expect(panel.locator("svg.forest").first).to_be_visible()
    panel.get_by_role("button", name="Back").click()
    expect(panel.get_by_role("heading", name="Disc herniation")).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    assert opener.evaluate("b => b === document.activeElement")


def test_the_result_without_each_study_is_worked_out_on_demand(opened: Opened) -> None:
    page = opened()
    example(page, "compressed_cauda_equina")
    page.locator("#cause-disc-herniation button").click()
    page.get_by_role("button", name="Work out the result without each study").click()
    expect(
        page.locator("#panel").get_by_role("region", name="Without each study").locator("tbody tr").first
    ).to_be_visible()


def test_the_chart_switches_treatment_and_model(opened: Opened) -> None:
    page = opened()
    example(page, "lifting_strain")
    chart = page.locator("#course .chart")
    expect(chart.locator(".arm1.loop .mid").first).to_be_visible()
    expect(chart.locator(".arm2.loop .mid").first).to_be_hidden()
    chart.get_by_role("radio", name="relaxant").check()
    expect(chart.locator(".arm2.loop .mid").first).to_be_visible()
    expect(chart.locator(".arm1.loop .mid").first).to_be_hidden()
    expect(chart.locator(".arm2.rival .mid").first).to_be_visible()
    chart.get_by_role("radio", name="With the loop").check()
    expect(chart.locator(".arm2.rival .mid").first).to_be_hidden()


def test_print_shows_the_urgency_and_the_answers_and_no_form(opened: Opened) -> None:
    page = opened()
    example(page, "compressed_cauda_equina")
    page.emulate_media(media="print")
    expect(page.locator("#urgency-h")).to_be_visible()
    expect(page.locator(".said-of")).to_be_visible()
    expect(page.locator(".disclaimer")).to_be_visible()
    expect(page.locator("#case")).to_be_hidden()
    sheet = page.pdf(format="A4")
    pages = sheet.count(b"/Type /Page") - sheet.count(b"/Type /Pages")
    assert len(sheet) > 30_000
    assert 2 <= pages <= 12


def test_leaflet_report_and_case_are_handed_out(opened: Opened, tmp_path: Path) -> None:
    page = opened()
    example(page, "toddler_discitis")
    with page.context.expect_page() as leaflet:
        page.get_by_role("button", name="Leaflet for the parents").click()
    expect(leaflet.value.locator("h1")).to_contain_text("your child's back pain")
    for name, holds in (("Report", "<!doctype html>"), ("Case as JSON", "{")):
        with page.expect_download() as file:
            page.get_by_role("button", name=name).click()
        path = tmp_path / file.value.suggested_filename
        file.value.save_as(path)
        assert path.read_text(encoding="utf-8").startswith(holds)
    assert json.loads((tmp_path / "case.json").read_text(encoding="utf-8"))["present"]


def test_a_wrong_value_is_refused_at_its_field(opened: Opened) -> None:
    page = opened()
    example(page, "sciatica")
    field = page.locator("#m-temperature")
    enter(page, m_temperature="hot")
    assert level(page) == "NOT ASSESSED"
    expect(page.locator("#s-m-temperature .error")).to_contain_text("not a number")
    assert field.get_attribute("aria-invalid") == "true"
    enter(page, m_temperature="98 F")
    assert level(page) != "NOT ASSESSED"
    assert field.get_attribute("aria-invalid") == "false"
    expect(page.locator("#s-m-temperature .error")).to_have_count(0)


def test_a_contradiction_is_named_at_the_finding(opened: Opened) -> None:
    page = opened()
    example(page, "sciatica")  # says that there is no fever
    enter(page, m_temperature="39")
    assert level(page) == "NOT ASSESSED"
    expect(page.locator("#row-fever .error")).to_be_visible()


def test_an_answer_that_could_not_be_brought_up_to_date_says_so(opened: Opened) -> None:
    page = opened(refused="500")
    example(page, "sciatica")

    def refuse(route: Route, request: Request) -> None:
        if request.method == "POST":
            route.fulfill(status=500, body="")
        else:
            route.continue_()

    page.route("**/", refuse)
    page.locator("#f-fever-present").check(force=True)
    expect(page.locator("#stale")).to_contain_text("Not up to date")
    page.unroute("**/")
    updated(page, lambda: page.locator("#f-fever-unsure").check(force=True))
    expect(page.locator("#stale")).to_be_hidden()


def test_medicines_say_what_they_were_taken_for(opened: Opened) -> None:
    page = opened()
    enter(page, medications="Voltaren, unheardofamab")
    expect(page.locator("#s-medications .ok")).to_contain_text("diclofenac")
    expect(page.locator("#s-medications .not")).to_contain_text("unheardofamab: not recognised")
    expect(page.locator("#answer")).to_contain_text("medication unheardofamab")


def test_clear_leaves_nothing(opened: Opened) -> None:
    page = opened()
    updated(page, lambda: page.locator("#note").fill(NOTE + " Prostate cancer, prostate irradiated."))
    assert "prostate" in page.locator("#case").inner_html()
    updated(page, page.get_by_role("button", name="Clear").click)
    assert level(page) == "NOTHING ENTERED YET"
    assert page.locator("#note").input_value() == ""
    assert page.evaluate("Object.keys(localStorage).length") == 0
    kept = page.evaluate("JSON.stringify(sessionStorage)") + page.locator("#case").inner_html() + page.url
    assert "prostate" not in kept


def test_hostile_words_stay_words(opened: Opened) -> None:
    page = opened()
    updated(page, lambda: page.locator("#note").fill(f"No fever {HOSTILE} back pain for 2 weeks"))
    for name in ("medications", "allergies", "age", "m-crp"):
        enter(page, **{name: HOSTILE})
    enter(page, age="40", m_crp="5")
    page.locator("#find").fill("<b>bold</b>")
    expect(page.locator("#found")).to_contain_text("<b>bold</b>")
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "p", "gender": "male", "birthDate": "1980-01-01"}},
            {
                "resource": {
                    "resourceType": "MedicationStatement",
                    "id": "m",
                    "status": "active",
                    "subject": {"reference": "Patient/p"},
                    "medicationCodeableConcept": {"text": HOSTILE},
                }
            },
        ],
    }
    updated(page, lambda: page.locator("#note").fill(json.dumps(bundle)))
    assert page.locator("#medications").input_value() != ""
    assert page.evaluate("window.hacked") is None
    assert page.locator("img, #answer script").count() == 0
    assert "1337" not in page.content()


def test_a_fhir_file_is_read(opened: Opened) -> None:
    page = opened()
    page.locator(".menu > summary", has_text="Read a file").click()
    record = Path(__file__).parents[3] / "examples" / "fhir_adult_emergency.json"
    page.locator("#record").set_input_files(record)
    page.get_by_role("button", name="Read it").click()
    page.wait_for_load_state()
    assert page.locator("#age").input_value() != ""
    assert level(page) not in {"NOTHING ENTERED YET", "NOT ASSESSED"}


def test_everything_works_without_scripts(opened: Opened) -> None:
    page = opened(script=False)
    page.locator(".menu > summary", has_text="Examples").click()
    page.locator(".menu button[value='example:sciatica']").click()
    assert level(page) == "ROUTINE"
    expect(page.locator("svg.course")).to_be_visible()
    page.locator(".asks .ask").first.get_by_role("button", name="Yes", exact=True).click()
    assert level(page) in {"URGENT", "SAME DAY", "EMERGENCY"}
    page.locator("#find").fill("fever")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.locator("#found li").first).to_contain_text("Fever")
    page.locator("#cause-disc-herniation button").click()
    expect(page.locator(".inline-panel table.steps")).to_be_visible()
    page.locator("#age").fill("not known")
    page.get_by_role("button", name="Assess", exact=True).click()
    assert level(page) == "NOT ASSESSED"
