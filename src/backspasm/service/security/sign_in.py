"""Signing in to the page with an API key, where callers are configured."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.enums import MediaType, RequestEncodingType
from litestar.params import Body
from litestar.response import Redirect
from litestar.template.base import csrf_token

from backspasm.service.page.screen import fragment
from backspasm.service.security import sessions
from backspasm.service.security.callers import key_owner


class SignIn(msgspec.Struct, frozen=True):
    """The form."""

    key: str


def _page(request: Request[Any, Any, Any], problem: str = "", status: int = 200) -> Response[bytes]:
    text = fragment("sign_in.html.j2", problem=problem, token=csrf_token({"request": request}))
    return Response(text, status_code=status, media_type=MediaType.HTML)


@get("/sign-in", sync_to_thread=False, include_in_schema=False)
def form(request: Request[Any, Any, Any]) -> Response[bytes]:
    return _page(request)


@post("/sign-in", sync_to_thread=False, include_in_schema=False)
def sign_in(
    request: Request[Any, Any, Any],
    state: State,
    data: Annotated[SignIn, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Response[Any]:
    """Changes a key for a session."""
    owner = key_owner(data.key.strip(), state.settings.access.api_keys)
    if owner is None:
        return _page(request, "This key is not known. Check that it is complete, or ask your operator.", 401)
    return Redirect("/", status_code=303, cookies=[sessions.begun(owner, state.settings, state.store.secret)])


@post("/sign-in/end", sync_to_thread=False, include_in_schema=False)
def sign_out(state: State) -> Response[Any]:
    """Ends the session in this browser."""
    return Redirect("/sign-in", status_code=303, cookies=[sessions.ended(state.settings)])


ROUTES = (form, sign_in, sign_out)
