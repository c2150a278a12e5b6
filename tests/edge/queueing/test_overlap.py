"""Two cameras that see the same people."""

from dataclasses import replace

import numpy as np
import pytest

from edge.counter import Counter, Tick
from edge.queueing.projection import homography
from edge.settings import FloorSettings, Site
from edge.vocabulary import Point
from tests.edge.queueing.scene import (
    SIZE,
    Walk,
    every,
    lane,
    lengths,
    queue,
    readings,
    site,
    stand,
    tracks,
    visits,
    walk,
)  # fmt: skip

MARKS = ((0.2, 0.3), (0.8, 0.3), (0.8, 0.9), (0.2, 0.9))
METRES = ((0.0, 6.0), (6.0, 6.0), (6.0, 0.0), (0.0, 0.0))
SHIFT_PX = 200.0  # what the second camera sees lies so much farther right in its picture


def overlapping(*, marked: bool = True) -> Site:
    """One queue whose two lanes are one place on the floor, seen by two cameras."""
    moved = tuple((x + SHIFT_PX / SIZE[0], y) for x, y in MARKS)
    area = tuple((x + SHIFT_PX / SIZE[0], y) for x, y in lane().area)
    plain = site(queue(lane(), lane(camera_id="c2", area=area, service_line=None)))
    floors = (FloorSettings(MARKS, METRES), FloorSettings(moved, METRES))
    cameras = tuple(replace(c, floor=f if marked else None) for c, f in zip(plain.cameras, floors, strict=True))
    return replace(plain, cameras=cameras)


def watch(where: Site, first: dict[int, Walk], second: dict[int, Walk], until_s: float) -> list[Tick]:
    """Both cameras five times a second, the second a tenth of a second later."""
    counter, out = Counter(where), []
    for k in range(int(until_s * 5)):
        for camera, people, late_s, shift in (("c1", first, 0.0, 0.0), ("c2", second, 0.1, SHIFT_PX)):
            t_s = k / 5 + late_s
            feet: dict[int, Point] = {i: (p[0] + shift, p[1]) for i, w in people.items() if (p := w(t_s)) is not None}
            counter.on_tracks(tracks(t_s, feet, camera=camera))
        if k % 5 == 0:
            out.append(counter.tick(float(k // 5), 1e9))
    return out


PEOPLE = {i: walk((i, 640, 760), (i + 6, 640, 250 + 80 * i), (50, 640, 250 + 80 * i), (60, 640, 100)) for i in range(4)}


def test_a_homography_is_exact_at_its_marks() -> None:
    """The four marks in the picture fall on the four on the floor, and straight lines stay straight."""
    skew = ((0.3, 0.4), (0.7, 0.35), (0.9, 0.9), (0.1, 0.95))
    got = homography(skew, METRES) @ np.array([(x, y, 1.0) for x, y in skew]).T
    assert pytest.approx(np.array(METRES), abs=1e-9) == (got[:2] / got[2]).T


def test_people_whom_both_cameras_see_count_once() -> None:
    """Four people come, stand and are served: four visits, and never more than four in the line."""
    ticks = watch(overlapping(), PEOPLE, {i + 10: w for i, w in PEOPLE.items()}, 70)
    assert max(n or 0 for n in lengths(ticks)) == 4
    assert [v.outcome for v in visits(ticks)] == ["served"] * 4
    assert readings(ticks)[-1].joined == 4


def test_who_is_lost_to_one_camera_is_still_there_for_the_other() -> None:
    """The first camera does not see two of them from 20 s on: nobody is lost."""
    first = {i: (w if i > 1 else (lambda t, w=w: w(t) if t < 20 else None)) for i, w in PEOPLE.items()}
    ticks = watch(overlapping(), first, {i + 10: w for i, w in PEOPLE.items()}, 40)
    assert lengths(ticks)[-1] == 4
    assert (readings(ticks)[-1].joined, readings(ticks)[-1].lost) == (4, 0)


def test_two_people_are_two() -> None:
    """Each camera sees another one, more than a metre apart on the floor: two."""
    ticks = watch(overlapping(), {1: stand(500, 450)}, {1: stand(700, 450)}, 20)
    assert lengths(ticks)[-1] == 2


def test_sights_that_drift_apart_are_two_people() -> None:
    """Taken for one while they stood together; then one goes on: two."""
    ticks = watch(
        overlapping(),
        {1: stand(500, 450)},
        {1: walk((0, 510, 450), (20, 510, 450), (26, 900, 450), (60, 900, 450))},
        50,
    )
    assert lengths(ticks)[15] == 1
    assert lengths(ticks)[-1] == 2


def test_without_floor_marks_nothing_is_compared() -> None:
    """Nobody can know that the two places are one: both sights count."""
    ticks = watch(overlapping(marked=False), {1: stand(500, 450)}, {1: stand(500, 450)}, 20)
    assert lengths(ticks)[-1] == 2


def test_one_of_two_views_lost_is_degraded_never_a_number() -> None:
    """The second camera's pictures end at 20 s: nothing is told of what the first alone sees, and nobody is lost."""
    counter, told = Counter(overlapping()), []
    for k, t_s in enumerate(every(0.2, 40.0)):
        feet: dict[int, Point] = {i: p for i, w in PEOPLE.items() if (p := w(t_s)) is not None}
        counter.on_tracks(tracks(t_s, feet, camera="c1"))
        if t_s < 20.0:
            shifted: dict[int, Point] = {i + 10: (x + SHIFT_PX, y) for i, (x, y) in feet.items()}
            counter.on_tracks(tracks(t_s, shifted, camera="c2"))
        if k % 5 == 0:
            told += counter.tick(t_s, 1e9).readings
    assert {r.length for r in told if 15 < r.pts_s < 20} == {4}
    dark = [r for r in told if r.pts_s >= 24]
    assert {(r.quality, r.length, r.length_low, r.length_high, r.wait_s) for r in dark} == {
        ("degraded", None, None, None, None)
    }
    assert (told[-1].joined, told[-1].left, told[-1].lost) == (4, 0, 0)


def test_two_sights_of_a_newcomer_share_the_time_of_joining() -> None:
    """One camera sees somebody come, the other sees the person later and alone goes on: joined when the first saw."""
    comes = walk((6, 640, 760), (8, 640, 600), (60, 640, 600))
    first = {1: lambda t_s: comes(t_s) if t_s >= 10.5 else None}
    ticks = watch(overlapping(), first, {1: lambda t_s: comes(t_s) if t_s < 11.9 else None}, 30)
    assert readings(ticks)[-1].joined == 1
    [joined] = [e for tick in ticks for e in tick.events if e.kind == "joined"]
    assert joined.pts_s == pytest.approx(7.0, abs=0.7)
