"""Alerts: a condition on a queue's readings that must hold for a while."""

import operator
from collections.abc import Callable
from typing import Any

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


def holds(alert: AlertSettings, reading: QueueReading) -> bool:
    """Is the condition true of this reading? What isn't known (null) fulfils nothing."""
    value = getattr(reading, alert.field)
    return value is not None and _OPS[alert.op](value, alert.value)


class AlertWatch:
    """One alert over time: due once when its condition has held for `for_s`, and again only after it was false."""

    def __init__(self, alert: AlertSettings) -> None:
        self.alert = alert
        self._since_s: float | None = None
        self._told = False

    def due(self, reading: QueueReading) -> bool:
        """Takes in the next reading of the alert's queue."""
        if not holds(self.alert, reading):
            self._since_s, self._told = None, False
            return False
        if self._since_s is None or reading.pts_s < self._since_s:
            self._since_s = reading.pts_s
        if self._told or reading.pts_s - self._since_s < self.alert.for_s:
            return False
        self._told = True
        return True
