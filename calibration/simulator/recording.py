"""The video depth: every instant drawn by detector.scenes and encoded as H.264, with each figure's exact boxes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.simulator.actors import Cast
from calibration.simulator.lanes import desk_m
from calibration.simulator.settings import Scenario
from calibration.simulator.state import Instant
from detector.scenes.body import load_bodies
from detector.scenes.boxes import Boxed, boxed
from detector.scenes.lens import Lens
from detector.scenes.render import Renderer
from detector.scenes.room import canteen


@dataclass(frozen=True)
class Picture:
    """image (H, W, 3) uint8 RGB; boxes in the order of persons, where they were asked for."""

    pts_s: float
    image: np.ndarray
    persons: tuple[int, ...]
    boxes: tuple[Boxed, ...] | None


def pictures(
    scenario: Scenario, instants: Sequence[Instant], rng: np.random.Generator, *, boxed_every: int = 0
) -> Iterator[Picture]:
    """The instants as a camera sees them; boxes for every boxed_every-th (0: none), since they cost another pass."""
    cast_rng, noise_rng = rng.spawn(2)
    cast = Cast(load_bodies(), cast_rng)
    desks = [(x, y, angle_rad) for (x, y), angle_rad in map(desk_m, scenario.tills)]
    camera = scenario.camera
    renderer, lens = Renderer(camera, canteen(desks)), Lens(camera.width_px, camera.height_px, noise_rng)
    for k, instant in enumerate(instants):
        figures = cast.figures(instant.people, instant.pts_s, scenario.step_s)
        wanted = boxed_every > 0 and k % boxed_every == 0
        drawn = renderer.draw(figures, marked=wanted)
        persons = tuple(p.person for p in instant.people)
        yield Picture(instant.pts_s, lens.through(drawn.image, k), persons, tuple(boxed(drawn)) if wanted else None)


def write_video(path: Path, frames: Iterator[Picture], *, fps: int, crf: int = 27) -> None:
    """H.264 in MP4, a key frame every five seconds so that a player can jump."""
    import av  # noqa: PLC0415 - the other depths do without

    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = None
        for picture in frames:
            if stream is None:
                stream = container.add_stream("libx264", rate=fps, options={"crf": str(crf), "preset": "veryfast"})
                stream.height, stream.width = picture.image.shape[:2]
                stream.pix_fmt, stream.gop_size = "yuv420p", 5 * fps
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture.image, format="rgb24")))
        if stream is not None:
            container.mux(stream.encode())
