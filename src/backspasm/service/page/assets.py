"""Style sheets and scripts: read once, served under a name that holds their digest, so that a browser may keep them for good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from backspasm.presentation.forest import STYLE as FOREST_STYLE
from backspasm.presentation.rendering import environment

TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
FILES = ("htmx.min.js", "page.js", "page.css", "leaflet.css", "icon.svg")
#: letters of the digest in the address
SHOWN = 12
KEEP = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True)
class Asset:
    name: str
    data: bytes
    media_type: str

    @property
    def address(self) -> str:
        return f"/assets/{hashlib.sha256(self.data).hexdigest()[:SHOWN]}/{self.name}"


@cache
def assets() -> dict[str, Asset]:
    """Every asset by its name; ``report.css`` is the style sheet of the report, with that of its plots."""
    folder = files("backspasm.service.page") / "assets"
    found = {name: (folder / name).read_bytes() for name in FILES}
    shared = environment().get_template("style.css.j2").render() + "\n" + FOREST_STYLE
    found["report.css"] = shared.encode()
    return {name: Asset(name, data, TYPES[name[name.rindex(".") :]]) for name, data in found.items()}


def address_of(name: str) -> str:
    return assets()[name].address


@get("/assets/{digest:str}/{name:str}", include_in_schema=False, sync_to_thread=False)
def asset(digest: FromPath[str], name: FromPath[str]) -> Response[bytes]:
    """One asset; under another digest than its own there is none, so that no browser keeps a wrong one."""
    found = assets().get(name)
    if found is None or found.address != f"/assets/{digest}/{name}":
        raise NotFoundException("no such file")
    return Response(found.data, media_type=found.media_type, headers=KEEP)
