"""Which recording is whose, and what comes of several at once."""

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from calibration import ahead
from calibration.recording import Recording, choose, file_camera, items, length_s
from detector.runtime.detections import Detections
from detector.runtime.fake import FakeDetector
from edge.capture.faults import file_fault
from edge.config import load_site
from edge.errors import InputError, SourceError
from edge.settings import Site
from edge.vocabulary import Frame
from tests.calibration.made import SECOND_CAMERA, SITE, line, recording, site_file, video


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """One camera, c1."""
    return load_site(site_file(tmp_path))


@pytest.fixture
def two(tmp_path: Path) -> Site:
    """Two cameras, c1 and c2."""
    return load_site(site_file(tmp_path, SITE + SECOND_CAMERA))


def no_detector() -> FakeDetector:
    """Recorded detections need no detector."""
    raise AssertionError("a detector was opened")


def test_one_camera_needs_no_name(site: Site, tmp_path: Path) -> None:
    """With one camera RECORDING is its recording; the name of the file tells the kind."""
    film, lines = video(tmp_path / "f.mp4", seconds=0.5), recording(tmp_path / "r.JSONL", [line(0, [])])
    assert choose(site, film, ()) == (Recording(film, "c1", "video"),)
    assert choose(site, lines, ()) == (Recording(lines, "c1", "detections"),)
    assert choose(site, film, ["c1"]) == choose(site, None, [f"c1={film}"]) == (Recording(film, "c1", "video"),)


def test_each_camera_may_have_its_recording(two: Site, tmp_path: Path) -> None:
    """--camera ID=RECORDING may be given for each camera."""
    a, b = (recording(tmp_path / name, [line(0, [])]) for name in ("a=1.jsonl", "b.jsonl"))
    assert choose(two, None, [f"c2={b}", f"c1={a}"]) == (
        Recording(b, "c2", "detections"),
        Recording(a, "c1", "detections"),
    )
    assert choose(two, a, ()) == (Recording(a, None, "detections"),)


def test_without_a_recording_the_sites_own_files_are_taken(tmp_path: Path) -> None:
    """Cameras whose source is a file are replayed from it; others are left out, or refused when asked for by name."""
    video(tmp_path / "film.mp4", seconds=0.5)
    site = load_site(site_file(tmp_path, SITE.replace("test://", "film.mp4", 1) + SECOND_CAMERA))
    assert choose(site, None, ()) == (Recording(tmp_path / "film.mp4", "c1", "video"),)
    assert choose(site, None, ["c1"]) == choose(site, None, ())
    with pytest.raises(InputError, match=r"--camera c2: its source .* is no file; give --camera c2=RECORDING"):
        choose(site, None, ["c2"])


REFUSED = [
    ("f.mp4", [], "has 2 cameras (c1, c2); say whose recording this is with --camera ID"),
    ("f.mp4", ["c3"], "has no camera 'c3'; it has c1, c2"),
    ("f.mp4", ["c1", "c2"], "give either RECORDING with one --camera ID"),
    ("f.mp4", ["c1=f.mp4"], "give either RECORDING with one --camera ID"),
    (None, ["c1=f.mp4", "c1=f.mp4"], "camera 'c1' is given twice"),
    (None, ["c1=nothing.mp4"], "nothing.mp4: no such file"),
    (None, ["c1=."], "not a file; a recording is a video file"),
    (None, ["c1=empty.jsonl"], "empty.jsonl: the file is empty"),
    (None, [], "no camera of site.toml has a file as its source; give a RECORDING"),
]


@pytest.mark.parametrize("case", REFUSED, ids=[said[:50] for _, _, said in REFUSED])
def test_what_cannot_be_known_is_asked_for(
    two: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: tuple[str | None, list[str], str]
) -> None:
    """Each command line that leaves a doubt is refused in words that say what to give."""
    given, cameras, said = case
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.mp4").write_bytes(b"x")
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(InputError) as caught:
        choose(two, Path(given) if given else None, cameras)
    assert said in str(caught.value)


def test_recordings_are_merged_by_time(two: Site, tmp_path: Path) -> None:
    """Two recordings come as one stream in the order of time, ties in the order given."""
    a = recording(tmp_path / "a.jsonl", [line(t, []) for t in (0.0, 1.0, 2.0)])
    b = recording(tmp_path / "b.jsonl", [line(0.5, []), line(1.0, []), line(7.0, None)])
    merged = items(two, choose(two, None, [f"c2={b}", f"c1={a}"]), no_detector)
    assert [(c, p, d is None) for c, p, d in merged] == [
        ("c1", 0.0, False), ("c2", 0.5, False), ("c2", 1.0, False), ("c1", 1.0, False), ("c1", 2.0, False),
        ("c2", 7.0, True),
    ]  # fmt: skip


def test_lines_may_name_their_camera(two: Site, tmp_path: Path) -> None:
    """One file of two cameras is told apart by its lines; a tick needs no camera."""
    path = recording(tmp_path / "r.jsonl", [line(0, [], camera="c2"), line(0, [], camera="c1"), line(1, None)])
    assert [c for c, _, _ in items(two, choose(two, path, ()), no_detector)] == ["c2", "c1", "c1"]


@pytest.mark.parametrize(
    ("camera", "asked", "said"),
    [
        ("c9", [], "the site has no camera 'c9'; it has c1, c2"),
        (None, [], "no camera; the site has c1, c2: name one in each line, or give --camera ID"),
        ("c2", ["c1"], "camera is 'c2', but the recording is given as that of 'c1'"),
    ],
)
def test_a_line_of_no_known_camera_is_refused(
    two: Site, tmp_path: Path, camera: str | None, asked: list[str], said: str
) -> None:
    """A line whose camera is unknown, missing or another than asked for is told with its place."""
    more = {} if camera is None else {"camera": camera}
    path = recording(tmp_path / "r.jsonl", [line(0, [], **more)])
    with pytest.raises(InputError) as caught:
        list(items(two, choose(two, path, asked), no_detector))
    assert f"r.jsonl:1: {said}" in str(caught.value)


def test_a_video_is_detected_at_detect_fps(site: Site, tmp_path: Path) -> None:
    """Two seconds at 10 pictures a second and detect_fps 5 are ten pictures, seen by one detector, rounded."""
    detector = FakeDetector({400: [(1 / 3, 2 / 3, 40.0, 150.0, 0.9)]})
    got = list(items(site, choose(site, video(tmp_path / "f.mp4"), ()), lambda: detector))
    assert [p for _, p, _ in got] == pytest.approx([k / 5 for k in range(10)])
    assert [len(d.boxes) for _, _, d in got if d] == [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert got[2][2] is not None
    assert got[2][2].boxes[0, 0] == np.float32(0.33)


def test_the_masks_of_the_site_are_applied(tmp_path: Path) -> None:
    """What the detector sees is black where the site has a mask."""
    mask = "mask = [[[0.0, 0.0], [1.0, 0.0], [1.0, 0.5], [0.0, 0.5]]]\n"
    site = load_site(site_file(tmp_path, SITE.replace("detect_fps = 5\n", "detect_fps = 5\n" + mask)))
    seen: list[tuple[float, float]] = []

    def look(pts_s: float, image: np.ndarray) -> Detections:
        seen.append((float(image[:80].max()), float(image[100:].max())))
        return Detections(pts_s, (320, 180), np.zeros((0, 4), np.float32), np.zeros(0, np.float32))

    list(items(site, choose(site, video(tmp_path / "f.mp4", seconds=0.5), ()), lambda: FakeDetector(look)))
    assert all(above == 0 and below > 200 for above, below in seen)
    assert len(seen) == 3


class BrokenSource:
    """Gives fifty pictures, then fails."""

    def __init__(self, site: Site) -> None:
        self.camera = site.cameras[0]
        self.closed_in: str | None = None
        self.given = 0

    def frames(self) -> Iterator[Frame]:
        """Fifty pictures."""
        while True:
            self.given += 1
            yield Frame("c1", float(self.given), 0.0, np.zeros((4, 4, 3), np.uint8))
            if self.given == 50:
                raise file_fault(self.camera, "unreadable", "it ends in the middle")

    def close(self) -> None:
        """Notes who closes."""
        self.closed_in = threading.current_thread().name


def test_what_fails_in_the_decoding_thread_is_told(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pictures before a fault come, then the fault itself, and the source is closed."""
    source = BrokenSource(site)
    monkeypatch.setattr(ahead, "open_source", lambda camera, *, live: source)
    got = []
    with pytest.raises(SourceError, match="it ends in the middle"):
        got.extend(ahead.pictures(site.cameras[0]))  # extends as they come
    assert len(got) == 50
    assert source.closed_in == threading.current_thread().name


def test_whoever_stops_early_ends_the_thread(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing after one picture ends the decoding thread, which is never more than a queue ahead."""
    source = BrokenSource(site)
    monkeypatch.setattr(ahead, "open_source", lambda camera, *, live: source)
    pictures = ahead.pictures(site.cameras[0])
    next(pictures)
    pictures.close()
    assert source.given <= ahead.DECODED_AHEAD + 3
    assert source.closed_in is not None
    assert not [t for t in threading.enumerate() if t.name.startswith("decode-")]


def test_a_text_file_is_no_video(site: Site, tmp_path: Path) -> None:
    """A text file named like a video is refused by name."""
    path = tmp_path / "notes.mp4"
    path.write_text("hello, this is no video\n" * 50)
    with pytest.raises(SourceError, match=r"notes\.mp4"):
        list(items(site, choose(site, path, ()), no_detector))


def test_the_length_is_known_before_it_is_replayed(site: Site, tmp_path: Path) -> None:
    """The progress bar knows the last second of videos and of recorded detections, and shrugs at what it can't read."""
    film = video(tmp_path / "f.mp4", seconds=3.0)
    lines = recording(tmp_path / "r.jsonl", [line(k / 5, []) for k in range(4000)])
    assert length_s(choose(site, film, ())) == pytest.approx(3.0, abs=0.2)
    assert length_s(choose(site, lines, ())) == pytest.approx(799.8)
    assert length_s([Recording(recording(tmp_path / "bad.jsonl", ["oops"]), "c1", "detections")]) is None
    assert length_s([Recording(recording(tmp_path / "bad.mp4", ["oops"]), "c1", "video")]) is None


def test_a_file_camera_is_never_looped(site: Site, tmp_path: Path) -> None:
    """Replay reads the file given, once, whatever the site says of its source."""
    camera = file_camera(site.cameras[0], tmp_path / "x.mp4")
    assert (camera.source, camera.loop) == (str(tmp_path / "x.mp4"), False)
