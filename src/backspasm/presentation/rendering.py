"""The template engine: values are always escaped, for HTML and for Markdown; a template cannot forget it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any
from urllib.parse import quote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from backspasm.presentation import words
from backspasm.presentation.sources import described, opened

#: characters that steer Markdown, wherever they stand
_MARKDOWN = re.compile(r"([\\`*_\[\]{}#|~!])")


def safe_text(value: object) -> str:
    """One line without characters that steer a page or a terminal (controls, changes of writing direction)."""
    text = str(value)
    if text.isprintable():  # nearly all are, and a page has thousands
        return text
    text = re.sub(r"\s", " ", text)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _for_html(value: Any) -> Any:
    return value if isinstance(value, Markup) else safe_text(value)


def _for_markdown(value: Any) -> Markup:
    """Markup as it is; any other value on one line, with HTML and Markdown made harmless."""
    if isinstance(value, Markup):
        return value
    text = safe_text(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Markup(_MARKDOWN.sub(r"\\\1", text))


@cache
def environment(markdown: bool = False, first: tuple[str, ...] = ()) -> Environment:
    """The engine for HTML or Markdown.

    Args:
        first: folders of the package whose templates go before those of the report, and may stand in for them.
    """
    folders = (*first, "presentation/templates")
    engine = Environment(
        loader=ChoiceLoader([PackageLoader("backspasm", folder) for folder in folders]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_for_markdown if markdown else _for_html,
    )
    engine.globals |= {
        "chance": words.chance,
        "span": words.span,
        "ratio": words.ratio,
        "plain": words.plain,
        "described": described,
        "opened": opened,
        "anchor": anchor,
        "DISCLAIMER": words.DISCLAIMER,
        "URGENCY": words.URGENCY,
    }
    engine.filters |= {"url": _url, "sentence": sentence, "lower_first": words.lower_first}
    return engine


def _url(address: str) -> Markup:
    """An address between the angle brackets of Markdown: nothing in it may end them."""
    return Markup(quote(address, safe=":/?#[]@!$&'()*+,;=%~"))


def sentence(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def anchor(kind: str, name: str) -> str:
    """An id for a place on a page: letters, digits and hyphens."""
    return f"{kind}-" + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def rendered(template: str, **values: Any) -> bytes:
    """A page as UTF-8; the template's name says whether it is HTML or Markdown."""
    markdown = template.endswith(".md.j2")
    text = environment(markdown).get_template(template).render(**values)
    if markdown:
        text = re.sub(r"\n{3,}", "\n\n", text)
    return (text.strip() + "\n").encode("utf-8", "replace")
