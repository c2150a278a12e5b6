"""What an [[alert]] says: its condition (`wait_s > 300`, `quality == stale`, `camera lost`) and when it is told."""

import math
import re
from typing import Any, get_args

from edge.config_faults import nearest
from edge.config_geometry import WrongValueError
from edge.vocabulary import Quality, ServiceState

NUMBERS = ("length", "wait_s", "arrivals_per_min", "served_per_min")
WORDS: dict[str, tuple[str, ...]] = {
    "state": get_args(ServiceState),
    "quality": get_args(Quality),
    "camera": ("lost", "stalled", "auth_failed", "not_found", "failed", "stopped"),
}
ALERT_WORDS = (
    'such as "wait_s > 300", "length >= 8", "quality == stale", "state == stopped", "camera lost"; '
    f"fields: {', '.join((*NUMBERS, *WORDS))}"
)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN = 24 * 60
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_CONDITION = re.compile(r'\s*([A-Za-z_]+)\s*(>=|<=|==|!=|=|>|<)\s*"?([^"<>=]*?)"?\s*')
_CAMERA = re.compile(r"\s*camera\s+([a-z_]+)\s*")

Condition = tuple[str, str, float | str, str]


def parse_alert(raw: Any) -> Condition:
    """(field, op, value, the text as written); WrongValueError if it is no condition."""
    if not isinstance(raw, str) or len(raw) > 200:
        raise WrongValueError("not a condition")
    camera = _CAMERA.fullmatch(raw)
    if camera:
        return "camera", "==", _known("camera", camera[1]), raw
    found = _CONDITION.fullmatch(raw)
    if found is None:
        raise WrongValueError("not a condition; write FIELD OP VALUE")
    field, op, value = found.groups()
    if field not in NUMBERS and field not in WORDS:
        raise WrongValueError(f'no reading has a "{field}"; {nearest(field, (*NUMBERS, *WORDS))}')
    if op == "=":
        raise WrongValueError('"=" compares nothing; write "=="')
    if field in NUMBERS:
        return field, op, _number(value), raw
    if op not in ("==", "!="):
        raise WrongValueError(f'"{field}" is a word and has no order; compare it with == or !=')
    return field, op, _known(field, value), raw


def parse_between(raw: Any) -> tuple[int, int]:
    """Two times of day as minutes after midnight; WrongValueError if they are none."""
    if not isinstance(raw, list) or len(raw) != 2:
        raise WrongValueError("not two times of day")
    start, end = (_minute_of_day(item) for item in raw)
    if start == end % DAY_MIN:
        raise WrongValueError("from and to are the same; leave it out for the whole day")
    return start, end


def _minute_of_day(raw: Any) -> int:
    found = _TIME.fullmatch(raw) if isinstance(raw, str) else None
    if found is None or int(found[2]) > 59 or (minute := 60 * int(found[1]) + int(found[2])) > DAY_MIN:
        raise WrongValueError(f"{raw!r:.40} is no time of day" if isinstance(raw, str) else "a time stands in quotes")
    return minute


def parse_weekdays(raw: Any) -> tuple[int, ...]:
    """Days of the week, 0 is Monday, each once and in order; WrongValueError if they are none."""
    if not isinstance(raw, list) or not raw:
        raise WrongValueError("not a list of days")
    for item in raw:
        if item not in WEEKDAYS:
            hint = nearest(item, WEEKDAYS) if isinstance(item, str) else "days stand in quotes"
            raise WrongValueError(f"no day of the week; {hint}")
    return tuple(sorted({WEEKDAYS.index(item) for item in raw}))


def _number(value: str) -> float:
    try:
        number = float(value)
    except ValueError:
        raise WrongValueError(f'"{value}" is not a number') from None
    if not math.isfinite(number):
        raise WrongValueError(f'"{value}" is not a finite number')
    return number


def _known(field: str, value: str) -> str:
    if value not in WORDS[field]:
        raise WrongValueError(f'"{value}" is no {field}; {nearest(value, WORDS[field])}')
    return value
