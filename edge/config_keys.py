"""Every key of a site file: what is allowed, what it means, what it is when left out. docs/site-file.md shows this."""

import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edge import config_geometry as geometry
from edge.config_alerts import ALERT_WORDS, WEEKDAYS, parse_alert, parse_between, parse_weekdays
from edge.config_faults import nearest
from edge.config_geometry import WrongValueError
from edge.config_serving import parse_address, parse_languages

ID = re.compile(r"[A-Za-z0-9_-]{1,40}")
REQUIRED = "required"
RUNTIMES = ("auto", "openvino", "onnx", "tensorrt", "openvino-int8", "openvino-fp32", "onnx-int8", "onnx-fp32")
SHAPE = "three or more points [x, y], each from 0 to 1"


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
    value = _string(raw)
    if ID.fullmatch(value):
        return value
    slug = re.sub(r"[^a-z0-9_-]+", "-", value.lower()).strip("-")[:40]
    hint = f'; for example "{slug}"' if slug else ""
    raise WrongValueError(f"not an id{hint}")


def text(raw: Any) -> str:
    """A name for people: 1 to 80 characters, no control characters."""
    value = _string(raw)
    if not value.strip() or len(value) > 80:
        raise WrongValueError("empty" if not value.strip() else f"{len(value)} characters long")
    return value


def plain(raw: Any) -> str:
    """Any string without control characters, at most 1,000 characters."""
    value = _string(raw)
    if not value or len(value) > 1000:
        raise WrongValueError("empty" if not value else f"{len(value)} characters long")
    return value


def _string(raw: Any) -> str:
    if not isinstance(raw, str):
        raise WrongValueError(f"{_kind(raw)} where a text is wanted; put it in quotes")
    if any(ord(c) < 32 or ord(c) == 127 for c in raw):
        raise WrongValueError("it has a control character (a line break or the like)")
    return raw


def _kind(raw: Any) -> str:
    names = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table", str: "a text"}
    return names.get(type(raw), "a date or time")


def zone(raw: Any) -> str:
    """A time zone's name."""
    value = _string(raw)
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
        raise WrongValueError(f"{_kind(raw)} where true or false is wanted (without quotes)")
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
        value = _string(raw)
        if value not in words:
            raise WrongValueError(f"unknown; {nearest(value, words)}")
        return value

    return parse


def seconds(low: float, high: float, meaning: str, value: float) -> Key:
    """A key that holds seconds."""
    return Key(number(low, high), f"{low:g} to {high:g} seconds", meaning, f"{value:g}", value)


def _four(coordinate: Callable[[Any], float]) -> Callable[[Any], Any]:
    def parse(raw: Any) -> Any:
        found = geometry.points(raw, coordinate)
        if len(found) != 4:
            raise WrongValueError(f"four points are wanted, here are {len(found)}")
        return geometry.checked_polygon(found)

    return parse


def names(raw: Any) -> tuple[str, ...]:
    """A list of user names or e-mail addresses, in lower case."""
    if not isinstance(raw, list):
        raise WrongValueError(f"{_kind(raw)} where a list is wanted")
    return tuple(text(item).strip().lower() for item in raw)


def days(low: int, high: int, meaning: str, value: int) -> Key:
    """A key that holds whole days."""
    return Key(whole(low, high), f"{low} to {high} days", meaning, str(value), value)


_A_ID = "1 to 40 of a-z A-Z 0-9 - _"
_A_NAME = "1 to 80 characters"
_NAMES = "a list of users' names or addresses"
_A_FILE = "a file, relative to the site file"
_AN_ADDRESS = "an IP address; 0.0.0.0: all of this machine's"

KEYS: Mapping[str, Mapping[str, Key]] = {
    "site": {
        "id": Key(ident, _A_ID, "used in topics and in the names of files", REQUIRED),
        "name": Key(text, _A_NAME, "for people's eyes", "the id"),
        "timezone": Key(zone, 'a name such as "Europe/Berlin"', "for people's eyes; all stored is UTC", '"UTC"', "UTC"),
        "box": Key(ident, _A_ID, "this box's name in topics", "the host's name"),
    },
    "mqtt": {
        "url": Key(plain, '"mqtt://HOST[:1883]" or "mqtts://HOST[:8883]"', "the broker", REQUIRED),
        "username": Key(plain, "1 to 1000 characters", "this box's user at the broker", "none"),
        "password": Key(plain, "1 to 1000 characters", 'best as "${MQTT_PASSWORD}"', "none"),
        "ca_file": Key(plain, _A_FILE, "who signed the broker's certificate", "the system's list"),
        "cert_file": Key(plain, _A_FILE, "this box's own certificate", "none"),
        "key_file": Key(plain, _A_FILE, "and its key", "none"),
        "home_assistant": Key(yes, "true or false", "for Home Assistant discovery: no effect yet", "false", False),
    },
    "detector": {
        "model": Key(ident, _A_ID, 'the shipped graph: "n", finer "s", quicker "quick"', '"n"', "n"),
        "runtime": Key(
            word(*RUNTIMES),
            ", ".join(RUNTIMES),
            "what runs the graph",
            '"auto"',
            "auto",
        ),
        "threads": Key(whole(1, 64), "1 to 64", "threads of one detector on a CPU", "1", 1),
    },
    "store": {
        "seconds_days": days(1, 3660, "readings of every second are kept so long", 1),
        "minutes_days": days(1, 3660, "minutes and single visits are kept so long", 90),
        "hours_days": days(0, 36600, "hours are kept so long; 0: for ever", 0),
    },
    "dashboard": {
        "login": Key(word("none", "proxy", "oidc"), "none, proxy, oidc", "who says who looks", '"none"', "none"),
        "user_header": Key(
            plain, "a header's name", "in which the proxy names the user", '"X-Forwarded-User"', "X-Forwarded-User"
        ),
        "oidc_file": Key(plain, _A_FILE, "the provider, as Streamlit's [auth]", "none"),
        "viewers": Key(names, _NAMES, "who may look; empty: everybody who is logged in", "[]", ()),
        "installers": Key(names, _NAMES, "who may change the plan of the site too", "[]", ()),
        "reports": Key(plain, "a folder, relative to the site file", "replays' --out folders, for Accuracy", "none"),
        "target_wait_s": Key(number(1, 86400), "1 to 86400 seconds", "a wait that is still good", "300", 300.0),
    },
    "display": {
        "port": Key(whole(1, 65535), "1 to 65535", "where the public display listens", "8502", 8502),
        "address": Key(parse_address, _AN_ADDRESS, "the same", '"127.0.0.1"', "127.0.0.1"),
        "languages": Key(parse_languages, 'a list of codes such as ["de", "en"]', "shown in turn", '["en"]', ("en",)),
        "people": Key(yes, "true or false", "tell how many people wait", "true", True),
    },
    "camera": {
        "id": Key(ident, _A_ID, "used in topics", REQUIRED),
        "name": Key(text, _A_NAME, "for people's eyes", "the id"),
        "source": Key(
            plain,
            "rtsp(s)://, http(s)://, v4l2:///dev/video0, test://, or a file relative to the site file",
            "where the pictures come from",
            REQUIRED,
        ),
        "detect_fps": Key(number(0.1, 60), "0.1 to 60", "pictures a second that the detector sees", "5", 5.0),
        "mask": Key(geometry.polygons, f"a list of polygons: {SHAPE}", "blacked out before anything else", "[]", ()),
        "loop": Key(yes, "true or false", "play a file again and again as if it were live", "false", False),
    },
    "camera.floor": {
        "image": Key(_four(geometry.fraction), "four points, each from 0 to 1", "four marks in the picture", REQUIRED),
        "metres": Key(_four(geometry.metres), "four points in metres", "the same marks on the floor", REQUIRED),
    },
    "queue": {
        "id": Key(ident, _A_ID, "used in topics", REQUIRED),
        "name": Key(text, _A_NAME, "for people's eyes", "the id"),
        "servers": Key(whole(0, 1000), "0 to 1000", "people served at once; 0: found from the data", "0", 0),
        "count_served": Key(yes, "true or false", "is the person being served part of the length?", "true", True),
        "room": Key(whole(0, 10000), "0 to 10000", "people the line has room for; 0: not told", "0", 0),
    },
    "queue.lane": {
        "camera": Key(ident, "the id of a [[camera]]", "which camera sees the lane", REQUIRED),
        "area": Key(geometry.polygon, f"a polygon: {SHAPE}", "where people of this queue stand", REQUIRED),
        "service_line": Key(geometry.segment, "two points, each from 0 to 1", "leaving across it = served", "none"),
        "service_area": Key(
            geometry.polygon, f"a polygon: {SHAPE}", "standing in it for min_service_s, then leaving = served", "none"
        ),
        "staff_area": Key(
            geometry.polygons, f"a list of polygons: {SHAPE}", "people who stay here are staff", "[]", ()
        ),
        "min_stay_s": seconds(0, 600, "shorter stays are passers-by", 5.0),
        "hold_s": seconds(0, 600, "unseen this long and still in the line", 3.0),
        "min_service_s": seconds(0, 3600, "see service_area", 3.0),
    },
    "line": {
        "id": Key(ident, _A_ID, "names the counting line", REQUIRED),
        "camera": Key(ident, "the id of a [[camera]]", "which camera sees the line", REQUIRED),
        "points": Key(geometry.path, "two or more points, each from 0 to 1", "crossings are counted", REQUIRED),
    },
    "alert": {
        "queue": Key(ident, "the id of a [[queue]]", "whose readings are watched", REQUIRED),
        "when": Key(parse_alert, ALERT_WORDS, "the condition", REQUIRED),
        "for_s": seconds(0, 86400, "it must hold this long", 0.0),
        "repeat_s": seconds(0, 604800, "told again so often while it holds; 0: once", 0.0),
        "between": Key(parse_between, '["08:00", "18:00"]', "told only then, in the site's time zone", "always"),
        "weekdays": Key(parse_weekdays, f"a list of {', '.join(WEEKDAYS)}", "told only on these days", "all", ()),
    },
}
TABLES = ("site", "mqtt", "detector", "store", "dashboard", "display")  # once each
ARRAYS = ("camera", "queue", "line", "alert")  # as often as needed, in double brackets
INNER = {"camera": {"floor": "table"}, "queue": {"lane": "array"}}


def defaults(table: str) -> dict[str, Any]:
    """What the keys of a table are when they are left out; required ones are missing."""
    return {name: key.value for name, key in KEYS[table].items() if key.default != REQUIRED}
