"""A box's day through the embedded broker: `python -m tests.bench.broker_memory --hours 24 --speed 200 --queues 2`.

What a counter and a collector send each other (status, readings, health, minutes, acknowledgements), in their sizes and
at their rates, so many times faster. Prints the broker's own memory (resident without pages of files) as it goes, and
how much of it came after the first hour.
"""

import argparse
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from edge.connection import Connection
from linewise.broker import EmbeddedBroker

HOUR_S = 3600.0
LINES = 24


@dataclass
class Talk:
    """One kind of message: how often a second, how large, by whom."""

    topic: str
    per_s: float
    size_bytes: int
    by: Connection
    qos: int = 0
    expiry_s: int | None = None
    sent: int = 0

    def send(self, until_s: float) -> None:
        """What is due by then."""
        while self.sent < int(until_s * self.per_s):
            self.sent += 1
            topic = self.topic.format(self.sent % 2)
            body = str(self.sent).encode().ljust(self.size_bytes, b"x")
            self.by.publish(topic, body, qos=self.qos, retain=True, expiry_s=self.expiry_s)


def talks(counter: Connection, collector: Connection, queues: int) -> list[Talk]:
    """All that the two say to each other."""
    counter.subscribe(["linewise/s/box/b/ack", "linewise/s/box/b/status"])
    topics = ("queue/+/state", "line/+/state", "camera/+/health", "box/+/status", "box/+/rows")
    collector.subscribe([f"linewise/s/{topic}" for topic in topics])
    return [
        Talk("linewise/s/queue/q{}/state", float(queues), 550, counter, expiry_s=30),
        Talk("linewise/s/box/b/status", 1 / 10, 260, counter, qos=1),
        Talk("linewise/s/camera/c{}/health", 2 / 30, 600, counter, qos=1),
        Talk("linewise/s/box/b/rows", queues / 60, 700, counter, qos=1),
        Talk("linewise/s/box/b/ack", 1 / 10 + queues / 60, 120, collector),
    ]


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--speed", type=float, default=200.0)
    parser.add_argument("--queues", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        broker = EmbeddedBroker(Path(folder))
        try:
            counter, collector = (Connection(broker.mqtt, name) for name in ("counter", "collector"))
            watch(broker, talks(counter, collector, given.queues), hours=given.hours, speed=given.speed)
        finally:
            broker.stop()


def watch(broker: EmbeddedBroker, all_talks: list[Talk], *, hours: float, speed: float) -> None:
    """Lets them talk, and prints."""
    process, began_s, told = psutil.Process(broker._process.pid), time.monotonic(), list[float]()
    every_s = min(HOUR_S, hours * HOUR_S / LINES)
    while (age_s := (time.monotonic() - began_s) * speed) < hours * HOUR_S:
        for talk in all_talks:
            talk.send(age_s)
        for connection in {id(t.by): t.by for t in all_talks}.values():
            connection.step(0.002)
            connection.arrived.clear()
            connection.answers.clear()
        if age_s >= len(told) * every_s:
            memory = process.memory_info()
            told.append((memory.rss - memory.shared) / 1e6)
            print(f"{age_s / HOUR_S:5.1f} h, {sum(t.sent for t in all_talks)} messages: {told[-1]:.1f} MB", flush=True)
    after_h = told[min(round(HOUR_S / every_s), len(told) - 1)]
    print(f"{told[-1] - told[0]:+.1f} MB in all, {told[-1] - after_h:+.1f} MB after the first hour")


if __name__ == "__main__":
    main()
