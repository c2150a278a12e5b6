"""A recording, picture by picture, as fast as it is taken: no clock, no thread of its own."""

from collections.abc import Generator, Iterator

from edge.capture.faults import file_fault
from edge.capture.mask import black_out
from edge.capture.media_time import ReplayClock
from edge.capture.source import Reader
from edge.capture.thinning import Thinner
from edge.errors import SourceError
from edge.settings import CameraSettings
from edge.vocabulary import Frame


class ReplaySource:
    """Every picture of a recording that thinning takes, in order; media time is the recording's own from 0.0 on."""

    dropped = 0
    taken_arrived_s: float | None = None
    arrived_s: float | None = None

    def __init__(self, camera: CameraSettings, reader: Reader) -> None:
        self._camera = camera
        self._reader = reader
        self._clock = ReplayClock()
        self._thinner = Thinner(camera.detect_fps)
        self._frames: Generator[Frame] | None = None
        self.backend = reader.backend
        self.size_px: tuple[int, int] | None = None
        self.received = 0

    def frames(self) -> Iterator[Frame]:
        """See Source; a second call goes on where the first one is."""
        if self._frames is None:
            self._frames = self._decode()
        return self._frames

    def _decode(self) -> Generator[Frame]:
        for media_s, image in self._reader.pictures(self._due):
            black_out(image, self._camera.mask)
            self.size_px = (image.shape[1], image.shape[0])
            yield Frame(self._camera.id, media_s, 0.0, image)
        if self.received == 0:
            raise file_fault(self._camera, "unreadable", "there is no picture in it that can be decoded")

    def _due(self, raw_s: float | None) -> float | None:
        self.received += 1
        media_s = self._clock.media_s(raw_s)
        return media_s if self._thinner.wants(media_s) else None

    def read(self, timeout_s: float) -> Frame | None:
        """See Source."""
        frame = next(self.frames(), None)
        if frame is None:
            raise self._ended()
        return frame

    def _ended(self) -> SourceError:
        return file_fault(self._camera, "ended")

    def close(self) -> None:
        """See Source."""
        if self._frames is not None:
            self._frames.close()
