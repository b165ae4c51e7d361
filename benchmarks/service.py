"""Load: 16 clients post a 75 kB record to a real server, beside a bare Litestar endpoint that only parses the same bytes, in one run.

    python benchmarks/service.py                              60 s each: assessments of one record, and of ever new patients
    python benchmarks/service.py --seconds 10 --workers 2
    python benchmarks/service.py --path /cds-services/X --body request.json --type application/json

Two kinds of load are measured, since they cost very different amounts:

- ``same``: the same question again and again, as when a chart is opened again; the answer may be given again;
- ``new``: ``__N__`` in the body is another number each time, so every request is worked out.

The clients, the server and the measuring share the machine's cores, for the peer as well. Exit code 1 where a request failed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import uvloop
from litestar import Litestar, post
from litestar.params import RawBody

ROOT = Path(__file__).parents[1]
SIZE = 75_000
WARM_UP = 2.0
SETTINGS = """
workers = {workers}
[limits]
requests_per_minute = 1000000000
[store]
url = "{store}"
secret_file = "{folder}/k"
"""


# --- what is sent -----------------------------------------------------------------------------------------------------------


def record() -> bytes:
    """A FHIR Bundle of 75 kB: the example, with years of laboratory results; ``__N__`` is the patient's latest CRP."""
    bundle = json.loads((ROOT / "examples/fhir_adult_emergency.json").read_text(encoding="utf-8"))
    observations = [e for e in bundle["entry"] if e["resource"]["resourceType"] == "Observation"]
    for entry in observations:
        if "valueQuantity" in entry["resource"] and entry["resource"]["id"] == "crp":
            entry["resource"]["valueQuantity"]["value"] = "__CRP__"
    years = 0
    while len(json.dumps(bundle)) < SIZE:
        years += 1
        for entry in observations:
            older = json.loads(json.dumps(entry).replace('"__CRP__"', "3"))
            older["resource"]["id"] += f"-{years}"
            older.pop("fullUrl", None)
            for name in ("effectiveDateTime", "issued"):
                if name in older["resource"]:
                    older["resource"][name] = re.sub(r"^\d{4}", str(2025 - years % 20), older["resource"][name])
            bundle["entry"].append(older)
    return json.dumps(bundle).replace('"__CRP__"', "164.__N__").encode()


@dataclass
class Load:
    """Requests of one kind: the bytes before and after the number that changes."""

    name: str
    host: str
    port: int
    path: str
    kind: str
    body: bytes
    new: bool
    count: int = 0

    def next(self) -> bytes:
        self.count += self.new
        body = self.body.replace(b"__N__", b"%07d" % self.count)
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\nContent-Type: {self.kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


# --- the clients ------------------------------------------------------------------------------------------------------------


@dataclass
class Result:
    """Times in seconds, of successes; ``memory`` in MB, once a second."""

    times: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    def line(self, name: str, peer: float | None) -> str:
        ordered = sorted(self.times) or [float("nan")]
        p50, p99 = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        share = "" if peer is None else f"  {self.rate / peer:6.1%} of the peer"
        return (
            f"{name:32s} {self.rate:8.1f} requests/s  p50 {p50 * 1000:7.1f} ms  p99 {p99 * 1000:7.1f} ms  "
            f"{len(self.times):7d} answered  {len(self.errors):3d} errors  "
            f"memory {self.memory[0]:.0f} -> {self.memory[-1]:.0f} MB (most {max(self.memory):.0f}){share}"
        )


async def client(load: Load, end: float, begin: float, result: Result) -> None:
    reader, writer = await asyncio.open_connection(load.host, load.port)
    while time.perf_counter() < end:
        start = time.perf_counter()
        writer.write(load.next())
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        body = await reader.readexactly(int(length[1]) if length else 0)
        if b" 200 " not in head[:20]:
            result.errors.append(f"{head[:40]!r} {body[:200]!r}")
        elif start >= begin:
            result.times.append(time.perf_counter() - start)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def clients(load: Load, number: int, seconds: float, process: int) -> Result:
    result = Result()
    begin = time.perf_counter() + WARM_UP
    end = begin + seconds
    tasks = [asyncio.create_task(client(load, end, begin, result)) for _ in range(number)]
    await asyncio.sleep(WARM_UP)
    while time.perf_counter() < end:
        result.memory.append(memory(process))
        await asyncio.sleep(1)
    for failed in await asyncio.gather(*tasks, return_exceptions=True):
        if failed is not None:
            result.errors.append(repr(failed))
    result.memory.append(memory(process))
    result.seconds = time.perf_counter() - begin
    return result


def memory(process: int) -> float:
    """Resident MB of a process and its children (Linux)."""
    total = 0
    for pid in (process, *children(process)):
        with suppress(OSError):
            found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
            total += int(found[1]) if found else 0
    return total / 1024


def children(process: int) -> list[int]:
    with suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []


# --- the servers ------------------------------------------------------------------------------------------------------------


@post("/parse", status_code=200)
async def parse(body: RawBody) -> dict[str, int]:
    return {"keys": len(msgspec.json.decode(body))}


def peer() -> Litestar:
    """The bare endpoint: it parses the bytes, and does nothing else."""
    return Litestar([parse], openapi_config=None, logging_config=None)


@contextmanager
def running(command: list[str], environment: dict[str, str], port: int, log: Path) -> Iterator[int]:
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env={**os.environ, **environment})
    try:
        end = time.monotonic() + 120
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(log.read_text())
            time.sleep(0.1)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def bare(port: int, workers: int) -> list[str]:
    own = ["--app-dir", str(Path(__file__).parent), "--factory", "service:peer"]
    return [
        *(sys.executable, "-m", "uvicorn", *own, "--port", str(port), "--workers", str(workers)),
        *("--no-access-log", "--log-level", "warning"),
    ]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=60.0)
    arguments.add_argument("--clients", type=int, default=16)
    arguments.add_argument("--workers", type=int, default=1)
    arguments.add_argument("--path", default="/assess")
    arguments.add_argument("--type", default="application/fhir+json")
    arguments.add_argument("--body", type=Path, help="a file; __N__ in it is another number for every new request")
    arguments.add_argument("--config", default="", help="more TOML for the service, such as clients of CDS Hooks")
    asked = arguments.parse_args()
    body = asked.body.read_bytes() if asked.body else record()
    failed = False
    with tempfile.TemporaryDirectory(prefix="backspasm-load-") as name:
        folder = Path(name)
        store = f"sqlite:///{folder}/s.sqlite"
        config = folder / "service.toml"
        config.write_text(SETTINGS.format(workers=asked.workers, store=store, folder=folder) + asked.config)
        port, other = free_port(), free_port()
        serve = [sys.executable, "-c", "from backspasm.cli import main; main()", "serve", "--config", str(config)]
        environment = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        print(f"{asked.clients} clients, {len(body):,} bytes, {asked.seconds:g} s each, {asked.workers} worker(s)")
        with running(bare(other, asked.workers), environment, other, folder / "peer.log") as pid:
            load = Load("bare endpoint", "127.0.0.1", other, "/parse", "application/json", body, True)
            found = asyncio.run(clients(load, asked.clients, asked.seconds, pid))
        rate = found.rate
        print(found.line("bare endpoint that parses", None), flush=True)
        failed |= bool(found.errors)
        with running([*serve, "--port", str(port)], environment, port, folder / "service.log") as pid:
            for kind, new in (("same", False), ("new", True)):
                load = Load(kind, "127.0.0.1", port, asked.path, asked.type, body, new)
                found = asyncio.run(clients(load, asked.clients, asked.seconds, pid))
                print(found.line(f"{asked.path} ({kind})", rate), flush=True)
                failed |= bool(found.errors)
                if found.errors:
                    print((folder / "service.log").read_text()[-3000:], file=sys.stderr)
                for error in found.errors[:3]:
                    print(f"  {error}", file=sys.stderr)
    raise SystemExit(failed)


if __name__ == "__main__":
    uvloop.install()
    main()
