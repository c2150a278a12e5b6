"""What one value of a site file may be: parsers of single values, and `Key`, which joins one with its words."""

import re
import zoneinfo
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from edge import config_geometry as geometry
from edge.config_faults import nearest
from edge.config_geometry import WrongValueError

ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
REQUIRED = "required"


@dataclass(frozen=True)
class Key:
    """One key.

    Attributes:
        parse: turns the raw TOML value into ours; WrongValueError says what is wrong.
        allowed: in words, for faults and docs.
        meaning: in words, for docs.
        default: as docs show it; REQUIRED if it may not be left out.
        value: what is used when it is left out.
    """

    parse: Callable[[Any], Any]
    allowed: str
    meaning: str
    default: str = ""
    value: Any = None


def ident(raw: Any) -> str:
    """An id: letters, digits, - and _, 1 to 40 characters; a-z 0-9 - _ by custom."""
    value = string(raw)
    if ID.fullmatch(value):
        return value
    slug = re.sub(r"[^a-z0-9_-]+", "-", value.lower()).strip("-")[:40]
    hint = f'; for example "{slug}"' if slug else ""
    raise WrongValueError(f"not an id{hint}")


def ident_or_folder(raw: Any) -> str:
    """An id, or with a / in it the path of a folder."""
    return plain(raw) if "/" in string(raw) else ident(raw)


def text(raw: Any) -> str:
    """A name for people: 1 to 80 characters, no control characters."""
    value = string(raw)
    if not value.strip() or len(value) > 80:
        raise WrongValueError("empty" if not value.strip() else f"{len(value)} characters long")
    return value


def plain(raw: Any) -> str:
    """Any string without control characters, at most 1,000 characters."""
    value = string(raw)
    if not value or len(value) > 1000:
        raise WrongValueError("empty" if not value else f"{len(value)} characters long")
    return value


def string(raw: Any) -> str:
    """Any text without control characters."""
    if not isinstance(raw, str):
        raise WrongValueError(f"{kind_of(raw)} where a text is wanted; put it in quotes")
    if any(ord(c) < 32 or ord(c) == 127 for c in raw):
        raise WrongValueError("it has a control character (a line break or the like)")
    return raw


def kind_of(raw: Any) -> str:
    """What TOML calls such a value, in words."""
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table", str: "a text"}
    return names.get(type(raw), "a date or time")


def zone(raw: Any) -> str:
    """A time zone's name."""
    value = string(raw)
    try:
        zoneinfo.ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown; not a name but a path; a folder of the zone files
        hint = nearest_zone(value, zoneinfo.available_timezones())
        raise WrongValueError(f"no such time zone; {hint}") from None
    return value


def nearest_zone(value: str, known: set[str]) -> str:
    """A hint at the zone that was meant."""
    city = value.rsplit("/", 1)[-1].strip().replace(" ", "_").lower()
    same_city = sorted(name for name in known if name.rsplit("/", 1)[-1].lower() == city and name.count("/") == 1)
    if same_city:
        return f'did you mean "{same_city[0]}"?'
    hint = nearest(value, sorted(known, key=lambda name: (name.lower(), name)))
    return hint if hint.startswith("did") else 'such as "Europe/Berlin"'


def yes(raw: Any) -> bool:
    """A truth value."""
    if not isinstance(raw, bool):
        raise WrongValueError(f"{kind_of(raw)} where true or false is wanted (without quotes)")
    return raw


def number(low: float, high: float) -> Callable[[Any], float]:
    """A parser of finite numbers in [low, high]."""

    def parse(raw: Any) -> float:
        if isinstance(raw, str):
            raise WrongValueError("a text where a number is wanted; leave the quotes out")
        value = geometry.finite(raw)
        if not low <= value <= high:
            raise WrongValueError("too small" if value < low else "too large")
        return value

    return parse


def whole(low: int, high: int) -> Callable[[Any], int]:
    """A parser of whole numbers in [low, high]."""

    def parse(raw: Any) -> int:
        value = number(low, high)(raw)
        if value != int(value):
            raise WrongValueError("not a whole number")
        return int(value)

    return parse


def word(*words: str) -> Callable[[Any], str]:
    """A parser of one of several words."""

    def parse(raw: Any) -> str:
        value = string(raw)
        if value not in words:
            raise WrongValueError(f"unknown; {nearest(value, words)}")
        return value

    return parse


def seconds(low: float, high: float, meaning: str, value: float) -> Key:
    """A key that holds seconds."""
    return Key(number(low, high), f"{low:g} to {high:g} seconds", meaning, f"{value:g}", value)


def four(coordinate: Callable[[Any], float]) -> Callable[[Any], Any]:
    """A parser of four points."""

    def parse(raw: Any) -> Any:
        found = geometry.points(raw, coordinate)
        if len(found) != 4:
            raise WrongValueError(f"four points are wanted, here are {len(found)}")
        return geometry.checked_polygon(found)

    return parse


def names(raw: Any) -> tuple[str, ...]:
    """A list of user names or e-mail addresses, in lower case."""
    if not isinstance(raw, list):
        raise WrongValueError(f"{kind_of(raw)} where a list is wanted")
    return tuple(text(item).strip().lower() for item in raw)


def days(low: int, high: int, meaning: str, value: int) -> Key:
    """A key that holds whole days."""
    return Key(whole(low, high), f"{low} to {high} days", meaning, str(value), value)
