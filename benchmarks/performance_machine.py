"""What machine a measurement was made on: enough to compare two pages, and nothing that names it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from msgspec import Struct

#: packages that decide how fast it is, and peers
PACKAGES = (
    "numpy", "scipy", "pyarrow", "msgspec", "numba", "litestar", "uvicorn", "pyagrum", "fhir.resources", "jax", "diffrax",
    "libroadrunner", "pyspark",
)  # fmt: skip


class Machine(Struct, frozen=True):
    """``load``: mean number of waiting processes over the minute before, of this run and of what else ran."""

    day: str
    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    load: float
    packages: dict[str, str]


def this_machine() -> Machine:
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        day=datetime.now(UTC).date().isoformat(),
        processor=_processor(),
        cores=os.cpu_count() or 0,
        memory_gb=round(pages / 1e9, 1),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
        load=round(os.getloadavg()[0], 1),
        packages={name: found for name in PACKAGES if (found := _version(name))},
    )


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    named = {name.strip(): value.strip() for name, value in fields.items()}
    return named.get("model name") or platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
