"""Whether a live stream is decoded later than it is sent, and where to go on: the newest wins in buffers too.

A box that decodes slower than its camera sends falls behind: what it has not read yet waits in the buffers of both
ends, and a reader that takes one packet after the other shows the past, ever further back (measured: 12 s after a
minute). What waits is thrown away undecoded, up to a picture that can be decoded by itself.
"""

LATE_S = 1.5  # so far behind, packets are passed over
CAUGHT_UP_S = 0.5
DRIFT = 0.002  # a camera's clock may be wrong by this; what grows more slowly is not told from a backlog
JUMP_S = 60.0  # no buffer holds that much: the stream's clock has been set


class Backlog:
    """Watches the packets of one connection.

    Attributes:
        passed_over: packets that were to be thrown away so far.
    """

    def __init__(self) -> None:
        self._least_s = 0.0  # the least of arrival - timestamp, give or take the drift
        self._seen_s: float | None = None
        self._behind = False
        self.passed_over = 0

    def passes_over(self, raw_s: float | None, now_s: float, *, key: bool) -> bool:
        """Is this packet to be thrown away undecoded?

        Args:
            raw_s: its time of decoding by the stream's clock; None: it has none, and nothing can be said.
            now_s: time.monotonic() when it was read.
            key: it can be decoded without those before it.
        """
        if raw_s is None:
            return False
        late_s = self._late_s(raw_s, now_s)
        if self._behind:
            self._behind = not (key and late_s <= CAUGHT_UP_S)
        else:
            self._behind = late_s > LATE_S
        self.passed_over += self._behind
        return self._behind

    def _late_s(self, raw_s: float, now_s: float) -> float:
        """How much later this packet was read than the promptest one."""
        apart_s = now_s - raw_s
        if self._seen_s is None or abs(apart_s - self._least_s) > JUMP_S:
            self._least_s = apart_s
        else:
            self._least_s = min(apart_s, self._least_s + DRIFT * (now_s - self._seen_s))
        self._seen_s = now_s
        return apart_s - self._least_s
