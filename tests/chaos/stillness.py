"""A camera that hangs and an empty room at night, through an encoder (F03): `python -m tests.chaos.stillness`.

A textured room, seen by a sensor whose noise a recursive filter has left `--noise` of, in grey levels; 640x360, ten
pictures a second, H.264 by x264 at a steady rate (a quarter of what 720p would have), a key picture every two seconds.
Each line: how much of a still night was "frozen", and how long after a hang it was told.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from edge.capture.sanity import PictureJudge

WIDTH, HEIGHT, FPS = 640, 360, 10
MEMORY = 0.97  # of the noise filter: how much of a picture's noise is still there in the next
HANG_S = 10.0
PATIENCE_S = 90.0
Grey = NDArray[np.float32]


def room(texture: float) -> Grey:
    """(HEIGHT, WIDTH) grey levels of a dim room with things in it and a texture of that deviation."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    grey = 30.0 + x * 25 / WIDTH + ((x // 40 + y // 30) % 2) * 14
    for _ in range(60):
        left, top, width, height = *rng.integers(0, (WIDTH - 30, HEIGHT - 30)), *rng.integers(5, 80, 2)
        grey[top : top + height, left : left + width] += rng.integers(-12, 30)
    return np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.0) + rng.normal(0.0, texture, grey.shape), np.float32)


def seen(scene: Grey, noise: float, hangs_at_s: float = float("inf")) -> Iterator[NDArray[np.uint8]]:
    """Pictures as the encoder gets them, for ever; the same one from `hangs_at_s` on."""
    rng = np.random.default_rng(5)
    some = [rng.normal(0.0, 1.0, scene.shape).astype(np.float32) for _ in range(32)]
    rest = some[0]
    picture = scene.astype(np.uint8)
    for number in range(sys.maxsize):
        if number / FPS < hangs_at_s:
            fresh = np.roll(some[rng.integers(32)], tuple(rng.integers(0, scene.shape)), (0, 1))
            rest = np.float32(MEMORY) * rest + np.float32(np.sqrt(1 - MEMORY**2)) * fresh
            picture = np.clip(scene + np.float32(noise) * rest, 0, 255).round().astype(np.uint8)
        yield picture


def coded(pictures: Iterator[NDArray[np.uint8]], kbit_per_s: int) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """(seconds, RGB) of every second picture, coded and decoded at a quarter of the rate."""
    encoder, decoder = av.CodecContext.create("libx264", "w"), av.CodecContext.create("h264", "r")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, FPS), Fraction(FPS), 2 * FPS
    rate = f"{kbit_per_s // 4}k"
    encoder.options = {"preset": "veryfast", "tune": "zerolatency", "threads": "1", "b": rate, "maxrate": rate,
                       "bufsize": rate}  # fmt: skip
    decoder.thread_count = 1
    colourless = np.full((HEIGHT // 2, WIDTH), 128, np.uint8)
    for number, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(np.concatenate([picture, colourless]), format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        for packet in encoder.encode(frame):
            for out in decoder.decode(packet):
                if number % 2 == 0:
                    yield number / FPS, out.to_ndarray(format="rgb24")


def frozen_share(scene: Grey, noise: float, kbit_per_s: int, minutes: float) -> float:
    """How much of a still night is told as frozen."""
    judge = PictureJudge()
    count = int(60 * minutes * FPS / 2)
    pictures = islice(coded(seen(scene, noise), kbit_per_s), count)
    return sum(judge.judge(image, at_s) == "frozen" for at_s, image in pictures) / count


def told_after_s(scene: Grey, kbit_per_s: int) -> float | None:
    """How long after a hang it is told; None: not within PATIENCE_S."""
    judge = PictureJudge()
    for at_s, image in coded(seen(scene, 0.3, HANG_S), kbit_per_s):
        if at_s > HANG_S + PATIENCE_S:
            return None
        if judge.judge(image, at_s) == "frozen" and at_s >= HANG_S:
            return round(at_s - HANG_S, 1)
    return None


def main() -> int:
    """A line for each rate and texture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=5.0, help="of each still night")
    parser.add_argument("--kbit", type=int, nargs="+", default=[500, 1000, 2000])
    parser.add_argument("--texture", type=float, nargs="+", default=[0.0, 0.5, 1.2, 2.5])
    parser.add_argument("--noise", type=float, nargs="*", default=[0.4, 0.1, 0.05, 0.02])
    options = parser.parse_args()
    cv2.setNumThreads(1)
    for kbit_per_s in options.kbit:
        for texture in options.texture:
            scene = room(texture)
            alive = {noise: frozen_share(scene, noise, kbit_per_s, options.minutes) for noise in options.noise}
            hang = told_after_s(scene, kbit_per_s)
            print(json.dumps({"kbit/s": kbit_per_s, "texture": texture, "frozen": alive, "hang told after": hang}))
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
