"""Common corners of a lane and its service line stay common when one is dragged."""

from pathlib import Path

import pytest

from calibration.draft import Draft, Spot
from calibration.draft_move import moved
from edge.settings import Site
from edge.vocabulary import Polygon

AREA = ((0.1, 0.2), (0.5, 0.2), (0.5, 0.9), (0.1, 0.9))
LANE, LINE = Spot("area", "till"), Spot("service_line", "till")


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """A lane whose upper side is its service line."""
    path = tmp_path / "site.toml"
    path.write_text('[site]\nid = "s"\n\n[[camera]]\nid = "c"\nsource = "test://"\n')
    found = Draft(path)
    found.add_lane("till", "c", AREA)
    found.put(LINE, AREA[:2])
    return found


def site_of(draft: Draft) -> Site:
    """As drawn."""
    site, faults = draft.checked()
    assert site is not None
    assert not faults
    return site


def dragged(draft: Draft, spot: Spot, points: Polygon) -> tuple[Polygon, Polygon | None]:
    """(lane, service line) after the drag."""
    draft.put_all(moved(site_of(draft), spot, points))
    lane = site_of(draft).queues[0].lanes[0]
    return lane.area, lane.service_line


def test_a_lanes_corner_takes_the_lines_end_along_and_one_undo_takes_both_back(draft: Draft) -> None:
    """Else the line would stay behind, off its lane."""
    before = draft.text
    area = (AREA[0], (0.6, 0.25), *AREA[2:])
    assert dragged(draft, LANE, area) == (area, (AREA[0], (0.6, 0.25)))
    draft.undo()
    assert draft.text == before


def test_a_lines_end_takes_the_lanes_corner_along(draft: Draft) -> None:
    """The line is drawn over its lane: who drags the corner gets hold of the line."""
    assert dragged(draft, LINE, (AREA[0], (0.6, 0.25))) == ((AREA[0], (0.6, 0.25), *AREA[2:]), (AREA[0], (0.6, 0.25)))


def test_a_whole_lane_takes_its_line_along_a_whole_line_leaves_its_lane(draft: Draft) -> None:
    """A lane is moved as it is; a line is moved to another side of it."""
    area = tuple((x + 0.1, y) for x, y in AREA)
    assert dragged(draft, LANE, area) == (area, area[:2])
    assert dragged(draft, LINE, area[2:]) == (area, area[2:])


def test_a_corner_added_or_a_line_off_the_corners_moves_nothing_else(draft: Draft) -> None:
    """Only what lies exactly on a dragged corner goes along."""
    five = (*AREA, (0.05, 0.5))
    assert dragged(draft, LANE, five) == (five, AREA[:2])
    line = ((0.2, 0.2), (0.4, 0.2))
    draft.put(LINE, line)
    assert dragged(draft, LANE, (AREA[0], (0.6, 0.2), *five[2:]))[1] == line
