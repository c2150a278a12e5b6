"""Readings, one a second, into durable rows, one a minute and queue or line. No I/O: readings carry their time."""

from dataclasses import dataclass, field
from datetime import datetime

from edge.messages import QUALITIES_BEST_FIRST, LineMinute, LineReading, QueueMinute, QueueReading

_TOTALS = ("joined", "served", "left", "lost")


@dataclass
class _Minute:
    minute: datetime
    before: dict[str, int]
    last: QueueReading
    readings: int = 0
    unknown: int = 0
    lengths: list[int] = field(default_factory=list)
    waits_s: list[float] = field(default_factory=list)
    worst: int = 0

    def add(self, reading: QueueReading) -> None:
        self.last = reading
        self.readings += 1
        if reading.length is None:
            self.unknown += 1
        else:
            self.lengths.append(reading.length)
        if reading.wait_s is not None:
            self.waits_s.append(reading.wait_s)
        self.worst = max(self.worst, QUALITIES_BEST_FIRST.index(reading.quality))

    def row(self) -> QueueMinute:
        lengths, waits_s = self.lengths, self.waits_s
        return QueueMinute(
            site=self.last.site,
            queue=self.last.queue,
            minute=self.minute,
            readings=self.readings,
            unknown=self.unknown,
            length_mean=round(sum(lengths) / len(lengths), 3) if lengths else None,
            length_max=max(lengths, default=None),
            wait_mean_s=round(sum(waits_s) / len(waits_s), 1) if waits_s else None,
            wait_max_s=max(waits_s, default=None),
            worst_quality=QUALITIES_BEST_FIRST[self.worst],
            **{name: getattr(self.last, name) - self.before[name] for name in _TOTALS},
        )


class MinuteBook:
    """The minute that goes on, of each queue of one counter's life (its totals begin at 0)."""

    def __init__(self) -> None:
        self._open: dict[str, _Minute] = {}
        self._totals: dict[str, dict[str, int]] = {}

    def add(self, reading: QueueReading) -> list[QueueMinute]:
        """Takes a reading; the queue's last minute, when this reading is of another one (earlier or later)."""
        minute = reading.at.replace(second=0, microsecond=0)
        current = self._open.get(reading.queue)
        done = []
        if current is not None and current.minute != minute:
            done.append(self._close(reading.queue))
            current = None
        if current is None:
            before = self._totals.get(reading.queue, dict.fromkeys(_TOTALS, 0))
            current = self._open[reading.queue] = _Minute(minute, before, reading)
        current.add(reading)
        return done

    def close(self) -> list[QueueMinute]:
        """The minutes that go on, cut off here: the counter ends."""
        return [self._close(queue) for queue in list(self._open)]

    def _close(self, queue: str) -> QueueMinute:
        minute = self._open.pop(queue)
        self._totals[queue] = {name: getattr(minute.last, name) for name in _TOTALS}
        return minute.row()


class LineMinuteBook:
    """The minute that goes on, of each counting line of one counter's life (its totals begin at 0)."""

    def __init__(self) -> None:
        self._open: dict[str, list[LineReading]] = {}
        self._totals: dict[str, tuple[int, int]] = {}

    def add(self, reading: LineReading) -> list[LineMinute]:
        """Takes a reading; the line's last minute, when this reading is of another one (earlier or later)."""
        current = self._open.get(reading.line)
        done = [] if current is None or _minute_of(current[0]) == _minute_of(reading) else [self._close(reading.line)]
        self._open.setdefault(reading.line, []).append(reading)
        return done

    def close(self) -> list[LineMinute]:
        """The minutes that go on, cut off here: the counter ends."""
        return [self._close(line) for line in list(self._open)]

    def _close(self, line: str) -> LineMinute:
        readings = self._open.pop(line)
        last = readings[-1]
        count_in, count_out = self._totals.get(line, (0, 0))
        self._totals[line] = (last.count_in, last.count_out)
        return LineMinute(
            site=last.site,
            line=line,
            minute=_minute_of(last),
            readings=len(readings),
            unknown=sum(r.quality not in ("ok", "degraded") for r in readings),
            count_in=last.count_in - count_in,
            count_out=last.count_out - count_out,
            worst_quality=max((r.quality for r in readings), key=QUALITIES_BEST_FIRST.index),
        )


def _minute_of(reading: LineReading) -> datetime:
    return reading.at.replace(second=0, microsecond=0)
