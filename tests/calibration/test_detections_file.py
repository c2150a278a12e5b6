"""Recorded detections: what is read, what is refused and how, and that writing keeps every value."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calibration.detections_file import Line, encode, read, rounded
from detector.runtime.detections import Detections
from edge.errors import InputError
from tests.calibration.made import line, recording


def anyone(camera_id: str | None) -> str | None:
    """Every camera is allowed."""
    return None


def lines_of(tmp_path: Path, lines: list[Any]) -> list[Line]:
    """What is read from these lines."""
    return list(read(recording(tmp_path / "r.jsonl", lines), anyone))


def fault_of(tmp_path: Path, lines: list[Any]) -> str:
    """The words of the refusal, its file name cut to r.jsonl."""
    with pytest.raises(InputError) as caught:
        lines_of(tmp_path, lines)
    return str(caught.value).replace(str(tmp_path) + "/", "")


def test_a_line_becomes_detections(tmp_path: Path) -> None:
    """Boxes, scores, size, camera and time come out as they stand in the line."""
    [(camera, pts_s, found)] = lines_of(tmp_path, [line(0.2, [[1.0, 2.0, 3.5, 4.25]], camera="tills")])
    assert (camera, pts_s) == ("tills", 0.2)
    assert found is not None
    assert found.size_px == (1280, 720)
    assert found.boxes.tolist() == [[1.0, 2.0, 3.5, 4.25]]
    assert found.scores.tolist() == [pytest.approx(0.9)]


def test_a_line_without_boxes_is_a_tick_and_one_with_none_is_a_picture(tmp_path: Path) -> None:
    """No "boxes" is no picture; an empty list is a picture of nobody."""
    tick, empty = lines_of(tmp_path, [line(1.0, None), line(2.0, [])])
    assert tick == (None, 1.0, None)
    assert empty[2] is not None
    assert empty[2].boxes.shape == (0, 4)


def test_boxes_without_scores_are_certain(tmp_path: Path) -> None:
    """Scores may be left out; each box then counts as 1.0."""
    [(_, _, found)] = lines_of(
        tmp_path, [{"pts_s": 0, "width": 10, "height": 10, "boxes": [[0, 0, 5, 5], [1, 1, 2, 2]]}]
    )
    assert found is not None
    assert found.scores.tolist() == [1.0, 1.0]


def test_blank_lines_are_nothing(tmp_path: Path) -> None:
    """A blank line between two lines changes nothing."""
    assert [p for _, p, _ in lines_of(tmp_path, [line(0.0, []), "", line(1.0, [])])] == [0.0, 1.0]


BAD = [
    ("{broken", "not JSON"),
    ("[1, 2]", "expected an object"),
    ('{"pts_s": 1.0, "boxs": []}', "unknown key boxs; did you mean 'boxes'?"),
    ("{}", "pts_s must be a number from 0 to 1e+09, got nothing"),
    ('{"pts_s": "1"}', "pts_s must be a number"),
    ('{"pts_s": true}', "pts_s must be a number"),
    ('{"pts_s": -1}', "pts_s must be a number from 0"),
    ('{"pts_s": NaN}', "pts_s must be a number"),
    ('{"pts_s": 1' + "0" * 400 + "}", "pts_s must be a number"),
    ('{"pts_s": 1, "camera": 5}', "camera must be a string, got 5"),
    ('{"pts_s": 1, "boxes": []}', "width must be a whole number of pixels"),
    ('{"pts_s": 1, "width": 1280.5, "height": 720, "boxes": []}', "width must be a whole number"),
    ('{"pts_s": 1, "width": 1280, "height": 0, "boxes": []}', "height must be a whole number"),
    ('{"pts_s": 1, "width": 9, "height": 9, "boxes": null}', "boxes must be a list"),
    ('{"pts_s": 1, "width": 9, "height": 9, "boxes": [[1, 2, 3]]}', "boxes[0] must be [x1, y1, x2, y2], got [1, 2, 3]"),
    ('{"pts_s": 1, "width": 9, "height": 9, "boxes": [[5, 5, 2, 2]]}', "boxes[0] must be corners with x1 <= x2"),
    ('{"pts_s": 1, "width": 9, "height": 9, "boxes": [[0, 0, 1, 1e400]]}', "boxes[0] must be a number"),
    ('{"pts_s": 1, "width": 9, "height": 9, "boxes": [[0, 0, 1, 1]], "scores": []}', "one number a box (1), got []"),
    ('{"pts_s": 1, "width": 9, "height": 9, "boxes": [[0, 0, 1, 1]], "scores": [1.5]}', "scores[0] must be a number"),
    ("[" * 100_000, "not JSON"),
    ("\x1b[31mred", "not JSON"),
]


@pytest.mark.parametrize(("text", "said"), BAD, ids=[said for _, said in BAD])
def test_a_bad_line_is_told_with_its_place_and_what_came(tmp_path: Path, text: str, said: str) -> None:
    """Each kind of bad line is refused by file:line and in words, without control characters."""
    told = fault_of(tmp_path, [line(0.0, []), text])
    assert told.startswith("r.jsonl:2: ")
    assert said in told
    assert "\x1b" not in told
    assert len(told) < 400


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    """The rest of the file is searched too: five faults are shown, more are counted."""
    told = fault_of(tmp_path, [line(0.0, []), *["oops"] * 7])
    assert [f"r.jsonl:{n}:" in told for n in range(2, 9)] == [True] * 5 + [False] * 2
    assert "and 2 more lines are wrong" in told


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (line(4.0, []), "pts_s goes back to 4 after 5"),
        (line(5.0, [], camera="a"), "a second picture of the same camera at pts_s 5"),
        (line(5.0 + 90_000, []), "Is pts_s in seconds?"),
    ],
    ids=["back", "twice", "jump"],
)
def test_time_must_go_on(tmp_path: Path, second: dict[str, Any], said: str) -> None:
    """Lines out of order, two pictures at one time, and a leap of more than a day are refused."""
    told = fault_of(tmp_path, [line(5.0, [], camera="a"), second])
    assert told.startswith("r.jsonl:2: ")
    assert said in told


def test_two_cameras_may_see_at_the_same_time(tmp_path: Path) -> None:
    """Pictures of two cameras at one time are both taken."""
    got = lines_of(tmp_path, [line(5.0, [], camera="a"), line(5.0, [], camera="b")])
    assert [c for c, _, _ in got] == ["a", "b"]


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    """A file without a line is told to be empty, with an example of a line."""
    assert "the file is empty" in fault_of(tmp_path, [""])


coordinate = st.floats(-2000, 20_000, width=32)
boxes = st.lists(st.tuples(coordinate, coordinate, coordinate, coordinate, st.floats(0, 1, width=32)), max_size=4)


@settings(max_examples=40, deadline=None)
@given(pts_s=st.floats(0, 1e6), rows=boxes)
def test_what_is_tracked_is_what_is_written(tmp_path_factory: pytest.TempPathFactory, pts_s: float, rows: Any) -> None:
    """Reading a written line gives exactly the values that went into the tracker."""
    table = np.array(rows, np.float32).reshape(-1, 5)
    corners = np.concatenate([np.minimum(table[:, :2], table[:, 2:4]), np.maximum(table[:, :2], table[:, 2:4])], axis=1)
    tracked = rounded(Detections(pts_s, (1920, 1080), corners, table[:, 4]))
    path = tmp_path_factory.mktemp("r") / "r.jsonl"
    path.write_text(encode("c1", pts_s, tracked))
    [(camera, back_s, found)] = read(path, anyone)
    assert found is not None
    assert (camera, back_s, found.pts_s) == ("c1", tracked.pts_s, tracked.pts_s)
    assert found.boxes.tobytes() == tracked.boxes.tobytes()
    assert found.scores.tobytes() == tracked.scores.tobytes()


def test_written_lines_are_short_and_rounded() -> None:
    """Hundredths of a pixel, ten thousandths of a score, microseconds."""
    found = rounded(
        Detections(1 / 3, (8, 8), np.array([[1 / 3, 0, 2 / 3, 1]], np.float32), np.array([1 / 3], np.float32))
    )
    assert json.loads(encode("c1", 1 / 3, found)) == {
        "pts_s": 0.333333, "camera": "c1", "width": 8, "height": 8,
        "boxes": [[0.33, 0.0, 0.67, 1.0]], "scores": [0.3333],
    }  # fmt: skip
