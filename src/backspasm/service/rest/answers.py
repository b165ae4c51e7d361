"""What routes of programs share: the media type that the caller wants, and answers made of finished bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException


class NotAcceptableError(HTTPException):
    """406: the caller wants a form that is not offered."""

    status_code = 406


class UnsupportedMediaTypeError(HTTPException):
    """415: the body is of a kind that is not read here."""

    status_code = 415


def wanted(request: Request[Any, Any, Any], offered: Sequence[str]) -> str:
    """The form that the caller likes best of those offered; the first where no Accept was sent.

    Raises:
        NotAcceptableError: where none is accepted.
    """
    if not request.headers.get("accept"):
        return offered[0]
    found = request.accept.best_match(list(offered))
    if found is None:
        raise NotAcceptableError(detail=f"Accept: none of what is wanted is offered. Mend: accept {', '.join(offered)}")
    return found


def media_type(request: Request[Any, Any, Any], read: Sequence[str]) -> str:
    """The kind of the body, one of those that are read.

    Raises:
        UnsupportedMediaTypeError: for another kind, or for a text in another encoding than UTF-8.
    """
    kind, parameters = request.content_type
    mend = f"Mend: send {' or '.join(read)} in UTF-8"
    if kind not in read:
        shown = "missing" if not kind else "not read here"
        raise UnsupportedMediaTypeError(detail=f"Content-Type: {shown}. {mend}")
    charset = parameters.get("charset", "utf-8").strip('"').lower()
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedMediaTypeError(detail=f"Content-Type: this charset is not read here. {mend}")
    return kind


def finished(data: bytes, kind: str, headers: dict[str, str] | None = None) -> Response[bytes]:
    """200 with these bytes."""
    return Response(data, status_code=200, media_type=kind, headers=headers)
