"""Tuning: what is tried, how far off it is, and what it is worth where it was not chosen."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calibration import tuning_space, tuning_words
from calibration.batch_plan import Planned
from calibration.scoring import LengthError, Match
from calibration.truth import TruthCount
from calibration.tuning import Tuned, best_of, tuned
from calibration.tuning_scores import Job, Scored, length_pairs, scored, visit_pairs
from calibration.tuning_space import Change, as_it_is, changed, changes
from edge.config import load_site
from edge.errors import InputError
from edge.vocabulary import Visit
from linewise import tune_command
from tests.calibration.made import SITE, one_served, recording, site_file

CHANGES: tuple[Change, ...] = ({}, {"hold_s": 5.0}, {"hold_s": 8.0, "min_stay_s": 3.0}, {"birth_score": 0.3})


def result(off: np.ndarray, recordings: int = 6) -> Tuned:
    """The tuning of (C, M) errors, cut evenly into recordings."""
    parts = np.array_split(np.arange(off.shape[1]), recordings)
    return tuned([Scored(f"r{k}", p.astype(float), off[:, p]) for k, p in enumerate(parts)], CHANGES)


def noise(rows: int, columns: int, *, seed: int = 3) -> np.ndarray:
    """(rows, columns) of 0 or 1, one in two."""
    return np.random.default_rng(seed).integers(0, 2, (rows, columns)).astype(float)


def test_a_change_that_is_better_everywhere_is_a_sure_gain() -> None:
    """Half a person less on every count: chosen in every part, held out it is that much, and told in TOML."""
    off = np.stack([noise(1, 120)[0] + 0.5, noise(1, 120)[0] + 0.5, noise(1, 120)[0], noise(1, 120)[0] + 1.0])
    found = result(off)
    assert all(part.chosen == CHANGES[2] for part in found.parts)
    assert found.gain == pytest.approx(0.5)
    assert found.sure
    assert tuning_words.sentence(found, "length").startswith("Tuning gains: ")
    assert "hold_s = 8\nmin_stay_s = 3" in tuning_words.terminal(found, "length")


def test_changes_that_differ_by_chance_gain_nothing_where_they_were_not_chosen() -> None:
    """Noise alone, forty times: the best looks better on its own counts, and held out nothing is left of that."""
    drawn = [result(noise(4, 60, seed=seed)) for seed in range(40)]
    looks = float(np.mean([d.before - d.means.min() for d in drawn]))
    holds = float(np.mean([d.gain for d in drawn]))
    assert looks > 0.05
    assert abs(holds) < looks / 2
    assert sum(d.sure for d in drawn) <= 4
    for one in drawn:
        told = tuning_words.sentence(one, "length")
        assert one.sure or "eave" in told or "Count more" in told
        assert one.sure or "For the site file" not in tuning_words.terminal(one, "length")


def test_nothing_better_is_told_as_it_is() -> None:
    """Where every change is worse, the site file stays."""
    off = np.stack([np.zeros(40), *np.ones((3, 40))])
    found = result(off)
    assert found.best == {}
    assert tuning_words.sentence(found, "length").startswith("Nothing that was tried is better")


def test_of_equal_changes_the_smallest_is_taken() -> None:
    """The site as it is before any change, one knob before two."""
    assert best_of(np.ones((4, 5)), CHANGES) == 0
    assert best_of(np.stack([np.ones(5), np.ones(5), np.zeros(5), np.zeros(5)]), CHANGES) == 3


def test_few_recordings_are_cut_into_blocks_of_time() -> None:
    """Two recordings make six parts, of neighbours in time, all counts in one of them."""
    found = result(noise(4, 31), recordings=2)
    assert [p.name for p in found.parts] == [f"r{k}, {n} of 3" for k in (0, 1) for n in (1, 2, 3)]
    assert sum(p.n for p in found.parts) == 31


def test_single_changes_and_sound_combinations_are_tried(tmp_path: Path) -> None:
    """The site as it is comes first; no value that it has already, no service area where none is; the seed decides."""
    site = load_site(site_file(tmp_path), broker="any")
    drawn = changes([site], 20, np.random.default_rng(5))
    assert drawn[0] == {}
    assert drawn == changes([site], 20, np.random.default_rng(5))
    assert {"hold_s": 5.0} in drawn
    assert {"hold_s": 3.0} not in drawn
    assert not any("min_service_s" in change for change in drawn)
    singles = [c for c in drawn if len(c) == 1]
    assert len(drawn) == 1 + len(singles) + 20
    assert all(2 <= len(c) <= tuning_space.MOST_AT_ONCE for c in drawn[1 + len(singles) :])
    for change in drawn:
        one = changed(site, change)
        assert all(as_it_is(one, name) == {value} for name, value in change.items())
        assert one.cameras[0].tracker.keep_score <= one.cameras[0].tracker.birth_score


def test_every_value_that_is_tried_may_stand_in_a_site_file(tmp_path: Path) -> None:
    """The site file's own limits allow each knob's values, in the table that is told."""
    for name, knob in tuning_space.KNOBS.items():
        for value in knob.values:
            text = SITE.replace("detect_fps = 5\n", f"detect_fps = 5\ntracker = {{ {name} = {value} }}\n")
            if knob.table == "queue.lane":
                text = SITE + f"{name} = {value}\n"
            assert as_it_is(load_site(site_file(tmp_path, text), broker="any"), name) == {value}


def test_a_length_that_is_not_known_is_as_far_off_as_there_are_people() -> None:
    """And a moment outside the recording is in no figure."""
    count = TruthCount("q1", 10.0, 4, certain=True)
    errors = [LengthError(count, 10.0, 6), LengthError(count, 10.0, None), LengthError(count, None, None)]
    assert length_pairs(errors) == [(10.0, 2.0), (10.0, 4.0)]


def test_missed_and_extra_visits_count_at_the_visit_they_are_near() -> None:
    """A missed one at itself, an extra one at the real one that joined nearest to it."""

    def visit(joined_s: float) -> Visit:
        return Visit("q1", (), joined_s, joined_s + 9.0, joined_s + 9.0, "served", 0, censored=False)

    matches = [Match(visit(10.0), visit(11.0)), Match(visit(30.0), None), Match(None, visit(14.0))]
    assert visit_pairs(matches) == [(10.0, 1.0), (30.0, 1.0)]


def job(folder: Path, truth: str, changes: tuple[Change, ...], **more: object) -> Job:
    """One served person in a file, with a truth."""
    file = recording(folder / "r.jsonl", one_served())
    (folder / "t.csv").write_text(truth)
    planned = Planned("r", site_file(folder), file, (), (folder / "t.csv",))
    return replace(Job(planned, changes, "length"), **more)  # type: ignore[arg-type]


def test_a_recording_is_scored_under_every_change(tmp_path: Path) -> None:
    """A birth score over every box finds nobody: off by the one who stands there; as it is, not off."""
    truth = "pts_s,queue,length,certain\n20,q1,1,true\n25,q1,1,false\n38,q1,0,true\n"
    told: list[float] = []
    found = scored(job(tmp_path, truth, ({}, {"birth_score": 0.95})), told.append)
    assert found.at_s.tolist() == [20.0, 38.0]
    assert found.off.tolist() == [[0.0, 0.0], [1.0, 0.0]]
    assert told == [1.0, 2.0]


def test_a_goal_without_its_truth_is_refused(tmp_path: Path) -> None:
    """Counts for lengths, visits for visits."""
    truth = "pts_s,queue,length,certain\n20,q1,1,false\n"
    with pytest.raises(InputError, match="no certain counts"):
        scored(job(tmp_path, truth, ({},)), lambda value: None)
    with pytest.raises(InputError, match="no visits in its truth"):
        scored(job(tmp_path, truth, ({},), goal="visits"), lambda value: None)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_command_tells_and_writes_what_it_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bad recording is told and left out; tuning.json and tuning.md hold the held-out table."""
    rows = "".join(f"{t},q1,1\n" for t in range(12, 28, 2))
    made = job(tmp_path, f"pts_s,queue,length\n{rows}", ({},))
    recording(tmp_path / "bad.jsonl", ["oops"])
    plan = tmp_path / "plan.toml"
    one = '[[recording]]\nfile = "r.jsonl"\ntruth = ["t.csv"]\n'
    plan.write_text(f'site = "{made.planned.site.name}"\n{one}{one.replace("r.jsonl", "bad.jsonl")}')
    monkeypatch.setattr(tuning_space, "changes", lambda *arguments: [{}, {"birth_score": 0.95}])
    tune_command.tune(plan, goal="length", tries=0, out=tmp_path / "out", jobs=2)
    told = capsys.readouterr()
    assert "bad: left out." in told.err
    assert told.out.startswith("Nothing that was tried is better than what the site file has: 0.00 people off")
    written = json.loads((tmp_path / "out/tuning.json").read_text())
    assert [p["n"] for p in written["parts"]] == [2, 2, 2, 1, 1]
    assert written["failed"]["bad"]
    assert "| **all** | 8 | 0.00 | 0.00 | |" in (tmp_path / "out/tuning.md").read_text()
