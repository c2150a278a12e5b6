"""Everything the pages say, as pure functions of numbers: rounding, intervals, ages, states, what to do about them."""

import math
import re
from dataclasses import dataclass
from typing import Literal

Level = Literal["good", "warn", "bad", "off"]
NOT_KNOWN = "–"


@dataclass(frozen=True)
class Told:
    """A state in words: what it is, what to do (may be empty), how bad it is."""

    what: str
    do: str
    level: Level


def minutes_up(seconds: float) -> int:
    """Whole minutes, rounded up after whole seconds: 240.2 s is 4 min, 241 s is 5 min; above half an hour by fives."""
    minutes = math.ceil(round(seconds) / 60)
    return minutes if minutes <= 30 else math.ceil(round(seconds) / 300) * 5


def _minutes_down(seconds: float) -> int:
    minutes = math.floor(round(seconds) / 60)
    return minutes if minutes <= 30 else math.floor(round(seconds) / 300) * 5


def _spoken(minutes: int) -> str:
    hours, rest = divmod(minutes, 60)
    if hours == 0:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def wait_words(wait_s: float | None, *, stopped: bool = False) -> str:
    """The wait of somebody who joins now, never told too short: "about 4 min", "no wait", "wait not known yet"."""
    if wait_s is None:
        return "wait not known yet"
    if round(wait_s) <= 0:
        return "wait not known while stopped" if stopped else "no wait"
    return f"{'at least' if stopped else 'about'} {_spoken(minutes_up(wait_s))}"


def wait_interval_words(low_s: float | None, high_s: float | None, *, stopped: bool = False) -> str:
    """The wait's interval, widened to whole minutes: "3 to 6 min", "up to 2 min"; "" where there is none to tell."""
    if stopped or low_s is None or high_s is None or round(high_s) <= 0:
        return ""
    low, high = _minutes_down(low_s), minutes_up(high_s)
    if low >= high:
        return ""
    if low == 0:
        return f"up to {_spoken(high)}"
    return f"{low} to {_spoken(high)}" if high < 60 else f"{_spoken(low)} to {_spoken(high)}"


def length_interval_words(low: int | None, high: int | None) -> str:
    """The length's interval: "5 to 7"; "" where it says nothing new."""
    return "" if low is None or high is None or low >= high else f"{low} to {high}"


def age_words(seconds: float) -> str:
    """An age: "14 s", "3 min", "2 h", "4 days"."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    if whole < 2 * 86400:
        return f"{whole // 3600} h"
    return f"{whole // 86400} days"


def people_words(length: int) -> str:
    """How many: "1 person", "3 people", "nobody"."""
    return "nobody" if length == 0 else "1 person" if length == 1 else f"{length} people"


def number_words(value: float | None, digits: int = 1) -> str:
    """A measured figure, or a dash where there is none."""
    return NOT_KNOWN if value is None else f"{value:.{digits}f}"


QUALITIES: dict[str, Told] = {
    "ok": Told("", "", "good"),
    "warming": Told("just started", "The wait is told once a few people have been served.", "good"),
    "stale": Told("no pictures from the camera", "Check the camera's power and network cable.", "bad"),
    "frozen": Told("the camera's picture does not change", "Restart the camera.", "bad"),
    "blind": Told("the camera sees nothing: dark or covered", "Check the lens and the light.", "bad"),
    "moved": Told("the camera has been turned", "Turn it back, or draw the lanes again.", "bad"),
    "degraded": Told("the pictures are incomplete or damaged", "The length may be too low. See Cameras.", "warn"),
    "config": Told("the lanes do not fit the picture", "Run: linewise check", "bad"),
}

STATES: dict[str, Told] = {
    "serving": Told("Serving", "", "good"),
    "idle": Told("Free", "", "good"),
    "stopped": Told("Service stopped", "Nobody has been served for a while though people wait.", "warn"),
    "closed": Told("Closed", "", "off"),
}

PICTURES: dict[str, Told] = {
    "frozen": Told("Picture frozen", "Restart the camera.", "bad"),
    "blind": Told("Dark or covered", "Check the lens and the light.", "bad"),
    "moved": Told("Turned away", "Turn it back, or draw the lanes again.", "bad"),
    "damaged": Told("Picture damaged", "Check the network cable; lower the camera's bit rate.", "warn"),
}

CAMERAS: dict[str, Told] = {
    "starting": Told("Starting", "Wait a few seconds.", "warn"),
    "ok": Told("Working", "", "good"),
    "stalled": Told("Pictures have stopped", "Check the network; it reconnects by itself.", "bad"),
    "lost": Told("No connection", "Check the camera's power and network cable.", "bad"),
    "auth_failed": Told("Not let in", "Check user, password and certificate in the site file.", "bad"),
    "not_found": Told("No stream at this address", "Check the source in the site file.", "bad"),
    "failed": Told("Failed", "See the box's log; it is started again by itself.", "bad"),
    "stopped": Told("Switched off", "", "off"),
}

TRENDS = {"rising": "↗ rising", "falling": "↘ falling", "steady": "→ steady"}


def state_words(state: str) -> Told:
    """What the service does; a word this program does not know is shown as it came."""
    return STATES.get(state, Told(state, "", "off"))


def quality_words(quality: str) -> Told:
    """How far a reading can be trusted; an unknown word is shown as it came."""
    return QUALITIES.get(quality, Told(quality, "", "bad"))


def camera_words(state: str, picture: str) -> Told:
    """A camera's state; where the connection is well, what is wrong with its picture."""
    if state == "ok" and picture in PICTURES:
        return PICTURES[picture]
    return CAMERAS.get(state, Told(state, "", "bad"))


def unknown_words(quality: str, unknown_s: float | None) -> str:
    """Why there is no number: "not known: no pictures from the camera for 12 s"."""
    why = quality_words(quality).what
    since = "" if unknown_s is None else f" for {age_words(unknown_s)}"
    if quality in ("ok", "warming"):
        return f"not known: the counter has just started{since}" if quality == "warming" else f"not known{since}"
    return f"not known: {why}{since}"


def silent_words(heard_s: float | None, *, box_offline: bool = False) -> str:
    """Why there is no number when nothing arrives: "not known: nothing heard for 2 min"."""
    if box_offline:
        return "not known: the box is offline" + ("" if heard_s is None else f" for {age_words(heard_s)}")
    return "not known: nothing heard " + ("yet" if heard_s is None else f"for {age_words(heard_s)}")


def names_words(names: list[str], last: str = "or") -> str:
    """A list in words: "A", "A or B", "A, B or C"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


_FIELDS = {
    "length": "people waiting",
    "wait_s": "wait",
    "arrivals_per_min": "arrivals a minute",
    "served_per_min": "served a minute",
    "state": "service",
    "quality": "reading",
}
_OPS = {">": "over", ">=": "at least", "<": "under", "<=": "at most", "==": "is", "!=": "is not"}


def alert_words(text: str) -> str:
    """An alert's condition for people ("wait_s > 300" is "wait over 5 min"); anything else as it came."""
    for mark, word in (("over: ", "no longer: "), ("still: ", "still: ")):
        if text.startswith(mark):
            return word + _condition_words(text.removeprefix(mark))
    return _condition_words(text)


def _condition_words(text: str) -> str:
    match = re.fullmatch(r"\s*(\w+)\s*(>=|<=|==|!=|>|<)\s*['\"]?([\w.]+)['\"]?\s*", text)
    if match is None or match[1] not in _FIELDS:
        return text
    value = match[3]
    if match[1] == "wait_s" and re.fullmatch(r"\d+(\.\d+)?", value):
        seconds = float(value)
        value = f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
    return f"{_FIELDS[match[1]]} {_OPS[match[2]]} {value}"
