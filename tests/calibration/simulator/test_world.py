from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from calibration.simulator.detections import NO_ERRORS, detections
from calibration.simulator.lanes import area_m, fractions, inside, place, sections, site_toml, spot
from calibration.simulator.scenarios import CANTEEN, ONE_TILL, SCENARIOS
from calibration.simulator.settings import Law, Rate, Staffing
from calibration.simulator.state import born
from calibration.simulator.visits import counts
from calibration.simulator.world import new_world, run, step

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


def test_the_bundled_demo_is_still_what_the_simulator_makes():
    """The demo's truth is that of its scenario and seed: a change of how people move shows here."""
    import csv
    from pathlib import Path

    from calibration.simulator.bundle import SEED

    bundled = Path(__file__).parents[3] / "linewise" / "demo_data" / "canteen.visits.csv"
    with bundled.open() as file:
        expected = [float(row["joined_s"]) for row in csv.DictReader(file)]
    _, visits = run(CANTEEN, np.random.default_rng(SEED).spawn(3)[0])
    assert [v.joined_s for v in visits] == pytest.approx(expected)


def test_a_chair_takes_no_more_than_it_has_seats_and_none_comes_in_a_stop():
    """Four seats at most, groups and singles together on one chair, and no chair while the lift stands still."""
    scenario = replace(SCENARIOS["chairlift"], duration_s=240.0, stops=((120.0, 180.0),))
    world = new_world(scenario, np.random.default_rng(2))
    for k in range(2400):
        step(world, k / 10)
    filled = [many for at_s, many in world.chairs]
    assert max(filled) == 4
    assert not [at_s for at_s, _ in world.chairs if 120.0 <= at_s < 180.0]
    assert {v.queue for v in world.visits if v.outcome == "served"} == {"groups", "singles"}


def test_staff_in_the_line_are_nobodys_visit():
    """Stewards walk into the lane, and every visit is still a customer's."""
    scenario = replace(SCENARIOS["staff"], duration_s=90.0)
    world = new_world(scenario, np.random.default_rng(2))
    stood_inside = 0
    for k in range(900):
        step(world, k / 10)
        stewards = [p for p in world.people if p.role == "steward"]
        stood_inside += sum(inside(p.till, p.x_m, p.y_m) for p in stewards)
        assert not {p.person for p in stewards} & set(world.visit_of)
    assert stood_inside > 50


def test_friends_stand_beside_those_they_came_to():
    """A late friend joins in the middle: somebody who joined earlier stands behind, and is served later."""
    scenario = replace(SCENARIOS["groups"], duration_s=120.0, friends=1.0, arrivals=(Rate(120.0, 6.0),))
    world = new_world(scenario, np.random.default_rng(5))
    jumped = 0
    for k in range(1200):
        step(world, k / 10)
        for line in world.lines.values():
            joined = [world.visit_of.get(p.person, 10**6) for p in line]
            jumped += any(a > b for a, b in pairwise(joined))
    assert jumped > 50


def test_a_friend_who_comes_too_late_walks_round_the_line():
    """Whose friend has been served goes to the end beside the lane: nobody is told as having left who has not."""
    scenario = replace(SCENARIOS["groups"], duration_s=240.0, friends=1.0, arrivals=(Rate(240.0, 3.0),))
    world = new_world(scenario, np.random.default_rng(3))
    friends: set[int] = set()
    late: set[int] = set()
    for k in range(2400):
        step(world, k / 10)
        friends |= {p.person for p in world.people if p.friend is not None}
        late |= {p.person for p in world.people if p.person in friends and p.bound and p.friend is None}
    assert len(late & set(world.visit_of)) > 3
    assert "left" not in {v.outcome for v in world.visits}


def test_who_comes_back_joins_again():
    """Out over the side and in again later: one visit that left, and one that is served."""
    world = new_world(replace(ONE_TILL, arrivals=(), passing=()), np.random.default_rng(0))
    [till] = ONE_TILL.tills
    person = born(world, "customer", spot(till, 2.0, 1.5))
    person.till, person.way = till, [spot(till, 2.0), spot(till, 2.0, 1.5), spot(till, 2.0), spot(till, -1.5)]
    for k in range(150):
        step(world, k / 10)
    assert [v.outcome for v in world.visits] == ["left", "served"]


def test_fewer_servers_mean_longer_lines():
    """With one of three counters open the line grows, and nobody is served at two places at once."""
    busy = replace(SCENARIOS["staffing"], duration_s=300.0, arrivals=(Rate(300.0, 2.4),))
    one = replace(busy, staffing=(Staffing(300.0, 1),))
    inside_at_end = [
        sum(v.outcome == "inside" for v in run(scenario, np.random.default_rng(3))[1])
        for scenario in (replace(busy, staffing=(Staffing(300.0, 3),)), one)
    ]
    assert inside_at_end[1] > inside_at_end[0] + 3


@pytest.mark.slow
def test_both_cameras_see_one_person_at_one_place():
    """Where lanes overlap, each camera's box of a person stands on the same floor to half a metre."""
    scenario = replace(SCENARIOS["two-cameras-overlap"], duration_s=120.0)
    instants, _ = run(scenario, np.random.default_rng(1))
    seen: dict[tuple[float, int], list[np.ndarray]] = {}
    for tick in detections(scenario, instants, np.random.default_rng(1), NO_ERRORS):
        feet = np.stack([(tick.boxes[:, 0] + tick.boxes[:, 2]) / 2, tick.boxes[:, 3]], 1)
        floor = scenario.view(tick.camera).floor_point(feet)
        for person, point in zip(tick.persons, floor, strict=True):
            if 5.0 < point[1] < 12.0 and abs(point[0]) < 1.5:
                seen.setdefault((tick.pts_s, int(person)), []).append(point)
    pairs = [points for points in seen.values() if len(points) == 2]
    assert len(pairs) > 20
    assert np.median([np.hypot(*(a - b)) for a, b in pairs]) < 0.5
