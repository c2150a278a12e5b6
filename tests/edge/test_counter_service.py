"""The counter's process: ticks on time, rows into the outbox, cameras' words, and the whole of it for real."""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.counter import Counter, Tick
from edge.counter_service import MAX_CATCH_UP, CounterService, run_counter
from edge.errors import InputError
from edge.link import LinkClient
from edge.messages import CameraHealth, LineReading, OpenAlert, QueueAlerts, QueueEvent, QueueReading, utc
from edge.outbox import Outbox
from edge.paths import counter_socket, outbox_path
from edge.settings import CameraSettings, PrivacySettings, Site
from edge.vocabulary import LaneSettings, QueueSettings, Tracks, Visit

WALL_S = 1_780_000_000.0


class StandIn(Counter):
    """A counter whose ticks are written down; every tenth second somebody joins."""

    def __init__(self, make_reading: Callable[..., QueueReading]) -> None:
        self.ticks: list[tuple[float, float]] = []
        self.tracks: list[Tracks] = []
        self.states: list[str] = []
        self.open: tuple[OpenAlert, ...] = ()
        self._make = make_reading

    def on_tracks(self, tracks: Tracks) -> None:
        """Writes them down."""
        self.tracks.append(tracks)

    def on_health(self, health: CameraHealth) -> None:
        """Writes its state down."""
        self.states.append(health.state)

    def tick(self, pts_s: float, utc_s: float) -> Tick:
        """A reading, and now and then an event."""
        self.ticks.append((pts_s, utc_s))
        events: list[QueueEvent] = []
        if pts_s % 10 == 0:
            events = [QueueEvent(site="s", queue="q1", kind="joined", pts_s=pts_s, at=utc(utc_s))]
        visits: list[Visit] = []
        line = LineReading(
            site="s", line="door", pts_s=pts_s, at=utc(utc_s), quality="ok", count_in=len(self.ticks), count_out=1
        )
        return Tick([self._make("s", len(self.ticks), utc_s=utc_s)], events, visits, [line])

    def open_alerts(self, utc_s: float) -> list[QueueAlerts]:
        """Those that `open` names."""
        return [QueueAlerts(site="s", queue="q1", at=utc(utc_s), open=self.open)]


class Live:
    """Hears what would be published."""

    def __init__(self) -> None:
        self.readings: list[QueueReading] = []
        self.lines: list[LineReading] = []
        self.healths: list[CameraHealth] = []
        self.open_alerts: list[QueueAlerts] = []
        self.nudges = 0

    def reading(self, reading: QueueReading) -> None:
        """A reading."""
        self.readings.append(reading)

    def line(self, reading: LineReading) -> None:
        """A counting line's reading."""
        self.lines.append(reading)

    def health(self, health: CameraHealth) -> None:
        """A health."""
        self.healths.append(health)

    def alerts(self, alerts: QueueAlerts) -> None:
        """A queue's open alerts."""
        self.open_alerts.append(alerts)

    def rows_waiting(self) -> None:
        """A nudge."""
        self.nudges += 1


class Bench:
    """A service on stand-ins and a clock that the test moves."""

    def __init__(self, site: Site, folder: Path, make_reading: Callable[..., QueueReading]) -> None:
        self.now_s = 100.0
        self.live = Live()
        self.counter = StandIn(make_reading)
        self.outbox = Outbox(folder / "outbox.sqlite3")
        self.service = CounterService(
            site, self.counter, self.outbox, self.live, clock=lambda: self.now_s, utc_s=lambda: WALL_S + self.now_s
        )

    def go(self, to_s: float) -> None:
        """Moves the clock and takes a turn."""
        self.now_s = to_s
        self.service.turn()


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    """Queue q1 on camera c1 of site s."""
    lane = LaneSettings("c1", ((0.2, 0.2), (0.8, 0.2), (0.8, 0.9), (0.2, 0.9)), min_stay_s=1.0)
    camera = CameraSettings("c1", "c1", "test://", "test://")
    return replace(make_site("s"), cameras=(camera,), queues=(QueueSettings("q1", "q1", lanes=(lane,)),))


@pytest.fixture
def bench(site: Site, quick_path: Path, make_reading: Callable[..., QueueReading]) -> Iterator[Bench]:
    """A service at second 100."""
    made = Bench(site, quick_path, make_reading)
    yield made
    made.outbox.close()


def tracks(pts_s: float) -> Tracks:
    return Tracks(
        "c1", "r", pts_s, 0.0, (640, 360), np.array([1], np.int64), np.array([[300, 100, 340, 200]], np.float32),
        np.array([[0.5, 0.55]], np.float32), np.array([True]), np.array([pts_s]),
    )  # fmt: skip


def health(site: str, state: str = "ok") -> CameraHealth:
    return CameraHealth(
        site=site, camera="c1", at=utc(1e9), state=state, detail="", picture="ok", frames_in_per_s=25.0,
        frames_out_per_s=5.0, age_s=0.1, latency_s=0.1, dropped=0, restarts=0, runtime="fake", model_sha256="",
        width=640, height=360,
    )  # type: ignore[arg-type]  # fmt: skip


def test_whole_seconds_half_a_second_late(bench: Bench) -> None:
    """A second is ticked when it is half a second old, each once, with the wall clock of that second."""
    bench.go(101.4)
    assert [t for t, _ in bench.counter.ticks] == [100.0]
    bench.go(101.5)
    bench.go(101.7)
    assert bench.counter.ticks[1:] == [(101.0, WALL_S + 101.0)]


def test_seconds_that_were_missed_are_ticked(bench: Bench) -> None:
    """After a pause each second is ticked; of a very long one only the end."""
    bench.go(131.0)
    assert [t for t, _ in bench.counter.ticks] == [float(t) for t in range(100, 131)]
    bench.go(10_000.9)
    assert len(bench.counter.ticks) == 31 + MAX_CATCH_UP
    assert bench.counter.ticks[-1][0] == 10_000.0


def test_events_and_minutes_are_rows(bench: Bench) -> None:
    """Events and finished minutes are in the outbox before anybody hears of them; readings are live only."""
    bench.go(200.5)
    bench.go(300.5)
    bench.service.end()
    rows = bench.outbox.batch(1000, 1_000_000)
    assert len(bench.live.readings) == 201
    assert sum(r.kind == "event" for r in rows) == 21
    minutes = [r.body for r in rows if r.kind == "minute" and "queue" in r.body]
    assert sum(m["readings"] for m in minutes) == 201
    assert len(bench.live.lines) == 201
    of_line = [r.body for r in rows if r.kind == "minute" and "line" in r.body]
    assert (sum(m["count_in"] for m in of_line), sum(m["count_out"] for m in of_line)) == (201, 1)
    assert bench.live.nudges > 0


def test_people_go_out_by_threes_where_the_site_says_so(
    site: Site, quick_path: Path, make_reading: Callable[..., QueueReading]
) -> None:
    """With [privacy] min_people = 3 rows on people wait in memory for two others; minutes count everybody."""
    bench = Bench(replace(site, privacy=PrivacySettings(3)), quick_path, make_reading)
    bench.go(200.5)
    bench.go(280.5)
    bench.service.end()
    rows = bench.outbox.batch(1000, 1_000_000)
    bench.outbox.close()
    told = [r.body["pts_s"] for r in rows if r.kind == "event"]
    assert told == [t for t in (120.0, 150.0, 180.0, 210.0, 240.0, 270.0) for _ in range(3)]
    assert sum(r.body["readings"] for r in rows if r.kind == "minute" and "queue" in r.body) == 181


def test_cameras_are_passed_on_and_missed(bench: Bench) -> None:
    """Tracks go to the counter, health to the publisher; a silent camera is told as lost."""
    bench.service.take([tracks(100.0), health("s")])
    assert len(bench.counter.tracks) == 1
    assert [h.state for h in bench.live.healths] == ["ok"]
    bench.go(106.0)
    assert [h.state for h in bench.live.healths] == ["ok", "lost"] == bench.counter.states


@pytest.mark.e2e
def test_the_whole_process(
    broker: Any, site: Site, quick_path: Path, *, site_id: str, listen: Any, until: Callable[..., None]
) -> None:
    """With a real camera link and broker: readings, health, rows and status come out, and it ends cleanly."""
    real = replace(site, id=site_id)
    stop = threading.Event()
    thread = threading.Thread(
        target=run_counter, args=(real,), kwargs={"state": quick_path, "mqtt": broker.mqtt, "stop": stop}
    )
    listener = listen(broker.mqtt)
    thread.start()
    until(lambda: b'"online"' in b"".join(listener.of("/status")), "online")
    with closing(LinkClient(counter_socket(quick_path))) as link:
        link.send(health(site_id))
        until(lambda: b'"ok"' in b"".join(listener.of("/health")), "health")
    until(lambda: len(listener.of("/state")) >= 2, "readings")
    with pytest.raises(InputError, match="another counter"):
        Outbox(outbox_path(quick_path))
    stop.set()
    thread.join(20)
    assert not thread.is_alive()
    until(lambda: b'"offline"' in listener.of("/status")[-1], "offline")
    with closing(Outbox(outbox_path(quick_path))) as outbox:
        assert {r.kind for r in outbox.batch(100, 100_000)} == {"minute"}


def test_open_alerts_are_told_on_change_and_again(bench: Bench) -> None:
    """At once when one comes or goes, and every 10 s: a broker forgets them after 30."""
    bench.go(101.5)
    bench.counter.open = (OpenAlert(condition="wait_s > 300", since=utc(WALL_S)),)
    bench.go(102.5)
    bench.go(103.5)
    told = [(alerts.at.timestamp() - WALL_S, len(alerts.open)) for alerts in bench.live.open_alerts]
    assert told == [(101.5, 0), (102.5, 1)]
    bench.go(112.5)
    assert [len(alerts.open) for alerts in bench.live.open_alerts] == [0, 1, 1]
