"""The one rule that says which pictures the detector sees."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.capture.thinning import Thinner, thinned
from edge.vocabulary import Frame

PICTURE = np.zeros((2, 2, 3), np.uint8)


def taken(times_s: list[float], fps: float) -> list[float]:
    """Times of the frames that thinning leaves."""
    return [f.pts_s for f in thinned((Frame("c1", t, 0.0, PICTURE) for t in times_s), fps)]


def test_an_even_stream_is_thinned_on_the_grid() -> None:
    """Of 25 pictures a second each fifth is taken, and of 7 a second the first in each fifth of a second."""
    assert taken([i / 25 for i in range(26)], 5.0) == [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    seven = [i / 7 for i in range(8)]
    assert taken(seven, 5.0) == [seven[i] for i in (0, 2, 3, 5, 6, 7)]


def test_nothing_drifts() -> None:
    """A thousand seconds of 30 pictures a second give 5 a second to the last, for any origin."""
    assert len(taken([12345.678 + i / 30 for i in range(30_000)], 5.0)) == 5000


def test_a_slow_stream_is_taken_whole() -> None:
    """A camera that sends fewer pictures than the detector may see loses none, uneven as they come."""
    times_s = [0.0, 0.9, 1.1, 5.0, 5.3]
    assert taken(times_s, 5.0) == times_s


def test_a_trembling_clock_costs_no_picture() -> None:
    """Five pictures a second whose times tremble by 10 ms are all taken at detect_fps 5."""
    rng = np.random.default_rng(3)
    times_s = [0.0, *(i / 5 + float(rng.uniform(-0.01, 0.01)) for i in range(1, 200))]
    assert taken(times_s, 5.0) == times_s


@given(st.lists(st.floats(0.001, 3.0), min_size=1, max_size=60), st.floats(0.2, 60.0))
def test_thinning_what_is_thinned_changes_nothing(steps_s: list[float], fps: float) -> None:
    """Uneven times: never more than fps a second and one, in order, and a second thinning takes them all."""
    times_s = [float(t) for t in np.cumsum(steps_s)]
    once = taken(times_s, fps)
    assert once[0] == times_s[0]
    assert taken(once, fps) == once
    assert len(once) <= (times_s[-1] - times_s[0]) * fps + 2


def test_no_rate_is_refused() -> None:
    """A detect_fps of zero or below is told, not looped on."""
    with pytest.raises(ValueError, match="above 0, got 0"):
        Thinner(0.0)
