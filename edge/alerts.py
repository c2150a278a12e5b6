"""Alerts: a condition on a queue's readings, or on its cameras, that must hold for a while.

An alert is told when its condition has held for `for_s`, again every `repeat_s` while it holds, and once more when it
has been over for `for_s`, or when its times of day end; a value that trembles around its limit is one alert. What isn't
known (a null length) fulfils nothing and ends nothing.
"""

import operator
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from edge.messages import QueueReading
from edge.vocabulary import AlertSettings

_OPS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}


def holds(alert: AlertSettings, reading: QueueReading, cameras: Sequence[str] = ()) -> bool | None:
    """Is the condition true of this reading, or of any of the queue's cameras' states? None: it isn't known.

    A wait of which only the least is known says something only where that is over the limit.
    """
    op = _OPS[alert.op]
    if alert.field == "camera":
        return any(op(state, alert.value) for state in cameras)
    value = getattr(reading, alert.field)
    least = alert.field == "wait_s" and reading.wait_method == "at_least"
    if value is None or (least and value <= alert.value):
        return None
    return op(value, alert.value)


def on_duty(alert: AlertSettings, at: datetime, zone: ZoneInfo) -> bool:
    """Is the alert to be told at this instant (aware), by its times of day and weekdays in the site's zone?"""
    local = at.astimezone(zone)
    start, end = alert.between or (0, 24 * 60)
    minute = local.hour * 60 + local.minute
    over_midnight = start >= end
    if over_midnight:
        inside = minute >= start or minute < end
        day = local - timedelta(days=1) if minute < end else local  # the night belongs to the evening before
    else:
        inside, day = start <= minute < end, local
    return inside and (not alert.weekdays or day.weekday() in alert.weekdays)


class AlertWatch:
    """One alert over time.

    Attributes:
        opened: when it was told and is not over yet, None: it is not open.
    """

    def __init__(self, alert: AlertSettings, timezone: str = "UTC") -> None:
        self.alert = alert
        self.opened: datetime | None = None
        self._zone = ZoneInfo(timezone)
        self._always = alert.between is None and not alert.weekdays
        self._since_s: float | None = None  # it holds since then
        self._over_s: float | None = None  # told, and not true any more since then
        self._told_s: float | None = None
        self._last_s: float | None = None

    def told(self, reading: QueueReading, cameras: Sequence[str] = ()) -> str | None:
        """Takes in the next reading of the alert's queue; what is to be told now, None: nothing."""
        text = self._next(reading, cameras)
        self.opened = None if self._told_s is None else self.opened or reading.at
        return text

    def _next(self, reading: QueueReading, cameras: Sequence[str]) -> str | None:
        now_s = reading.pts_s
        if self._last_s is not None and now_s < self._last_s:  # the clock was set back: begin anew
            self._since_s = self._over_s = self._told_s = None
        self._last_s = now_s
        true = holds(self.alert, reading, cameras)
        if true is not None:
            self._note(now_s, true=true)
        elif self._told_s is None:
            self._since_s = None
        if not self._always and not on_duty(self.alert, reading.at, self._zone):
            return self._off_duty()
        return self._due(now_s)

    def _off_duty(self) -> str | None:
        """What was told is over with its time, or it would stay open; told anew when that comes, if it holds then."""
        was_told = self._told_s is not None
        self._since_s = None if self._over_s is not None else self._since_s
        self._told_s = self._over_s = None
        return f"over: {self.alert.text}" if was_told else None

    def _note(self, now_s: float, *, true: bool) -> None:
        if true:
            self._over_s = None
            self._since_s = now_s if self._since_s is None else self._since_s
        elif self._told_s is None:
            self._since_s = None
        elif self._over_s is None:
            self._over_s = now_s

    def _due(self, now_s: float) -> str | None:
        alert = self.alert
        if self._over_s is not None:
            if now_s - self._over_s < alert.for_s:
                return None
            self._since_s = self._over_s = self._told_s = None
            return f"over: {alert.text}"
        if self._since_s is None or now_s - self._since_s < alert.for_s:
            return None
        if self._told_s is None:
            self._told_s = now_s
            return alert.text
        if alert.repeat_s and now_s - self._told_s >= alert.repeat_s:
            self._told_s = now_s
            return f"still: {alert.text}"
        return None
