"""The public CDS Hooks sandbox in a real browser against a real `backspasm serve`: it signs its calls, and shows the cards.

Usage: python -m tools.cds_sandbox SANDBOX OUT    (SANDBOX: folder with the built sandbox; OUT: folder for pictures)

A made-up patient comes from a small FHIR server. Nothing else is reachable: every other address is cut off. Ends with 1 where
a card that must be shown is not.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import BrowserContext, Page, Response, sync_playwright
from tests.doors.browser.chromium import QUIET, chromium
from tests.doors.service.cds.ehr import Reply, answered, running
from tests.doors.service.cds.made import Json, answers, bundle, low_back_pain, medicine, person

ISSUER, JKU = "https://sandbox.cds-hooks.org", "https://sandbox.cds-hooks.org/.well-known/jwks.json"
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*, Authorization",
    "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
}
RECORD: dict[str, Json] = {
    "Condition": bundle(low_back_pain()),
    "MedicationRequest": bundle(medicine("warfarin", "warfarin sodium 3 MG Oral Tablet")),
    "QuestionnaireResponse": bundle(answers(saddle_anaesthesia=True, urinary_retention=True)),
}


def fhir(method: str, path: str, headers: dict[str, str], sent: bytes) -> Reply:
    """The record of one patient."""
    parts = urlsplit(path).path.removeprefix("/fhir/").split("/")
    if method == "OPTIONS":
        return answered({}, 200, **CORS)
    if parts == ["metadata"]:
        return answered({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}, **CORS)
    if parts == ["Patient", "p1"]:
        return answered(person(name=[{"given": ["Invented"], "family": "Patient"}]), **CORS)
    if parts == ["Patient"]:
        return answered(bundle(person(name=[{"given": ["Invented"], "family": "Patient"}])), **CORS)
    asked = parse_qs(sent.decode() or urlsplit(path).query)
    return answered(RECORD.get(parts[0], bundle()) if asked.get("patient") == ["p1"] else bundle(), **CORS)


def static(folder: Path) -> Callable[..., Reply]:
    """The built sandbox as files."""

    def answer(method: str, path: str, headers: dict[str, str], sent: bytes) -> Reply:
        file = folder / (urlsplit(path).path.lstrip("/") or "index.html")
        if not file.is_file() or folder not in file.resolve().parents:
            return answered(b"", 404)
        return 200, {"Content-Type": guess_type(file.name)[0] or "application/octet-stream"}, file.read_bytes()

    return answer


@contextmanager
def serving(origin: str, keys: Path, folder: Path) -> Iterator[str]:
    """A real `backspasm serve` that knows the sandbox as its client."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "service.toml"
    config.write_text(
        f'port = {port}\n[access]\nallowed_origins = ["{origin}"]\n'
        f'[store]\nurl = "sqlite:///{folder}/store.sqlite"\nsecret_file = "{folder}/key"\n'
        f'[[cds_hooks.clients]]\nissuer = "{ISSUER}"\njwks_url = "{JKU}"\njwks_file = "{keys}"\n'
    )
    command = [str(Path(sys.executable).with_name("backspasm")), "serve", "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{url}/health", timeout=1)
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        else:
            raise RuntimeError("the service did not start")
        yield url
    finally:
        process.terminate()
        process.wait()


def show(page: Page, address: str, wanted: str, picture: Path) -> None:
    """Open a view and wait for a card."""
    page.goto(address)
    page.get_by_text(wanted).first.wait_for(timeout=20_000)
    page.wait_for_timeout(500)
    page.screenshot(path=str(picture), full_page=True)


def only_here(context: BrowserContext) -> None:
    """Cut off every address but this machine."""
    context.route(
        lambda url: urlsplit(url).hostname not in {"127.0.0.1", "localhost"},
        lambda route: route.abort("blockedbyclient"),
    )


def main(sandbox: Path, out: Path) -> int:
    seen: list[str] = []

    def heard(response: Response) -> None:
        if urlsplit(response.url).path.startswith("/cds-services") and response.request.method != "OPTIONS":
            signed = (
                "signed" if response.request.headers.get("authorization", "").startswith("Bearer ey") else "NOT signed"
            )
            told = ""
            if response.request.method == "POST" and not response.url.endswith("feedback") and response.ok:
                told = "; ".join(c["summary"] for c in json.loads(response.text())["cards"]) or "no card"
            seen.append(f"{response.request.method} {urlsplit(response.url).path} {signed} -> {response.status} {told}")
            print(seen[-1], flush=True)

    build = (sandbox / "build").resolve()
    with (
        tempfile.TemporaryDirectory() as folder,
        running(fhir) as ehr,
        running(static(build)) as pages,
        serving(pages.url, build / ".well-known" / "jwks.json", Path(folder)) as url,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=QUIET)
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        only_here(context)
        page = context.new_page()
        page.on("response", heard)
        start = f"{pages.url}/?serviceDiscoveryURL={url}/cds-services&fhirServiceUrl={ehr.url}/fhir&patientId=p1"
        show(
            page,
            f"{start}&hook=patient-view&screen=patient-view",
            "EMERGENCY: back pain with",
            out / "patient-view.png",
        )
        show_order(page, f"{start}&hook=order-select&screen=rx-view", out / "order-select.png")
        show_image(page, f"{start}&hook=order-select&screen=pama", out / "imaging.png")
        take_and_dismiss(page, f"{start}&hook=patient-view&screen=patient-view")
        browser.close()
        received = subprocess.run(
            [
                str(Path(sys.executable).with_name("backspasm")),
                "store",
                "reception",
                "--config",
                f"{folder}/service.toml",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        print(received.stdout or received.stderr)
    return 0 if all("-> 200" in line and " signed" in line for line in seen) and len(seen) >= 8 else 1


def show_order(page: Page, address: str, picture: Path) -> None:
    """Choose a medicine as a clinician would."""
    page.goto(address)
    box = page.locator("input[name=medication-input]")
    box.wait_for(timeout=60_000)
    box.fill("naproxen sodium 220")
    page.get_by_text("Naproxen sodium 220 MG Oral Capsule").first.click()
    page.get_by_text("advised against: takes warfarin").first.wait_for(timeout=20_000)
    page.wait_for_timeout(500)
    page.screenshot(path=str(picture), full_page=True)


def show_image(page: Page, address: str, picture: Path) -> None:
    """Choose an image as a clinician would."""
    page.goto(address)
    box = page.locator("input[id^=react-select]").first
    box.wait_for(timeout=20_000)
    box.fill("magnetic resonance lumbar")
    page.get_by_text("spinal canal and contents, lumbar; without contrast material", exact=False).first.click()
    page.get_by_text("indicated").first.wait_for(timeout=20_000)
    page.wait_for_timeout(500)
    page.screenshot(path=str(picture), full_page=True)


def take_and_dismiss(page: Page, address: str) -> None:
    """Accept a suggestion, then dismiss the card."""
    page.goto(address)
    page.get_by_text("EMERGENCY: back pain with").first.wait_for(timeout=20_000)
    with page.expect_response(lambda r: r.url.endswith("/feedback") and r.request.method == "POST"):
        page.get_by_role("button", name="Order: Bladder scan").first.click()
    page.get_by_label("select dismiss reason").first.click()
    page.wait_for_timeout(300)
    reason = page.get_by_role("menuitem", name="Known, and already being looked into")
    with page.expect_response(lambda r: r.url.endswith("/feedback") and r.request.method == "POST"):
        reason.click()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
