"""What the counter tells Prometheus: queues, lines, cameras, everything that was dropped, and the outbox."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import get_args

from prometheus_client.core import Metric

from edge import metrics
from edge.link import LinkServer
from edge.messages import STATE_EXPIRY_S, CameraHealth, LineReading, QueueAlerts, QueueReading
from edge.outbox import Outbox
from edge.privacy import Crowd
from edge.publisher import Publisher
from edge.settings import Site
from edge.vocabulary import PictureState, Quality, ServiceState

CAMERA_STATES = get_args(CameraHealth.model_fields["state"].annotation)
HEALTH_GONE_S = 100.0  # three health messages have not come: nothing is known of the camera


class CounterMetrics:
    """Stands before the publisher, remembers what passes, and tells it when it is asked (in another thread)."""

    def __init__(
        self, site: Site, version: str, publisher: Publisher, outbox: Outbox, link: LinkServer,
        *, crowd: Crowd | None = None,
        clock: Callable[[], float] = time.monotonic, utc_s: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._about = (site.id, site.box, version, site.config_sha256[:12])
        self._publisher = publisher
        self._outbox = outbox
        self._link = link
        self._crowd = crowd
        self._clock = clock
        self._utc_s = utc_s
        self._queues: dict[str, tuple[QueueReading, float]] = {}
        self._lines: dict[str, LineReading] = {}
        self._alerts: dict[str, QueueAlerts] = {}
        self._cameras: dict[str, tuple[CameraHealth, float]] = {}

    def reading(self, reading: QueueReading) -> None:
        """Passes it on."""
        self._queues[reading.queue] = (reading, self._clock())
        self._publisher.reading(reading)

    def line(self, reading: LineReading) -> None:
        """Passes it on."""
        self._lines[reading.line] = reading
        self._publisher.line(reading)

    def alerts(self, alerts: QueueAlerts) -> None:
        """Passes it on."""
        self._alerts[alerts.queue] = alerts
        self._publisher.alerts(alerts)

    def health(self, health: CameraHealth) -> None:
        """Passes it on."""
        self._cameras[health.camera] = (health, self._clock())
        self._publisher.health(health)

    def rows_waiting(self) -> None:
        """Passes it on."""
        self._publisher.rows_waiting()

    def families(self) -> Iterator[Metric]:
        """Everything."""
        about = ("site", "box", "version", "config")
        yield metrics.gauge("linewise_box_info", "This box and its version.", about, {self._about: 1.0})
        yield from self._of_queues()
        yield from self._of_lines()
        yield from self._of_cameras()
        yield from self._of_drops()
        yield from self._of_outbox()

    def _of_queues(self) -> Iterator[Metric]:
        now_s = self._clock()
        known = {q: r for q, (r, heard_s) in list(self._queues.items()) if now_s - heard_s <= STATE_EXPIRY_S}
        gauges = (
            ("linewise_queue_length", "People in the queue.", "length"),
            ("linewise_queue_length_low", "Lower end of its interval.", "length_low"),
            ("linewise_queue_length_high", "Upper end of its interval.", "length_high"),
            ("linewise_queue_wait_seconds", "Wait of somebody who joins now.", "wait_s"),
            ("linewise_queue_wait_low_seconds", "Lower end of its interval.", "wait_low_s"),
            ("linewise_queue_wait_high_seconds", "Upper end of its interval.", "wait_high_s"),
        )
        for name, about, field in gauges:
            yield metrics.gauge(name, about, ("queue",), {(q,): getattr(r, field) for q, r in known.items()})
        qualities: dict[str, str] = {q: r.quality for q, r in known.items()}
        services: dict[str, str] = {q: r.state for q, r in known.items()}
        yield metrics.states("linewise_queue_quality", "What is known of it.", "queue", qualities, get_args(Quality))
        yield metrics.states("linewise_queue_service", "What it does.", "queue", services, get_args(ServiceState))
        fields = ("joined", "served", "left", "lost")
        people = {(q, field): float(getattr(r, field)) for q, r in known.items() for field in fields}
        yield metrics.counter(
            "linewise_queue_people", "People who joined and how they ended.", ("queue", "what"), people
        )
        open_ones = {(q,): float(len(alerts.open)) for q, alerts in list(self._alerts.items())}
        yield metrics.gauge("linewise_queue_alerts_open", "Alerts that are open now.", ("queue",), open_ones)

    def _of_lines(self) -> Iterator[Metric]:
        found = list(self._lines.items())
        crossings = {(n, way): float(getattr(r, f"count_{way}")) for n, r in found for way in ("in", "out")}
        yield metrics.counter("linewise_line_crossings", "People over a counting line.", ("line", "way"), crossings)

    def _of_cameras(self) -> Iterator[Metric]:
        now_s = self._clock()
        found = {c: (h, now_s - at_s) for c, (h, at_s) in list(self._cameras.items()) if now_s - at_s <= HEALTH_GONE_S}
        camera_states: dict[str, str] = {c: h.state for c, (h, _) in found.items()}
        pictures: dict[str, str] = {c: h.picture for c, (h, _) in found.items() if h.state == "ok"}
        yield metrics.states("linewise_camera_state", "How the camera is.", "camera", camera_states, CAMERA_STATES)
        yield metrics.states("linewise_camera_picture", "And its picture.", "camera", pictures, get_args(PictureState))
        gauges = (
            ("linewise_camera_frames_in_per_second", "Pictures that come, measured.", "frames_in_per_s"),
            ("linewise_camera_frames_out_per_second", "Pictures that are looked at, measured.", "frames_out_per_s"),
            ("linewise_camera_latency_seconds", "From a picture's arrival to its people.", "latency_s"),
        )
        for name, about, field in gauges:
            yield metrics.gauge(name, about, ("camera",), {(c,): getattr(h, field) for c, (h, _) in found.items()})
        ages = {(c,): None if h.age_s is None else h.age_s + ago_s for c, (h, ago_s) in found.items()}
        yield metrics.gauge("linewise_camera_picture_age_seconds", "Since the last picture.", ("camera",), ages)
        restarts = {(c,): float(h.restarts) for c, (h, _) in found.items()}
        yield metrics.counter("linewise_camera_restarts", "Times the camera was opened anew.", ("camera",), restarts)

    def _of_drops(self) -> Iterator[Metric]:
        dropped = {(c,): float(h.dropped) for c, (h, _) in list(self._cameras.items())}
        about = "Pictures that nobody took before a newer one came."
        yield metrics.counter("linewise_camera_frames_dropped", about, ("camera",), dropped)
        lost = {(c,): float(n) for c, n in list(self._link.lost.items())}
        about = "Items that a camera's process threw away because the counter was away or slow."
        yield metrics.counter("linewise_link_items_dropped", about, ("camera",), lost)
        refused = {(): float(self._link.rejected)}
        yield metrics.counter("linewise_link_lines_refused", "Lines of cameras that were not understood.", (), refused)
        given_up = {(): float(self._outbox.dropped)}
        about = "Rows given up because the outbox or the disk was full."
        yield metrics.counter("linewise_outbox_rows_dropped", about, (), given_up)
        withheld = {(): 0.0 if self._crowd is None else float(self._crowd.withheld)}
        about = "Rows on people that are never told: fewer than [privacy] min_people within an hour."
        yield metrics.counter("linewise_people_rows_withheld", about, (), withheld)

    def _of_outbox(self) -> Iterator[Metric]:
        outbox = self._outbox
        connected = {(): float(self._publisher.connected)}
        yield metrics.gauge("linewise_broker_connected", "1 while the broker has taken this box in.", (), connected)
        yield metrics.gauge(
            "linewise_outbox_rows", "Rows that wait to be acknowledged.", (), {(): float(outbox.pending)}
        )
        about = "Rows that can't be delivered, since the outbox was made."
        yield metrics.gauge("linewise_outbox_dead_letters", about, (), {(): float(outbox.dead)})
        about = "Age of the oldest row that waits."
        yield metrics.gauge("linewise_outbox_oldest_row_age_seconds", about, (), {(): self._oldest_age_s()})
        about = "Commits of the outbox, fsync and all; quantiles of the last thousand."
        yield metrics.quantiles("linewise_outbox_commit_seconds", about, list(outbox.commits_s))

    def _oldest_age_s(self) -> float | None:
        """By the row's own instant; None where nothing waits, and for a gap note, which has none."""
        row = self._outbox.oldest()
        at = None if row is None else row.body.get("at") or row.body.get("minute")
        return None if at is None else max(0.0, self._utc_s() - datetime.fromisoformat(at).timestamp())
