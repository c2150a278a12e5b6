"""The acceptance rule: which figure is judged by which bound, and what can't be judged."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from calibration import acceptance
from edge.config import ConfigError, load_site
from edge.config_acceptance import BOUNDS, TRACK_BOUNDS
from edge.errors import InputError
from edge.settings import AcceptanceBound, Site
from tests.calibration.made import SITE, site_file

TRUTH: dict[str, Any] = {
    "length": {"n": 40, "mae": 0.4, "bias": -0.3, "within_1": 0.9, "unknown": 8, "outside": 2},
    "length_intervals": {"length_mae": (0.2, 0.6), "length_bias": None, "within_1": (0.85, 0.95)},
    "wait": {"n": 12, "mae": 50.0, "bias": -20.0, "too_short": 0.4, "coverage": 0.8, "unknown": 0},
    "wait_intervals": {"wait_mae_s": (30.0, 70.0)},
    "visits": {"n": 20, "found": 18, "missed": 2, "extra": 3},
    "flow": {"joined": {"n": 7, "geh_85": 4.0}, "served": {"n": 7, "geh_85": 6.0}},
}
FIGURES = {
    "length_mae": 0.4, "length_bias": -0.3, "within_1": 0.9, "length_unknown": 0.2, "visits_found": 0.9,
    "visits_extra": 0.15, "joined_geh": 4.0, "served_geh": 6.0, "wait_mae_s": 50.0, "wait_bias_s": -20.0,
    "wait_too_short": 0.4, "wait_coverage": 0.8,
}  # fmt: skip


def site_with(folder: Path, *bounds: AcceptanceBound) -> Site:
    """The made-up site with these bounds."""
    return replace(load_site(site_file(folder)), acceptance=bounds)


def summary(**queue: Any) -> dict[str, Any]:
    """A summary with one queue."""
    return {"queues": {"q1": {"truth": TRUTH, **queue}}}


def test_every_bound_has_its_figure() -> None:
    """Each key of [acceptance] is judged by a figure of its own."""
    assert set(FIGURES) == set(BOUNDS)
    assert {name: acceptance.figure(TRUTH, name).value for name in BOUNDS} == pytest.approx(FIGURES)


@pytest.mark.parametrize(
    ("name", "limit", "holds", "sure"),
    [
        ("length_mae", 0.4, True, False),
        ("length_mae", 0.6, True, True),
        ("length_mae", 0.39, False, False),
        ("length_bias", 0.3, True, None),
        ("length_bias", 0.29, False, None),
        ("within_1", 0.9, True, False),
        ("within_1", 0.91, False, False),
        ("wait_bias_s", 19.9, False, None),
        ("wait_coverage", 0.8, True, None),
        ("visits_extra", 0.15, True, None),
    ],
)
def test_a_figure_on_its_bound_holds(tmp_path: Path, name: str, limit: float, holds: bool, sure: bool | None) -> None:
    """At most and at least take the bound itself; a bias counts either way; the whole interval says how sure it is."""
    [row] = acceptance.judged(site_with(tmp_path, AcceptanceBound("q1", name, limit)), summary())
    assert (row.passed, row.sure) == (holds, sure)
    assert acceptance.verdict([row]) == ("passed" if holds else "failed")


def test_a_figure_that_is_not_there_fails(tmp_path: Path) -> None:
    """A wait that was never told can't hold a bound: there is no silent pass."""
    truth = {**TRUTH, "wait": {"n": 0, "mae": None, "bias": None, "too_short": None, "coverage": None, "unknown": 9}}
    site = site_with(tmp_path, AcceptanceBound("q1", "wait_mae_s", 1000.0))
    [row] = acceptance.judged(site, summary(truth=truth))
    assert not row.passed
    assert "could not be measured" in acceptance.sentence(row)


def test_open_and_sealed_counts_are_judged_apart(tmp_path: Path) -> None:
    """A bound of the length is held against both; one that fails makes the verdict."""
    sealed = {"length": {**TRUTH["length"], "mae": 0.9}, "length_intervals": {}}
    site = site_with(tmp_path, AcceptanceBound("q1", "length_mae", 0.5))
    rows = acceptance.judged(site, summary(sealed=sealed))
    assert [(r.sealed, r.passed) for r in rows] == [(False, True), (True, False)]
    assert acceptance.verdict(rows) == "failed"


def test_tracks_are_judged_camera_by_camera(tmp_path: Path) -> None:
    """Each camera with a MOT truth has to hold the bound."""
    tracks = {c: {"hota": h, "pictures": 9} for c, h in (("a", 0.6), ("b", 0.4))}
    site = site_with(tmp_path, AcceptanceBound(None, "hota", 0.5))
    assert [r.passed for r in acceptance.judged(site, {**summary(), "tracks": tracks})] == [True, False]


def test_missing_truth_is_a_fault_and_none_at_all_is_not(tmp_path: Path) -> None:
    """All bounds without their truth are told at once; without any truth nothing is judged."""
    bounds = [AcceptanceBound("q1", n, 1.0) for n in BOUNDS] + [AcceptanceBound(None, n, 1.0) for n in TRACK_BOUNDS]
    site = site_with(tmp_path, *bounds)
    acceptance.check(site, [])
    acceptance.check(site, [("q1", "counts"), ("q1", "visits"), ("q1", "waits"), (None, "tracks")])
    with pytest.raises(InputError) as told:
        acceptance.check(site, [("q1", "counts"), ("q2", "visits")])
    text = str(told.value)
    assert all(f"{name} = 1" in text for name in ("visits_found", "wait_mae_s", "joined_geh", "hota", "idf1"))
    assert "length_mae" not in text
    assert acceptance.block(site, []) == {"verdict": "not judged", "bounds": []}
    assert acceptance.block(replace(site, acceptance=()), []) is None


def test_a_queues_own_bounds_take_the_place_of_everybodys(tmp_path: Path) -> None:
    """[acceptance] holds for every queue; what a queue sets itself holds there instead; tracks are the site's."""
    second = SITE.split("[[queue]]")[1].replace('"q1"', '"q2"')
    text = f"{SITE}\n[queue.acceptance]\nlength_mae = 0.1\nwait_mae_s = 60\n\n[[queue]]{second}"
    site = load_site(site_file(tmp_path, text + "\n[acceptance]\nlength_mae = 0.3\nwithin_1 = 0.9\nhota = 0.5\n"))
    assert [(b.queue_id, b.name, b.limit) for b in site.acceptance] == [
        ("q1", "length_mae", 0.1), ("q1", "within_1", 0.9), ("q1", "wait_mae_s", 60.0),
        ("q2", "length_mae", 0.3), ("q2", "within_1", 0.9), (None, "hota", 0.5),
    ]  # fmt: skip


def test_wrong_bounds_are_faults_of_the_site_file(tmp_path: Path) -> None:
    """A misspelt bound, a share above 1 and a bound of tracks inside a queue are told with what is allowed."""
    text = f"{SITE}\n[queue.acceptance]\nhota = 0.5\n\n[acceptance]\nlength_mea = 0.3\nwithin_1 = 95\n"
    with pytest.raises(ConfigError) as told:
        load_site(site_file(tmp_path, text))
    said = str(told.value)
    assert 'did you mean "length_mae"?' in said
    assert "within_1 = 95: too large; allowed: 0 to 1" in said
    assert "queue.acceptance.hota" in said
