"""The collector: what it takes, what it refuses, and how it answers; on real brokers."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlite_utils import Database

from dashboard.collector import run_collector
from dashboard.intake import MAX_LIVE_BYTES, Refused, judge
from edge.messages import Ack, BoxStatus, LineReading, QueueEvent, QueueReading, Row, RowBatch, utc
from edge.settings import Site

EPOCH = "0123456789abcdef"
Until = Callable[..., None]

TOPIC = "linewise/s/queue/q1/state"
DEEP = b'{"a":' * 20_000 + b"1" + b"}" * 20_000


def altered(reading: QueueReading, **changes: object) -> bytes:
    return json.dumps({**json.loads(reading.to_json()), **changes}).encode()


POISON = {
    "not JSON": b"twelve people",
    "nothing but spaces": b"   ",
    "half a message": b'{"schema":1,"site":"s"',
    "UTF-16": '{"schema":1}'.encode("utf-16"),
    "bytes": bytes(range(256)),
    "a list": b"[]",
    "null": b"null",
    "deep": DEEP[:MAX_LIVE_BYTES],
    "too deep and too long": DEEP,
}
CHANGES: dict[str, dict[str, object]] = {
    "NaN": {"wait_s": float("nan")},
    "Infinity": {"pts_s": float("inf")},
    "a huge integer": {"joined": 10**30},
    "negative people": {"length": -1},
    "a word for a number": {"length": "seven"},
    "true for a number": {"length": True},
    "an unknown schema": {"schema": 2},
    "an unknown key": {"track_id": 7},
    "another site": {"site": "t"},
    "another queue": {"queue": "q2"},
    "no time zone": {"at": "2026-05-04T10:12:33"},
    "a lone surrogate": {"wait_method": "\ud800"},
    "a state that is none": {"state": "sleeping"},
}


@pytest.mark.parametrize("name", POISON)
def test_garbage_is_refused(name: str) -> None:
    """What is not a message is refused with a reason."""
    judged = judge("s", TOPIC, POISON[name])
    assert isinstance(judged, Refused)
    assert judged.reason


@pytest.mark.parametrize("name", CHANGES)
def test_wrong_values_are_refused(name: str, make_reading: Callable[..., QueueReading]) -> None:
    """A reading with one wrong value is refused; without it, it is taken."""
    reading = make_reading("s", 1)
    assert judge("s", TOPIC, altered(reading)) == reading
    assert isinstance(judge("s", TOPIC, altered(reading, **CHANGES[name])), Refused)


@pytest.mark.parametrize(
    "topic",
    ["linewise/s/queue/q1", "linewise/s/queue/q1/state/more", "linewise/t/queue/q1/state", "linewise/s/box/b1/ack",
     "linewise/s/weather/w/now", "", "/" * 65_000, "$SYS/broker/uptime"],
)  # fmt: skip
def test_unknown_topics_are_ignored(topic: str, make_reading: Callable[..., QueueReading]) -> None:
    """Topics that are not the collector's are neither stored nor refused; a cleared one neither."""
    assert judge("s", topic, make_reading("s", 1).to_json()) is None
    assert judge("s", TOPIC, b"") is None


def test_a_line_speaks_on_its_own_topic() -> None:
    """A counting line's reading is taken there and refused on another line's or a queue's topic."""
    reading = LineReading(site="s", line="l1", pts_s=1.0, at=utc(1e9), quality="ok", count_in=3, count_out=2)
    assert judge("s", "linewise/s/line/l1/state", reading.to_json()) == reading
    for topic in ("linewise/s/line/l2/state", "linewise/s/queue/l1/state"):
        assert isinstance(judge("s", topic, reading.to_json()), Refused)


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
        max_leaves=20,
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from(["queue/q1/state", "line/l1/state", "camera/c1/health", "box/b1/status", "box/b1/rows"]),
)
def test_nothing_stops_the_judge(payload: bytes, leaf: str) -> None:
    """Whatever bytes arrive, the answer is a reason or nothing, never an exception."""
    judged = judge("s", f"linewise/s/{leaf}", payload)
    assert judged is None or (isinstance(judged, Refused) and judged.reason)


class Running:
    """A collector in a thread, with its store."""

    def __init__(self, site: Site, mqtt: Any, path: Path) -> None:
        self.path = path
        self.stop = threading.Event()
        self._thread = threading.Thread(
            target=run_collector, args=(site,), kwargs={"mqtt": mqtt, "store": path, "stop": self.stop}
        )
        self._thread.start()

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A table's rows, [] while there is no such table."""
        database = Database(self.path)
        try:
            return list(database.table(table).rows) if table in database.table_names() else []
        finally:
            database.close()

    def count(self, name: str) -> int:
        """One of the counts."""
        return sum(r["value"] for r in self.rows("counts") if r["name"] == name)

    def end(self) -> None:
        """Ends it."""
        self.stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive()


@pytest.fixture
def collector(quick_path: Path, make_site: Callable[..., Site], site_id: str) -> Iterator[Callable[..., Running]]:
    """`collector(mqtt)`: a running collector on the test's store."""
    running: list[Running] = []

    def start(mqtt: Any) -> Running:
        running.append(Running(make_site(site_id), mqtt, quick_path / "store.sqlite3"))
        return running[-1]

    yield start
    for one in running:
        one.end()


def events(site: str, *seqs: int) -> bytes:
    rows = tuple(
        Row(seq=n, kind="event", body=json.loads(
            QueueEvent(site=site, queue="q1", kind="joined", pts_s=1.0, at=utc(1e9)).to_json()))
        for n in seqs
    )  # fmt: skip
    return RowBatch(site=site, box="b1", epoch=EPOCH, rows=rows).to_json()


def acks(listener: Any) -> list[int]:
    return [Ack.model_validate_json(p).seq for p in listener.of("/ack")]


def online(site: str) -> bytes:
    return BoxStatus(
        site=site, box="b1", at=utc(1e9), status="online", version="0", config_sha256="", epoch=EPOCH
    ).to_json()


@pytest.mark.e2e
def test_rows_are_committed_and_then_acknowledged(
    broker: Any, collector: Any, listen: Any, *, site_id: str, until: Until
) -> None:
    """The collector's word comes after the commit, is retained; a batch that leaves rows out is not."""
    listener = listen(broker.mqtt)
    one = collector(broker.mqtt)
    topic = f"linewise/{site_id}/box/b1/rows"
    until(lambda: one.rows("sources") or (listener.client.publish(topic, events(site_id, 1, 2), 1) and False), "rows")
    until(lambda: acks(listener)[-1:] == [2], "the word on two rows")
    assert len(one.rows("events")) == 2
    listener.client.publish(topic, events(site_id, 4), 1)
    until(lambda: one.count("out_of_order") == 1, "the gap is seen")
    assert acks(listener)[-1] == 2
    late = listen(broker.mqtt)
    until(lambda: acks(late)[:1] == [2], "the retained word")


@pytest.mark.e2e
def test_box_that_comes_online_is_told_its_mark(
    broker: Any, collector: Any, listen: Any, *, site_id: str, until: Until
) -> None:
    """A box that says online hears at once how far its rows are, even when the store knows nothing of it."""
    listener = listen(broker.mqtt)
    listener.client.publish(f"linewise/{site_id}/box/b1/status", online(site_id), 1, True)
    one = collector(broker.mqtt)
    until(lambda: acks(listener) == [0], "the word")
    assert one.rows("boxes")[0]["status"] == "online"


@pytest.mark.e2e
def test_poison_never_stops_it(
    broker: Any, collector: Any, listen: Any, *, site_id: str, make_reading: Any, until: Until
) -> None:
    """Through a thousand bad messages on every topic, good ones that come between and after are stored."""
    listener = listen(broker.mqtt)
    one = collector(broker.mqtt)
    topics = [f"linewise/{site_id}/{t}" for t in ("queue/q1/state", "camera/c/health", "box/b1/status", "box/b1/rows")]
    good = make_reading(site_id, 1)
    until(lambda: one.rows("state") or (listener.client.publish(topics[0], good.to_json(), 1) and False), "the first")
    sent = 0
    for _ in range(30):
        for payload in POISON.values():
            for topic in topics:
                listener.client.publish(topic, payload, 1)
                sent += 1
    last = make_reading(site_id, 2)
    listener.client.publish(topics[0], last.to_json(), 1)
    until(lambda: one.rows("state")[0]["seq"] == 2, "the last one", timeout_s=60)
    until(lambda: one.count("quarantined") == sent, f"all {sent} are counted", timeout_s=60)
    assert len(one.rows("quarantine")) <= 100


@pytest.mark.e2e
def test_kept_session_brings_what_came_meanwhile(
    broker: Any, collector: Any, listen: Any, *, site_id: str, until: Until
) -> None:
    """Rows published while the collector is away are there when it comes back."""
    listener = listen(broker.mqtt)
    first = collector(broker.mqtt)
    topic = f"linewise/{site_id}/box/b1/rows"
    until(lambda: first.rows("sources") or (listener.client.publish(topic, events(site_id, 1), 1) and False), "row 1")
    first.end()
    listener.client.publish(topic, events(site_id, 2), 1).wait_for_publish(10)
    second = collector(broker.mqtt)
    until(lambda: len(second.rows("events")) == 2, "row 2")
