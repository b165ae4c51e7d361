"""Who may call: tokens that are good, and every way in which one is not."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from backspasm.inference.model import Model
from backspasm.service.settings import Access, CdsClient, CdsHooksSettings, StoreSettings
from tests.doors.service.cds.ehr import Ehr, Reply, answered, running
from tests.doors.service.cds.made import FLAGS, Json, body, record, service
from tests.doors.service.cds.requirements import requirement
from tests.doors.service.cds.signed import (
    EC,
    ISSUER,
    NEW,
    RSA,
    STRANGER,
    claims,
    key_set,
    signed,
    unsigned,
    with_shared_secret,
)
from tests.doors.service.conftest import BASE_URL

DISCOVERY = f"{BASE_URL}/cds-services"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "jwks.json"
    path.write_text(json.dumps(key_set()))
    return path


@pytest.fixture(scope="module")
def guarded(keys: Path, model: Model) -> Iterator[TestClient[Litestar]]:
    """A service with one client, whose keys it has as a file."""
    clients = (CdsClient(issuer=ISSUER, jwks_file=str(keys)),)
    with service(model, CdsHooksSettings(clients=clients)) as client:
        yield client


def discovered(client: TestClient[Litestar], token: str) -> Any:
    return client.get("/cds-services", headers={"Authorization": f"Bearer {token}"})


@requirement(176, 199)
@pytest.mark.parametrize("key", [EC, RSA])
def test_a_good_token_opens(key: Any, guarded: TestClient[Litestar]) -> None:
    """ES384 and RS384, with keys that were exchanged out of band."""
    assert discovered(guarded, signed(claims(DISCOVERY), key)).status_code == 200
    assert discovered(guarded, signed(claims([DISCOVERY, "https://other.example"]), key)).status_code == 200  # type: ignore[arg-type]


@requirement(176)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/cds-services"),
        ("POST", f"/cds-services/{FLAGS}"),
        ("POST", f"/cds-services/{FLAGS}/feedback"),
        ("GET", "/cds-services/report"),
    ],
)
def test_every_call_needs_a_token(method: str, path: str, guarded: TestClient[Litestar]) -> None:
    content = {"feedback": []} if path.endswith("feedback") else body("patient-view", record(conditions=None))
    bare = guarded.request(method, path, json=None if method == "GET" else content)
    assert bare.status_code == 401
    assert bare.headers["www-authenticate"].startswith("Bearer")
    headers = {"Authorization": f"Bearer {signed(claims(BASE_URL + path))}"}
    assert guarded.request(method, path, json=None if method == "GET" else content, headers=headers).status_code == 200


@requirement(201)
@pytest.mark.parametrize("algorithm", ["none", "None", "NONE"])
def test_attack_algorithm_none(algorithm: str, guarded: TestClient[Litestar]) -> None:
    answer = discovered(guarded, unsigned(claims(DISCOVERY), algorithm))
    assert answer.status_code == 401
    assert "algorithm" in answer.json()["title"]


@requirement(203)
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_attack_hmac_with_the_public_key(algorithm: str, guarded: TestClient[Litestar]) -> None:
    for secret in (EC.as_pem(private=False), json.dumps(EC.as_dict(private=False)).encode()):
        assert discovered(guarded, with_shared_secret(claims(DISCOVERY), secret, algorithm)).status_code == 401


def test_attack_wrong_audience(guarded: TestClient[Litestar]) -> None:
    """A token for one address is good for no other: not for a service, not for a longer or shorter address."""
    others: tuple[Any, ...] = (
        f"{DISCOVERY}/{FLAGS}",
        f"{DISCOVERY}/",
        BASE_URL,
        "https://other.example/cds-services",
        [],
        None,
        1,
    )
    for audience in others:
        answer = discovered(guarded, signed(claims(DISCOVERY, aud=audience)))
        assert answer.status_code == 401
        assert "audience" in answer.json()["title"]


def test_attack_expired(guarded: TestClient[Litestar]) -> None:
    now = time.time()
    for change in (
        {"iat": now - 400, "exp": now - 100},
        {"exp": None},
        {"exp": "never"},
        {"exp": True},
        {"exp": 1e400},
    ):
        assert discovered(guarded, signed(claims(DISCOVERY, **change))).status_code == 401


def test_attack_times_that_cannot_be(guarded: TestClient[Litestar]) -> None:
    now = time.time()
    for change in (
        {"iat": now + 500, "exp": now + 600},
        {"exp": now + 100_000},
        {"iat": None},
        {"iat": now, "exp": now - 1},
    ):
        assert discovered(guarded, signed(claims(DISCOVERY, **change))).status_code == 401


def test_attack_replayed(guarded: TestClient[Litestar]) -> None:
    token = signed(claims(DISCOVERY))
    assert discovered(guarded, token).status_code == 200
    answer = discovered(guarded, token)
    assert answer.status_code == 401
    assert "used before" in answer.json()["title"]
    for identifier in (None, "", 7, "x" * 1000):
        assert discovered(guarded, signed(claims(DISCOVERY, jti=identifier))).status_code == 401


def test_attack_replayed_at_another_process(store_settings: StoreSettings, keys: Path, model: Model) -> None:
    """Processes that share a store share what they have seen."""
    settings = CdsHooksSettings(clients=(CdsClient(issuer=ISSUER, jwks_file=str(keys)),))
    token = signed(claims(DISCOVERY))
    with service(model, settings, store=store_settings) as one, service(model, settings, store=store_settings) as other:
        assert discovered(one, token).status_code == 200
        assert discovered(other, token).status_code == 401


def test_attack_foreign_signature(guarded: TestClient[Litestar]) -> None:
    content = claims(DISCOVERY)
    assert discovered(guarded, signed(content, STRANGER)).status_code == 401
    good = signed(content)
    assert discovered(guarded, good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")).status_code == 401
    head, _, mac = good.split(".")
    forged = signed(content | {"iss": ISSUER, "sub": "admin"}).split(".")[1]
    assert discovered(guarded, f"{head}.{forged}.{mac}").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://evil.example/jwks.json"},
        {"kid": None},
        {"kid": "unknown"},
        {"kid": "rsa"},
        {"typ": None},
        {"typ": "at+jwt"},
        {"crit": ["b64"], "b64": True},
    ],
)
def test_attack_header(header: Json, guarded: TestClient[Litestar]) -> None:
    """Foreign addresses of keys, keys of the wrong kind, other kinds of token."""
    assert discovered(guarded, signed(claims(DISCOVERY), EC, header)).status_code == 401


def test_attack_key_inside_the_token(guarded: TestClient[Litestar]) -> None:
    """A key that the token brings itself is never used."""
    own = {"jwk": STRANGER.as_dict(private=False)}
    assert discovered(guarded, signed(claims(DISCOVERY), STRANGER, own)).status_code == 401


@pytest.mark.parametrize(
    "change", [{"iss": "https://evil.example"}, {"iss": None}, {"iss": ISSUER + "/"}, {"iss": [ISSUER]}]
)
def test_attack_unknown_issuer(change: Json, guarded: TestClient[Litestar]) -> None:
    assert discovered(guarded, signed(claims(DISCOVERY, **change))).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "..", "é" * 10, "a" * 100_000, "eyJhbGciOiJFUzM4NCJ9.W10.x"])
def test_attack_what_is_no_token(token: str, guarded: TestClient[Litestar]) -> None:
    answer = guarded.get("/cds-services", headers={b"authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401


def test_a_tenant_is_checked_where_one_is_configured(keys: Path, model: Model) -> None:
    clients = (CdsClient(issuer=ISSUER, jwks_file=str(keys), tenant="ward"),)
    with service(model, CdsHooksSettings(clients=clients)) as client:
        assert discovered(client, signed(claims(DISCOVERY, tenant="ward"))).status_code == 200
        assert discovered(client, signed(claims(DISCOVERY, tenant="other"))).status_code == 401
        assert discovered(client, signed(claims(DISCOVERY))).status_code == 401


# --- key sets that are fetched -------------------------------------------------------------------------------------


class Keys:
    """A client's key set behind an address, which may change."""

    def __init__(self) -> None:
        self.reply: Reply = answered(key_set(EC))

    def __call__(self, *_: Any) -> Reply:
        return self.reply


def fetching(ehr: Ehr) -> CdsHooksSettings:
    return CdsHooksSettings(clients=(CdsClient(issuer=ISSUER, jwks_url=f"{ehr.url}/jwks.json"),))


def test_keys_are_fetched_once_and_again_when_one_is_new(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Keys()
    with running(keys) as ehr, service(model, fetching(ehr)) as client:
        jku = {"jku": f"{ehr.url}/jwks.json"}
        for _ in range(3):
            assert discovered(client, signed(claims(DISCOVERY), EC, jku)).status_code == 200
        assert len(ehr.asked) == 1
        keys.reply = answered(key_set(EC, NEW))
        assert discovered(client, signed(claims(DISCOVERY), NEW)).status_code == 401  # asked a moment ago: not again
        monkeypatch.setattr("backspasm.service.tokens.keys.APART", 0.0)
        assert discovered(client, signed(claims(DISCOVERY), NEW)).status_code == 200
        assert len(ehr.asked) == 2


def test_attack_foreign_jku(model: Model) -> None:
    """Keys come from the registered address; one that a token names is never called."""
    with (
        running(Keys()) as ehr,
        running(lambda *_: answered(key_set(STRANGER))) as evil,
        service(model, fetching(ehr)) as client,
    ):
        token = signed(claims(DISCOVERY), STRANGER, {"jku": f"{evil.url}/jwks.json"})
        assert discovered(client, token).status_code == 401
        assert evil.asked == []


@pytest.mark.parametrize(
    "reply",
    [
        answered({}, 500),
        answered({}, 302, Location="/other"),
        answered(b"no json"),
        answered([]),
        answered({"keys": [{"kty": "EC", "kid": "x" * 300_000}]}),
    ],
)
def test_keys_that_cannot_be_had_are_an_error_not_a_yes(reply: Reply, model: Model) -> None:
    with running(lambda *_: reply) as ehr, service(model, fetching(ehr)) as client:
        assert discovered(client, signed(claims(DISCOVERY))).status_code == 503


def test_bad_keys_in_a_set_do_not_lock_out_the_good_ones(model: Model) -> None:
    mixed = {"keys": [{"kty": "EC", "kid": "broken"}, {"kty": "oct", "kid": "ec", "k": "AAAA"}, *key_set(EC)["keys"]]}
    with running(lambda *_: answered(mixed)) as ehr, service(model, fetching(ehr)) as client:
        assert discovered(client, signed(claims(DISCOVERY))).status_code == 200


def test_unencrypted_keys_are_fetched_from_this_machine_only(model: Model) -> None:
    clients = (CdsClient(issuer=ISSUER, jwks_url="http://ehr.example/jwks.json"),)
    with service(model, CdsHooksSettings(clients=clients)) as client:
        answer = discovered(client, signed(claims(DISCOVERY)))
        assert answer.status_code == 503
        assert "neither https nor on this machine" in answer.json()["title"]


# --- without clients, and from browsers ----------------------------------------------------------------------------


@requirement(2, 168)
def test_without_clients_only_this_machine_may_call(model: Model) -> None:
    with service(model) as client:
        assert client.get("/cds-services").status_code == 200
    with service(model, base_url="https://cds.example", access=Access(allowed_hosts=("127.0.0.1",))) as client:
        answer = client.get("/cds-services")
        assert answer.status_code == 401
        assert "no client is configured" in answer.json()["title"]


@requirement(208)
def test_a_listed_page_may_call_from_its_browser(model: Model) -> None:
    page = "https://sandbox.example"
    with service(model, access=Access(allowed_origins=(page,))) as client:
        asked = {
            "Origin": page,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        }
        for path in ("/cds-services", f"/cds-services/{FLAGS}", f"/cds-services/{FLAGS}/feedback"):
            allowed = client.options(path, headers=asked)
            assert allowed.status_code == 204
            assert allowed.headers["access-control-allow-origin"] == page
            assert "Authorization" in allowed.headers["access-control-allow-headers"]
            assert (
                "access-control-allow-origin"
                not in client.options(path, headers=asked | {"Origin": "https://evil.example"}).headers
            )
        call = client.post(f"/cds-services/{FLAGS}", json=body("patient-view", record()), headers={"Origin": page})
        assert call.headers["access-control-allow-origin"] == page
        failed = client.post(f"/cds-services/{FLAGS}", json={}, headers={"Origin": page})
        assert (failed.status_code, failed.headers["access-control-allow-origin"]) == (400, page)
        missing = client.post(f"/cds-services/{FLAGS}", json=body("patient-view", None), headers={"Origin": page})
        assert (missing.status_code, missing.headers["access-control-allow-origin"]) == (412, page)
        assert "access-control-allow-origin" not in client.get("/health", headers={"Origin": page}).headers


def test_a_browser_asks_before_it_sends_a_token(keys: Path, model: Model) -> None:
    clients = (CdsClient(issuer=ISSUER, jwks_file=str(keys)),)
    access = Access(allowed_origins=("https://sandbox.example",))
    with service(model, CdsHooksSettings(clients=clients), access) as client:
        assert client.options("/cds-services", headers={"Origin": "https://sandbox.example"}).status_code == 204
        refused = client.get("/cds-services", headers={"Origin": "https://sandbox.example"})
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, "https://sandbox.example")
