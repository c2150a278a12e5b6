"""Which rows go out next: one batch at a time, larger while the collector keeps up, again when its word does not come.

No socket and no clock of its own: the publisher tells it what happened and when (monotonic seconds).
"""

import logging
from dataclasses import dataclass

from edge.connection import NO_SUBSCRIBERS
from edge.messages import Ack, RowBatch
from edge.outbox import Outbox

log = logging.getLogger(__name__)

MAX_BATCH_ROWS = 500
MAX_BATCH_BYTES = 48_000
FIRST_TIMEOUT_S = 5.0
MAX_TIMEOUT_S = 60.0
TIMEOUT_TRIPS = 6  # of the quickest round trip, where these are longer
MAX_FAILURES = 5
SUSPICION_S = 3.0
NOT_AUTHORISED = 0x87
_OVERHEAD_BYTES = 512  # topic, properties and envelope


@dataclass(frozen=True)
class Sent:
    """A batch that is on its way."""

    first: int
    last: int
    sent_s: float
    mid: int
    answered: bool = False


class RowSender:
    """Sends an outbox's rows and waits for the collector's acknowledgement of each batch."""

    def __init__(self, outbox: Outbox, *, site: str, box: str) -> None:
        self._outbox = outbox
        self._site = site
        self._box = box
        self._sent: Sent | None = None
        self._limit = 16
        self._timeout_s = FIRST_TIMEOUT_S
        self._quickest_s = float("inf")  # from a batch to its acknowledgement, on this connection
        self._due_s = 0.0  # of the batch on its way: later it is sent again
        self._repeated = False  # it was sent before: nobody knows which of the two an acknowledgement is for
        self._hold_until_s = 0.0
        self._hold_s = 1.0
        self._failing = (0, 0)  # (first seq, how often in a row a batch that begins with it failed)

    def next(self, now_s: float, max_packet_bytes: int | None = None) -> RowBatch | None:
        """The batch to publish now, None while there is none or the last one is on its way."""
        if self._sent is not None:
            if now_s < self._due_s:
                return None
            self._timeout_s = min(2 * self._timeout_s, MAX_TIMEOUT_S)
            self._limit = max(self._limit // 2, 1)
            self._again()
            self._repeated = True
        if now_s < self._hold_until_s:
            return None
        room = MAX_BATCH_BYTES if max_packet_bytes is None else min(MAX_BATCH_BYTES, max_packet_bytes - _OVERHEAD_BYTES)
        rows = self._outbox.batch(self._limit, room)
        if not rows:
            return None
        batch = RowBatch(site=self._site, box=self._box, epoch=self._outbox.epoch, rows=tuple(rows))
        if len(rows) == 1 and max_packet_bytes is not None and len(batch.to_json()) > max_packet_bytes - 100:
            self._outbox.refuse(rows[0].seq, f"the broker takes {max_packet_bytes} bytes at most")
            self._again()
            return None
        return batch

    def sent(self, batch: RowBatch, mid: int, now_s: float) -> None:
        """The batch was handed to the connection."""
        self._sent = Sent(batch.rows[0].seq, batch.rows[-1].seq, now_s, mid)
        self._due_s = now_s + self._timeout_s

    def connected(self, now_s: float) -> None:
        """A new connection: everything that is not acknowledged goes out again.

        A row under suspicion of ending connections waits a little, so that a broker that ends by itself is not blamed
        on the row.
        """
        self._hold_until_s = now_s + SUSPICION_S if self._failing[1] >= 2 else now_s
        self._quickest_s, self._timeout_s = float("inf"), FIRST_TIMEOUT_S
        self._again()

    def acknowledged(self, ack: Ack, now_s: float) -> None:
        """The collector's word came."""
        before = self._outbox.acked
        if not self._outbox.acknowledge(ack.epoch, ack.seq):
            return
        self._hold_until_s, self._hold_s = 0.0, 1.0
        if self._sent is None:
            return
        if ack.seq >= self._sent.last:
            if not self._repeated:
                self._grow(now_s - self._sent.sent_s)
            self._sent, self._repeated = None, False
        elif ack.seq < before:  # the collector's store is younger than what it once acknowledged
            self._again()
        elif now_s - self._sent.sent_s >= self._quickest_s:
            # This one came out of order, or a part of it was taken, or it is the word on an earlier sending: wait a
            # little. A word that comes sooner is the last: to send again for it would send each batch twice for ever.
            self._due_s = min(self._due_s, now_s + max(1.0, 2.0 * self._quickest_s))

    def answered(self, mid: int, reason: int, now_s: float) -> str | None:
        """The broker's word came (PUBACK); words when the broker forbids publishing rows."""
        if self._sent is None or mid != self._sent.mid:
            return None
        if reason == NO_SUBSCRIBERS:
            self._hold(now_s)
        elif reason == NOT_AUTHORISED:
            self._again()
            return "may not publish its rows: the broker's access rules must allow it"
        elif reason >= 0x80:
            self._failed(f"the broker refuses it with reason code {reason:#x}", now_s)
        else:
            sent = self._sent
            self._sent = Sent(sent.first, sent.last, sent.sent_s, sent.mid, answered=True)
        return None

    def lost(self, now_s: float) -> None:
        """The connection ended: was it this batch that the broker could not take?"""
        window_s = 1.0 if self._failing[1] >= 2 else FIRST_TIMEOUT_S
        if self._sent is not None and not self._sent.answered and now_s - self._sent.sent_s < window_s:
            self._failed("the broker ends the connection whenever it is sent", now_s)
        self._again()

    def _failed(self, reason: str, now_s: float) -> None:
        sent = self._sent
        if sent is None:
            return
        seq, times = self._failing
        times = times + 1 if seq == sent.first else 1
        self._failing = (sent.first, times)
        if times >= 2:  # alone, so that the others are not held for it
            self._limit = 1
        if times >= MAX_FAILURES and sent.first == sent.last:
            self._outbox.refuse(sent.first, reason)
            self._failing = (0, 0)
        self._hold(now_s)

    def _hold(self, now_s: float) -> None:
        self._again()
        self._hold_until_s = now_s + self._hold_s
        self._hold_s = min(2 * self._hold_s, 5.0)

    def _again(self) -> None:
        self._sent = None
        self._outbox.rewind()

    def _grow(self, took_s: float) -> None:
        """More rows at a time where the way is long or free, fewer where they fill it and hold up live readings."""
        self._quickest_s = min(self._quickest_s, took_s)
        self._timeout_s = min(max(FIRST_TIMEOUT_S, TIMEOUT_TRIPS * self._quickest_s), MAX_TIMEOUT_S)
        if took_s < max(1.0, 2.0 * self._quickest_s):
            self._limit = min(2 * self._limit, MAX_BATCH_ROWS)
        elif took_s > max(2.0, 3.0 * self._quickest_s):
            self._limit = max(self._limit // 2, 8)
