"""One scale of scores for every model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.runtime.score_scale import WORKING_SCORE, raw_of, told


@given(st.floats(0.05, 0.95), st.lists(st.floats(0, 1, width=32), min_size=2, max_size=20))
def test_no_ranking_changes(threshold: float, scores: list[float]) -> None:
    """A better raw score is never told as a worse one."""
    raw = np.sort(np.array(scores, np.float32))
    assert (np.diff(told(raw, threshold)) >= 0).all()


@given(st.floats(0.05, 0.95))
def test_the_working_threshold_is_told_the_same_for_every_model(threshold: float) -> None:
    """Whatever a model's own threshold is, the edge sees WORKING_SCORE there; 0 and 1 stay."""
    np.testing.assert_allclose(
        told(np.array([0, threshold, 1], np.float32), threshold), [0, WORKING_SCORE, 1], atol=1e-6
    )


@given(st.floats(0.05, 0.95), st.floats(0, 1))
def test_the_way_back(threshold: float, score: float) -> None:
    """raw_of undoes told."""
    raw = np.array([raw_of(score, threshold)], np.float32)
    assert told(raw, threshold)[0] == pytest.approx(score, abs=1e-5)
