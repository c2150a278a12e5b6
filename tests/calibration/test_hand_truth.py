"""Counting by hand: chosen moments, agreement, kept and sealed counts."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from calibration.agreement import agreement, interval_alpha
from calibration.hand_truth import HandCounts, HandVisit, write_visits
from calibration.moments import Moment, choose
from calibration.sealed_score import sealed_score
from calibration.sealing import new_key, unseal
from calibration.truth import TruthCount, load
from edge.errors import InputError
from edge.messages import QueueReading


def reading(at_s: float, length: int | None) -> QueueReading:
    """A reading of queue q."""
    return QueueReading(
        site="s", queue="q", seq=1, pts_s=at_s, at=datetime(2026, 1, 1, tzinfo=UTC), length=length, length_low=length,
        length_high=length, quality="ok", state="idle", wait_s=None, wait_low_s=None, wait_high_s=None,
        wait_method=None, arrivals_per_min=None, served_per_min=None, joined=0, served=0, left=0, lost=0,
    )  # fmt: skip


def test_moments_are_spread_over_lengths() -> None:
    """An hour that is empty but for ten busy minutes gives as many busy moments as quiet ones."""
    readings = [reading(float(t), 9 if 1000 <= t < 1600 else 0) for t in range(3600)]
    chosen = choose(readings, 40, np.random.default_rng(1), sealed_share=0.25)
    assert len(chosen) == 40
    assert sum(1000 <= m.pts_s < 1600 for m in chosen) == 20
    assert sum(m.sealed for m in chosen) == 10
    assert chosen == choose(readings, 40, np.random.default_rng(1), sealed_share=0.25)


def test_alpha_is_that_of_its_definition() -> None:
    """Alpha is that of the definition, worked out pair by pair: 1 - observed / expected disagreement."""
    pairs = np.array([[1, 1], [2, 2], [3, 4]], np.float64)
    differences = sum((a - b) ** 2 for a in pairs.ravel() for b in pairs.ravel())
    assert interval_alpha(pairs) == pytest.approx(1 - (1 / 3) / (differences / 30))
    assert interval_alpha(np.ones((4, 2))) is None


def test_two_people_who_differ_by_one_once() -> None:
    """Exact share and mean difference are over the moments that both counted."""
    one = [TruthCount("q", t, 2 * t, True) for t in range(5)]
    two = [TruthCount("q", t, 2 * t + (t == 3), True) for t in range(4)]
    found = agreement(one, two)
    assert found is not None
    assert (found.n, found.exact, found.mae) == (4, 0.75, 0.25)
    assert agreement(one, []) is None


def test_counts_are_kept_at_once_and_gone_on_with(tmp_path: Path) -> None:
    """What was counted is in a truth file that replay reads; a new page begins where the last one ended."""
    moments = [Moment(1.0, "q"), Moment(5.5, "q"), Moment(9.0, "q")]
    hand = HandCounts(moments, tmp_path / "counts.csv")
    hand.put(moments[1], 4, certain=False)
    hand.put(moments[0], 3, certain=True)
    counts = load([tmp_path / "counts.csv"], ["q"]).counts
    assert [(c.pts_s, c.length, c.certain) for c in counts] == [(1.0, 3, True), (5.5, 4, False)]
    assert HandCounts(moments, tmp_path / "counts.csv").left() == [moments[2]]


def test_visits_are_a_truth_file(tmp_path: Path) -> None:
    """Noted visits are read by the truth reader as they were noted."""
    write_visits(tmp_path / "v.csv", [HandVisit("q", 9.0), HandVisit("q", 1.0, 5.0, 5.0, "served")])
    visits = load([tmp_path / "v.csv"], ["q"]).visits
    assert [(v.joined_s, v.served_s, v.outcome) for v in visits] == [(1.0, 5.0, "served"), (9.0, None, None)]


def test_a_sealed_count_is_scored_and_never_shown(tmp_path: Path) -> None:
    """The sealed file names no length, only the owner's key opens it, and the last count of a moment is scored."""
    public = new_key(tmp_path / "owner")
    moments = [Moment(1.0, "q", True), Moment(4.0, "q", True)]
    hand = HandCounts(moments, tmp_path / "c.csv", owner_key=public)
    for length in (7, 3):
        hand.put(moments[0], length, certain=True)
    hand.put(moments[1], 5, certain=True)
    assert not (tmp_path / "c.csv").exists()
    assert HandCounts(moments, tmp_path / "c.csv", owner_key=public).left() == []
    told = sealed_score(tmp_path / "c.csv.sealed", tmp_path / "owner", ["q"], [reading(1.0, 3), reading(4.0, 6)])
    assert told.startswith("q: n 2, mae 0.500, bias 0.500")
    lines = (tmp_path / "c.csv.sealed").read_text().splitlines()
    assert len({len(line) for line in lines}) == 1, "the length of a line would tell the count"
    assert (tmp_path / "owner").stat().st_mode & 0o077 == 0


def test_another_key_and_a_changed_line_open_nothing(tmp_path: Path) -> None:
    """Who has not the owner's key, or has changed a row, is told so."""
    public = new_key(tmp_path / "owner")
    new_key(tmp_path / "thief")
    hand = HandCounts([Moment(1.0, "q", True)], tmp_path / "c.csv", owner_key=public)
    hand.put(Moment(1.0, "q", True), 7, certain=True)
    sealed = tmp_path / "c.csv.sealed"
    with pytest.raises(InputError, match="another owner's key"):
        unseal(sealed, tmp_path / "thief")
    with pytest.raises(InputError, match="a key already"):
        new_key(tmp_path / "owner")
    assert len(unseal(sealed, tmp_path / "owner")) == 1


def test_sealing_needs_the_owners_key(tmp_path: Path) -> None:
    """Moments that are to be sealed are not counted without a key to seal them with."""
    with pytest.raises(InputError, match="owner-key"):
        HandCounts([Moment(1.0, "q", True)], tmp_path / "c.csv")
