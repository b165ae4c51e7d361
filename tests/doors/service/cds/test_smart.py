"""The page launched from an EHR: a small real one, with authorisation by PKCE and a record, over real HTTP."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from backspasm.inference.model import Model
from backspasm.service.settings import Access, SmartServer, SmartSettings
from tests.doors.service.cds.ehr import Ehr, Reply, answered, running
from tests.doors.service.cds.made import (
    FLAGS,
    Json,
    answers,
    body,
    bundle,
    cards,
    low_back_pain,
    medicine,
    person,
    record,
    service,
)
from tests.doors.service.conftest import BASE_URL
from tests.doors.service.small import WARD

RECORD: dict[str, Json] = {
    "Condition": bundle(low_back_pain()),
    "MedicationRequest": bundle(medicine("m", "apixaban 5 mg")),
    "QuestionnaireResponse": bundle(answers(saddle_anaesthesia=True)),
}


@dataclass
class LaunchingEhr:
    """An EHR that checks what SMART App Launch 2 asks of its apps."""

    challenges: dict[str, str] = field(default_factory=dict)
    methods: tuple[str, ...] = ("S256",)
    granted: Json = field(default_factory=lambda: {"access_token": "t0ken", "token_type": "Bearer", "patient": "p1"})
    broken: str = ""

    def __call__(self, method: str, path: str, headers: dict[str, str], sent: bytes) -> Reply:
        where = urlsplit(path)
        base = f"http://{headers['host']}/fhir"
        if where.path == "/fhir/.well-known/smart-configuration":
            return answered(
                {
                    "authorization_endpoint": f"{base}/authorize?tenant=1",
                    "token_endpoint": f"{base}/token",
                    "code_challenge_methods_supported": list(self.methods),
                }
            )
        if where.path == "/fhir/authorize":
            asked = {k: v[0] for k, v in parse_qs(where.query).items()}
            code = f"code-{len(self.challenges)}"
            self.challenges[code] = asked["code_challenge"]
            return answered({}, 302, Location=f"{asked['redirect_uri']}?code={code}&state={asked['state']}")
        if where.path == "/fhir/token":
            return self._token({k: v[0] for k, v in parse_qs(sent.decode()).items()}, headers)
        if headers.get("authorization") != "Bearer t0ken" or where.path.removeprefix("/fhir/") == self.broken:
            return answered({}, 401)
        if where.path == "/fhir/Patient/p1":
            return answered(person())
        return answered(RECORD.get(where.path.removeprefix("/fhir/"), bundle()))

    def _token(self, form: dict[str, str], headers: dict[str, str]) -> Reply:
        wanted = self.challenges.pop(form.get("code", ""), None)
        shown = (
            base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
            .rstrip(b"=")
            .decode()
        )
        if wanted is None or wanted != shown or form["grant_type"] != "authorization_code":
            return answered({"error": "invalid_grant"}, 400)
        return answered(self.granted)


@dataclass
class Opened:
    """A service that knows one EHR, and a browser in front of it."""

    client: TestClient[Litestar]
    ehr: Ehr
    behaviour: LaunchingEhr

    def launch(self, **change: str) -> Any:
        query = {"iss": f"{self.ehr.url}/fhir", "launch": "xyz"} | change
        return self.client.get("/smart/launch", params=query, follow_redirects=False)

    def back(self, address: str) -> Any:
        """The browser at the EHR, which sends it back."""
        import httpx

        sent = httpx.get(address, follow_redirects=False, trust_env=False).headers["location"]
        assert sent.startswith(f"{BASE_URL}/smart/callback?")
        return self.client.get(sent.removeprefix(BASE_URL), headers={"accept": "text/html"}, follow_redirects=False)


@pytest.fixture
def opened(model: Model) -> Iterator[Opened]:
    behaviour = LaunchingEhr()
    with running(behaviour) as ehr:
        smart = SmartSettings(servers=(SmartServer(issuer=f"{ehr.url}/fhir", client_id="backspasm"),))
        with service(model, smart=smart, access=Access(api_keys=(WARD,))) as client:
            yield Opened(client, ehr, behaviour)


def test_the_page_opens_with_the_patient_of_the_ehr(opened: Opened) -> None:
    begun = opened.launch()
    assert begun.status_code == 303
    asked = {k: v[0] for k, v in parse_qs(urlsplit(begun.headers["location"]).query).items()}
    assert asked["tenant"] == "1"
    assert asked["response_type"] == "code"
    assert asked["aud"] == f"{opened.ehr.url}/fhir"
    assert asked["launch"] == "xyz"
    assert asked["code_challenge_method"] == "S256"
    assert "launch" in asked["scope"].split()
    assert "patient/Condition.rs" in asked["scope"].split()
    assert not any(
        scope.endswith((".read", ".write", ".*")) for scope in asked["scope"].split()
    )  # v2, and only to read
    assert "httponly" in begun.headers["set-cookie"].lower()
    page = opened.back(begun.headers["location"])
    assert page.status_code == 200
    assert "EMERGENCY" in page.text
    assert "apixaban" in page.text
    assert "t0ken" not in page.text
    # the clinician is signed in, and the launch is over
    assert opened.client.get("/", headers={"accept": "text/html"}, follow_redirects=False).status_code == 200
    again = opened.client.get(page.request.url.raw_path.decode(), headers={"accept": "text/html"})
    assert again.status_code == 400


def test_an_unknown_ehr_is_not_called(opened: Opened) -> None:
    with running(LaunchingEhr()) as stranger:
        assert opened.launch(iss=f"{stranger.url}/fhir").status_code == 403
        assert opened.launch(iss="javascript:alert(1)").status_code == 403
        assert stranger.asked == []


def test_attack_state_of_another_browser(opened: Opened) -> None:
    """An answer that another browser began is refused, and its code is not redeemed."""
    address = opened.launch().headers["location"]
    opened.client.cookies.clear()
    page = opened.back(address)
    assert page.status_code == 400
    assert not any(path.endswith("/token") for path in opened.ehr.paths)


@pytest.mark.parametrize("query", ["", "code=code-0", "code=code-0&state=forged", "error=access_denied&state=forged"])
def test_attack_forged_return(query: str, opened: Opened) -> None:
    opened.launch()
    assert opened.client.get(f"/smart/callback?{query}").status_code == 400


def test_attack_cookie_made_by_hand(opened: Opened) -> None:
    opened.launch()
    forged = base64.urlsafe_b64encode(
        json.dumps(
            {"state": "s", "verifier": "v", "issuer": "x", "token_endpoint": "http://127.0.0.1:1/", "until": 9e9}
        ).encode()
    ).decode()
    opened.client.cookies.set("backspasm-launch", f"{forged}.{'0' * 64}")
    assert opened.client.get("/smart/callback?code=c&state=s").status_code == 400


def test_the_ehr_may_say_no(opened: Opened) -> None:
    state = parse_qs(urlsplit(opened.launch().headers["location"]).query)["state"][0]
    assert opened.client.get(f"/smart/callback?error=access_denied&state={state}").status_code == 403


def test_an_ehr_without_pkce_is_refused(opened: Opened) -> None:
    opened.behaviour.methods = ("plain",)
    assert opened.launch().status_code == 502


@pytest.mark.parametrize(
    "change",
    [{"patient": None}, {"access_token": ""}, {"access_token": None}, {"token_type": "mac"}, {"patient": "../x"}],
)
def test_a_grant_that_does_not_serve_is_an_error(change: Json, opened: Opened) -> None:
    opened.behaviour.granted = {k: v for k, v in (opened.behaviour.granted | change).items() if v is not None}
    assert opened.back(opened.launch().headers["location"]).status_code == 502


def test_an_agreed_secret_goes_with_the_code_and_a_missing_one_is_told_at_once(model: Model, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    behaviour = LaunchingEhr()
    with running(behaviour) as ehr:
        known = SmartServer(issuer=f"{ehr.url}/fhir", client_id="backspasm", client_secret_file=str(secret))
        smart = SmartSettings(servers=(known,))
        with service(model, smart=smart, access=Access(api_keys=(WARD,))) as client:
            opened = Opened(client, ehr, behaviour)
            without = opened.launch()
            assert without.status_code == 503
            assert "client_secret_file" in without.text
            assert str(tmp_path) not in without.text
            assert ehr.asked == []
            secret.write_text("s3cret\n", encoding="utf-8")
            assert opened.back(opened.launch().headers["location"]).status_code == 200
        (sent,) = [headers for _, path, headers, _ in ehr.asked if path == "/fhir/token"]
        assert base64.b64decode(sent["authorization"].removeprefix("Basic ")) == b"backspasm:s3cret"


def test_a_part_of_the_record_that_cannot_be_read_is_said(opened: Opened) -> None:
    opened.behaviour.broken = "AllergyIntolerance"
    page = opened.back(opened.launch().headers["location"])
    assert page.status_code == 200
    assert "record: allergies" in page.text
    opened.behaviour.broken = "Patient/p1"
    assert opened.back(opened.launch().headers["location"]).status_code == 502


def test_cards_link_to_a_launch_where_the_ehr_can_launch(opened: Opened) -> None:
    saddle = record(conditions=RECORD["Condition"], answers=RECORD["QuestionnaireResponse"])
    with_key = {"Authorization": "Bearer a-key-of-the-ward"}
    call = body("patient-view", saddle, fhirServer=f"{opened.ehr.url}/fhir")
    (card,) = opened.client.post(f"/cds-services/{FLAGS}", json=call, headers=with_key).json()["cards"]
    (link,) = card["links"]
    assert (link["type"], link["url"]) == ("smart", f"{BASE_URL}/smart/launch")
    assert json.loads(link["appContext"]) == {"topic": "red-flags", "orders": []}


def test_elsewhere_they_link_to_the_page(client: TestClient[Litestar]) -> None:
    saddle = record(conditions=RECORD["Condition"], answers=RECORD["QuestionnaireResponse"])
    (card,) = cards(client, FLAGS, body("patient-view", saddle, context={"userId": "Practitioner/9"}))
    assert card["links"] == [{"label": "Open backspasm", "url": f"{BASE_URL}/", "type": "absolute"}]
