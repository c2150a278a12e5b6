"""SITE.calibration.toml: what was measured at a site, and what becomes of it."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from edge.calibration_file import LaneFit, calibration_path, fingerprint, lanes_toml, miss_rate, read_fits
from edge.config import load_site
from edge.config_faults import ConfigError
from edge.settings import Site
from edge.vocabulary import LaneSettings
from tests.edge.queueing.scene import AREA, lane

SITE = """
[site]
id = "canteen"
[[camera]]
id = "c1"
source = "test://"
[[queue]]
id = "till"
[[queue.lane]]
camera = "c1"
area = [[0.25, 0.30], [0.75, 0.30], [0.75, 0.60], [0.25, 0.60]]
[[queue.lane]]
camera = "c1"
area = [[0.25, 0.60], [0.75, 0.60], [0.75, 0.95], [0.25, 0.95]]
"""


def load(folder: Path, calibration: str | None) -> Site:
    """The site above with that calibration file."""
    path = folder / "canteen.toml"
    path.write_text(SITE)
    if calibration is not None:
        calibration_path(path).write_text(calibration)
    return load_site(path)


def test_what_is_written_is_read_and_reaches_its_lane(tmp_path: Path) -> None:
    """The second lane's miss rate is the second lane's."""
    back = load(tmp_path, None).queues[0].lanes[1]
    site = load(tmp_path, lanes_toml("canteen", [LaneFit("till", 2, fingerprint(back), 0.12, 40)]))
    assert [x.miss_rate for x in site.queues[0].lanes] == [None, 0.12]
    assert fingerprint(site.queues[0].lanes[1]) == fingerprint(back)  # a corrected lane can be fitted again


def test_a_lane_drawn_anew_is_not_corrected(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Another fingerprint, or a lane that is gone: not used, and the log says which and what to do."""
    fits = [LaneFit("till", 1, "0" * 16, 0.3, 40), LaneFit("bar", 1, "0" * 16, 0.3, 40)]
    with caplog.at_level(logging.WARNING):
        site = load(tmp_path, lanes_toml("canteen", fits))
    assert [x.miss_rate for x in site.queues[0].lanes] == [None, None]
    assert "lane 1 of queue 'till' has changed" in caplog.text
    assert "lane 1 of queue 'bar' is not in the site" in caplog.text


@pytest.mark.parametrize(
    "changed",
    [{"camera_id": "c2"}, {"area": AREA[:3]}, {"service_line": None}, {"min_stay_s": 6.0}, {"hold_s": 4.0},
     {"staff_area": (AREA,)}],
)  # fmt: skip
def test_a_fingerprint_changes_with_what_decides_who_is_counted(changed: dict[str, object]) -> None:
    """Camera, shapes and times; not the miss rate itself."""
    plain: LaneSettings = lane()
    assert fingerprint(lane(**changed)) != fingerprint(plain)
    assert fingerprint(replace(plain, miss_rate=0.4)) == fingerprint(plain)


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    """File, line, key, what came and what is allowed, of all of them; nothing is half used."""
    text = 'schema = 2\n[[lane]]\nqueue = "till"\nlane = 0\nfingerprint = "00"\nmiss_rate = 1.5\nmoments = true\n'
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    said = str(caught.value)
    for part in (
        ":1: schema = 2",
        ":4: lane.lane = 0: allowed: a number from 1",
        ":6: lane.miss_rate = 1.5: allowed: a number from -0.5 to 0.9",
        ":7: lane.moments = true",
    ):
        assert part in said


@pytest.mark.parametrize(
    "text",
    ["lane = [", "\x00", "schema = 1\nlane = 3\n", "schema = 1\nlane = [3]\n", "schema = 1\nmiss = nan\nlane = [{}]"],
)
def test_a_broken_file_is_a_fault_in_words(tmp_path: Path, text: str) -> None:
    """Whatever stands in it, the answer is a ConfigError that names the file."""
    with pytest.raises(ConfigError, match=r"canteen\.calibration\.toml"):
        load(tmp_path, text)


def test_a_lane_told_twice_is_a_fault(tmp_path: Path) -> None:
    """Two rates of one lane: which is meant cannot be known."""
    fit = LaneFit("till", 1, "0" * 16, 0.1, 3)
    path = tmp_path / "x.toml"
    path.write_text(lanes_toml("canteen", [fit, fit]))
    with pytest.raises(ConfigError, match="stands there twice"):
        read_fits(path)


@pytest.mark.parametrize(
    ("told", "there", "rate"), [(80, 100, 0.2), (110, 100, -0.1), (0, 100, 0.9), (300, 100, -0.5), (3, 0, 0.0)]
)
def test_the_miss_rate_is_the_share_not_counted(told: float, there: float, rate: float) -> None:
    """1 - counted / there, within what is believed."""
    assert miss_rate(told, there) == pytest.approx(rate)


@pytest.mark.parametrize(
    ("told", "there", "before", "rate"), [(100, 100, 0.2, 0.2), (90, 100, 0.2, 0.28), (120, 100, 0.2, 0.04)]
)
def test_a_rate_is_corrected_by_what_is_told_with_it(told: float, there: float, before: float, rate: float) -> None:
    """Right as it is: the same; told too few: more are missed; told too many: fewer."""
    assert miss_rate(told, there, before) == pytest.approx(rate)
