"""What only a real server over real sockets shows: bytes that come slowly, never, or without end; and the end of the server."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.doors.service.running import Server, serving

CASE = b'{"age_years": 46, "present": ["saddle_anaesthesia"]}'
SETTINGS = """
[limits]
body_bytes = 1000000
seconds_to_send = 0.6
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("server"), SETTINGS) as running:
        yield running


def head(*lines: str) -> bytes:
    return "\r\n".join(["POST /assess HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode()


def rest_of(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    parts = []
    try:
        while part := connection.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass  # it closed while we were still sending
    return b"".join(parts)


def test_a_body_of_100_megabytes_is_refused_before_it_is_sent(server: Server) -> None:
    with server.connect() as connection:
        begin = time.perf_counter()
        connection.sendall(head("Content-Type: application/json", "Content-Length: 100000000"))
        answer = rest_of(connection)
    assert answer.startswith(b"HTTP/1.1 413")
    assert time.perf_counter() - begin < 0.5


def test_100_megabytes_in_chunks_are_not_taken_either(server: Server) -> None:
    """The connection is closed long before all was sent, and the server's memory does not grow by it."""
    before = memory(server)
    sent = 0
    with server.connect() as connection:
        connection.sendall(head("Content-Type: application/json", "Transfer-Encoding: chunked"))
        chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
        try:
            for _ in range(1600):
                connection.sendall(chunk)
                sent += 65536
        except (BrokenPipeError, ConnectionResetError):
            pass
        answer = rest_of(connection) if sent > 100_000_000 else b""
    assert sent < 30_000_000, answer[:100]
    assert memory(server) - before < 30_000_000


def memory(server: Server) -> int:
    """Resident bytes of the server's process (Linux)."""
    for line in Path(f"/proc/{server.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def test_a_body_that_comes_drop_by_drop_is_cut_off_in_time(server: Server) -> None:
    with server.connect() as connection:
        begin = time.perf_counter()
        connection.sendall(head("Content-Type: application/json", f"Content-Length: {len(CASE)}"))
        connection.settimeout(0.1)
        answer = b""
        for byte in CASE:
            try:
                connection.sendall(bytes([byte]))
                answer = connection.recv(65536)
            except TimeoutError:
                continue
            break
        seconds = time.perf_counter() - begin
    assert answer.startswith(b"HTTP/1.1 408")
    assert 0.5 < seconds < 2
    assert httpx.post(f"{server.url}/assess", content=CASE, headers={"Content-Type": "application/json"}).is_success


def test_many_slow_callers_do_not_keep_others_waiting(server: Server) -> None:
    """Slow senders hold no place and no thread."""
    slow = [server.connect() for _ in range(50)]
    try:
        for connection in slow:
            connection.sendall(head("Content-Type: application/json", "Content-Length: 50"))
        answer = httpx.post(
            f"{server.url}/assess", content=CASE, headers={"Content-Type": "application/json"}, timeout=5
        )
        assert answer.json()["urgency"]["level"] == "emergency"
    finally:
        for connection in slow:
            connection.close()


def test_headers_that_never_end_are_cut_off(tmp_path: Path) -> None:
    from backspasm.service.security import protocol

    assert protocol.SECONDS_FOR_HEADERS <= 15
    code = (
        "import backspasm.service.security.protocol as p; p.SECONDS_FOR_HEADERS = 0.5; "
        "from backspasm.cli import app; app()"
    )
    with serving(tmp_path, code=code) as server:
        whole = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        for begun in ((b"",), (whole + b"X-Slow: ",), (whole + b"\r\n", b"GET ")):
            with server.connect(10) as connection:
                for part in begun:
                    if part is not begun[0]:
                        assert b" 200 OK" in connection.recv(65536)  # the first request of the connection
                    begin = time.perf_counter()
                    connection.sendall(part)
                rest_of(connection)  # a server that never closed would time this out
                assert 0.3 < time.perf_counter() - begin < 8


def test_sigterm_lets_requests_at_work_finish_and_takes_no_more(tmp_path: Path) -> None:
    with serving(tmp_path, "[limits]\nconcurrent_assessments = 1\n") as server:
        answers: list[httpx.Response] = []

        def ask(n: int) -> None:
            case = b'{"age_years": %d, "present": ["saddle_anaesthesia"]}' % n
            headers = {"Content-Type": "application/json"}
            answers.append(httpx.post(f"{server.url}/assess", content=case, headers=headers, timeout=30))

        threads = [threading.Thread(target=ask, args=(40 + n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        wait_until_at_work(server)
        server.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        assert [a.status_code for a in answers] == [200] * 4  # one at work, three waiting for its place
        assert {a.json()["urgency"]["level"] for a in answers} == {"emergency"}
        assert server.process.wait(10) in {0, -signal.SIGTERM}
        with pytest.raises(OSError):
            server.connect(1)
        assert "Application shutdown complete" in server.log


def wait_until_at_work(server: Server) -> None:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if "backspasm_at_work 1.0" in httpx.get(f"{server.url}/metrics").text:
            time.sleep(0.05)  # the others have sent their requests as well
            return
    raise AssertionError("nobody is at work")


def test_workers_share_store_and_metrics(tmp_path: Path) -> None:
    with serving(tmp_path, "workers = 2\n") as server:
        headers = {"Content-Type": "application/json"}
        for n in range(12):  # a new connection each time, so that both workers are met
            assert httpx.post(f"{server.url}/assess", content=CASE, headers={**headers, "X-N": f"{n}"}).is_success
        text = httpx.get(f"{server.url}/metrics").text
    assert 'backspasm_requests_total{method="POST",route="/assess",status="200"} 12.0' in text
    assert 'backspasm_assessments_total{urgency="emergency"} 12.0' in text


def test_a_store_that_cannot_be_used_stops_the_start(tmp_path: Path) -> None:
    config = tmp_path / "s.toml"
    config.write_text(f'[store]\nurl = "postgresql://me:hunter2@/none?host={tmp_path}"\nsecret_file = "{tmp_path}/k"\n')
    done = subprocess.run(
        [sys.executable, "-m", "backspasm.cli", "serve", "--port", "0", "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "store.url" in done.stderr
    assert "Mend" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_port_that_is_taken_is_said_in_a_word(tmp_path: Path) -> None:
    config = tmp_path / "service.toml"
    config.write_text('[store]\nurl = "memory"\n', encoding="utf-8")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        run = subprocess.run(
            [sys.executable, "-m", "backspasm.cli", "serve", "--port", str(port), "--config", str(config)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert run.returncode == 2
    assert run.stdout == ""
    assert f"port (127.0.0.1:{port}): cannot be listened on" in run.stderr
    assert "Mend:" in run.stderr
