"""Days and weeks of a place as spans of real time: the nights when clocks are changed make days of 23 and 25 hours."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Kind = Literal["day", "week"]
SLOT_S = {"day": 900.0, "week": 3600.0}


def zone(name: str) -> ZoneInfo:
    """The site's time zone; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


@dataclass(frozen=True)
class Period:
    """From `start_s` to before `end_s` (seconds since 1970), in slots of `slot_s`; `first` is its first local day."""

    kind: Kind
    first: date
    start_s: float
    end_s: float
    slot_s: float

    @property
    def slots(self) -> int:
        """How many slots it has: 96 a day, 92 and 100 when the clocks change."""
        return round((self.end_s - self.start_s) / self.slot_s)

    def slot_starts_s(self) -> list[float]:
        """When each slot begins, seconds since 1970."""
        return [self.start_s + n * self.slot_s for n in range(self.slots)]


def period(kind: Kind, day: date, timezone: str) -> Period:
    """The local day, or the week from Monday on that holds it."""
    first = day if kind == "day" else day - timedelta(days=day.weekday())
    last = first + timedelta(days=1 if kind == "day" else 7)
    where = zone(timezone)
    return Period(kind, first, _midnight_s(first, where), _midnight_s(last, where), SLOT_S[kind])


def before(of: Period, timezone: str) -> Period:
    """The same weekday a week before, or the week before."""
    return period(of.kind, of.first - timedelta(days=7), timezone)


def today(now_s: float, timezone: str) -> date:
    """The local day of an instant."""
    return datetime.fromtimestamp(now_s, UTC).astimezone(zone(timezone)).date()


def clock_words(at_s: float, timezone: str) -> str:
    """Local hours and minutes; in the hour that comes twice followed by A and B, as timetables do."""
    local = datetime.fromtimestamp(at_s, UTC).astimezone(zone(timezone))
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    # An hour that is skipped has two offsets as well, but no instant ever lies in it.
    return f"{local:%H:%M}" + (f" {'AB'[local.fold]}" if twice else "")


def ticks(of: Period, timezone: str) -> list[tuple[float, str]]:
    """Where (0 to 1) and what the labels below a chart are: every third hour of a day, every day of a week."""
    where, span_s = zone(timezone), of.end_s - of.start_s
    if of.kind == "week":
        days = [of.first + timedelta(days=n) for n in range(7)]
        return [((_midnight_s(day, where) - of.start_s) / span_s, f"{day:%a} {day.day}") for day in days]
    out = []
    for hour in range(0, 24, 3):
        local = datetime.combine(of.first, time(hour), where)
        out.append(((local.timestamp() - of.start_s) / span_s, f"{hour:02d}"))
    return out


def spoken(of: Period) -> str:
    """The period for people: "Wednesday 25 November 2026", "23 to 29 November 2026"."""
    if of.kind == "day":
        return f"{of.first:%A} {of.first.day} {of.first:%B %Y}"
    last = of.first + timedelta(days=6)
    begins = str(of.first.day) if of.first.month == last.month else f"{of.first.day} {of.first:%B}"
    return f"{begins} to {last.day} {last:%B %Y}"


def _midnight_s(day: date, where: ZoneInfo) -> float:
    return datetime.combine(day, time(), where).timestamp()
