"""Where the store lies, who may read it, and what is said where it cannot be used."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backspasm import InputError
from backspasm.service.settings import Settings, StoreSettings
from backspasm.service.store import audit
from backspasm.service.store.database import StoreError, connect, open_store, shown_address
from tests.doors.service.test_store import ENTRY


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "backspasm"


def test_without_configuration_the_store_is_the_users_own_and_nobody_elses(home: Path) -> None:
    before = os.umask(0o000)  # a careless user: nothing is left to the umask
    try:
        store = open_store(StoreSettings())
    finally:
        os.umask(before)
    audit.record(store, ENTRY)
    files = sorted(p.name for p in home.iterdir())
    assert {"pseudonyms.key", "store.sqlite"} <= set(files)
    assert {mode(p) for p in home.iterdir()} == {0o600}
    assert mode(home) == 0o700
    store.close()


def test_the_secret_is_made_once_even_by_many_at_the_same_time(home: Path) -> None:
    for _ in range(20):
        with ThreadPoolExecutor(8) as pool:
            stores = list(pool.map(lambda _: connect(StoreSettings()), range(8)))  # no connection is made yet
        assert len({s.secret for s in stores}) == 1
        assert (home / "pseudonyms.key").read_bytes() == stores[0].secret
        assert len(stores[0].secret) == 32
        assert {p.name for p in home.iterdir()} == {"pseudonyms.key", "store.sqlite"}  # nothing half made is left
        for file in home.iterdir():
            file.unlink()


def test_a_short_secret_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "short.key"
    file.write_bytes(b"abc")
    with pytest.raises(InputError, match=r"store.secret_file .*3 bytes.*Mend"):
        connect(StoreSettings(url=f"sqlite:///{tmp_path}/s.sqlite", secret_file=str(file)))


@pytest.mark.parametrize("url", ["mysql://root:hunter2@db/x", "//hunter2", "postgresql://a:hunter2@h:port/x"])
def test_an_address_that_cannot_be_used_is_refused_without_showing_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as raised:
        connect(StoreSettings(url=url, secret_file=str(tmp_path / "k")))
    assert "hunter2" not in str(raised.value)
    assert "Mend" in str(raised.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"store .*cannot be made .*Mend: name a folder"):
        connect(StoreSettings(url=f"sqlite:///{tmp_path}/file/below/s.sqlite"))


def test_a_file_that_is_no_database_is_an_error_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("these are not the tables you are looking for\n" * 20)
    with pytest.raises(StoreError):
        open_store(StoreSettings(url=f"sqlite:///{file}", secret_file=str(tmp_path / "k")))
    assert file.read_text().startswith("these are not")


def test_a_database_that_does_not_answer_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        open_store(StoreSettings(url=f"postgresql://nobody@/none?host={tmp_path}", secret_file=str(tmp_path / "k")))


def test_an_address_is_shown_without_its_password() -> None:
    assert shown_address(StoreSettings(url="postgresql://a:hunter2@h/x")) == "postgresql+psycopg://a:***@h/x"


def test_a_store_in_memory_serves_all_threads_and_then_is_gone() -> None:
    store = open_store(Settings(store=StoreSettings(url="memory")).store)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: audit.record(store, ENTRY), range(20)))
    assert len(audit.latest(store, 99)) == 20
    store.close()
    with pytest.raises(StoreError):
        audit.latest(store, 99)
