"""A bad camera gets its own advice with figures, a good one none: the simulator's canteen seen from other places."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from calibration.placement import Advice, advise, hidden_share
from calibration.sightings import Sightings, Table
from calibration.simulator.bundle import SEED
from calibration.simulator.detections import detections
from calibration.simulator.scenarios import SCENARIOS
from calibration.simulator.state import Instant
from calibration.simulator.world import run
from detector.runtime.detections import Detections
from detector.scenes.camera import Camera
from edge.settings import CameraSettings
from edge.tracking import Tracker

FILM = Path(__file__).parents[2] / "linewise/demo_data/canteen.mp4"
SEEN_S = 40.0


@pytest.fixture(scope="module")
def instants() -> Sequence[Instant]:
    """The beginning of the demo film's world."""
    canteen = replace(SCENARIOS["canteen"], duration_s=SEEN_S)
    return run(canteen, np.random.default_rng(SEED).spawn(3)[0])[0]


def seen_by(camera: Camera, instants: Sequence[Instant]) -> Table:
    """What a camera at that place would have seen of it, with a detector's errors, followed by the real tracker."""
    scenario = replace(SCENARIOS["canteen"], camera=camera, duration_s=SEEN_S)
    sightings, tracker = Sightings(), Tracker(CameraSettings("c", "c", "test://", "test://"), run="r")
    for tick in detections(scenario, instants, np.random.default_rng(3)):
        boxes, scores = tick.boxes.astype(np.float32), tick.scores.astype(np.float32)
        sightings.add(tracker.update(Detections(tick.pts_s, (camera.width_px, camera.height_px), boxes, scores)))
    return sightings.table()


def advice(camera: Camera, instants: Sequence[Instant]) -> dict[str, Advice]:
    """By what it is about."""
    return {one.about: one for one in advise(seen_by(camera, instants), None)}


def percent(one: Advice) -> int:
    """The first share in its figures."""
    found = re.search(r"(\d+)%", one.figures)
    assert found is not None
    return int(found.group(1))


def bad(found: dict[str, Advice]) -> set[str]:
    """What there is something to do about."""
    assert all(bool(one.todo) != one.good for one in found.values())
    return {about for about, one in found.items() if not one.good}


def test_a_good_camera_gets_no_advice(instants: Sequence[Instant]) -> None:
    """The demo's own camera: 2.8 m high, 78 degrees wide."""
    assert bad(advice(Camera(), instants)) == set()


@pytest.mark.slow
def test_people_too_small(instants: Sequence[Instant]) -> None:
    """Twelve metres farther away people are too small; a longer lens from there mends it."""
    far = advice(Camera(y_m=-12.0, pitch_deg=8.0), instants)
    assert "size" in bad(far)
    assert percent(far["size"]) < 13
    assert "longer lens" in far["size"].todo
    assert bad(advice(Camera(y_m=-12.0, pitch_deg=8.0, horizontal_fov_deg=38.0), instants)) == set()


def test_lens_too_wide(instants: Sequence[Instant]) -> None:
    """The same place through a lens of 120 degrees: most of the picture shows nobody."""
    wide = advice(Camera(horizontal_fov_deg=120.0), instants)
    assert "view" in bad(wide)
    assert percent(wide["view"]) < 20
    assert "too wide" in wide["view"].todo


def test_people_hide_each_other(instants: Sequence[Instant]) -> None:
    """At the height of faces along the line the hidden are not even seen; what is seen says so all the same."""
    low = advice(Camera(height_m=1.6, pitch_deg=5.0, x_m=-3.6, y_m=3.2, yaw_deg=-30.0), instants)
    assert bad(low) == {"hiding"}
    assert percent(low["hiding"]) > 12
    assert "higher" in low["hiding"].todo


@pytest.mark.slow
def test_counter_light(instants: Sequence[Instant]) -> None:
    """A picture of the demo's film is fine; with its back wall burnt out and its people dark it is not."""
    seen = seen_by(Camera(), instants)
    image = picture(float(seen.at_s.max()))
    assert advise(seen, image)[-1].good
    against = (image * 0.45).astype(np.uint8)
    against[60:200] = 255
    light = advise(seen, against)[-1]
    assert not light.good
    assert 15 < percent(light) < 25
    assert "window" in light.todo


def picture(pts_s: float) -> NDArray[np.uint8]:
    """The film's picture at that time."""
    with av.open(str(FILM)) as container:
        container.seek(round((pts_s - 1) * 1e6))
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= pts_s - 1e-3:
                return np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
    raise AssertionError("the film is shorter")


def test_hidden_share_of_a_box_behind_another() -> None:
    """Half of a box under a nearer one is 0.5; the nearer one is whole."""
    boxes = np.array([[0.0, 0.0, 0.2, 0.4], [0.1, 0.0, 0.3, 0.5]])
    assert hidden_share(boxes) == pytest.approx([0.5, 0.0])


def test_too_few_people_seen() -> None:
    """Nothing is said of a camera before enough people have been seen; how many are missing is."""
    nobody = Table(np.zeros(0, np.int64), np.zeros(0), np.zeros((0, 2)), np.zeros((0, 4)), 16 / 9)
    assert [(one.about, one.figures) for one in advise(nobody, None)] == [("people", "0 sightings, 60 are needed")]
