"""A person keeps one id through hiding, flicker, crossing, any rate of pictures and any size of the stream."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.runtime.detections import Detections, no_detections
from edge.settings import CameraSettings, TrackerSettings
from edge.tracking import Tracker

SIZE = (1280, 720)
CAMERA = CameraSettings("c1", "c1", "test://", "test://")


def tracker(**options):
    """A tracker with the product's settings."""
    return Tracker(CAMERA, run="r1", **options)


def people(*feet, height=200.0):
    """Boxes (N, 4) of people whose feet are at (x, y)."""
    return np.array([[x - 0.19 * height, y - height, x + 0.19 * height, y] for x, y in feet], np.float32).reshape(-1, 4)


def picture(pts_s, boxes, scores=0.9, size=SIZE):
    """Detections of boxes."""
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    return Detections(pts_s, size, boxes, np.broadcast_to(np.float32(scores), (len(boxes),)).copy())


def follow(pictures, **options):
    """Tracks of each picture."""
    one = tracker(**options)
    return [one.update(p) for p in pictures]


def ids(tracks):
    """All ids that were ever shown."""
    return {int(i) for t in tracks for i in t.track_ids}


def test_the_first_picture_shows_everybody_at_once():
    """Who stands there when the tracker starts is shown in the first picture."""
    tracks = tracker().update(picture(10.0, people((300, 600), (700, 600))))
    assert tracks.track_ids.tolist() == [1, 2]
    assert tracks.track_ids.dtype == np.int64
    assert (tracks.camera_id, tracks.run, tracks.pts_s, tracks.size_px) == ("c1", "r1", 10.0, SIZE)
    assert tracks.observed.all()
    assert tracks.last_seen_s.tolist() == [10.0, 10.0]
    np.testing.assert_allclose(tracks.ground, [[300 / 1280, 600 / 720], [700 / 1280, 600 / 720]], atol=1e-6)


@pytest.mark.parametrize("fps", [0.5, 2, 5, 10, 30])
def test_a_newcomer_is_shown_by_the_second_picture_or_soon(fps):
    """Later on a person is shown with the second picture, at the latest 0.2 s after the first."""
    frames = [picture(0.0, [])] + [picture((1 + k) / fps, people((300, 600))) for k in range(12)]
    shown = [len(t.track_ids) for t in follow(frames)]
    assert shown[1] == 0
    first = shown.index(1)
    assert first == 2 or (first - 1) / fps <= 0.2


@pytest.mark.parametrize("fps", [2, 5, 10])
def test_a_ghost_of_one_picture_is_nobody(fps):
    """A box that comes once never becomes a person, nor does one that comes again much later."""
    frames = [
        picture(k / fps, people((300, 600)) if k in (5, 5 + 2 * fps, 5 + 4 * fps) else []) for k in range(10 * fps)
    ]
    assert not ids(follow(frames))


def test_weak_boxes_continue_people_but_never_start_them():
    """Scores between keep and birth hold a person that is there; alone they are nobody."""
    weak = [picture(k / 5, people((300, 600)), 0.25) for k in range(20)]
    assert not ids(follow(weak))
    strong_then_weak = [picture(k / 5, people((300, 600)), 0.9 if k < 3 else 0.25) for k in range(50)]
    tracks = follow(strong_then_weak)
    assert ids(tracks) == {1}
    assert tracks[-1].observed.all()


@pytest.mark.parametrize("hole_s", [0.8, 2.0, 3.0, 4.5])
@pytest.mark.parametrize("fps", [2, 5, 10])
def test_a_hidden_person_is_carried_and_found_again(hole_s, fps):
    """A hole in the detections of up to 4.5 s does not change the id, and the person is carried without drifting."""
    rng = np.random.default_rng(3)
    noise = lambda: rng.normal(0, 3, (2, 4))  # noqa: E731
    frames = []
    for k in range(int(14 * fps)):
        t = k / fps
        boxes = people((300, 600), (700, 640)) + noise()
        frames.append(picture(t, boxes[1:] if 5 <= t < 5 + hole_s else boxes))
    tracks = follow(frames)
    assert ids(tracks) == {1, 2}
    assert all(len(t.track_ids) == 2 for t in tracks)
    for t in tracks:
        assert abs(t.ground[t.track_ids == 1, 0][0] - 300 / 1280) < 0.02
    hidden = [t for t in tracks if 5 <= t.pts_s < 5 + hole_s]
    assert hidden
    assert not any(t.observed[t.track_ids == 1][0] for t in hidden)
    assert all(t.last_seen_s[t.track_ids == 1][0] < 5 for t in hidden)


def test_who_does_not_come_back_is_let_go():
    """A hidden person is carried for max_hidden_s and no longer."""
    tracks = follow([picture(k / 5, people((300, 600)) if k < 10 else []) for k in range(60)])
    gone = next(t.pts_s for t in tracks if not len(t.track_ids))
    assert 1.8 + 5.0 < gone <= 1.8 + 5.0 + 0.41


def test_who_walks_out_of_the_picture_is_let_go_soon():
    """A person at the border on the way out is not carried for seconds, so the next to come in is somebody else."""
    frames = [picture(k / 5, people((1200 + 30 * k, 600)) if k < 5 else []) for k in range(15)]
    frames += [picture(3 + k / 5, people((1240 - 30 * k, 600))) for k in range(10)]
    tracks = follow(frames)
    assert len(ids(tracks)) == 2
    assert not len(tracks[10].track_ids)


@pytest.mark.parametrize("fps", [4, 5, 10, 25])
def test_people_who_cross_keep_their_ids(fps):
    """Two people who walk past each other, one hiding the other for a moment, do not exchange ids."""
    frames = []
    for k in range(int(8 * fps)):
        t = k / fps
        a, b = 200 + 130 * t, 1100 - 130 * t
        feet = [(a, 600.0), (b, 640.0)]
        frames.append(picture(t, people(*(feet[1:] if abs(a - b) < 50 else feet))))
    tracks = follow(frames)
    assert ids(tracks) == {1, 2}
    left, right = tracks[0].track_ids[np.argsort(tracks[0].ground[:, 0])]
    end = dict(zip(tracks[-1].track_ids.tolist(), tracks[-1].ground[:, 0].tolist(), strict=True))
    assert end[int(left)] > 0.8
    assert end[int(right)] < 0.25


def test_somebody_who_passes_in_front_does_not_take_the_id():
    """A walker who hides a waiting person for a second goes on under the walker's id."""
    frames = []
    for k in range(60):
        t = k / 10
        walker = (200 + 160 * t, 660.0)
        hidden = abs(walker[0] - 640) < 60
        frames.append(picture(t, people(*([walker] if hidden else [(640.0, 600.0), walker]))))
    tracks = follow(frames)
    assert ids(tracks) == {1, 2}
    assert abs(tracks[-1].ground[tracks[-1].track_ids.tolist().index(waiting(tracks[0])), 0] - 0.5) < 0.02


def waiting(tracks):
    """The id of the person in the middle."""
    return int(tracks.track_ids[np.argmin(np.abs(tracks.ground[:, 0] - 0.5))])


@pytest.mark.parametrize("period", [2, 3, 4])
def test_flicker_changes_nothing(period):
    """A detector that misses every second, third or fourth picture still sees one person."""
    frames = [picture(k / 5, [] if k % period == period - 1 else people((300, 600))) for k in range(200)]
    assert ids(follow(frames)) == {1}


def test_uneven_pictures_are_one_person():
    """Pictures 0.1 to 2 s apart, and a person who walks slowly: one id."""
    rng = np.random.default_rng(5)
    times = np.cumsum(rng.uniform(0.1, 2.0, 80))
    assert ids(follow([picture(t, people((200 + 9 * t, 600))) for t in times])) == {1}


def test_the_stream_may_change_its_size():
    """1280x720 becomes 640x360: the same four people, at the same fractions of the picture."""
    boxes = people((200, 500), (450, 520), (700, 540), (1000, 560))
    frames = [picture(k / 5, boxes) for k in range(20)]
    frames += [picture(4 + k / 5, boxes / 2, size=(640, 360)) for k in range(20)]
    tracks = follow(frames)
    assert ids(tracks) == {1, 2, 3, 4}
    np.testing.assert_allclose(tracks[-1].ground, tracks[0].ground, atol=1e-3)
    assert tracks[-1].size_px == (640, 360)


@pytest.mark.parametrize("jump_s", [-100.0, -1.0, 6.0, 1e6])
def test_a_jump_of_the_clock_starts_anew(jump_s):
    """Time that runs back, or on by more than anybody is carried, ends all tracks; new ids are new."""
    one = tracker()
    one.update(picture(200.0, people((300, 600))))
    tracks = one.update(picture(200.0 + jump_s, people((300, 600))))
    assert tracks.track_ids.tolist() == [2]
    assert tracks.last_seen_s.tolist() == [200.0 + jump_s]


@pytest.mark.parametrize("step_s", [-0.3, 0.0, 4.0])
def test_reordered_repeated_and_missing_pictures_do_no_harm(step_s):
    """A picture a little too early, twice, or four seconds late finds the same person."""
    one = tracker()
    for k in range(5):
        one.update(picture(k / 5, people((300, 600))))
    tracks = one.update(picture(0.8 + step_s, people((300, 600))))
    assert tracks.track_ids.tolist() == [1]
    assert tracks.last_seen_s.tolist() == [tracks.pts_s]


def test_two_boxes_on_one_person_are_one():
    """A duplicate that the detector let through does not become a second person."""
    one = people((300, 600))
    frames = [picture(k / 5, np.concatenate([one, one + 4]) if k % 3 == 0 else one) for k in range(30)]
    assert ids(follow(frames)) == {1}


def test_a_second_weak_box_on_somebody_brings_nobody_back():
    """One has walked off behind another; 1.6 s later a doubtful box round the other is not the one who went."""
    there, other = people((600, 600)), people((640, 610))
    wider = np.array([[other[0, 0] - 15, other[0, 1] - 10, other[0, 2] + 15, other[0, 3] + 5]], np.float32)
    pictures = [picture(k / 5, np.concatenate([there, other])) for k in range(10)]
    pictures += [picture((10 + k) / 5, other) for k in range(8)]
    both = np.concatenate([other, wider])
    pictures += [picture((18 + k) / 5, both, np.array([0.9, 0.2], np.float32)) for k in range(2)]
    tracks = follow(pictures)
    assert tracks[9].observed.tolist() == [True, True]
    assert [t.observed.sum() for t in tracks[10:]] == [1] * 10


def test_spoilt_boxes_are_left_out():
    """nan, inf, inside-out and huge boxes and nan scores do nobody harm."""
    good = people((300, 600))
    bad = np.array(
        [[np.nan, 0, 10, 10], [0, 0, np.inf, 10], [50, 50, 40, 90], [0, 0, 1e9, 1e9], [0, 0, 30, 90]], np.float32
    )
    scores = np.array([0.9, 0.9, 0.9, 0.9, 0.9, np.nan], np.float32)
    tracks = follow([Detections(k / 5, SIZE, np.concatenate([good, bad]), scores) for k in range(10)])
    assert ids(tracks) == {1}
    assert all(np.isfinite(t.boxes).all() for t in tracks)


def test_impossible_pictures_are_refused():
    """A time that is not finite and a picture without a size are errors of the caller."""
    with pytest.raises(ValueError, match="pts_s must be finite"):
        tracker().update(no_detections(float("nan"), SIZE))
    with pytest.raises(ValueError, match="the size positive"):
        tracker().update(no_detections(0.0, (0, 720)))


def test_what_is_wrong_with_the_picture_is_passed_on():
    """Capture time and the picture's state go through unchanged."""
    tracks = tracker().update(no_detections(1.0, SIZE), captured_utc_s=12.5, picture="frozen")
    assert (tracks.captured_utc_s, tracks.picture) == (12.5, "frozen")
    assert tracks.boxes.shape == (0, 4)
    assert tracks.ground.shape == (0, 2)


@st.composite
def crowds(draw):
    """A few seconds of people who stand or walk, with holes: pictures of (pts_s, boxes, scores)."""
    fps = draw(st.sampled_from([0.5, 1, 2, 4, 8, 16, 30]))
    n = draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    x, y = rng.integers(100, 924, n).astype(float), rng.integers(300, 700, n).astype(float)
    v = rng.choice([0.0, 0.0, 40.0, -60.0], n)
    frames = []
    for k in range(draw(st.integers(2, 25))):
        seen = rng.uniform(size=n) > 0.15
        boxes = people(*zip(x + v * k / fps, y, strict=True)) + rng.integers(-4, 5, (n, 4))
        frames.append((k / fps, boxes[seen].astype(np.float32), rng.uniform(0.2, 0.95, n)[seen].astype(np.float32)))
    return frames


def run(frames, change=lambda boxes, scores: (boxes, scores)):
    """Tracks of a crowd, its boxes changed before."""
    return follow([Detections(t, (1024, 720), *change(b, s)) for t, b, s in frames])


@settings(max_examples=20, deadline=None)
@given(crowds(), st.integers(0, 1000))
def test_the_order_of_the_boxes_does_not_matter(frames, seed):
    """The same boxes in any order give the same tracks, bit for bit."""
    rng = np.random.default_rng(seed)

    def shuffle(boxes, scores):
        order = rng.permutation(len(boxes))
        return boxes[order], scores[order]

    for a, b in zip(run(frames), run(frames, shuffle), strict=True):
        assert a.track_ids.tolist() == b.track_ids.tolist()
        assert a.boxes.tobytes() == b.boxes.tobytes()
        assert a.ground.tobytes() == b.ground.tobytes()


@settings(max_examples=20, deadline=None)
@given(crowds())
def test_a_mirrored_scene_gives_mirrored_tracks(frames):
    """Left and right are the same to the tracker."""

    def mirror(boxes, scores):
        return np.stack([1024 - boxes[:, 2], boxes[:, 1], 1024 - boxes[:, 0], boxes[:, 3]], 1), scores

    for a, b in zip(run(frames), run(frames, mirror), strict=True):
        here = sorted((round(1 - x, 3), round(y, 3)) for x, y in a.ground.astype(float).tolist())
        there = sorted((round(x, 3), round(y, 3)) for x, y in b.ground.astype(float).tolist())
        np.testing.assert_allclose(np.array(here), np.array(there), atol=2e-3)
        assert sorted(a.observed.tolist()) == sorted(b.observed.tolist())


@settings(max_examples=20, deadline=None)
@given(crowds())
def test_whatever_comes_the_tracks_are_sound(frames):
    """Ids are distinct and grow, ground points lie in the picture, nobody is carried longer than promised."""
    highest = 0
    for t in run(frames):
        n = len(t.track_ids)
        assert len(set(t.track_ids.tolist())) == n
        assert t.boxes.shape == (n, 4)
        assert np.isfinite(t.boxes).all()
        assert ((t.ground > 0) & (t.ground < 1)).all()
        assert (t.last_seen_s <= t.pts_s).all()
        assert (t.observed == (t.last_seen_s == t.pts_s)).all()
        assert (t.pts_s - t.last_seen_s <= 5.0 + 1e-9).all()
        new = [i for i in t.track_ids.tolist() if i > highest]
        highest = max([highest, *new])


@settings(max_examples=8, deadline=None)
@given(st.floats(0.5, 30), st.integers(0, 1000))
def test_a_standing_person_is_one_id_at_any_rate(fps, seed):
    """From 0.5 to 30 pictures a second, with a jitter of 2 % and a tenth missed."""
    rng = np.random.default_rng(seed)
    frames = []
    for k in range(int(12 * min(fps, 8))):
        box = people((500, 600)) + rng.normal(0, 4, (1, 4))
        frames.append(picture(k / fps, box if k < 2 or rng.uniform() > 0.1 else []))
    assert ids(follow(frames)) == {1}


def test_the_camera_s_own_tracker_settings_hold():
    """A box under birth_score starts nobody, and who is hidden longer than max_hidden_s is forgotten."""
    strict = replace(CAMERA, tracker=TrackerSettings(birth_score=0.95, max_hidden_s=1.0))
    assert not ids([Tracker(strict, run="r").update(picture(0.0, people((600, 600)), scores=0.9))])
    for camera, left in ((replace(CAMERA, tracker=TrackerSettings(max_hidden_s=1.0)), 0), (CAMERA, 1)):
        one = Tracker(camera, run="r")
        for k in range(10):
            one.update(picture(k / 5, people((600, 600))))
        assert len(one.update(picture(3.4, people())).track_ids) == left
