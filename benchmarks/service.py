"""Load: 16 clients post 75 kB to a real server, beside a bare Litestar endpoint that only parses the same bytes, in one run.

    python benchmarks/service.py                              60 s each, in turns of 10 s with the peer
    python benchmarks/service.py --seconds 10 --workers 2
    python benchmarks/service.py --path /read --type text/plain --body note.txt
    python benchmarks/service.py --patients 3000              memory while so many different patients are assessed

Measured are a `patient-view` call of CDS Hooks and a whole assessment of a FHIR record, each in two kinds, since they cost very
different amounts:

- ``same``: one patient's record again and again, as when a chart is opened again (a hook's instance is always a new one);
- ``new``: ``__N__`` in the body is another number each time, so every request is another patient and is worked out.

The clients, the server and the measuring share the machine's cores, for the peer as well; so beside the rates stands the processor
time of a request, which depends less on what else the machine does. Exit code 1 where a request failed.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import uvloop
from litestar import Litestar, post
from litestar.params import RawBody
from measures import Asked, Found, Row, say

ROOT = Path(__file__).parents[1]
SIZE = 75_000
WARM_UP = 1.0
CLIENTS = 16
#: seconds of one turn
SLICE = 10.0
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
    """A FHIR Bundle of 75 kB: the example, with years of laboratory results; ``__N__`` is in the patient's latest CRP."""
    bundle = json.loads((ROOT / "examples/fhir_adult_emergency.json").read_text(encoding="utf-8"))
    observations = [e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Observation"]
    latest = next(o for o in observations if o["id"] == "crp")
    latest["valueQuantity"]["value"] = "__CRP__"
    bundle["entry"] += [{"resource": r} for r in older(observations, SIZE - len(json.dumps(bundle)))]
    return json.dumps(bundle).replace('"__CRP__"', "164.__N__").encode()


def older(observations: list[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    """The same results of earlier years, so many that they fill a size."""
    out: list[dict[str, Any]] = []
    filled = 0
    for year in itertools.count(1):
        for observation in observations:
            text = json.dumps(observation).replace('"__CRP__"', "3")
            text = re.sub(r'"(\d{4})(-\d\d-\d\d)', lambda m: f'"{int(m[1]) - 1 - year % 15}{m[2]}', text)  # noqa: B023
            out.append({**json.loads(text), "id": f"{observation['id']}-{year}"})
            filled += len(text) + 20
            if filled > size:
                return out
    raise AssertionError("unreachable")


def patient_view() -> bytes:
    """A call of CDS Hooks with 75 kB of the record: a patient in the emergency department today, with back pain and fever."""
    today = datetime.now(UTC)
    bundle = json.loads((ROOT / "examples/fhir_adult_emergency.json").read_text(encoding="utf-8"))
    visit = next(e["resource"] for e in bundle["entry"] if e["resource"]["resourceType"] == "Encounter")
    shift = (today - datetime.fromisoformat(visit["period"]["start"])).days  # as if the example had happened today

    def moved(match: re.Match[str]) -> str:
        return (datetime.fromisoformat(match[0]) + timedelta(days=shift)).date().isoformat()

    text = re.sub(r"\d{4}-\d\d-\d\d(?=T)|(?<=Date\": \")\d{4}-\d\d-\d\d", moved, json.dumps(bundle))
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in json.loads(text)["entry"]:
        found.setdefault(entry["resource"]["resourceType"], []).append(entry["resource"])
    latest = next(o for o in found["Observation"] if o["id"] == "crp")
    latest["valueQuantity"]["value"] = "__CRP__"
    found["Observation"] += older(found["Observation"], SIZE - len(text))
    kinds = {
        "conditions": "Condition",
        "observations": "Observation",
        "medications": "MedicationRequest",
        "statements": "MedicationStatement",
        "allergies": "AllergyIntolerance",
        "procedures": "Procedure",
        "answers": "QuestionnaireResponse",
    }
    prefetch: dict[str, Any] = {
        key: {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": r} for r in found.get(kind, [])]}
        for key, kind in kinds.items()
    }
    patient, encounter = found["Patient"][0], found["Encounter"][0]
    call = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-__ID__",
        "context": {"userId": "Practitioner/1", "patientId": patient["id"], "encounterId": encounter["id"]},
        "prefetch": {"patient": patient, "encounter": encounter, **prefetch},
    }
    return json.dumps(call).replace('"__CRP__"', "164.__N__").encode()


@dataclass
class Load:
    """Requests of one kind, and how many were sent."""

    host: str
    port: int
    path: str
    kind: str
    body: bytes
    new: bool
    count: int = 0

    def next(self) -> bytes:
        self.count += 1
        body = self.body.replace(b"__N__", b"%07d" % (self.count * self.new)).replace(b"__ID__", b"%012d" % self.count)
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
    #: processor time of the server, seconds, and the requests that it answered meanwhile
    processor: float = 0.0
    answered: int = 0

    @property
    def each(self) -> float:
        """Processor time of one request, in ms."""
        return 1000 * self.processor / max(self.answered, 1)

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    def line(self, name: str, peer: Result | None) -> str:
        ordered = sorted(self.times) or [float("nan")]
        p50, p99 = statistics.median(ordered), ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
        share = f"  {self.each:.2f} ms of processor each"
        if peer is not None:
            share += f"  {self.rate / peer.rate:6.1%} of the peer ({peer.each / self.each:.1%} by processor time)"
        quarters = [f"{self.memory[i * (len(self.memory) - 1) // 4]:.0f}" for i in range(5)]
        return (
            f"{name:42s} {self.rate:8.1f} requests/s  p50 {p50 * 1000:7.1f} ms  p99 {p99 * 1000:7.1f} ms  "
            f"{len(self.times):7d} answered  {len(self.errors):3d} errors  "
            f"memory {' '.join(quarters)} MB{share}"
        )


async def answered(reader: asyncio.StreamReader, result: Result) -> bool:
    """Read one answer and count it. Whether it is 200."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    body = await reader.readexactly(int(length[1]) if length else 0)
    result.answered += 1
    good = b" 200 " in head[:20]
    if not good:
        result.errors.append(f"{head[:40]!r} {body[:200]!r}")
    return good


async def client(load: Load, end: float, begin: float, result: Result) -> None:
    reader, writer = await asyncio.open_connection(load.host, load.port)
    while time.perf_counter() < end:
        start = time.perf_counter()
        writer.write(load.next())
        if await answered(reader, result) and start >= begin:
            result.times.append(time.perf_counter() - start)
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def clients(load: Load, number: int, seconds: float, process: int, result: Result) -> None:
    """Post for so long after warming up; what is found is added to the result."""
    begin = time.perf_counter() + WARM_UP
    end = begin + seconds
    spent = processor_time(process)
    tasks = [asyncio.create_task(client(load, end, begin, result)) for _ in range(number)]
    await asyncio.sleep(WARM_UP)
    while time.perf_counter() < end:
        result.memory.append(memory(process))
        await asyncio.sleep(1)
    for failed in await asyncio.gather(*tasks, return_exceptions=True):
        if failed is not None:
            result.errors.append(repr(failed))
    result.memory.append(memory(process))
    result.seconds += time.perf_counter() - begin
    result.processor += processor_time(process) - spent


def memory(process: int) -> float:
    """Resident MB of a process and its children (Linux)."""
    total = 0
    for pid in (process, *children(process)):
        with suppress(OSError):
            found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
            total += int(found[1]) if found else 0
    return total / 1024


def processor_time(process: int) -> float:
    """User and system time of a process and its children, seconds (Linux)."""
    ticks = 0
    for pid in (process, *children(process)):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def children(process: int) -> list[int]:
    with suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    return []


# --- memory -----------------------------------------------------------------------------------------------------------------


def different_patients(number: int, folder: Path) -> list[bytes]:
    """Cases of virtual patients of all ages and places, drawn from the model."""
    command = [sys.executable, "-c", "from backspasm.cli import main; main()", "cohort", "--n", str(number)]
    subprocess.run([*command, "--out", str(folder / "cohort")], check=True, capture_output=True)
    return (folder / "cohort/records/cases.jsonl").read_bytes().splitlines()


def memory_of_patients(port: int, pid: int, cases: list[bytes], number: int) -> bool:
    """Post every case once; print memory on the way. Whether all were answered."""
    result = Result()
    waiting = iter(cases)
    step = max(len(cases) // 10, 1)
    print(f"{len(cases):,} different patients to /assess, {number} clients; after so many of them the service takes:")

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for case in waiting:
            writer.write(
                f"POST /assess HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(case)}\r\n\r\n".encode()
                + case
            )
            await answered(reader, result)
            if result.answered % step == 0:
                result.memory.append(memory(pid))
                print(f"  {result.answered:7,d}  {result.memory[-1]:6.0f} MB", flush=True)
        writer.close()

    async def all_of_them() -> None:
        await asyncio.gather(*(one() for _ in range(number)))

    spent, began = processor_time(pid), time.perf_counter()
    asyncio.run(all_of_them())
    result.processor, result.seconds = processor_time(pid) - spent, time.perf_counter() - began
    half = result.memory[len(result.memory) // 2 :]
    print(
        f"  second half: {max(half) - min(half):.0f} MB between least and most; {result.answered / result.seconds:.1f} a second, "
        f"{result.each:.1f} ms of processor each; {len(result.errors)} errors"
    )
    for error in result.errors[:3]:
        print(f"  {error}", file=sys.stderr)
    return not result.errors


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
    arguments.add_argument("--path", help="another route than those measured by default")
    arguments.add_argument("--only", choices=("cards", "assess"), help="one of the two routes measured by default")
    arguments.add_argument("--type", default="application/json")
    arguments.add_argument("--body", type=Path, help="what is posted there; __N__ and __ID__ in it are numbers")
    arguments.add_argument("--config", default="", help="more TOML for the service, such as clients of CDS Hooks")
    arguments.add_argument("--patients", type=int, default=0, help="only: memory while so many patients are assessed")
    asked = arguments.parse_args()
    loads = [("/cds-services/back-pain-red-flags", "application/json", patient_view())]
    loads.append(("/assess", "application/fhir+json", record()))
    if asked.only:
        loads = [loads[asked.only == "assess"]]
    if asked.path:
        loads = [(asked.path, asked.type, asked.body.read_bytes() if asked.body else record())]
    body = loads[0][2]
    failed = False
    with tempfile.TemporaryDirectory(prefix="backspasm-load-") as name:
        folder = Path(name)
        config = folder / "service.toml"
        store = f"sqlite:///{folder}/s.sqlite"
        config.write_text(SETTINGS.format(workers=asked.workers, store=store, folder=folder) + asked.config)
        port, other = free_port(), free_port()
        serve = [sys.executable, "-c", "from backspasm.cli import main; main()", "serve", "--config", str(config)]
        alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        if asked.patients:
            cases = different_patients(asked.patients, folder)
            with running([*serve, "--port", str(port)], alone, port, folder / "service.log") as pid:
                raise SystemExit(not memory_of_patients(port, pid, cases, min(asked.clients, 4)))
        print(f"{asked.clients} clients, {len(body):,} bytes, {asked.seconds:g} s each, {asked.workers} worker(s)")
        with (
            running(bare(other, asked.workers), alone, other, folder / "peer.log") as peer_pid,
            running([*serve, "--port", str(port)], alone, port, folder / "service.log") as pid,
        ):
            for path, media_type, body in loads:
                peer = Load("127.0.0.1", other, "/parse", "application/json", body, True)
                for kind, new in (("same", False), ("new", True)):
                    load = Load("127.0.0.1", port, path, media_type, body, new)
                    theirs, ours = Result(), Result()
                    rounds = max(1, round(asked.seconds / SLICE))
                    for _ in range(rounds):  # in turns, so that what else the machine does falls on both
                        asyncio.run(clients(peer, asked.clients, asked.seconds / rounds, peer_pid, theirs))
                        asyncio.run(clients(load, asked.clients, asked.seconds / rounds, pid, ours))
                    print(theirs.line("bare endpoint that parses", None))
                    print(ours.line(f"{path} ({kind})", theirs), flush=True)
                    for error in (*theirs.errors, *ours.errors)[:3]:
                        failed = True
                        print(f"  {error}", file=sys.stderr)
    raise SystemExit(failed)


def measured(asked: Asked) -> Found:
    """Requests of 75 kB beside a bare endpoint that only parses them, in turns."""
    uvloop.install()
    hook = ("/cds-services/back-pain-red-flags", "application/json", patient_view(), "patient-view, 75 kB", 0.5)
    whole = ("/assess", "application/fhir+json", record(), "a FHIR record of 75 kB, assessed", None)
    rows: list[Row] = []
    missing: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="backspasm-load-") as name,
        both_servers(Path(name)) as (port, pid, other, peer_pid),
    ):
        for path, media_type, body, what, aim in (hook, whole):
            peer = Load("127.0.0.1", other, "/parse", "application/json", body, True)
            for kind, new in (("the same chart again", False), ("ever new charts", True)):
                say(f"service: {what}, {kind}")
                load = Load("127.0.0.1", port, path, media_type, body, new)
                theirs, ours = Result(), Result()
                rounds = 1 if asked.quick else 2
                for _ in range(rounds):
                    asyncio.run(clients(peer, CLIENTS, asked.seconds / rounds, peer_pid, theirs))
                    asyncio.run(clients(load, CLIENTS, asked.seconds / rounds, pid, ours))
                if ours.errors or theirs.errors:
                    raise SystemExit(f"{path}: {(ours.errors + theirs.errors)[0]}")
                if not ours.times:
                    missing.append(
                        f"service: {what}, {kind}: nothing was answered within {asked.seconds:g} s (--seconds)"
                    )
                    continue
                p99 = sorted(ours.times)[min(len(ours.times) - 1, int(len(ours.times) * 0.99))]
                note = f"99 % within {1000 * p99:.0f} ms, {CLIENTS} clients on the same machine"
                rows.append(
                    Row("service", f"{what}: {kind}", 1000 / ours.rate, "a bare endpoint that parses it", 1000 / theirs.rate,
                        "ms a request", aim, note)
                )  # fmt: skip
    return Found(tuple(rows), missing=tuple(missing))


@contextmanager
def both_servers(folder: Path) -> Iterator[tuple[int, int, int, int]]:
    """Port and process of the service, and of the bare endpoint."""
    config = folder / "service.toml"
    config.write_text(SETTINGS.format(workers=1, store=f"sqlite:///{folder}/s.sqlite", folder=folder))
    port, other = free_port(), free_port()
    serve = [sys.executable, "-c", "from backspasm.cli import main; main()", "serve", "--config", str(config)]
    alone = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    with (
        running(bare(other, 1), alone, other, folder / "peer.log") as peer_pid,
        running([*serve, "--port", str(port)], alone, port, folder / "service.log") as pid,
    ):
        yield port, pid, other, peer_pid


if __name__ == "__main__":
    uvloop.install()
    main()
