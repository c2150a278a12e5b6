"""A camera that was turned is told; people, sway and light are not."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.capture.drift import CHECK_S, DriftJudge, Reference
from edge.capture.drift_memory import DriftMemory, DriftWatch
from edge.config import load_site

LANE = ((0.2, 0.3), (0.8, 0.3), (0.8, 0.9), (0.2, 0.9))
SITE = """
[site]
id = "s"
[[camera]]
id = "c"
source = "test://"
[[queue]]
id = "q"
[[queue.lane]]
camera = "c"
area = [[0.2, 0.3], [0.8, 0.3], [0.8, 0.9], [0.2, 0.9]]
"""
Image = NDArray[np.uint8]


def room() -> Image:
    """A (360, 640, 3) room with furniture that has corners."""
    rng = np.random.default_rng(3)
    image = np.full((360, 640, 3), 150, np.uint8)
    for _ in range(120):
        x, y, w, h = (int(n) for n in rng.integers((0, 0, 8, 8), (620, 340, 70, 60)))
        cv2.rectangle(image, (x, y), (x + w, y + h), tuple(int(c) for c in rng.integers(30, 230, 3)), -1)
    return image


def seen(image: Image, k: int, *, people: int = 12) -> Image:
    """The room with people who walk through it and the sensor's noise."""
    rng = np.random.default_rng(k)
    image = image.copy()
    for p in range(people):
        at = (int((p * 97 + k * 23) % 640), int(120 + p * 41 % 220))
        cv2.ellipse(image, at, (14, 45), 0, 0, 360, (40 + 15 * p, 60, 200 - 10 * p), -1)
    return image + rng.integers(0, 7, image.shape, np.uint8)


def turned(image: Image, dx: float, dy: float = 0.0, *, angle: float = 0.0, zoom: float = 1.0) -> Image:
    """Shifted by fractions of the width and turned by degrees."""
    h, w = image.shape[:2]
    motion = cv2.getRotationMatrix2D((w / 2, h / 2), angle, zoom)
    motion[:, 2] += (dx * w, dy * w)
    return cv2.warpAffine(image, motion, (w, h), borderMode=cv2.BORDER_REFLECT).astype(np.uint8)


def told_after_s(judge: DriftJudge, move: dict[str, float], *, start: int = 0) -> float | None:
    """Media seconds from the move until it is told; None: not within two minutes."""
    still = room()
    for k in range(start, start + 15):
        assert not judge.judge(seen(still, k), k * CHECK_S)
    there = turned(still, **move)
    for k in range(start + 15, start + 45):
        if judge.judge(seen(there, k), k * CHECK_S):
            return (k - start - 15) * CHECK_S
    return None


def test_a_mirrored_picture_is_told() -> None:
    """A camera that was switched to mirror its picture has moved, told within half a minute and taken back as soon."""
    judge, still = DriftJudge([LANE]), room()
    mirrored = np.ascontiguousarray(still[:, ::-1])
    said = [judge.judge(seen(mirrored if 12 <= k < 20 else still, k), k * CHECK_S) for k in range(28)]
    assert [k for k, moved in enumerate(said) if moved] == list(range(said.index(True), said.index(True) + 8))
    assert (said.index(True) - 12) * CHECK_S <= 30.0


@pytest.mark.parametrize(
    "move",
    [{"dx": 0.03}, {"dx": 0.0, "dy": -0.03}, {"dx": 0.0, "angle": 5.0}, {"dx": 0.0, "zoom": 1.12}, {"dx": 0.12}],
    ids=str,
)
def test_a_move_is_told_within_a_minute(move: dict[str, float]) -> None:
    """Shift, turn and zoom of more than 2 % of the picture are told within 60 s."""
    after_s = told_after_s(DriftJudge([LANE]), move)
    assert after_s is not None
    assert after_s <= 60.0


def test_a_small_move_is_not_told() -> None:
    """A shift of 1 % of the picture leaves the lanes usable and is not told."""
    assert told_after_s(DriftJudge([LANE]), {"dx": 0.01}) is None


def test_a_camera_without_lanes_is_never_told_to_have_moved() -> None:
    """Where nothing is drawn nothing can be spoilt."""
    assert told_after_s(DriftJudge([]), {"dx": 0.1}) is None


@pytest.mark.slow
def test_people_sway_and_light_are_no_move() -> None:
    """Minutes of people, a swaying mast and changing light: nothing is told."""
    judge, still = DriftJudge([LANE]), room()
    for k in range(100):
        swayed = turned(still, 0.01 * np.sin(1.3 * k), 0.006 * np.cos(k))
        lit = np.clip(seen(swayed, k) * (0.8 + 0.25 * np.sin(k / 9)), 0, 255).astype(np.uint8)
        assert not judge.judge(lit, k * CHECK_S)


def test_a_covered_lens_is_not_told_as_a_move() -> None:
    """A picture without corners says nothing about where the camera looks."""
    judge, still = DriftJudge([LANE]), room()
    for k in range(40):
        picture = seen(still, k) if k < 10 else np.full_like(still, 20)
        assert not judge.judge(picture, k * CHECK_S)


def test_back_in_place_is_told() -> None:
    """A camera that is turned back counts again within a minute."""
    judge = DriftJudge([LANE])
    assert told_after_s(judge, {"dx": 0.05}) is not None
    for k in range(100, 116):
        judge.judge(seen(room(), k), k * CHECK_S)
    assert not judge.moved


@pytest.mark.slow
def test_only_lanes_that_the_move_touches_matter() -> None:
    """A turn about a lane leaves it in place; the same turn spoils one at the picture's edge."""
    near = ((0.48, 0.46), (0.52, 0.46), (0.52, 0.54), (0.48, 0.54))
    assert told_after_s(DriftJudge([near]), {"dx": 0.0, "angle": 4.0}) is None
    far = ((0.9, 0.1), (1.0, 0.1), (1.0, 0.3))
    assert told_after_s(DriftJudge([far]), {"dx": 0.0, "angle": 4.0}) is not None


def test_another_size_of_the_picture_is_no_move() -> None:
    """A stream that changes its size keeps its lanes, and is learnt anew."""
    judge, still = DriftJudge([LANE]), room()
    for k in range(40):
        picture = seen(still, k)
        assert not judge.judge(picture if k < 20 else picture[::2, ::2].copy(), k * CHECK_S)


def test_a_move_while_the_box_is_off_is_told(tmp_path: Path) -> None:
    """A new process compares with what the last one kept; lanes that are drawn anew begin anew."""
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    site = load_site(path)
    first = DriftWatch(site, site.cameras[0], tmp_path)
    for k in range(8):
        assert not first.judge(seen(room(), k), k * CHECK_S)
    there = turned(room(), 0.05)
    second = DriftWatch(site, site.cameras[0], tmp_path)
    assert any(second.judge(seen(there, k), k * CHECK_S) for k in range(15))
    path.write_text(SITE.replace("0.9]", "0.8]"))
    redrawn = load_site(path)
    third = DriftWatch(redrawn, redrawn.cameras[0], tmp_path)
    assert not any(third.judge(seen(there, k), k * CHECK_S) for k in range(15))


def test_a_damaged_memory_is_told_and_learnt_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file that is no reference neither stops the camera nor passes in silence."""
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    camera = load_site(path).cameras[0]
    memory = DriftMemory(tmp_path, camera, (LANE,))
    memory.keep(Reference(np.zeros((1, 2), np.float32), np.zeros((1, 32), np.uint8), (1, 1), np.zeros((9, 2))))
    assert DriftMemory(tmp_path, camera, (LANE,)).load() is not None
    (tmp_path / "drift-c.npz").write_bytes(b"PK no reference")
    assert DriftMemory(tmp_path, camera, (LANE,)).load() is None
    assert "learnt anew" in caplog.text
