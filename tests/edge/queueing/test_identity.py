"""Who of the lost is who of the found."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.queueing.identity import matches, reach
from edge.queueing.paths import Path

HEIGHT = 0.2


def hidden(x: float, y: float = 0.5, key: int = 1) -> Path:
    """Somebody who stood there and was last seen at 0 s."""
    return Path(("c", "r", key), 0.0, (x, y), height=HEIGHT, distance=[0.1])


def test_the_nearest_is_the_same_person() -> None:
    """Two lost side by side and two found near them: each gets the nearer one."""
    assert sorted(matches([hidden(0.50), hidden(0.60)], [(0.61, 0.5), (0.49, 0.5)], 1.0)) == [(0, 1), (1, 0)]


def test_each_is_used_once() -> None:
    """One found person can't be two lost ones."""
    assert matches([hidden(0.50), hidden(0.52)], [(0.52, 0.5)], 0.5) == [(1, 0)]


def test_who_appears_too_far_away_is_somebody_else() -> None:
    """The reach grows with time and ends at one and a half bodies."""
    assert matches([hidden(0.50)], [(0.50 + 0.9 * HEIGHT, 0.5)], 0.2) == []
    assert matches([hidden(0.50)], [(0.50 + 0.9 * HEIGHT, 0.5)], 1.0) == [(0, 0)]
    assert matches([hidden(0.50)], [(0.50 + 1.6 * HEIGHT, 0.5)], 60.0) == []
    assert reach(hidden(0.5), -5.0) == 0.5 * HEIGHT


def test_a_walker_is_looked_for_where_the_walk_leads() -> None:
    """Somebody last seen walking may come back farther away, in that direction only."""
    path = hidden(0.3)
    for k in range(1, 11):
        path.step(0.1 * k, (0.3 + 0.02 * k, 0.5), height=HEIGHT, distance=[0.1], zones=[])
    assert matches([path], [(0.75, 0.5)], 2.0) == [(0, 0)]
    assert matches([path], [(0.15, 0.5)], 2.0) == []


places = st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=6, unique=True)


@settings(deadline=None, max_examples=50)
@given(places, places, st.randoms(use_true_random=False))
def test_the_order_given_changes_nothing(
    lost: list[tuple[float, float]], found: list[tuple[float, float]], rng: random.Random
) -> None:
    """The same pairs whatever order people are listed in."""

    def pairs(a: list[tuple[float, float]], b: list[tuple[float, float]]) -> set[tuple[object, object]]:
        return {(a[i], b[j]) for i, j in matches([hidden(*p) for p in a], b, 1.0)}

    before = pairs(lost, found)
    lost2, found2 = lost[:], found[:]
    rng.shuffle(lost2)
    rng.shuffle(found2)
    assert pairs(lost2, found2) == before


def test_nobody_passes_the_next_one_in_line() -> None:
    """Two hidden and one seen between them: who is found at the head was the head, though the third is as near."""
    head, third = hidden(0.5, 0.40), hidden(0.5, 0.50, key=3)
    between = (0.505, 0.45)
    assert matches([third], [(0.5, 0.40)], 2.0) == [(0, 0)]
    assert matches([third], [(0.5, 0.40)], 2.0, [between]) == []
    assert matches([third, head], [(0.5, 0.41)], 2.0, [between]) == [(1, 0)]


def test_another_file_and_the_one_moved_up_to_are_no_hindrance() -> None:
    """Somebody beside the way, or at one end of it, stands between nobody."""
    third = hidden(0.5, 0.50, key=3)
    for standing in [(0.5 + 0.2 * HEIGHT, 0.45), (0.5, 0.395), (0.5, 0.51)]:
        assert matches([third], [(0.5, 0.40)], 2.0, [standing]) == [(0, 0)]
