"""What people do in lines: friends, those who turn back, groups, passers-by through a full line, cut boxes, staff."""

from dataclasses import replace

import numpy as np
import pytest

from detector.runtime.detections import Detections
from edge.counter import Counter, Tick
from edge.tracking import Tracker
from edge.vocabulary import Polygon
from tests.edge.queueing.scene import (
    AREA,
    SIZE,
    Walk,
    every,
    lane,
    lengths,
    play,
    queue,
    readings,
    site,
    stand,
    visits,
    walk,
)

FAR = stand(100, 600, 0, 1.0)  # the camera's first pictures are over when others come
LINE_OF_THREE: dict[int, Walk] = {
    k: walk((k, 640, 760), (k + 7, 640, 280 + 130 * k), (60, 640, 280 + 130 * k)) for k in range(3)
}


def watched(people: dict[int, Walk], until_s: float = 60.0, counter: Counter | None = None) -> list[Tick]:
    """Those people five times a second."""
    return play(counter or Counter(site()), {**people, 9: FAR}, every(0.2, until_s))


def test_a_friend_who_joins_in_the_middle_is_in_the_middle() -> None:
    """Over the side between the first and the second, and stays: counted, third to join, second in the order."""
    counter = Counter(site())
    friend = walk((20, 1150, 345), (26, 700, 345), (60, 700, 345))
    ticks = watched({**LINE_OF_THREE, 3: friend}, 40, counter)
    assert lengths(ticks)[-1] == 4
    joined = [e for t in ticks for e in t.events if e.kind == "joined"]
    assert [e.ahead_on_joining for e in joined] == [0, 1, 2, 3]
    assert counter.lane_state("q1").members == (1, 4, 2, 3)


def test_who_turns_back_has_left() -> None:
    """In the line for half a minute, then out again the way one came: left, no wait; the others stay."""
    back = walk((4, 500, 760), (10, 500, 600), (40, 500, 600), (44, 500, 770))
    ticks = watched({**LINE_OF_THREE, 3: back}, 55)
    last = readings(ticks)[-1]
    assert (last.length, last.joined, last.served, last.left, last.lost) == (3, 4, 0, 1, 0)
    [visit] = visits(ticks)
    assert visit.left_s == pytest.approx(40 + 4 * (684 - 600) / 170, abs=0.2)


def test_a_group_is_as_many_as_it_is() -> None:
    """Four abreast come in together: four, each with a visit of the same length."""
    group = {k: walk((2, 500 + 80 * k, 760), (8, 500 + 80 * k, 400), (40, 500 + 80 * k, 400), (46, 500 + 80 * k, 120))
             for k in range(4)}  # fmt: skip
    ticks = watched(group, 55)
    assert max(n or 0 for n in lengths(ticks)) == 4
    waits = [(v.served_s or 0.0) - v.joined_s for v in visits(ticks)]
    assert len(waits) == 4
    assert waits == pytest.approx([waits[0]] * 4, abs=0.05)


def test_who_walks_through_a_standing_line_is_nobody() -> None:
    """Passers cross between the people one after the other: length three all along, three joined."""
    passers = {10 + k: walk((20 + 3 * k, 150, 480), (25 + 3 * k, 1150, 480)) for k in range(8)}
    ticks = watched({**LINE_OF_THREE, **passers})
    assert set(lengths(ticks)[20:]) == {3}
    assert readings(ticks)[-1].joined == 3


def test_staff_without_a_staff_area_count_as_people() -> None:
    """Only a staff area tells at once who is staff: without one a worker in the lane is one more; with it, nobody."""
    worker = walk((2, 900, 760), (6, 930, 400), (60, 930, 400))
    assert lengths(watched({**LINE_OF_THREE, 5: worker}))[-1] == 4
    corner: Polygon = ((900 / SIZE[0], 0.3), AREA[1], AREA[2], (900 / SIZE[0], 0.95))
    with_area = Counter(site(queue(lane(staff_area=(corner,)))))
    assert lengths(watched({**LINE_OF_THREE, 5: worker}, counter=with_area))[-1] == 3


def through_tracker(boxes_at: dict[int, list[tuple[float, float, float, float]]]) -> list[int | None]:
    """Boxes (x1 y1 x2 y2 pixels) by the tenth of a second from which they are shown, through tracker and counter."""
    where = site(queue(replace(lane(), area=((0.25, 0.30), (0.75, 0.30), (0.75, 1.0), (0.25, 1.0)))))
    counter, tracker, told = Counter(where), Tracker(where.cameras[0], run="r"), []
    for k in range(300):
        now = max(from_ for from_ in boxes_at if from_ <= k)
        boxes = np.array(boxes_at[now], np.float32).reshape(-1, 4)
        counter.on_tracks(tracker.update(Detections(k / 10, SIZE, boxes, np.full(len(boxes), 0.9, np.float32))))
        if k % 10 == 9:
            told += [r.length for r in counter.tick(k / 10, k / 10).readings]
    return told


def test_a_box_cut_by_the_person_in_front_keeps_its_place() -> None:
    """The legs disappear behind somebody who steps in front: the foot stays in the lane, nobody leaves."""
    whole, upper, front = (600, 120, 660, 300), (600, 120, 660, 205), (590, 170, 670, 420)
    told = through_tracker({0: [whole], 100: [upper, front]})
    assert told[5] == 1
    assert set(told[18:]) == {2}, "the lane begins at 216: the bare edge of the cut box would be outside"


def test_a_box_cut_by_the_border_is_still_in_the_lane() -> None:
    """Somebody who stands at the lower border with the feet out of the picture is in a lane that ends there."""
    told = through_tracker({0: [(600, 500, 680, 720)]})
    assert set(told[2:]) == {1}
