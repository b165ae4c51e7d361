"""Who may call, from where, and what browsers are told: keys, sessions, hosts, origins, forged forms, headers."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
from litestar import Litestar, get, post
from litestar.testing import TestClient

from backspasm.inference.model import Model
from backspasm.service.app import create_app
from backspasm.service.security import sessions
from backspasm.service.security.paths import Door, door_of
from backspasm.service.settings import Access, Limits, Settings
from tests.doors.service.conftest import BASE_URL, IN_MEMORY
from tests.doors.service.small import KEY, WARD, WITH_KEY, calling, guarded, settings_of

CASE = {"age_years": 46, "present": ["saddle_anaesthesia", "urinary_retention"]}


@pytest.fixture(scope="module")
def keyed(model: Model) -> Litestar:
    """The real service, with one caller configured."""
    return create_app(Settings(access=Access(api_keys=(WARD,)), store=IN_MEMORY), model)


@post("/assess", sync_to_thread=False, status_code=200)
def assess() -> str:
    return "assessed"


@get("/", sync_to_thread=False)
def page() -> str:
    return "the page"


# --- keys -----------------------------------------------------------------------------------------------------------------


def test_without_a_key_nothing_is_told_where_callers_are_configured(keyed: Litestar) -> None:
    with calling(keyed) as client:
        for method, path in (
            ("POST", "/assess"),
            ("GET", "/knowledge"),
            ("GET", "/evidence"),
            ("GET", "/fhir/metadata"),
        ):
            answer = client.request(method, path, json=CASE if method == "POST" else None)
            assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer"), path
            assert "urgency" not in answer.text
        assert client.get("/health").status_code == client.get("/ready").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        f"Bearer {KEY}x",
        f"Basic {KEY}",
        KEY,
        "Bearer",
        "Bearer ",
        f"Bearer {WARD.sha256}",
        "Bearer \xe4",
        "Bearer " + "k" * 9000,
    ],
)
def test_a_wrong_key_is_no_key(sent: str, keyed: Litestar) -> None:
    with calling(keyed) as client:
        answer = client.post("/assess", json=CASE, headers=[(b"Authorization", sent.encode("latin-1"))])
    assert answer.status_code == 401


def test_the_key_opens_and_its_name_is_in_the_audit_trail(keyed: Litestar) -> None:
    from backspasm.service.store.audit import latest

    with calling(keyed) as client:
        answer = client.post("/assess", json=CASE, headers=WITH_KEY)
        entry = latest(keyed.state.store, 1)[0]
    assert answer.json()["urgency"]["level"] == "emergency"
    assert (entry.caller, entry.route, entry.urgency, entry.status) == ("ward 3", "/assess", "emergency", 200)
    assert entry.input_digest == answer.json()["input_digest"]
    assert entry.knowledge_digest == answer.json()["knowledge"]["digest"]


def test_a_refusal_on_a_fhir_path_is_an_operation_outcome(keyed: Litestar) -> None:
    with calling(keyed) as client:
        answer = client.post("/fhir/$assess", json={})
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.json()["resourceType"] == "OperationOutcome"
    assert answer.json()["issue"][0]["code"] == "login"


def test_what_no_list_names_is_as_strict_as_the_page() -> None:
    """A route that somebody adds and nobody classifies asks for a caller."""
    assert door_of("/something-new") is door_of("/") is Door.page
    assert door_of("/healthy") is Door.page
    assert door_of("/assets/x.css") is Door.open
    assert door_of("/metricsx") is Door.page


# --- sessions of the page -------------------------------------------------------------------------------------------------


def token_in(text: str) -> str:
    found = re.search(r'name="_csrf_token" value="([0-9a-f]+)"', text)
    assert found is not None
    return found[1]


def signed_in(client: TestClient[Litestar], key: str = KEY) -> Any:
    form = client.get("/sign-in")
    return client.post("/sign-in", data={"key": key, "_csrf_token": token_in(form.text)}, follow_redirects=False)


def test_a_browser_is_led_to_the_sign_in_and_a_program_is_not(keyed: Litestar) -> None:
    with calling(keyed) as client:
        browser = client.get("/", headers={"Accept": "text/html"}, follow_redirects=False)
        assert (browser.status_code, browser.headers["location"]) == (303, "/sign-in")
        assert client.get("/").status_code == 401


def test_a_key_is_changed_for_a_session_that_lets_in(keyed: Litestar) -> None:
    with calling(keyed) as client:
        answer = signed_in(client)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie = next(c for c in answer.headers.get_list("set-cookie") if "backspasm-session" in c).lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert KEY not in cookie
        assert client.get("/knowledge").status_code == 200
        token = client.cookies["backspasm-forms"]
        client.post("/sign-in/end", data={"_csrf_token": token}, follow_redirects=False)
        assert client.get("/knowledge").status_code == 401


def test_a_wrong_key_is_not_signed_in_and_not_shown_again(keyed: Litestar) -> None:
    with calling(keyed) as client:
        answer = signed_in(client, "<script>wrong</script>")
        assert answer.status_code == 401
        assert "wrong" not in answer.text
        assert 'role="alert"' in answer.text
        assert client.get("/knowledge").status_code == 401


def test_a_form_without_its_token_is_refused(keyed: Litestar) -> None:
    with calling(keyed) as client:
        client.get("/sign-in")
        assert client.post("/sign-in", data={"key": KEY}).status_code == 403
        assert client.post("/sign-in", data={"key": KEY, "_csrf_token": "0" * 128}).status_code == 403


def test_a_session_that_was_forged_has_ended_or_lost_its_key_is_none() -> None:
    secret = b"s" * 32
    good = sessions.sign(sessions.Session("ward 3", time.time() + 60), secret)
    assert sessions.read(good, secret) is not None
    content, _, signature = good.partition(".")
    other = sessions.sign(sessions.Session("ward 9", time.time() + 60), secret).partition(".")[0]
    forged = [
        f"{other}.{signature}",
        f"{content}.{'0' * 64}",
        content,
        "",
        ".",
        f"{content}.é",
        f"{content}=.{signature}",
    ]
    assert [sessions.read(f, secret) for f in forged] == [None] * len(forged)
    assert sessions.read(good, b"t" * 32) is None
    assert sessions.read(good, secret, now=time.time() + 61) is None


def test_a_session_of_a_key_that_was_taken_out_lets_nobody_in() -> None:
    app, store = guarded([assess], settings_of(access=Access(api_keys=(WARD,))))
    for caller, status in (("ward 3", 200), ("ward 9", 401)):
        value = sessions.sign(sessions.Session(caller, time.time() + 60), store.secret)
        with calling(app, cookies={"backspasm-session": value}) as client:
            assert client.post("/assess").status_code == status


def test_behind_https_cookies_are_secure_and_bound_to_the_host(model: Model) -> None:
    app = create_app(Settings(base_url="https://back.example", access=Access(api_keys=(WARD,)), store=IN_MEMORY), model)
    with TestClient(app, base_url="https://back.example") as client:
        answer = signed_in(client)
        assert "max-age" in answer.headers["strict-transport-security"]
        client.cookies.clear()
        cookies = [*answer.headers.get_list("set-cookie"), *client.get("/sign-in").headers.get_list("set-cookie")]
    assert any(c.startswith("__Host-backspasm-session=") for c in cookies)
    assert any(c.startswith("__Host-backspasm-forms=") for c in cookies)
    for cookie in cookies:
        assert "secure" in cookie.lower()
        assert "path=/" in cookie.lower()


# --- hosts and origins ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8000", "[::1", "", "0.0.0.0"]
)
def test_a_name_that_was_rebound_to_this_machine_is_not_answered(host: str) -> None:
    app, _ = guarded([assess], settings_of())
    with calling(app) as client:
        assert client.post("/assess", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"])
def test_this_machine_answers_to_its_own_names(host: str) -> None:
    app, _ = guarded([assess], settings_of())
    with calling(app) as client:
        assert client.post("/assess", headers={"Host": host}).status_code == 200


def test_a_configured_host_is_answered() -> None:
    app, _ = guarded([assess], settings_of(access=Access(allowed_hosts=("back.example",))))
    with calling(app) as client:
        assert client.post("/assess", headers={"Host": "back.example"}).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": BASE_URL}, 200),
        ({"Origin": "https://ehr.example"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
    ],
)
def test_a_page_of_another_origin_sends_nothing(headers: dict[str, str], status: int) -> None:
    app, _ = guarded([assess], settings_of(access=Access(allowed_origins=("https://ehr.example",))))
    with calling(app) as client:
        assert client.post("/assess", headers=headers).status_code == status


# --- headers --------------------------------------------------------------------------------------------------------------


def test_every_answer_whatever_its_status_carries_the_headers(model: Model) -> None:
    app = create_app(
        Settings(
            access=Access(api_keys=(WARD,)), limits=Limits(body_bytes=500, requests_per_minute=12), store=IN_MEMORY
        ),
        model,
    )
    seen = {}
    with calling(app) as client:
        asked: list[tuple[str, str, dict[str, Any]]] = [
            ("GET", "/health", {}),
            ("GET", "/sign-in", {}),
            ("GET", "/", {"headers": {"Accept": "text/html"}, "follow_redirects": False}),
            ("POST", "/assess", {"headers": WITH_KEY, "json": {"age_years": "old"}}),
            ("POST", "/assess", {}),
            ("POST", "/sign-in", {}),
            ("GET", "/nowhere", {"headers": WITH_KEY}),
            ("DELETE", "/assess", {"headers": WITH_KEY}),
            ("POST", "/assess", {"headers": WITH_KEY, "content": b"x" * 501}),
            ("GET", "/health", {"headers": {"Host": "evil.example"}}),
            *[("POST", "/assess", {"headers": WITH_KEY, "content": b"{}"})] * 12,
        ]
        for method, path, more in asked:
            answer = client.request(method, path, **more)
            seen[answer.status_code] = answer.headers
    assert {200, 303, 400, 401, 403, 404, 405, 413, 421, 429} <= set(seen)
    for status, headers in seen.items():
        policy = headers["content-security-policy"]
        assert "default-src 'none'; script-src 'self'; style-src 'self';" in policy, status
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_an_ehr_may_show_the_page_in_a_frame_where_that_is_configured() -> None:
    app, _ = guarded([page], settings_of(access=Access(frame_ancestors=("https://ehr.example",))))
    with calling(app) as client:
        headers = client.get("/").headers
    assert headers["content-security-policy"].endswith("frame-ancestors https://ehr.example")
    assert "x-frame-options" not in headers


@pytest.mark.parametrize("origin", ["https://a.example; script-src *", "ehr.example", "https://a.example b", "'self'"])
def test_a_frame_ancestor_cannot_smuggle_in_another_policy(origin: str, tmp_path: Any) -> None:
    from backspasm import InputError
    from backspasm.service.settings import read_settings

    file = tmp_path / "s.toml"
    file.write_text(f"[access]\nframe_ancestors = [{json.dumps(origin)}]\n")
    with pytest.raises(InputError, match="frame_ancestors"):
        read_settings(file)


def test_a_route_may_choose_how_long_its_answer_is_kept() -> None:
    """Assets are; what is said of a patient never is."""

    @get("/assets/x.css", sync_to_thread=False, cache_control=None, response_headers={"Cache-Control": "max-age=60"})
    def asset() -> str:
        return "body {}"

    app, _ = guarded([asset], settings_of())
    with calling(app) as client:
        assert client.get("/assets/x.css").headers["cache-control"] == "max-age=60"


# --- paths ----------------------------------------------------------------------------------------------------------------

CLIMBING = (
    "/assets/../../../../../../etc/passwd",
    "/assets/..%2f..%2f..%2f..%2fetc/passwd",
    "/assets/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "/assets/..%5c..%5cetc%5cpasswd",
    "/assets/....//....//etc/passwd",
    "/assets//etc/passwd",
    "/assets/%00/etc/passwd",
    "/assets/x.css%00../../pyproject.toml",
    "/assets/..;/..;/etc/passwd",
    "/evidence/../../etc/passwd",
    "/evidence/..%2f..%2findex.yaml",
    "/knowledge/..%2f..%2f/x",
    "/knowledge/findings/..%2f..%2findex",
)


@pytest.mark.parametrize("path", CLIMBING)
def test_no_path_climbs_out_of_what_is_served(path: str, app: Litestar) -> None:
    """Sent as it is, without a client that would tidy it."""
    import asyncio
    from urllib.parse import unquote

    body, status = b"", 0

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal body, status
        status = message.get("status", status)
        body += message.get("body", b"")

    scope: Any = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8000")],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
        "state": {},
    }
    with calling(app):
        asyncio.run(app(scope, receive, send))
    assert status in {400, 404}
    assert b"root:" not in body
    assert b"[project]" not in body
