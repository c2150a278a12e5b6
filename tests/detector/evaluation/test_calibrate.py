"""Scores as chances."""

import numpy as np
import pytest

from detector.evaluation.calibrate import fit_calibration


def test_a_known_distortion_is_found() -> None:
    """Chances squeezed by half their logit, less 0.5, come back with gain 2 and offset 1."""
    rng = np.random.default_rng(0)
    chance = rng.uniform(0.05, 0.95, 200_000)
    right = rng.random(len(chance)) < chance
    squeezed = 1 / (1 + np.exp(-(0.5 * np.log(chance / (1 - chance)) - 0.5)))
    gain, offset = fit_calibration(list(zip(squeezed.tolist(), right.astype(int).tolist(), strict=True)))
    assert gain == pytest.approx(2.0, abs=0.03)
    assert offset == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("rows", [[], [(0.5, 1)] * 100, [(0.5, 0), (0.6, 1)]], ids=["none", "all right", "few"])
def test_nothing_to_learn_changes_nothing(rows: list[tuple[float, int]]) -> None:
    """Without faults and hits to compare the scores stay."""
    assert fit_calibration(rows) == (1.0, 0.0)
