"""Media time out of the timestamps of a container or a stream, strictly increasing whatever they do."""

TICK_S = 0.001  # the least step of media time
BACK_S = 1.0  # a timestamp that lies this little behind the last one is a disorder, one further behind a new start
JUMP_S = 600.0  # a recording may pause for minutes; a longer step forward is a broken clock
WINDOW_S = 10.0  # over which a camera's lag behind this box's clock is watched
LAG_S = 5.0  # a lag that no buffer explains: the stream's clock has been set back


class ReplayClock:
    """A recording's own time: its timestamps from the first one on, uneven steps kept.

    Attributes:
        broken: timestamps that were missing, repeated, backward or far ahead.
    """

    def __init__(self, step_s: float = 0.04) -> None:
        """`step_s`: the time between two pictures where no timestamp tells it."""
        self._step_s = step_s
        self._offset_s: float | None = None
        self._last_s: float | None = None
        self.broken = 0

    def media_s(self, raw_s: float | None) -> float:
        """Media time of the next picture, 0.0 for the first; `raw_s`: its timestamp, None if it has none."""
        if self._last_s is None:
            self._last_s = 0.0
            self._offset_s = raw_s
            return 0.0
        following_s = self._last_s + self._step_s
        if raw_s is None:
            self.broken += 1
            self._last_s = following_s
            return following_s
        if self._offset_s is None:
            self._offset_s = raw_s - following_s
        step_s = raw_s - self._offset_s - self._last_s
        if TICK_S / 10 <= step_s <= JUMP_S:
            self._last_s = raw_s - self._offset_s
            self._step_s = step_s if step_s < BACK_S else self._step_s
            return self._last_s
        self.broken += 1
        if -BACK_S < step_s < TICK_S:
            self._last_s += TICK_S
        else:
            self._offset_s = raw_s - following_s
            self._last_s = following_s
        return self._last_s


class LiveClock:
    """A live stream's time on the box's monotonic clock.

    The stream's own timestamps give the steps, the arrivals give the place: no picture is ever ahead of the box's clock
    (the offset follows the least delay seen), and a lag that lasts through a window is taken out, so neither a jump of
    the stream's clock nor its drift stays in media time.
    """

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._last_s = -float("inf")
        self._window_end_s = 0.0
        self._least_lag_s = float("inf")

    def media_s(self, raw_s: float | None, now_s: float) -> float:
        """Media time of a picture that arrives at `now_s` (monotonic) with the stream's timestamp `raw_s`."""
        at_s = now_s if raw_s is None else self._placed(raw_s, now_s)
        self._last_s = max(at_s, self._last_s + TICK_S)
        return self._last_s

    def _placed(self, raw_s: float, now_s: float) -> float:
        if self._offset_s is None or not -LAG_S < raw_s + self._offset_s - now_s <= 0.0:
            self._offset_s = now_s - raw_s
            self._start_window(now_s)
        lag_s = now_s - (raw_s + self._offset_s)
        self._least_lag_s = min(self._least_lag_s, lag_s)
        if now_s >= self._window_end_s:
            self._offset_s += self._least_lag_s
            self._start_window(now_s)
        return raw_s + self._offset_s

    def _start_window(self, now_s: float) -> None:
        self._window_end_s = now_s + WINDOW_S
        self._least_lag_s = float("inf")
