"""Recorded detections through trackers and counter."""

from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from calibration.pump import pump
from detector.runtime.detections import Detections
from edge.counter import Tick
from tests.edge.queueing.scene import SIZE, lane, queue, site

Item = tuple[str, float, Detections | None]


def people(pts_s: float, *feet: tuple[float, float], size: tuple[int, int] = SIZE) -> Detections:
    """Boxes of 60 x 150 px on those feet (pixels of SIZE, scaled to `size`)."""
    scale = np.tile(np.array(size) / SIZE, 2)
    boxes = np.array([[x - 30, y - 150, x + 30, y] for x, y in feet], np.float32).reshape(-1, 4) * scale
    return Detections(pts_s, size, boxes.astype(np.float32), np.full(len(feet), 0.9, np.float32))


def picture(pts_s: float, *feet: tuple[float, float], camera: str = "c1") -> Item:
    """One item with a picture."""
    return camera, pts_s, people(pts_s, *feet)


def run(items: Iterable[Item], **how: float) -> list[Tick]:
    """All ticks."""
    return list(pump(site(), items, **how))


def table(ticks: Iterable[Tick]) -> list[tuple[float, int | None, str]]:
    """(second, length, quality) of each reading."""
    return [(r.pts_s, r.length, r.quality) for t in ticks for r in t.readings]


def test_a_second_is_told_when_everything_up_to_it_is_in() -> None:
    """The picture at second 1 belongs to the reading of second 1; the last second is the recording's last whole one."""
    ticks = run([picture(0.0), picture(1.0, (640, 450)), picture(2.7, (640, 450))])
    assert [t[0] for t in table(ticks)] == [0.0, 1.0, 2.0]
    assert [len(t.readings) for t in ticks] == [1, 1, 1, 0]


def test_a_recording_that_starts_late_starts_its_readings_there() -> None:
    """The first reading is at the first whole second not before the first picture."""
    ticks = run([picture(100.5, (640, 450)), picture(103.2, (640, 450))])
    assert [t[0] for t in table(ticks)] == [101.0, 102.0, 103.0]


def test_ticks_without_pictures_make_it_stale() -> None:
    """The clock goes on, no picture comes: null and stale, with the wall clock told."""
    items = [picture(k / 5, (640, 450)) for k in range(50)] + [("c1", float(s), None) for s in range(10, 20)]
    ticks = run(items, utc0_s=1e9)
    rows = [r for t in ticks for r in t.readings]
    assert (rows[9].length, rows[-1].length, rows[-1].quality) == (1, None, "stale")
    assert rows[-1].at.timestamp() == 1e9 + 19


def test_no_items_no_readings() -> None:
    """An empty recording gives nothing."""
    ticks = run([])
    assert table(ticks) == []
    assert [t.visits for t in ticks] == [[]]


def test_open_visits_come_at_the_end() -> None:
    """Who is still there when the recording ends is told with left_s None."""
    ticks = run(picture(k / 5, (640, 450), (800, 450)) for k in range(60))
    assert [(v.outcome, v.left_s) for v in ticks[-1].visits] == [(None, None)] * 2
    assert all(not t.visits for t in ticks[:-1])


def crossing(until_s: float, step_s: float) -> Iterator[Item]:
    """One person who enters at 0.9 s, waits, and crosses the service line at 115.85 s; flicker on top."""
    rng = np.random.default_rng(2)
    t_s = 0.0
    while t_s <= until_s:
        y = float(np.interp(t_s, [0.0, 6.75, 110.0, 120.0], [720.0, 450.0, 450.0, 50.0]))
        feet = [(640.0 + float(rng.normal()), y)] if t_s < 118.0 and (t_s < 1.5 or rng.random() > 0.1) else []
        yield picture(round(t_s, 3), *feet)
        t_s += step_s


@pytest.mark.parametrize("step_s", [pytest.param(0.1, marks=pytest.mark.slow), 0.2, 0.5])
def test_the_whole_way_measures_the_true_wait(step_s: float) -> None:
    """Through the real tracker, at several frame rates: served once, 114.95 s within 1 s."""
    [visit] = [v for t in run(crossing(125.0, step_s)) for v in t.visits]
    assert visit.outcome == "served"
    assert not visit.censored
    assert (visit.served_s or 0.0) - visit.joined_s == pytest.approx(114.95, abs=1.0)


@pytest.mark.slow
def test_two_runs_are_byte_for_byte_equal() -> None:
    """Readings are a function of the recording and the site."""
    first, second = ([r.to_json() for t in run(crossing(60.1, 0.2)) for r in t.readings] for _ in range(2))
    assert first == second
    assert len(first) == 61


def test_each_camera_has_its_own_tracker() -> None:
    """Two cameras' pictures in turn: people of one never become people of the other; lengths add."""
    both = site(queue(lane(), lane(camera_id="c2")))
    items = [picture(k / 5, (640, 450), camera=c) for k in range(60) for c in ("c1", "c2")]
    ticks = list(pump(both, items))
    assert {r.length for t in ticks for r in t.readings} == {2}
    assert [v.track_ids for v in ticks[-1].visits] == [("c1/replay/1",), ("c2/replay/1",)]


def test_tracks_are_told_as_they_come() -> None:
    """on_tracks sees every picture's tracks, in order."""
    seen: list[float] = []
    list(pump(site(), (picture(float(k), (640, 450)) for k in range(5)), on_tracks=lambda t: seen.append(t.pts_s)))
    assert seen == [0.0, 1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("jump_s", [-500.0, 1e7])
def test_a_recording_whose_clock_jumps_does_not_tick_for_ever(jump_s: float) -> None:
    """Far back or forward: ticks begin anew there instead of filling the gap."""
    times = [k / 2 for k in range(1000, 1020)] + [k / 2 + jump_s for k in range(1020, 1040)]
    rows = table(run(picture(t, (640, 450)) for t in times))
    assert len(rows) < 40
    assert rows[-1][0] == pytest.approx(519.0 + jump_s)


def test_an_unknown_camera_is_named() -> None:
    """Items of a camera that the site lacks are a KeyError with its name."""
    with pytest.raises(KeyError, match="c7"):
        run([picture(0.0, camera="c7")])
