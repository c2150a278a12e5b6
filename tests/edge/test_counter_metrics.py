"""What Prometheus is told of a box: by a real question, in its own format, nothing where nothing is known."""

import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from edge.counter_metrics import CounterMetrics
from edge.link import LinkServer
from edge.messages import CameraHealth, LineReading, OpenAlert, QueueAlerts, QueueEvent, QueueReading, utc
from edge.metrics import served
from edge.outbox import Outbox
from edge.privacy import Crowd
from edge.settings import Site
from linewise.parts import free_port

NOW_S = 1_780_000_000.0


class Heard:
    """In the place of the publisher: writes down what is passed on."""

    connected = True

    def __init__(self) -> None:
        self.passed: list[object] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *what: self.passed.append((name, *what))


class Bench:
    """The metrics of a box whose clock the test moves."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.now_s = 100.0
        self.heard = Heard()
        self.outbox = Outbox(folder / "outbox.sqlite3", utc_s=lambda: NOW_S)
        self.link = LinkServer(folder / "counter.sock")
        self.crowd = Crowd(3)
        self.metrics = CounterMetrics(
            site, "1.2", self.heard, self.outbox, self.link,  # type: ignore[arg-type]
            crowd=self.crowd, clock=lambda: self.now_s, utc_s=lambda: NOW_S,
        )  # fmt: skip

    def told(self) -> dict[str, float]:
        """Sample as Prometheus writes it -> value, by a real question."""
        port = free_port()
        with served(self.metrics.families, address="127.0.0.1", port=port) as answers:
            assert answers
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=30) as answer:
                text = answer.read().decode()
        samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
        return {f"{s.name}{{{','.join(map(str, s.labels.values()))}}}": s.value for s in samples}

    def close(self) -> None:
        """Closes what is open."""
        self.outbox.close()
        self.link.close()


@pytest.fixture
def bench(quick_path: Path, make_site: Callable[..., Site]) -> Iterator[Bench]:
    """A box with queue q1."""
    with closing(Bench(make_site("canteen"), quick_path)) as made:
        yield made


def health(state: str = "ok", **changes: Any) -> CameraHealth:
    figures = {
        "site": "canteen", "camera": "c1", "at": utc(1e9), "state": state, "detail": "", "picture": "ok",
        "frames_in_per_s": 25.0, "frames_out_per_s": 5.0, "age_s": 0.1, "latency_s": 0.2, "dropped": 7, "restarts": 2,
        "runtime": "fake", "model_sha256": "", "width": 640, "height": 360,
    }  # fmt: skip
    return CameraHealth.model_validate({**figures, **changes})


@pytest.mark.slow
def test_figures_of_queues_and_cameras(bench: Bench, make_reading: Callable[..., QueueReading]) -> None:
    """Length, wait, quality, counts, pictures, and all of it is passed on to the publisher."""
    bench.metrics.reading(make_reading("canteen", 1))
    bench.metrics.health(health())
    bench.metrics.line(
        LineReading(site="canteen", line="door", pts_s=0.0, at=utc(0), quality="ok", count_in=4, count_out=1)
    )
    alert = OpenAlert(condition="x", since=utc(0))
    bench.metrics.alerts(QueueAlerts(site="canteen", queue="q1", at=utc(0), open=(alert,)))
    bench.now_s += 2.0
    told = bench.told()
    expected = {
        "linewise_queue_length{q1}": 3.0, "linewise_queue_wait_seconds{q1}": 60.0,
        "linewise_queue_quality{ok,q1}": 1.0, "linewise_queue_quality{stale,q1}": 0.0,
        "linewise_queue_service{q1,serving}": 1.0, "linewise_queue_people_total{q1,joined}": 5.0,
        "linewise_queue_alerts_open{q1}": 1.0, "linewise_line_crossings_total{door,in}": 4.0,
        "linewise_camera_state{c1,ok}": 1.0, "linewise_camera_frames_in_per_second{c1}": 25.0,
        "linewise_camera_latency_seconds{c1}": 0.2, "linewise_camera_picture_age_seconds{c1}": 2.1,
        "linewise_camera_restarts_total{c1}": 2.0, "linewise_camera_frames_dropped_total{c1}": 7.0,
        "linewise_broker_connected{}": 1.0,
    }  # fmt: skip
    assert {name: told.get(name) for name in expected} == pytest.approx(expected)
    assert [what[0] for what in bench.heard.passed] == ["reading", "health", "line", "alerts"]  # type: ignore[index]


@pytest.mark.slow
def test_what_is_not_known_has_no_sample(bench: Bench, make_reading: Callable[..., QueueReading]) -> None:
    """A null length, an old reading, a camera without a picture: no sample at all, never 0."""
    bench.metrics.reading(make_reading("canteen", 1, length=None, wait_s=None, quality="blind"))
    bench.metrics.health(health("lost", age_s=None, latency_s=None))
    told = bench.told()
    gone = (
        "queue_length{q1}",
        "queue_wait_seconds{q1}",
        "camera_latency_seconds{c1}",
        "camera_picture_age_seconds{c1}",
    )
    assert [name for name in gone if f"linewise_{name}" in told] == []
    assert (told["linewise_queue_quality{blind,q1}"], told["linewise_camera_state{c1,lost}"]) == (1.0, 1.0)
    assert "linewise_camera_picture{c1,ok}" not in told
    bench.now_s += 31.0
    assert not [name for name in bench.told() if name.startswith("linewise_queue_quality")]
    bench.now_s += 100.0
    assert not [name for name in bench.told() if name.startswith("linewise_camera_state")]


@pytest.mark.slow
def test_every_drop_is_counted(bench: Bench) -> None:
    """Pictures, items on the link, lines not understood, rows given up, dead letters, people not told of."""
    bench.metrics.health(health())
    bench.link.lost["c1"], bench.link.rejected, bench.outbox.dropped = 3, 4, 5
    event = QueueEvent(site="canteen", queue="q1", kind="alert", pts_s=0.0, at=utc(NOW_S - 90), text="x" * 20_000)
    bench.outbox.append("event", [event])
    bench.crowd.told([event.model_copy(update={"kind": "served"})] * 2, 0.0)
    bench.crowd.end()
    told = bench.told()
    expected = {
        "linewise_camera_frames_dropped_total{c1}": 7.0, "linewise_link_items_dropped_total{c1}": 3.0,
        "linewise_link_lines_refused_total{}": 4.0, "linewise_outbox_rows_dropped_total{}": 5.0,
        "linewise_outbox_dead_letters{}": 1.0, "linewise_people_rows_withheld_total{}": 2.0,
    }  # fmt: skip
    assert {name: told.get(name) for name in expected} == expected


@pytest.mark.slow
def test_the_outbox(bench: Bench) -> None:
    """Depth, the age of its oldest row by the row's own instant, and how long commits take; empty: no age."""
    assert "linewise_outbox_oldest_row_age_seconds{}" not in bench.told()
    for ago_s in (90, 30):
        event = QueueEvent(site="canteen", queue="q1", kind="joined", pts_s=0.0, at=utc(NOW_S - ago_s))
        bench.outbox.append("event", [event])
    told = bench.told()
    assert (told["linewise_outbox_rows{}"], told["linewise_outbox_oldest_row_age_seconds{}"]) == (2.0, 90.0)
    assert 0.0 < told["linewise_outbox_commit_seconds{0.5}"] <= told["linewise_outbox_commit_seconds{0.99}"]
    bench.outbox.acknowledge(bench.outbox.epoch, 1)
    assert bench.told()["linewise_outbox_oldest_row_age_seconds{}"] == 30.0


@pytest.mark.slow
def test_a_port_that_is_taken_ends_nothing(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """Counting goes on without figures, and the log says so."""
    port = free_port()
    with (
        served(bench.metrics.families, address="127.0.0.1", port=port) as first,
        served(bench.metrics.families, address="127.0.0.1", port=port) as second,
    ):
        assert (first, second) == (True, False)
    assert f"port {port} of 127.0.0.1 can't be used" in caplog.text
