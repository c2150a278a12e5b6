"""Frozen pictures and blind lenses are told; still scenes are not (D7, F03, F04)."""

from collections.abc import Callable, Iterable
from pathlib import Path

import av
import cv2
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


def test_a_small_lamp_is_life() -> None:
    """A scene in which nothing changes but a lamp of 16 pixels, every few seconds, is not frozen."""

    def pictures() -> Iterable[Image]:
        for number in range(300):
            image = ROOM.copy()
            image[101:117, 203:219] += np.uint8(40 * (number // 20 % 2))
            yield image

    assert judged(pictures()) == [(0.0, "ok")]


def coded(path: Path, pictures: Iterable[Image], kbit_per_s: int) -> Iterable[Image]:
    """The pictures, ten a second, as they come out of H.264 of a steady rate with a key picture every two seconds."""
    rate = f"{kbit_per_s}k"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.gop_size = 20
        stream.options = {"preset": "veryfast", "tune": "zerolatency", "threads": "1", "b": rate, "maxrate": rate,
                          "bufsize": rate}  # fmt: skip
        for image in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        yield from (frame.to_ndarray(format="rgb24") for frame in container.decode(video=0))


TEXTURED = ROOM + np.random.default_rng(7).normal(0.0, 3.0, (180, 320, 1))


def rough(sigma: float, rng: np.random.Generator) -> Image:
    """The room with a texture, as a sensor with noise of `sigma` grey levels sees it."""
    return np.clip(TEXTURED + rng.normal(0.0, sigma, (180, 320, 1)), 0, 255).round().astype(np.uint8)


@pytest.mark.slow
@pytest.mark.parametrize("kbit_per_s", [1000, 2000])
def test_a_frozen_sensor_behind_an_encoder_is_told(kbit_per_s: int, tmp_path: Path) -> None:
    """A camera that encodes the same picture anew, never equal in its bytes, is frozen within 10 s (F03)."""
    rng = np.random.default_rng(8)
    live = [rough(1.0, rng) for _ in range(30)]
    said = judged(coded(tmp_path / "v.mkv", [*live, *[live[-1]] * 110], kbit_per_s), fps=10.0)
    print(f"\n{kbit_per_s} kbit/s: still from 3.0 s on; {said}")
    assert [verdict for _, verdict in said] == ["ok", "frozen"]
    assert said[1][0] <= 13.0


@pytest.mark.slow
@pytest.mark.parametrize("kbit_per_s", [100, 2000])
def test_a_still_scene_behind_an_encoder_is_never_frozen(kbit_per_s: int, tmp_path: Path) -> None:
    """Twelve seconds without any movement, with a good sensor's noise of half a grey level, are ok at any rate."""
    rng = np.random.default_rng(9)
    pictures = (rough(0.5, rng) for _ in range(120))
    assert judged(coded(tmp_path / "v.mkv", pictures, kbit_per_s), fps=10.0) == [(0.0, "ok")]


NIGHT = cv2.GaussianBlur(ROOM[:, :, 0] * np.float32(0.4) + 20, (0, 0), 2.0)


def night(count: int) -> Iterable[Image]:
    """An empty room at night whose noise the camera has filtered over time: a tenth of a grey level is left."""
    rng, rest = np.random.default_rng(1), np.zeros((180, 320), np.float32)
    for _ in range(count):
        rest = np.float32(0.97) * rest + np.float32(0.243) * rng.standard_normal((180, 320), np.float32)
        yield np.clip(NIGHT + np.float32(0.1) * rest, 0, 255).round().astype(np.uint8)[:, :, None].repeat(3, 2)


@pytest.mark.slow
def test_a_still_night_without_noise_is_never_frozen(tmp_path: Path) -> None:
    """Twenty seconds in which next to no noise is left after filter and encoder are ok: no picture comes back."""
    assert judged(coded(tmp_path / "v.mkv", night(200), 125), fps=10.0) == [(0.0, "ok")]


def test_a_frozen_sensor_behind_a_starving_encoder_is_told(tmp_path: Path) -> None:
    """A camera whose encoder changes the same picture all the time, for lack of bits, is frozen once one comes back."""
    live = list(night(20))
    said = judged(coded(tmp_path / "v.mkv", [*live, *[live[-1]] * 130], 30), fps=10.0)
    print(f"\nstill from 2.0 s on; {said}")
    assert [verdict for _, verdict in said] == ["ok", "frozen"]


def test_a_picture_that_comes_back_after_a_change_is_no_freeze() -> None:
    """What comes back exactly because a person has come and gone, in a picture without noise, is not frozen."""
    with_person = ROOM.copy()
    with_person[40:140, 100:140] = 200
    assert judged([ROOM] * 20 + [with_person] * 20 + [ROOM] * 20 + [with_person] * 20) == [(0.0, "ok")]


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
