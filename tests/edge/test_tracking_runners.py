"""People who run are followed from their second picture on, and nobody who stands is taken for a runner."""

import numpy as np
import pytest

from edge.queueing.crossings import LineCounter
from edge.vocabulary import LineSettings
from tests.edge.test_tracking import follow, ids, people, picture

BODY_PX = 200.0


def running(heights_s, fps, *, late=0.3, missed=(), seed=0):
    """Pictures of one who runs from left to right at so many body heights a second, numbers `missed` without a box.

    The picture before the first is empty; boxes shake by 1.2 % of their height.
    """
    rng = np.random.default_rng(seed)
    yield picture(0.0, [])
    step, k = heights_s * BODY_PX / fps, 0
    while (x := 60.0 + (k + late) * step) < 1230.0:
        k += 1
        box = people((x, 600), height=BODY_PX) + rng.normal(0.0, 0.012 * BODY_PX, (1, 4))
        yield picture(k / fps, [] if k in missed else box)


def crossed(tracks):
    """(in, out) of an upright line in the picture's middle."""
    line = LineCounter(LineSettings("door", "c1", ((0.5, 1.0), (0.5, 0.0))))
    for one in tracks:
        line.update(one)
    line.settle(1e9)
    return line.count_in, line.count_out


@pytest.mark.parametrize("late", [0.0, 0.4, 0.8])
@pytest.mark.parametrize(
    ("fps", "heights_s"),
    [(2, 0.75), (2, 1.8), (3, 2.0), (5, 1.8), (5, 2.4), (5, 2.9), (10, 1.8), (10, 2.9), (30, 2.9)],
)
def test_a_runner_is_one_person_and_is_counted(fps, heights_s, late):
    """Walking to 5 m/s (2.9 body heights a second), wherever the first picture finds them: one id, one crossing."""
    tracks = follow(running(heights_s, fps, late=late))
    assert ids(tracks) == {1}
    assert crossed(tracks) == (1, 0)


@pytest.mark.parametrize("missed", [{2}, {3, 4}, {5, 6, 7, 8}])
def test_a_runner_who_is_missed_runs_on(missed):
    """Without a box for up to 0.8 s, from the second picture on, a runner is found again farther on."""
    tracks = follow(running(2.0, 5, missed=missed))
    assert len(ids(tracks)) == 1
    assert crossed(tracks) == (1, 0)


def test_two_who_run_towards_each_other_keep_their_ids():
    """Each goes on in the own direction, seen by the line as one each way."""
    pictures = [picture(0.0, [])]
    for k in range(14):
        left, right = 60.0 + 84.0 * k, 1220.0 - 84.0 * k
        pictures.append(picture((k + 1) / 5, people((left, 560), (right, 640), height=BODY_PX)))
    tracks = follow(pictures)
    assert ids(tracks) == {1, 2}
    assert crossed(tracks) == (1, 1)


@pytest.mark.parametrize("away", [0.55, 0.75, 0.95])
def test_a_false_box_beside_a_newcomer_is_no_runner(away):
    """A box of one picture on the line's other side, then somebody who stands: shown where they are, no crossing."""
    other = people((640 + away * BODY_PX / 2, 600), height=BODY_PX)
    false = people((640 - away * BODY_PX / 2, 600), height=BODY_PX)
    tracks = follow([picture(0.0, []), picture(0.2, false), *(picture(0.4 + k / 5, other) for k in range(30))])
    assert crossed(tracks) == (0, 0)
    assert len(tracks[-1].track_ids) == 1
    np.testing.assert_allclose(tracks[-1].boxes, other, atol=2.0)


def test_a_lost_runner_is_not_carried_as_if_standing():
    """A runner who is not seen for longer than 1.5 s is gone; a standing person would be carried on."""
    way = list(running(2.0, 5))[:8]
    tracks = follow([*way, *(picture(way[-1].pts_s + (k + 1) / 5, []) for k in range(10))])
    assert len(tracks[7].track_ids) == 1
    assert [len(t.track_ids) for t in tracks[-2:]] == [0, 0]
