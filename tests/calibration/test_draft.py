"""A site file that is drawn keeps its comments, can be undone, and is never lost."""

from pathlib import Path

import pytest

from calibration.app.tools import TOOLS, draw, key_of, shapes_of, spot_of, trial
from calibration.draft import Draft, Spot, corners
from edge.errors import InputError

FRESH = (
    '# ours\n[site]\nid = "s"  # in topics\n\n[[camera]]\nid = "c"  # the camera\nsource = "test://"\n\n'
    '[[camera]]\nid = "d"\nsource = "test://"\n'
)
AREA = ((0.1, 0.2), (0.5, 0.2), (0.5, 0.9), (0.1, 0.9))
SIDE = ((0.1, 0.2), (0.5, 0.2))


@pytest.fixture
def draft(tmp_path: Path) -> Draft:
    """A fresh site file."""
    path = tmp_path / "site.toml"
    path.write_text(FRESH)
    return Draft(path)


def test_a_lane_is_drawn_into_a_fresh_file_with_its_comments_kept(draft: Draft) -> None:
    """A lane and its service line make a valid site, and every comment is still there."""
    spot = draft.add_lane("till", "c", AREA)
    draft.put(Spot("service_line", spot.owner, spot.lane), SIDE)
    site, faults = draft.checked()
    assert not faults
    assert site is not None
    assert site.queues[0].lanes[0].service_line == SIDE
    draft.save()
    assert all(comment in draft.path.read_text() for comment in ("# ours", "# in topics", "# the camera"))


def test_every_shape_can_be_put_and_taken_out(draft: Draft) -> None:
    """Masks, staff areas, lines, floor: each is in the site when put, and the text is the old one when all are gone."""
    spot = draft.add_lane("till", "c", AREA)
    spots = [Spot("mask", "c"), Spot("staff_area", "till"), Spot("service_area", "till")]
    for each in spots:
        draft.put(each, AREA)
    draft.add_line("door", "c", SIDE)
    draft.set_floor("c", AREA, ((0, 0), (2, 0), (2, 3), (0, 3)))
    site, faults = draft.checked()
    assert not faults
    assert site is not None
    kinds = {s["kind"] for s in shapes_of(site, "c")}
    assert kinds == {"area", "mask", "staff_area", "service_area", "line", "floor"}
    for each in [*spots, Spot("line", "door"), Spot("floor", "c"), spot]:
        draft.remove(each)
    site, faults = draft.checked()
    assert not faults
    assert site is not None
    assert shapes_of(site, "c") == []


def test_undo_takes_steps_back_one_by_one(draft: Draft) -> None:
    """After as many undos as steps the text is the file's, byte for byte."""
    draft.add_lane("till", "c", AREA)
    draft.put(Spot("service_line", "till"), SIDE)
    draft.undo()
    assert "service_line" not in draft.text
    draft.undo()
    assert draft.text == FRESH
    assert not draft.can_undo


def test_saving_keeps_the_file_that_was_there(draft: Draft) -> None:
    """The backup is the old file; a file changed by somebody else is never overwritten."""
    draft.add_lane("till", "c", AREA)
    assert draft.save().read_text() == FRESH
    draft.put(Spot("service_line", "till"), SIDE)
    draft.path.write_text(FRESH + "# by hand\n")
    with pytest.raises(InputError, match="somebody has changed"):
        draft.save()
    assert draft.path.read_text().endswith("# by hand\n")


@pytest.mark.parametrize(
    ("tool", "points", "word"),
    [
        ("area", ((0.1, 0.1), (0.9, 0.9), (0.9, 0.1), (0.1, 0.9)), "cross"),
        ("area", ((0.1, 0.1), (0.2, 0.2), (0.3, 0.3)), "no area"),
        ("service_line", ((0.2, 0.5), (0.4, 0.5)), "nobody can leave"),
    ],
)
def test_what_the_site_file_would_refuse_is_told_while_drawing(
    draft: Draft, tool: str, points: tuple[tuple[float, float], ...], word: str
) -> None:
    """The config's own rules speak before anything is in the draft, which stays as it is."""
    lane = draft.add_lane("till", "c", AREA)
    before = draft.text
    faults = trial(draft, tool, points, camera_id="c", lane=lane)
    assert any(word in fault.message for fault in faults)
    assert draft.text == before


def test_lanes_are_copied_to_another_camera(draft: Draft) -> None:
    """Each lane becomes one of a new queue on the other camera; the old ones stay."""
    draft.add_lane("till", "c", AREA)
    draft.put(Spot("service_line", "till"), SIDE)
    assert draft.copy_lanes("c", "d") == ["till-d"]
    site, faults = draft.checked()
    assert not faults
    assert site is not None
    assert [(q.id, q.lanes[0].camera_id, q.lanes[0].area) for q in site.queues] == [
        ("till", "c", AREA),
        ("till-d", "d", AREA),
    ]


def test_every_tool_draws_what_it_says(draft: Draft) -> None:
    """A shape of each tool lands at a spot of its kind."""
    lane = draft.add_lane("till", "c", AREA)
    for tool in (t for t in TOOLS if t not in ("", "floor")):
        points = SIDE if TOOLS[tool].most == 2 else AREA
        spot = draw(draft, tool, points, camera_id="c", lane=lane, new_id="new")
        assert spot is not None
        assert spot.kind == tool
    assert not draft.checked()[1]


@pytest.mark.parametrize("word", ["", "area|q|0", "wrong|q|0|0", "area|q|-1|0", "area|q|99999|0", None, 3])
def test_a_key_that_names_no_spot_is_refused(word: object) -> None:
    """What a browser says is believed only where it is one of our keys."""
    assert spot_of(word) is None
    assert spot_of(key_of(Spot("mask", "c", 0, 2))) == Spot("mask", "c", 0, 2)


def test_points_of_a_browser_are_checked() -> None:
    """Points are pairs of numbers, kept within the picture; all else is none."""
    assert corners([[0.5, 1.2]]) == ((0.5, 1.0),)
    assert all(corners(bad) is None for bad in (None, [], "x", [[1]], [["a", 2]], [[0, 0]] * 101))
