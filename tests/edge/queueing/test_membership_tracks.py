"""What trackers do to people in lines: tracks that leap to somebody else, and to boxes that are nobody."""

import pytest

from edge.counter import Counter
from edge.vocabulary import Point
from tests.edge.queueing.scene import Walk, every, lengths, play, readings, site, stand, visits, walk

FAR = stand(100, 600, 0, 1.0)  # the camera's first pictures are over when others come
COMES = walk((1, 640, 760), (6, 640, 500), (60, 640, 500))


def then(first: Walk, from_s: float, to_s: float, second: Walk) -> Walk:
    """One track that follows the first until from_s, nobody until to_s, and then the second."""

    def where(t_s: float) -> Point | None:
        return first(t_s) if t_s <= from_s else second(t_s) if t_s >= to_s else None

    return where


@pytest.mark.parametrize("gap_s", [0.2, 2.0], ids=["at once", "both hidden"])
def test_a_track_that_leaps_to_the_cashier_takes_nobody_along(gap_s: float) -> None:
    """The member's track goes over to somebody who stands beside the lane; the person is found anew: one visit."""
    cashier = stand(1040, 500)
    found = stand(640, 500, 20 + gap_s + 1.0, 60)
    ticks = play(Counter(site()), {1: then(COMES, 20, 20 + gap_s, cashier), 2: found, 9: FAR}, every(0.2, 50))
    assert set(lengths(ticks)[8:]) == {1}
    last = readings(ticks)[-1]
    assert (last.joined, last.left, last.lost) == (1, 0, 0)


def test_a_look_at_a_box_that_is_nobody_is_no_leaving() -> None:
    """For a moment the track sits on a false box outside the lane, then the person is found again under another."""
    false = stand(1010, 500, 20.2, 20.5)
    ticks = play(Counter(site()), {1: then(COMES, 20, 20.2, false), 2: stand(640, 500, 22, 60), 9: FAR}, every(0.2, 50))
    assert set(lengths(ticks)[8:]) == {1}
    assert readings(ticks)[-1].left == 0


def test_who_walks_out_unseen_and_is_seen_walking_on_has_left() -> None:
    """A leap over the border behind a pillar, and then on: gone, at the border, and nobody is held back."""
    away = walk((21, 1020, 500), (24, 1250, 500))
    ticks = play(Counter(site()), {1: then(COMES, 20, 21, away), 9: FAR}, every(0.2, 40))
    [visit] = visits(ticks)
    assert visit.outcome == "left"
    assert visit.left_s == pytest.approx(20.85, abs=0.2)
    assert lengths(ticks)[24] == 0


def test_who_shuffles_over_the_edge_and_stands_there_has_left() -> None:
    """Small steps out of the lane and then standing beside it is leaving as ever: there is no leap in it."""
    out = walk((20, 640, 500), (32, 1020, 500), (60, 1020, 500))
    ticks = play(Counter(site()), {1: then(COMES, 20, 20, out), 9: FAR}, every(0.2, 50))
    assert [v.outcome for v in visits(ticks)] == ["left"]


def test_who_stands_beside_the_lane_does_not_explain_where_somebody_went() -> None:
    """A member vanishes while somebody's track begins beside the lane: who only stands there is another one: lost."""
    gone = walk((1, 860, 760), (6, 860, 500), (20, 860, 500))
    beside = stand(1010, 500, 21.6, 60)
    ticks = play(Counter(site()), {1: gone, 2: beside, 9: FAR}, every(0.2, 50))
    assert [v.outcome for v in visits(ticks)] == ["lost"]
    walks_on = walk((21.6, 1010, 500), (25, 1250, 500))
    ticks = play(Counter(site()), {1: gone, 2: walks_on, 9: FAR}, every(0.2, 50))
    assert [v.outcome for v in visits(ticks)] == ["left"]
