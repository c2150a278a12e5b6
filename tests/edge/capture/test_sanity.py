"""Frozen pictures and blind lenses are told; still scenes are not (D7, F03, F04)."""

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.capture.sanity import PictureJudge

Image = NDArray[np.uint8]
Script = Callable[[float], Image]


def scene(height: int = 180, width: int = 320) -> Image:
    """A room: floor, walls and things in it."""
    y, x = np.mgrid[0:height, 0:width]
    grey = 70 + x * 40 // width + ((x // 20 + y // 15) % 2) * 45
    return np.stack([grey, grey * 0.9, grey * 0.8], axis=2).astype(np.uint8)


ROOM = scene()


def noisy(image: Image, rng: np.random.Generator) -> Image:
    """The same picture as a sensor sees it: one grey level up and down."""
    return np.clip(image.astype(np.int16) + rng.integers(-1, 2, image.shape), 0, 255).astype(np.uint8)


def judged(pictures: Iterable[Image], fps: float = 5.0) -> list[tuple[float, str]]:
    """Each change of the verdict, with its time."""
    judge, said = PictureJudge(), [(0.0, "ok")]
    for number, image in enumerate(pictures):
        verdict = judge.judge(image, number / fps)
        if verdict != said[-1][1]:
            said.append((number / fps, verdict))
    return said


@pytest.mark.parametrize("fps", [1.0, 5.0, 25.0])
def test_a_frozen_picture_is_told_within_ten_seconds(fps: float) -> None:
    """A live scene that stops at 3 s is frozen between 8 and 10 s later, and ok again when it moves."""
    rng = np.random.default_rng(1)
    frozen = noisy(ROOM, rng)
    count = round(3 * fps)
    pictures = [noisy(ROOM, rng) for _ in range(count)] + [frozen] * round(12 * fps) + [noisy(ROOM, rng)]
    said = judged(pictures, fps)
    assert [verdict for _, verdict in said] == ["ok", "frozen", "ok"]
    assert 8.0 <= said[1][0] - count / fps <= 10.0


def test_a_still_scene_is_never_frozen() -> None:
    """Five minutes of a scene in which nothing moves but the sensor's noise by one grey level are ok."""
    rng = np.random.default_rng(2)
    room = scene(60, 96)
    assert judged(noisy(room, rng) for _ in range(1500)) == [(0.0, "ok")]


def test_one_changed_pixel_is_life() -> None:
    """A scene in which a single pixel of the whole picture changes every few seconds is not frozen."""

    def pictures() -> Iterable[Image]:
        for number in range(300):
            image = ROOM.copy()
            image[101, 203, 0] += number // 20
            yield image

    assert judged(pictures()) == [(0.0, "ok")]


BLIND: dict[str, Script] = {
    "black": lambda t: np.zeros_like(ROOM),
    "nearly black, noisy": lambda t: np.random.default_rng(int(t * 5)).integers(0, 9, ROOM.shape, np.uint8),
    "burnt out": lambda t: np.full_like(ROOM, 250),
    "95 % grey": lambda t: np.full_like(ROOM, 242),
    "covered": lambda t: noisy(np.full_like(ROOM, 110), np.random.default_rng(int(t * 5))),
    "fogged": lambda t: noisy(
        np.repeat(np.linspace(90, 130, ROOM.shape[1])[None, :, None], ROOM.shape[0], 0).repeat(3, 2).astype(np.uint8),
        np.random.default_rng(int(t * 5)),
    ),
}


@pytest.mark.parametrize("name", BLIND)
def test_a_blind_lens_is_told(name: str) -> None:
    """A picture that shows nothing is blind after 2 s, and the scene is ok 2 s after it is back."""
    rng = np.random.default_rng(4)
    pictures = [noisy(ROOM, rng) for _ in range(10)]
    pictures += [BLIND[name](i / 5) for i in range(60)]
    pictures += [noisy(ROOM, rng) for _ in range(30)]
    assert judged(pictures) == [(0.0, "ok"), (4.0, "blind"), (16.0, "ok")]


def test_a_blink_is_no_blindness() -> None:
    """A flash or a black picture of a second is not told."""
    rng = np.random.default_rng(5)
    pictures = [noisy(ROOM, rng) for _ in range(20)]
    pictures[5:9] = [np.zeros_like(ROOM)] * 4
    assert judged(pictures) == [(0.0, "ok")]


def test_a_dark_room_with_a_lamp_is_seen() -> None:
    """A night scene in which a corner is lit is dark, but not blind."""
    rng = np.random.default_rng(6)
    night = (ROOM // 12).astype(np.uint8)
    night[20:90, 30:120] = ROOM[20:90, 30:120]
    assert judged(noisy(night, rng) for _ in range(60)) == [(0.0, "ok")]


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (7, 2000), (720, 1280)])
def test_any_size_is_judged(size: tuple[int, int]) -> None:
    """Pictures of any size, changing in between, get a verdict."""
    judge = PictureJudge()
    judge.judge(ROOM, 0.0)
    assert judge.judge(scene(*size), 0.2) == "ok"
