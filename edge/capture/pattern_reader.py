"""test://: a made-up picture that needs no camera and no decoder; for tests and for a first look at a box."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from urllib.parse import parse_qsl

import numpy as np

from edge.capture.source import Due, Image
from edge.errors import SourceError
from edge.settings import CameraSettings

PATTERNS = ("moving", "noise", "still", "black", "grey")


@dataclass(frozen=True)
class Pattern:
    """The query of test://?width=640&height=360&fps=10&seconds=5&pattern=moving; seconds 0: without end."""

    width: int = 640
    height: int = 360
    fps: float = 10.0
    seconds: float = 0.0
    pattern: str = "moving"


def pattern_of(camera: CameraSettings, query: str) -> Pattern:
    """Reads the query of test://.

    Raises:
        SourceError: all that is wrong in it.
    """
    limits = {"width": (1, 8192), "height": (1, 8192), "fps": (0.01, 1000), "seconds": (0, 1e6)}
    wrong = []
    values: dict[str, int | float | str] = {}
    for key, text in parse_qsl(query, keep_blank_values=True):
        if key == "pattern" and text in PATTERNS:
            values[key] = text
        elif key in limits:
            low, high = limits[key]
            number = _number(text, whole=key in ("width", "height"))
            if number is not None and low <= number <= high:
                values[key] = number
            else:
                wrong.append(f"{key}={text} ({low} to {high:g})")
        elif key == "pattern":
            wrong.append(f"pattern={text} (one of {', '.join(PATTERNS)})")
        else:
            wrong.append(f"{key} (known: {', '.join(f.name for f in fields(Pattern))})")
    if wrong:
        raise SourceError(f"camera {camera.id}: source {camera.source_shown}: wrong in it: {'; '.join(wrong)}.")
    return Pattern(**values)  # type: ignore[arg-type]


def _number(text: str, *, whole: bool) -> int | float | None:
    try:
        return int(text) if whole else float(text)
    except ValueError:
        return None


class PatternReader:
    """Draws the pattern; the same pictures in every run."""

    backend = "pattern"
    passed_over = 0

    def __init__(self, pattern: Pattern, stop: threading.Event) -> None:
        self._pattern = pattern
        self._stop = stop

    def pictures(self, due: Due) -> Iterator[tuple[float, Image]]:
        """See Reader."""
        p = self._pattern
        draw = _drawer(p)
        count = round(p.seconds * p.fps)
        number = 0
        while (not p.seconds or number < count) and not self._stop.is_set():
            media_s = due(number / p.fps)
            if media_s is not None:
                yield media_s, draw(number)
            number += 1


def _drawer(p: Pattern) -> Callable[[int], Image]:
    """A function from a picture's number to a new (height, width, 3) array."""
    rng = np.random.default_rng(0)
    ground = _ground(p)
    noise = rng.integers(-1, 2, (p.height + 16, p.width + 16, 3), np.int16)

    def draw(number: int) -> Image:
        if p.pattern in ("still", "black", "grey"):
            return ground.copy()
        if p.pattern == "noise":  # a still scene as a sensor sees it: one grey level up and down
            y, x = divmod(number * 7919 % 256, 16)
            window = noise[y : y + p.height, x : x + p.width]
            return np.asarray(np.clip(ground.astype(np.int16) + window, 0, 255), np.uint8)
        image = ground.copy()
        side = max(1, min(p.height, p.width) // 6)
        left = (number * max(1, p.width // 64)) % p.width
        image[p.height // 3 : p.height // 3 + 2 * side, left : left + side] = (220, 60, 40)
        return image

    return draw


def _ground(p: Pattern) -> Image:
    if p.pattern in ("black", "grey"):
        return np.full((p.height, p.width, 3), 0 if p.pattern == "black" else 242, np.uint8)
    y, x = np.mgrid[0 : p.height, 0 : p.width]
    checks = ((x // 16 + y // 16) % 2) * 60
    red, green, blue = 60 + x * 80 // p.width, 60 + y * 80 // p.height, np.full_like(x, 90)
    return np.stack([red + checks, green + checks, blue + checks], axis=2).astype(np.uint8)
