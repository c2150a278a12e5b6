"""What the counter tells of its cameras: their own words, and its own where a camera's process says nothing any more.

No I/O and no clock: times are monotonic seconds, handed in.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from edge.messages import CameraHealth, utc

SILENT_S = 5.0
FIRST_WORD_S = 20.0  # from the counter's start to a camera's first word
STARTING_S = 120.0  # a process that starts may be loading a detector


@dataclass
class _Camera:
    heard_s: float
    health: CameraHealth | None = None
    earlier_restarts: int = 0  # of processes before the present one, their ends among them
    missed: bool = False


class CameraWords:
    """The cameras of one box."""

    def __init__(self, site: str, cameras: Iterable[str], now_s: float) -> None:
        self._site = site
        self._cameras = {camera: _Camera(now_s) for camera in cameras}

    def tracks(self, camera: str, now_s: float) -> None:
        """Tracks came: a sign of life."""
        if camera in self._cameras:
            self._cameras[camera].heard_s = now_s

    def health(self, health: CameraHealth, now_s: float) -> CameraHealth | None:
        """A camera's word as it is to be told: with the restarts of its process. None for a camera of no site file."""
        known = self._cameras.get(health.camera)
        if known is None or health.site != self._site:
            return None
        before = known.health
        if before is not None and health.state == "starting" and (before.state != "starting" or known.missed):
            known.earlier_restarts += before.restarts + 1  # only a new process begins with this word
        known.heard_s, known.health, known.missed = now_s, health, False
        return health.model_copy(update={"restarts": known.earlier_restarts + health.restarts})

    def silent(self, now_s: float, utc_s: float) -> list[CameraHealth]:
        """What is to be told of cameras that have fallen silent since the last call."""
        return [
            self._word_on(name, camera, now_s, utc_s)
            for name, camera in self._cameras.items()
            if not camera.missed and now_s - camera.heard_s > _patience_s(camera)
        ]

    def _word_on(self, name: str, camera: _Camera, now_s: float, utc_s: float) -> CameraHealth:
        camera.missed = True
        last = camera.health
        silent_s = now_s - camera.heard_s
        detail = (
            f"The camera's process has not spoken since the counter started, {silent_s:.0f} s ago: is it running?"
            if last is None
            else f"The camera's process has said nothing for {silent_s:.0f} s: it has died or hangs. It is restarted."
        )
        return CameraHealth(
            site=self._site,
            camera=name,
            at=utc(utc_s),
            state="lost",
            detail=detail,
            picture="ok" if last is None else last.picture,
            frames_in_per_s=0.0,
            frames_out_per_s=0.0,
            age_s=None if last is None or last.age_s is None else round(last.age_s + silent_s, 1),
            latency_s=None,
            dropped=0 if last is None else last.dropped,
            restarts=camera.earlier_restarts + (0 if last is None else last.restarts),
            runtime="" if last is None else last.runtime,
            model_sha256="" if last is None else last.model_sha256,
            width=0 if last is None else last.width,
            height=0 if last is None else last.height,
        )


def _patience_s(camera: _Camera) -> float:
    if camera.health is None:
        return FIRST_WORD_S
    if camera.health.state == "stopped":  # it has said that it ends
        return float("inf")
    return STARTING_S if camera.health.state == "starting" else SILENT_S
