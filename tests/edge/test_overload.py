"""A box that is too slow for its cameras says so, in health and in its readings (fault F29)."""

import time

import pytest

from detector.runtime.fake import FakeDetector
from edge.camera_health import Condition, Meter
from edge.counter import Counter
from edge.messages import CameraHealth
from edge.overload import too_slow
from tests.edge.queueing.scene import site, tracks


@pytest.mark.parametrize(
    ("in_per_s", "out_per_s", "slow"),
    [(30.0, 5.0, False), (30.0, 2.6, False), (30.0, 2.4, True), (3.0, 3.0, False), (3.0, 1.0, True), (0.0, 0.0, False)],
)
def test_slow_is_less_than_half(in_per_s: float, out_per_s: float, slow: bool) -> None:
    """With detect_fps 5, fewer than half of the pictures that are due; a camera's own low rate is no slowness."""
    assert too_slow(in_per_s, out_per_s, 5.0) is slow


def health(out_per_s: float) -> CameraHealth:
    """A camera of 30 pictures a second of which so many are looked at."""
    meter = Meter("s", "c1", detect_fps=5.0)
    meter.detector = FakeDetector({})
    now_s, sent = time.monotonic(), round(10 * out_per_s)
    meter.opened(type("Source", (), {"received": 0, "dropped": 0, "arrived_s": now_s, "size_px": (1, 1)})())  # type: ignore[arg-type]
    meter.message(Condition("ok", "Pictures arrive."), "ok", now_s=now_s - 10.0, now_utc_s=0.0)
    meter._source.received = 300  # type: ignore[union-attr]
    for _ in range(sent):
        meter.sent(now_s - 1.0, now_s - 1.2)
    return meter.message(Condition("ok", "Pictures arrive."), "ok", now_s=now_s, now_utc_s=0.0)


def test_health_and_readings_tell_it_and_take_it_back() -> None:
    """Health says how many pictures are looked at, and the queue's reading is degraded until it is better."""
    assert "too slow: 1.0 of 5" in health(1.0).detail
    assert health(4.9).detail == "Pictures arrive."
    counter = Counter(site(fps=5.0))
    qualities = []
    for second, out_per_s in enumerate([5.0, 1.0, 1.0, 4.0]):
        counter.on_tracks(tracks(float(second), {}))
        counter.on_health(health(out_per_s))
        qualities += [reading.quality for reading in counter.tick(second + 0.5, 0.0).readings]
    assert qualities == ["ok", "degraded", "degraded", "ok"]
