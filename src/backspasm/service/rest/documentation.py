"""The description of the service: for programs as OpenAPI, for people as a page of our own, without scripts."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from importlib.resources import files

from litestar import Response, get
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from backspasm.service.media_types import HTML, JSON
from backspasm.service.rest.answers import finished
from backspasm.service.rest.openapi.document import document_bytes
from backspasm.service.rest.openapi.page import documentation_page

#: a file with its hash in the name never changes
KEPT = {"cache-control": "public, max-age=31536000, immutable"}


@get("/openapi.json", sync_to_thread=True)
def openapi(state: State) -> Response[bytes]:
    """The OpenAPI 3.1 document."""
    return finished(document_bytes(state.model, state.settings.url), JSON)


@get("/docs", sync_to_thread=True)
def page(state: State) -> Response[bytes]:
    """The same as a page."""
    return finished(documentation_page(state.model, state.settings.url, style_name()), HTML)


@get("/docs/{name:str}", sync_to_thread=False)
def style(name: FromPath[str]) -> Response[bytes]:
    """The style of the page."""
    if name != style_name():
        raise NotFoundException(detail="No such file. Mend: /docs names the one it needs")
    return finished(_style(), "text/css", KEPT)


@lru_cache(maxsize=1)
def style_name() -> str:
    return f"style-{hashlib.sha256(_style()).hexdigest()[:12]}.css"


@lru_cache(maxsize=1)
def _style() -> bytes:
    return files("backspasm.service.rest.openapi").joinpath("style.css").read_bytes()


ROUTES = (openapi, page, style)
