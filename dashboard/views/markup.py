"""HTML in which every text from outside is a text: `tag` escapes whatever is not itself made by `tag`."""

from html import escape


class Markup(str):
    """Text that is HTML already; only `tag` and `join` make it."""

    __slots__ = ()


def tag(name: str, *children: str | None, cls: str = "", **attributes: str) -> Markup:
    """An element; children that are plain strings are escaped, None is left out; attributes are always escaped.

    `name` and the attributes' names come from this program only. An underscore in an attribute's name is a hyphen.
    """
    if cls:
        attributes = {"class": cls, **attributes}
    head = "".join(f' {key.replace("_", "-")}="{_literal(value)}"' for key, value in attributes.items())
    return Markup(f"<{name}{head}>{join(*children)}</{name}>")


def join(*children: str | None) -> Markup:
    """Several children one after the other, escaped like those of `tag`."""
    return Markup("".join(c if isinstance(c, Markup) else _literal(c) for c in children if c is not None))


def _literal(text: str) -> str:
    # Line breaks are written as references, so that nothing that handles the HTML as lines can touch a text.
    return escape(text).replace("\n", "&#10;").replace("\r", "&#13;").replace("\0", "\ufffd")
