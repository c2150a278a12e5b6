"""The site files of examples/."""

from pathlib import Path

import pytest

from edge.config import load_site
from linewise.check_lanes import lane_lines

EXAMPLES = sorted((Path(__file__).parent.parent / "examples").glob("*.toml"))
ENVIRON = {"CAM_PASSWORD": "secret", "MQTT_PASSWORD": "secret"}


def test_the_three_examples_are_there():
    """An installer finds a canteen, a ski lift and a queue over two cameras."""
    assert {"canteen", "ski-lift", "two-cameras"} <= {path.stem for path in EXAMPLES}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_loads_without_a_fault(path):
    """Every example is a site file as it stands."""
    site = load_site(path, ENVIRON)
    assert site.cameras
    assert site.queues
    assert all("secret" not in camera.source_shown for camera in site.cameras)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_example_has_only_lanes_that_can_count(path):
    """No example teaches a lane that `linewise check` warns about."""
    assert {line.level for line in lane_lines(load_site(path, ENVIRON))} == {"ok"}
