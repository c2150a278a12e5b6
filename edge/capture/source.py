"""What every source of pictures offers, and what every decoder behind one offers."""

from collections.abc import Callable, Iterator
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.vocabulary import Frame

# Given a decoded picture's own timestamp (None: it has none), says its media time, or None: nobody wants this one.
Due = Callable[[float | None], float | None]
Image = NDArray[np.uint8]


class Source(Protocol):
    """Pictures of one camera or recording, masked, thinned to its detect_fps, in strictly increasing media time.

    Attributes:
        backend: "pyav", "gstreamer" or "pattern".
        size_px: (width, height) of the last picture; None before the first.
        received: pictures that came so far, thinned ones too.
        dropped: pictures that nobody took before a newer one came, thinned or undecoded (live only).
        arrived_s: time.monotonic() when the last picture (of any kind) came; None before the first.
        taken_arrived_s: the same for the picture that `read` gave last (live only).
    """

    backend: str
    size_px: tuple[int, int] | None
    received: int
    dropped: int
    arrived_s: float | None
    taken_arrived_s: float | None

    def frames(self) -> Iterator[Frame]:
        """The pictures; ends with a recording's end.

        Raises:
            SourceError: it can't be opened or read; live sources also when they stall or end.
        """
        ...

    def read(self, timeout_s: float) -> Frame | None:
        """The next picture (live: the newest), None if none comes within `timeout_s` (live only).

        Raises:
            SourceError: as `frames`; kind "ended" at the end.
        """
        ...

    def close(self) -> None:
        """Gives threads, files and connections back; may be called again."""
        ...


class Reader(Protocol):
    """One decoder on one recording or stream."""

    backend: str

    @property
    def passed_over(self) -> int:
        """Pictures that came and were thrown away undecoded, because newer ones wait behind them."""
        ...

    def pictures(self, due: Due) -> Iterator[tuple[float, Image]]:
        """Decodes from the start; pictures that `due` declines are neither converted nor copied.

        Yields:
            (media time in seconds, (H, W, 3) uint8 RGB, owned by whoever gets it).

        Raises:
            SourceError: it can't be opened or read on.
        """
        ...
