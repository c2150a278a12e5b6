"""Which cameras can be believed."""

import pytest

from edge.queueing.watch import CameraWatch, KnownTime, together
from edge.vocabulary import Quality


def test_a_camera_without_pictures_is_stale() -> None:
    """From the start, and again more than 3 s after the last picture (5 s at the most for slow ones)."""
    watch = CameraWatch(fps=5.0)
    assert watch.quality(0.0) == "stale"
    watch.saw(10.0, "ok")
    assert watch.quality(13.0) == "ok"
    assert watch.quality(13.1) == "stale"
    slow = CameraWatch(fps=0.5)
    slow.saw(10.0, "ok")
    assert slow.quality(15.0) == "ok"
    assert slow.quality(15.1) == "stale"


@pytest.mark.parametrize(
    ("cameras", "expected"),
    [
        (["ok"], ("ok", True)),
        (["degraded"], ("degraded", True)),
        (["frozen"], ("frozen", False)),
        (["ok", "stale"], ("degraded", False)),
        (["stale", "blind"], ("stale", False)),
        (["moved", "frozen"], ("frozen", False)),
        (["config", "ok"], ("degraded", False)),
        (["config"], ("config", False)),
    ],
)
def test_a_queue_is_as_good_as_its_cameras(cameras: list[Quality], expected: tuple[Quality, bool]) -> None:
    """Only when every camera sees is the length known."""
    assert together(cameras) == expected


def test_gaps_are_remembered() -> None:
    """Times without knowledge, and the seconds until it was noticed, are intervals; knowing begins anew after each."""
    known = KnownTime()
    for t, ok in [(0, True), (11, False), (12, False), (13, True), (14, True)]:
        known.tick(float(t), ok)
    assert list(known.gaps) == [(6.0, 13.0)]
    assert known.since_s == 13.0
