"""A box whose disk fails under it and does not come back for long (fault F36): it counts on, says so, and loses nothing
but what it tells.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.messages import Ack, QueueEvent, RowBatch, box_topic, utc
from edge.outbox import Outbox
from edge.publisher import BoxIdentity, Publisher
from tests.conftest import wait_for
from tests.fakes.failing_disk import failing_disk

pytestmark = pytest.mark.e2e

IN_MEMORY = 50


@contextmanager
def talking(publisher: Publisher) -> Iterator[None]:
    """The publisher runs in a thread of its own."""
    stop = threading.Event()
    thread = threading.Thread(target=publisher.run, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(60)
        publisher.close()
        assert not thread.is_alive()


def test_a_disk_that_fails_for_ever_is_told(
    mosquitto: Callable[..., Any], listen: Callable[..., Any], make_reading: Callable[..., Any], quick_path: Path
) -> None:
    """Readings go on and the status tells; when it is well again rows follow in order, and what is missing is told."""
    broker, site_id = mosquitto(), "failing"
    heard = listen(broker.mqtt)

    def told(name: str) -> Any:
        return [json.loads(payload)[name] for payload in heard.of("/status")]

    def event(number: int) -> QueueEvent:
        return QueueEvent(site=site_id, queue="q1", kind="joined", pts_s=float(number), at=utc(1e9))

    with failing_disk() as disk, closing(Outbox(quick_path / "outbox", max_waiting=IN_MEMORY)) as outbox:
        publisher = Publisher(BoxIdentity(site_id, "b1", "0.1", "0" * 64), broker.mqtt, outbox, heartbeat_s=0.2)
        with talking(publisher):
            outbox.append("event", [event(1)])
            wait_for(lambda: told("disk_failing"), "the box is online")
            disk.arm(1, lasting=True)
            for number in range(2, 202):
                outbox.append("event", [event(number)])
            publisher.reading(make_reading(site_id, 7))
            wait_for(lambda: told("disk_failing")[-1], "the status tells it")
            wait_for(lambda: heard.of("/state"), "a reading of now is told all the same")
            failed, dropped = len(disk.failed), outbox.dropped
            disk.heal()
            outbox.append("event", [event(202)])
            wait_for(lambda: not told("disk_failing")[-1], "the status tells that it is well again")
            rows = taken(heard, outbox, site_id)
    numbers = [int(row.body["pts_s"]) for row in rows if row.kind == "event"]
    gaps = [row.body["last"] - row.body["first"] + 1 for row in rows if row.kind == "gap"]
    print(f" 202 rows on a disk that failed {failed} times: {len(numbers)} arrived, {sum(gaps)} told")
    assert numbers == sorted(set(numbers))
    assert (numbers[0], numbers[-1], len(numbers)) == (1, 202, 1 + IN_MEMORY)
    assert sum(gaps) == outbox.dropped == 202 - len(numbers)
    assert dropped == outbox.dropped - 1


def taken(heard: Any, outbox: Outbox, site: str) -> list[Any]:
    """All rows in their order, acknowledged as a collector does."""
    rows: list[Any] = []

    def all_of_them() -> bool:
        for payload in heard.of("/rows"):
            for row in RowBatch.model_validate_json(payload).rows:
                first = row.body["first"] if row.kind == "gap" else row.seq
                if first == (rows[-1].seq if rows else 0) + 1:
                    rows.append(row)
        if rows:
            ack = Ack(site=site, box="b1", epoch=outbox.epoch, seq=rows[-1].seq)
            heard.client.publish(box_topic(site, "b1", "ack"), ack.to_json(), 1)
        return outbox.pending == 0

    wait_for(all_of_them, "every row has left the outbox")
    return rows
