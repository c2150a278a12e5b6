from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from calibration.simulator.lanes import area_m, fractions, inside, place, sections, site_toml, spot
from calibration.simulator.scenarios import CANTEEN, ONE_TILL, SCENARIOS
from calibration.simulator.settings import Law, Rate
from calibration.simulator.visits import counts
from calibration.simulator.world import run

SHORT = replace(CANTEEN, duration_s=60.0, arrivals=(Rate(60.0, 14.0),))


@pytest.fixture(scope="module")
def short():
    return run(SHORT, np.random.default_rng(3))


def test_same_seed_same_world(short):
    """The same seed moves everybody in the same way, another seed does not."""
    assert run(SHORT, np.random.default_rng(3)) == short
    assert run(SHORT, np.random.default_rng(4))[0] != short[0]


def test_truth_is_where_the_feet_are(short):
    """At each second the counted length is the number of customers with their feet in the lane."""
    instants, visits = short
    at = {round(i.pts_s, 3): i for i in instants}
    for row in counts(visits, ["till-1", "till-2"], 59.0):
        till = next(t for t in SHORT.tills if t.queue == row.queue)
        people = [p for p in at[row.pts_s].people if p.role == "customer"]
        feet = sum(inside(till, p.x_m, p.y_m) for p in people)
        assert not row.certain or feet == row.length


def test_accounts_balance():
    """Joined minus served minus left equals the people inside at the end, with some who give up."""
    scenario = replace(SHORT, duration_s=150.0, patience=Law("exponential", 25.0))
    _, visits = run(scenario, np.random.default_rng(8))
    outcomes = [v.outcome for v in visits]
    assert outcomes.count("left") > 0
    last = [r for r in counts(visits, ["till-1", "till-2"], 150.0) if r.pts_s == 150.0]
    assert sum(r.length for r in last) == outcomes.count("inside")


def test_people_move_like_people(short):
    """Nobody goes faster than 1.7 m/s, and those who wait keep more than 45 cm from the next in line."""
    instants, _ = short
    assert max(p.speed_mps for i in instants for p in i.people) < 1.7
    for till in SHORT.tills:
        for instant in instants:
            waiting = [p for p in instant.people if p.role == "customer" and p.doing == "waiting"]
            along = sorted(place(till, p.x_m, p.y_m)[0] for p in waiting if inside(till, p.x_m, p.y_m))
            assert all(b - a > 0.45 for a, b in pairwise(along))


@pytest.mark.parametrize("name", sorted(SCENARIOS))
def test_lanes_lie_in_the_picture(name):
    """Each scenario's lanes and staff are wholly in view, so that the site file cuts nothing off."""
    scenario = SCENARIOS[name]
    for till in scenario.tills:
        for section in sections(scenario, till):
            corners = np.array(fractions(scenario.view(section.camera), area_m(till, section)))
            assert (corners > 0).all(), section
            assert (corners < 1).all(), section


def test_site_is_toml_with_the_lanes():
    """The site file parses, and each lane's corners are those of the floor seen through the camera."""
    import tomllib

    site = tomllib.loads(site_toml(ONE_TILL, "video.mp4"))
    lane = site["queue"][0]["lane"][0]
    pixels = np.array(lane["area"]) * [1280, 720]
    assert ONE_TILL.camera.floor_point(pixels) == pytest.approx(np.array(area_m(ONE_TILL.tills[0])), abs=0.01)
    assert lane["service_line"] == lane["area"][:2]


def test_spot_and_place_are_inverse():
    """A place along and beside a line goes to the floor and back."""
    for till in CANTEEN.tills:
        assert place(till, *spot(till, 2.3, -0.4)) == pytest.approx((2.3, -0.4))
