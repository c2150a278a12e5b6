"""Truth files: told apart by their header, read strictly."""

from pathlib import Path

import pytest

from calibration.truth import TruthCount, load
from edge.errors import InputError
from edge.vocabulary import Visit

QUEUES = ("queue-1", "till-2")


def file(tmp_path: Path, text: str, name: str = "t.csv") -> Path:
    """Writes a truth file."""
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_counts_are_read(tmp_path: Path) -> None:
    """A counts file gives moments; without a word on certainty they are certain."""
    truth = load(
        [file(tmp_path, "pts_s,queue,length,certain\n0.5,queue-1,2,true\n3,till-2,0,FALSE\n4,queue-1,1,\n")], QUEUES
    )
    assert truth.counts == (
        TruthCount("queue-1", 0.5, 2, True),
        TruthCount("till-2", 3.0, 0, False),
        TruthCount("queue-1", 4.0, 1, True),
    )
    assert load([file(tmp_path, "pts_s,queue,length\n1,queue-1,7\n")], QUEUES).counts == (
        TruthCount("queue-1", 1.0, 7, True),
    )


def test_columns_may_stand_in_any_order_and_a_byte_order_mark_is_no_trouble(tmp_path: Path) -> None:
    """What a spreadsheet saves is read: mark, CRLF, other order, spaces, empty last lines."""
    text = "\ufefflength, queue ,pts_s\r\n2,queue-1, 1.5\r\n\r\n,,\r\n"
    assert load([file(tmp_path, text)], QUEUES).counts == (TruthCount("queue-1", 1.5, 2, True),)


def test_visits_are_read(tmp_path: Path) -> None:
    """A visits file gives visits; empty cells are what did not happen."""
    rows = "queue-1,1,5,6,served\nqueue-1,2,,9,left\nqueue-1,3,,,\nqueue-1,4,,,inside\n"
    visits = load([file(tmp_path, "queue,joined_s,served_s,left_s,outcome\n" + rows)], QUEUES).visits
    assert visits == (
        Visit("queue-1", (), 1.0, 5.0, 6.0, "served", 0, False),
        Visit("queue-1", (), 2.0, None, 9.0, "left", 0, False),
        Visit("queue-1", (), 3.0, None, None, None, 0, False),
        Visit("queue-1", (), 4.0, None, None, None, 0, False),
    )


def test_views_are_read(tmp_path: Path) -> None:
    """A file of entering and leaving the view gives views, apart from visits of the lane."""
    truth = load([file(tmp_path, "queue,enter_view_pts_s,leave_view_pts_s\nqueue-1,6.1,19.7\n")], QUEUES)
    assert truth.visits == ()
    assert truth.views == (Visit("queue-1", (), 6.1, None, 19.7, None, 0, False),)


def test_files_add_up(tmp_path: Path) -> None:
    """Several files are one truth."""
    counts = file(tmp_path, "pts_s,queue,length\n1,queue-1,7\n", "a.csv")
    visits = file(tmp_path, "queue,joined_s,served_s,left_s,outcome\nqueue-1,1,5,6,served\n", "b.csv")
    truth = load([counts, visits, counts], QUEUES)
    assert (len(truth.counts), len(truth.visits)) == (2, 1)


COUNTS = "pts_s,queue,length,certain\n"
VISITS = "queue,joined_s,served_s,left_s,outcome\n"
BAD = [
    (
        "frame,track_id,x\n1,2,3\n",
        "t.csv:1: the header is 'frame,track_id,x', not one of a truth file. Allowed: pts_s,queue",
    ),
    ("", "t.csv:1: the header is ''"),
    ("pts_s;queue;length\n1;queue-1;2\n", "t.csv:1: the header is 'pts_s;queue;length'"),
    ("pts_s,queue,length,colour\n1,queue-1,2,red\n", "t.csv:1: unknown or repeated column 'colour'"),
    (COUNTS, "t.csv: no row under its header"),
    (COUNTS + "1,queue-1,2\n", "t.csv:2: 3 cells, expected 4"),
    (
        COUNTS + "1,queue-7,2,true\n",
        "t.csv:2: the site has no queue 'queue-7'; did you mean 'queue-1'? It has queue-1, till-2",
    ),
    (COUNTS + "1,restaurant,2,true\n", "t.csv:2: the site has no queue 'restaurant'. It has queue-1, till-2"),
    (COUNTS + "soon,queue-1,2,true\n", "t.csv:2: pts_s is 'soon'; allowed: seconds from 0"),
    (COUNTS + "nan,queue-1,2,true\n", "t.csv:2: pts_s is 'nan'"),
    (COUNTS + "1,queue-1,two,true\n", "t.csv:2: length is 'two'; allowed: a whole number of people"),
    (COUNTS + "1,queue-1,-1,true\n", "t.csv:2: length is '-1'"),
    (COUNTS + "1,queue-1,2,maybe\n", "t.csv:2: certain is 'maybe'; allowed: true, false"),
    (COUNTS + '1,"queue-1,2,true\n', "not CSV"),
    (VISITS + "queue-1,5,3,6,served\n", "t.csv:2: joined_s, served_s, left_s go back"),
    (VISITS + "queue-1,5,,6,served\n", "t.csv:2: outcome is 'served', but served_s is empty"),
    (VISITS + "queue-1,5,6,6,gone\n", "t.csv:2: outcome is 'gone'; allowed: served, left, lost"),
    (
        "queue,enter_view_pts_s,leave_view_pts_s\nqueue-1,5,4\n",
        "t.csv:2: leave_view_pts_s 4 is before enter_view_pts_s 5",
    ),
]


@pytest.mark.parametrize(("text", "said"), BAD, ids=[said[:60] for _, said in BAD])
def test_a_bad_truth_is_told_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    """Each fault names file and line, what came and what is allowed."""
    with pytest.raises(InputError) as caught:
        load([file(tmp_path, text)], QUEUES)
    assert said in str(caught.value).replace(str(tmp_path) + "/", "")


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """A missing file and two bad rows of another are one message; a great many are cut."""
    bad = file(tmp_path, COUNTS + "1,queue-1,x,true\n2,queue-1,1,true\n3,queue-1,y,true\n")
    with pytest.raises(InputError, match="no such file") as caught:
        load([tmp_path / "none.csv", bad], QUEUES)
    assert ":2: length" in str(caught.value)
    assert ":4: length" in str(caught.value)
    with pytest.raises(InputError, match=r"\.\.\. and 20 more"):
        load([file(tmp_path, COUNTS + "1,queue-1,x,true\n" * 30)], QUEUES)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A picture given as a truth file is refused by name."""
    path = tmp_path / "t.csv"
    path.write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(InputError, match=r"t\.csv: can't be read as text"):
        load([path], QUEUES)
